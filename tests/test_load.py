"""Several people at once, by Streamlit's own protocol: none takes the page from another, and a
stroke is cheap."""

import threading
import time

import pytest
from browser import serve
from visitor import ONE, Visitor

from benchmarks.speed import processor_seconds

SEVEN = [[(70.0, 60.0), (200.0, 62.0), (120.0, 230.0)]]
# seconds of a core for a stroke, its reading and Clear: benchmarks/speed.py says a quarter of it
CHEAP = 0.25


@pytest.fixture(scope="module")
def busy():
    """The process id and the address of a dashboard."""
    with serve() as server:
        yield server


def test_each_visitor_reads_his_own_and_a_stroke_is_cheap(busy):
    process, address = busy
    wrong, count = [], 10

    def visit(strokes, digit: str) -> None:
        with Visitor(address) as visitor:
            for _ in range(count):
                visitor.draw(strokes)
                if visitor.failed or visitor.digit != digit:
                    wrong.append(visitor.failed or visitor.digit)
                visitor.clear()
                if visitor.digit is not None:
                    wrong.append("not cleared")

    with Visitor(address) as first:  # it wakes the network up
        first.draw()
        first.clear()
    before = processor_seconds(process)
    threads = [
        threading.Thread(target=visit, args=one) for one in ((ONE, "1"), (SEVEN, "7"), (ONE, "1"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert (processor_seconds(process) - before) / (3 * count) < CHEAP


@pytest.mark.parametrize(
    "query",
    [
        f"{key}={value}"
        for key in (
            "view",
            "view=Mistakes&order",
            "view=Mistakes&doubtful",
            "true",
            "view=Compare&other",
            "checkpoint",
        )
        for value in ("", "x", "1e999", "9" * 3000, "%00")
    ],
)
def test_odd_addresses_are_no_errors(busy, query):
    _, address = busy
    with Visitor(address, query) as visitor:
        visitor.open("evaluation")
        assert not visitor.failed and visitor.has("Heading", "How good is it?")


def test_nobody_can_take_the_networks_from_the_others(busy):
    """Who clears the server's caches, and asks for the page again and again, is a nuisance to
    himself alone."""
    _, address = busy
    with Visitor(address) as visitor, Visitor(address) as nuisance:
        visitor.draw()
        visitor.clear()
        for _ in range(3):
            for _ in range(30):
                nuisance.send()
            nuisance.clear_cache()
            start = time.monotonic()
            visitor.draw(SEVEN)
            assert visitor.digit == "7" and not visitor.failed
            assert time.monotonic() - start < 20
            visitor.clear()
        nuisance.wait()
        assert not nuisance.failed
