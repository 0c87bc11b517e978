// The network, run by onnxruntime-web.

const HERE = new URL(".", import.meta.url);
const SIDE = 28;
const CACHE = "live-digits";

let network; // a promise of (n × 784 uint8) → (n × classes float32)

/** Loads the network, once, when the page stands and the browser has nothing better to do. */
export function load() {
  return (network ??= idle().then(start));
}

/** (n × 28 × 28) Uint8Array, white on black → (n × classes) Float32Array, probabilities. */
export async function classify(glyphs) {
  return (await load())(glyphs);
}

async function start() {
  if (navigator.connection?.saveData) throw new Error("The visitor asks to save data.");
  const [ort, runtime, file] = await Promise.all([
    import(new URL("onnxruntime-web/ort.js", HERE)),
    fetchRuntime(new URL("onnxruntime-web/ort.wasm.gz", HERE)),
    fetchBytes(new URL("tiny.onnx", HERE)),
  ]);
  ort.env.wasm.numThreads = 1; // more need headers that Streamlit does not send
  ort.env.wasm.wasmBinary = runtime;
  const session = await ort.InferenceSession.create(file, { executionProviders: ["wasm"] });
  const run = async (glyphs) => {
    const shape = [glyphs.length / SIDE ** 2, SIDE, SIDE];
    const answer = await session.run({ glyphs: new ort.Tensor("uint8", glyphs, shape) });
    return answer.probabilities.data;
  };
  await run(new Uint8Array(SIDE ** 2)); // the first takes longest
  return run;
}

function idle() {
  return new Promise((resolve) => {
    const soon = () => (window.requestIdleCallback ?? setTimeout)(resolve, { timeout: 3000 });
    if (document.readyState === "complete") soon();
    else addEventListener("load", soon, { once: true });
  });
}

async function fetchBytes(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address} is missing.`);
  return new Uint8Array(await response.arrayBuffer());
}

/** The runtime, which browsers keep: Streamlit's server does not say for how long they may. */
async function fetchRuntime(address) {
  const { version } = await (await fetch(new URL("package.json", address))).json();
  const name = `${CACHE} ${version}`;
  const store = await globalThis.caches?.open(name).catch(() => undefined); // not on plain HTTP
  let response = await store?.match(address);
  if (!response) {
    response = await fetch(address);
    if (!response.ok) throw new Error(`${address} is missing.`);
    await store?.put(address, response.clone());
    const names = store ? await caches.keys() : [];
    const old = names.filter((other) => other.startsWith(CACHE) && other !== name);
    await Promise.all(old.map((other) => caches.delete(other)));
  }
  const unpacked = response.body.pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(unpacked).arrayBuffer());
}
