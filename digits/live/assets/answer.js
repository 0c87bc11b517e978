// What is read live: it stands in the place of the server's reading until that one comes.

const LIVE = "live"; // a class of the place of both

export class Answer {
  /** element: what the component may fill, beside the server's reading. */
  constructor(element) {
    this.element = element;
    this.place = element.closest(".st-key-result");
  }

  /** Calls a function when what the server reads changes on the page: sooner than the component is
      updated, which waits for the end of the page's run. */
  onReading(then) {
    const watch = new MutationObserver((changes) => {
      if (changes.some(({ target }) => !this.element.contains(target))) then();
    });
    watch.observe(this.place, { subtree: true, childList: true, characterData: true });
    return watch;
  }

  /** Takes what the server gave: the HTML of an answer without numbers. */
  update({ template }) {
    this.template = template;
  }

  /** Shows a text in large, words that follow it, and probabilities; gives the element. */
  show(text, words, probabilities) {
    if (this.stopped) return this.element; // what was asked before came late
    if (!this.filled) {
      this.element.innerHTML = this.template;
      this.element.setAttribute("aria-hidden", "true"); // the server's is read out
      this.filled = true;
    }
    const large = this.element.querySelector("[data-testid=live]");
    large.textContent = text;
    large.nextElementSibling.textContent = words;
    const likeliest = probabilities.indexOf(Math.max(...probabilities));
    this.element.querySelectorAll(".bar").forEach((bar, number) => {
      const share = probabilities[number];
      bar.classList.toggle("likeliest", number === likeliest);
      bar.querySelector(".track > span").style.setProperty("--share", `${100 * share}%`);
      bar.querySelector(".percent").textContent = percent(share);
    });
    this.place.classList.add(LIVE);
    return this.element;
  }

  /** Shows nothing any more. */
  stop() {
    this.rest();
    this.stopped = true;
  }

  /** Makes room for the server's reading. */
  rest() {
    this.place.classList.remove(LIVE);
    this.element.replaceChildren();
    this.filled = false;
  }
}

/** A confidence in words: nothing is certain. */
export function percent(share) {
  return share >= 0.9995 ? ">99.9%" : `${(100 * share).toFixed(1)}%`;
}

/** Calls a function with the latest of what it is asked for, one at a time, once a frame. */
export function paced(work) {
  let waiting = false;
  let running = false;
  const turn = async () => {
    running = true;
    while (waiting) {
      await new Promise(requestAnimationFrame);
      waiting = false;
      try {
        await work();
      } catch {
        return; // this browser can't: the server reads all the same
      }
    }
    running = false;
  };
  return () => {
    waiting = true;
    if (!running) turn();
  };
}
