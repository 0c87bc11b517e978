"""What the dashboard withstands of many people at once: prints rows of docs/results.md's table
"What it withstands".

    python benchmarks/load.py [--seconds 60]

Starts a server of its own on this machine's loopback, and visitors that speak Streamlit's protocol
(tests/visitor.py): 10, 25 and 50 of them who draw a digit every 5 s; then ten, and four, who upload
a photograph of 24 megapixels at the same moment. The visitors take some of the same cores. With a
memory cgroup that may be made (Linux, root), a server in 1 GB of memory is handed every kind of
large picture, too.
"""

import argparse
import contextlib
import io
import os
import platform
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from browser import serve  # noqa: E402
from speed import processor_seconds, resident_megabytes  # noqa: E402
from visitor import Visitor  # noqa: E402

PEOPLE = 10, 25, 50
EVERY = 5.0  # seconds between two drawings of one person
FORGOTTEN = 15  # seconds: more than Streamlit keeps the session of who left, as this server is told
SESSIONS = {"STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL": "10"}
MEGAPIXELS = 24
CGROUP = (
    Path("/sys/fs/cgroup/memory")
    if Path("/sys/fs/cgroup/memory").is_dir()
    else Path("/sys/fs/cgroup")
)
LARGE = (  # kinds of pictures: mode, format, megapixels, each a legal upload of at most 20 MB
    ("RGB", "JPEG", 24),
    ("RGB", "JPEG", 95),
    ("L", "JPEG", 95),
    ("CMYK", "JPEG", 57),
    ("RGB", "PNG", 95),
    ("RGBA", "PNG", 95),
    ("LA", "PNG", 57),
    ("I;16", "PNG", 80),
    ("F", "TIFF", 80),
    ("LAB", "TIFF", 57),
    ("P", "GIF", 57),
    ("RGBA", "WEBP", 18),
    ("1", "BMP", 95),
)


def photograph(megapixels: float, mode: str = "RGB", kind: str = "JPEG", seed: int = 0) -> bytes:
    """A file of a picture of that size: paper in soft light with five ones on it, in ink."""
    height = int((megapixels * 1e6 * 3 / 4) ** 0.5)
    width = int(megapixels * 1e6 / height)
    rng = np.random.default_rng(seed)
    light = rng.integers(190, 230, (6, 8), np.uint8)
    picture = (
        Image.fromarray(light).resize((width, height), Image.Resampling.BILINEAR).convert("RGB")
    )
    grain = np.asarray(picture.crop((0, 0, width, height // 40))) - rng.integers(
        0, 3, (height // 40, width, 1), np.uint8
    )
    # too smooth a picture is taken for one that is made to fill the memory
    picture.paste(Image.fromarray(grain))
    pen = ImageDraw.Draw(picture)
    for x in np.linspace(0.1, 0.9, 5) * width:
        pen.line(((x, 0.4 * height), (x - 0.01 * width, 0.6 * height)), (20, 20, 50), width // 80)
    if mode in ("RGBA", "LA"):
        picture.putalpha(220)
    if mode in ("I;16", "F"):
        grey = np.asarray(picture.convert("L"))
        picture = Image.fromarray(grey.astype(np.uint16 if mode == "I;16" else np.float32) * 200)
    elif picture.mode != mode:
        picture = picture.convert(mode)
    file = io.BytesIO()
    how = {
        "JPEG": {"quality": 90},
        "TIFF": {"compression": "tiff_adobe_deflate"},
        "WEBP": {"quality": 80, "method": 0},
    }
    picture.save(file, kind, **how.get(kind, {}))
    return file.getvalue()


@contextlib.contextmanager
def watched(process: int) -> Iterator[list[float]]:
    """A list whose last entry is, in the end, the most megabytes that a process had."""
    most, done = [0.0], threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            most[0] = max(most[0], resident_megabytes(process))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield most
    finally:
        done.set()
        thread.join()


def people(count: int, seconds: float) -> tuple[str, str]:
    """So many people draw a digit every 5 s on a fresh server."""
    with serve(SESSIONS) as (server, address):
        with Visitor(address) as first:  # it wakes the network up, and what that took is given back
            for _ in range(20):
                first.draw()
                first.clear()
        time.sleep(FORGOTTEN)
        before = resident_megabytes(server)
        waits, errors = [], []
        begun, leave = threading.Barrier(count + 1), threading.Event()

        def visit(number: int) -> None:
            try:
                with Visitor(address) as visitor:
                    begun.wait(300)
                    time.sleep(EVERY * number / count)
                    while not leave.is_set():
                        start = time.monotonic()
                        waits.append(visitor.draw())
                        if visitor.failed or visitor.digit != "1":
                            errors.append(visitor.failed or f"read {visitor.digit}")
                        visitor.clear()
                        leave.wait(max(0.0, EVERY - (time.monotonic() - start)))
            except Exception as error:  # whatever it is, it is one that a person would have met
                errors.append(repr(error))
                begun.abort()

        threads = [threading.Thread(target=visit, args=(number,)) for number in range(count)]
        for thread in threads:
            thread.start()
        begun.wait(300)
        busy, start = processor_seconds(server), time.monotonic()
        time.sleep(seconds)
        busy = (processor_seconds(server) - busy) / (time.monotonic() - start)
        there = resident_megabytes(server)
        leave.set()
        for thread in threads:
            thread.join()
        for error in sorted(set(errors)):
            print(error, file=sys.stderr)
        time.sleep(FORGOTTEN)
        with Visitor(address) as last:  # what has run out is given back when somebody comes
            last.draw()
            last.clear()
        after = resident_megabytes(server)
    figure = (
        f"stroke to reading {1000 * np.median(waits):.0f} ms, p95 "
        f"{1000 * np.percentile(waits, 95):.0f} ms, most {1000 * max(waits):.0f} ms (n = "
        f"{len(waits):,}); {len(errors)} errors; {busy:.2f} of a core; "
        f"{(there - before) / count:.1f} MB a session, {(after - before) / count:.1f} once they "
        f"left"
    )
    return f"{count} people who draw a digit every {EVERY:.0f} s", figure


def uploads(address: str, pictures: list[bytes]) -> list[float]:
    """Seconds that each of so many people waits whose pictures come at the same moment; raises
    where one isn't read."""
    ready = threading.Barrier(len(pictures))

    def visit(picture: bytes) -> float:
        with Visitor(address) as visitor:
            visitor.open("read")
            ready.wait(300)
            start = time.monotonic()
            visitor.upload("picture.png", picture)
            visitor.wait()
            if visitor.failed or not visitor.has("Code"):
                raise RuntimeError(visitor.failed or "not read: " + visitor.words())
            return time.monotonic() - start

    with ThreadPoolExecutor(len(pictures)) as pool:
        return list(pool.map(visit, pictures))


def at_once(count: int) -> tuple[str, str]:
    """So many people upload a photograph of 24 megapixels at the same moment, on a fresh server."""
    with serve() as (server, address), watched(server) as most:
        uploads(address, [photograph(2)])
        alone = float(
            np.median(
                [uploads(address, [photograph(MEGAPIXELS, seed=seed)])[0] for seed in range(3)]
            )
        )
        waits = uploads(address, [photograph(MEGAPIXELS, seed=10 + seed) for seed in range(count)])
    bound = 3 * alone * max(1, count / os.cpu_count())
    figure = (
        f"memory at most {most[0]:.0f} MB; one alone waits {alone:.1f} s, of these the longest "
        f"{max(waits):.1f} s (three times its wait, times their number by cores: {bound:.1f} s)"
    )
    return f"{count} photographs of {MEGAPIXELS} megapixels at the same moment", figure


def in_a_gigabyte() -> tuple[str, str] | None:
    """Every kind of large picture, one by one and four at once, to a server in a memory cgroup of 1
    GB; None where there may be no such thing."""
    group = CGROUP / f"digits-{os.getpid()}"
    limit = "memory.limit_in_bytes" if CGROUP.name == "memory" else "memory.max"
    try:
        group.mkdir()
        (group / limit).write_text(str(10**9))
    except OSError as error:
        print(f"No memory cgroup can be made here: {error}.", file=sys.stderr)
        return None
    try:
        groups = Path("/proc/self/cgroup").read_text().splitlines()
        own = next(line for line in groups if ":memory:" in line or line.startswith("0::"))
        home = CGROUP / own.split(":")[2].lstrip("/")
        with contextlib.ExitStack() as stack:
            # whoever is born here belongs to it
            (group / "cgroup.procs").write_text(str(os.getpid()))
            try:
                server, address = stack.enter_context(
                    serve({"STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL": "1"})
                )
            finally:
                (home / "cgroup.procs").write_text(str(os.getpid()))
            most = stack.enter_context(watched(server))
            read = 0
            for mode, kind, megapixels in LARGE:
                picture = photograph(megapixels, mode, kind)
                for count in (1, 4):
                    read += len(
                        uploads(address, [picture] + [picture + b"\0" * n for n in range(1, count)])
                    )
                    print(
                        f"{mode} {kind} {megapixels} × {count}: {most[0]:.0f} MB", file=sys.stderr
                    )
    finally:
        time.sleep(1)
        group.rmdir()
    return (
        "a memory cgroup of 1 GB, handed every kind of large picture, one by one and four at once",
        f"{read} of {5 * len(LARGE)} read, at most {most[0]:.0f} MB",
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60, help="for which people draw")
    seconds = parser.parse_args().seconds
    rows: list[Callable] = [lambda count=count: people(count, seconds) for count in PEOPLE]
    rows += [lambda count=count: at_once(count) for count in (4, 10)] + [in_a_gigabyte]
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}\n")
    print("| what | what it does |\n| --- | --- |")
    for row in rows:
        if found := row():
            print("| {} | {} |".format(*found), flush=True)


if __name__ == "__main__":
    main()
