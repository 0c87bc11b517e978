"""What damaged files do to the reader: mutates pictures and checkpoints by program, and prints what
became of them.

    python benchmarks/fuzz.py          # 100,000 pictures and 10,000 checkpoints
    python benchmarks/fuzz.py --pictures 2000 --checkpoints 200

A picture or a checkpoint is read, or refused with an ImageError or a CheckpointError: anything else
that is raised has escaped, and is told with its seed. Files are made in a process of their own, so
that a crash there is told, too.
"""

import argparse
import collections
import io
import multiprocessing
import resource
import sys
import tempfile
import time
import traceback
import zipfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from model import checkpoint, image  # noqa: E402

BATCH = 500  # files a process makes
# that lengths are set to
NUMBERS = [0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]
SECONDS, MEGABYTES = 1.0, 100  # that a checkpoint may cost
SAMPLE_SIDE = 40  # pixels


class Outcome(collections.Counter):
    """How many files were read, refused, or escaped, and the largest cost: `seconds` and
    `megabytes`."""


def samples() -> list[bytes]:
    """Small pictures in every format and mode that the reader takes."""
    page = Image.new("RGBA", (SAMPLE_SIDE, SAMPLE_SIDE - 6), (250, 245, 240, 255))
    ImageDraw.Draw(page).line([(8, 6), (30, 8), (16, 30)], fill=(20, 30, 90, 255), width=4)
    exif = Image.Exif()
    exif[0x0112] = 6
    made = []

    def save(mode: str, kind: str, **options) -> None:
        converted = (
            page.convert("L").convert(mode) if mode in ("I", "F", "I;16") else page.convert(mode)
        )
        file = io.BytesIO()
        converted.save(file, kind, **options)
        made.append(file.getvalue())

    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        save(mode, "PNG")
    save("RGB", "PNG", exif=exif)
    for mode in ("L", "RGB", "CMYK"):
        save(mode, "JPEG", exif=exif)
    save("RGB", "JPEG", progressive=True)
    for lossless in (False, True):
        save("RGB", "WEBP", lossless=lossless)
        save("RGBA", "WEBP", lossless=lossless)
    for mode in ("1", "L", "P", "RGB", "RGBA"):
        save(mode, "BMP")
    for mode in ("1", "L", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "F"):
        save(mode, "TIFF")
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        save("RGB", "TIFF", compression=compression)
    save("1", "TIFF", compression="group4")
    save("P", "GIF")
    save("P", "GIF", save_all=True, append_images=[page.rotate(90).convert("P")])
    return made


def mutated(content: bytes, others: list[bytes], rng: np.random.Generator) -> bytes:
    """The same with one to four faults: bits and bytes, numbers, what is cut off, doubled or of
    another file."""
    data = bytearray(content)
    for _ in range(rng.integers(1, 5)):
        if not data:
            break
        place, length = int(rng.integers(len(data))), int(rng.integers(1, 33))
        kind = rng.choice(
            ["bit", "byte", "number", "cut", "lost", "doubled", "foreign"],
            p=[0.3, 0.2, 0.2, 0.1, 0.08, 0.07, 0.05],
        )
        if kind == "bit":
            data[place] ^= 1 << int(rng.integers(8))
        elif kind == "byte":
            data[place] = int(rng.integers(256))
        elif kind == "number":
            width, order = int(rng.choice([2, 4])), str(rng.choice(["little", "big"]))
            value = int(rng.choice(NUMBERS)) % (1 << 8 * width)
            data[place : place + width] = value.to_bytes(width, order)
        elif kind == "cut":
            del data[place:]
        elif kind == "lost":
            del data[place : place + length]
        elif kind == "doubled":
            data[place:place] = data[place : place + length]
        else:
            other = others[int(rng.integers(len(others)))]
            start = int(rng.integers(len(other)))
            data[place : place + length] = other[start : start + length]
    return bytes(data)


def pictures(seed: int, start: int, count: int) -> Outcome:
    """Outcomes of `count` mutated pictures, numbered from `start`."""
    from_others, outcome = samples(), Outcome()
    for number in range(start, start + count):
        rng = np.random.default_rng([seed, number])
        content = mutated(from_others[number % len(from_others)], from_others, rng)
        _try(
            lambda content=content: image.load_image(content),
            image.ImageError,
            f"picture {number}",
            outcome,
        )
    return outcome


def checkpoints(seed: int, start: int, count: int) -> Outcome:
    """Outcomes of `count` mutated checkpoints, numbered from `start`: one file of each is
    damaged."""
    outcome = Outcome()
    names = checkpoint.WEIGHTS, checkpoint.CARD, checkpoint.EVALUATION
    with tempfile.TemporaryDirectory() as folder:
        files = {name: (checkpoint.SHIPPED / "tiny" / name).read_bytes() for name in names}
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        # The evaluation unpacked, too: inside of what is compressed, a fault is found before it is
        # read.
        unpacked = _stored(files[checkpoint.EVALUATION])
        for number in range(start, start + count):
            rng = np.random.default_rng([seed, number])
            name = names[number % 3]
            content = (
                unpacked if name == checkpoint.EVALUATION and rng.random() < 0.5 else files[name]
            )
            # Most of a file is numbers: its beginning and its end say what they are.
            head = int(rng.choice([64, 512, 4096, len(content)]))
            at_end = name == checkpoint.EVALUATION and rng.random() < 0.5
            split = len(content) - head if at_end else head
            parts = [content[:split], content[split:]]
            parts[at_end] = mutated(parts[at_end], list(files.values()), rng)
            (Path(folder) / name).write_bytes(b"".join(parts))

            def read() -> None:
                checkpoint.load(folder)
                checkpoint.read_evaluation(folder)

            _try(read, checkpoint.CheckpointError, f"checkpoint {number} ({name})", outcome)
            (Path(folder) / name).write_bytes(files[name])
    return outcome


def _stored(content: bytes) -> bytes:
    """A zip file with its members not compressed."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as packed, zipfile.ZipFile(file, "w") as plain:
        for member in packed.namelist():
            plain.writestr(member, packed.read(member))
    return file.getvalue()


def _try(act: Callable[[], object], refusal: type[Exception], name: str, outcome: Outcome) -> None:
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    try:
        act()
        outcome["read"] += 1
    except refusal as error:
        outcome["refused"] += 1
        if "\n" in str(error) or not str(error).strip():
            outcome["not a sentence"] += 1
            print(f"{name}: not one sentence: {error}", file=sys.stderr)
    except Exception as error:  # what this program is there to find
        outcome["escaped"] += 1
        last = traceback.extract_tb(error.__traceback__)[-1]
        print(
            f"{name}: {type(error).__name__} in {Path(last.filename).name}:{last.lineno}: {error}",
            file=sys.stderr,
        )
    seconds = time.process_time() - started
    megabytes = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    outcome["seconds"] = max(outcome["seconds"], seconds)
    outcome["megabytes"] = max(outcome["megabytes"], megabytes)
    if seconds > SECONDS or megabytes > MEGABYTES:
        outcome["too dear"] += 1
        print(f"{name}: {seconds:.1f} s, {megabytes:.0f} MB", file=sys.stderr)


def run(kind: Callable[[int, int, int], Outcome], count: int, seed: int) -> Outcome:
    """Outcomes of so many files, a batch a process: a batch whose process dies has `crashed`."""
    total, spawning = Outcome(), multiprocessing.get_context("spawn")
    for start in range(0, count, BATCH):
        with ProcessPoolExecutor(1, spawning) as pool:
            try:
                part = pool.submit(kind, seed, start, min(BATCH, count - start)).result()
            except BrokenProcessPool:
                total["crashed"] += 1
                print(
                    f"{kind.__name__} {start} to {start + BATCH}: the process died", file=sys.stderr
                )
                continue
        for key, value in part.items():
            total[key] = (
                max(total[key], value) if key in ("seconds", "megabytes") else total[key] + value
            )
    return total


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--checkpoints", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(
        "| mutated | files | read | refused | escaped | crashed | longest, CPU s | most above "
        "before, MB |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    bad = 0
    for kind, count in ((pictures, options.pictures), (checkpoints, options.checkpoints)):
        got = run(kind, count, options.seed)
        bad += got["escaped"] + got["crashed"] + got["not a sentence"] + got["too dear"]
        print(
            f"| {kind.__name__} | {count:,} | {got['read']:,} | {got['refused']:,} | "
            f"{got['escaped']} | {got['crashed']} | {got['seconds']:.2f} | {got['megabytes']:.0f} "
            f"|",
            flush=True,
        )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
