"""A signal ends a program that has not begun to train, and is only noted by one that has."""

import os
import select
import signal
import threading

import pytest

from train import interrupt


@pytest.fixture(autouse=True)
def handlers():
    """Puts the handlers of this process back."""
    before = [signal.getsignal(kind) for kind in interrupt.SIGNALS]
    yield
    for kind, handler in zip(interrupt.SIGNALS, before, strict=True):
        signal.signal(kind, handler)
    interrupt.received.clear()


@pytest.mark.parametrize("kind", interrupt.SIGNALS)
def test_before_training_a_signal_raises_and_is_remembered(kind):
    interrupt.raise_on_signals()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(kind)
    assert interrupt.received == [kind]


@pytest.mark.parametrize("kind", interrupt.SIGNALS)
def test_before_training_a_program_ends_with_a_line(kind, capsys):
    def half_imported():
        try:
            signal.raise_signal(kind)
        except KeyboardInterrupt:
            raise ImportError from None

    with pytest.raises(SystemExit, match="130"), interrupt.end_on_signals():
        half_imported()
    assert capsys.readouterr() == (
        "",
        "Stopped before the training began; nothing was written.\n",
    )


def test_an_error_of_a_program_is_its_own():
    with pytest.raises(ZeroDivisionError), interrupt.end_on_signals():
        raise ZeroDivisionError


@pytest.mark.parametrize("kind", interrupt.SIGNALS)
def test_while_training_a_signal_is_noted_and_nothing_raised(kind):
    interrupt.raise_on_signals()
    before = signal.getsignal(kind)
    with interrupt.defer_signals() as stop:
        assert not stop
        signal.raise_signal(kind)
        assert stop == [kind]
    assert signal.getsignal(kind) is before
    assert not interrupt.received  # the next training of this process is not stopped by it
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(kind)


def test_a_signal_that_a_callback_dropped_stops_the_training_that_follows():
    interrupt.raise_on_signals()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)
    with interrupt.defer_signals() as stop:
        assert stop == [signal.SIGTERM]


def test_handlers_are_put_back_where_a_training_fails():
    before = [signal.getsignal(kind) for kind in interrupt.SIGNALS]

    def fail():
        assert [signal.getsignal(kind) for kind in interrupt.SIGNALS] != before
        raise RuntimeError

    with pytest.raises(RuntimeError), interrupt.defer_signals():
        fail()
    assert [signal.getsignal(kind) for kind in interrupt.SIGNALS] == before


def test_beside_the_main_thread_there_is_nothing_to_note():
    before = [signal.getsignal(kind) for kind in interrupt.SIGNALS]
    noted = []

    def train():
        with interrupt.defer_signals() as stop:
            noted.append((stop, [signal.getsignal(kind) for kind in interrupt.SIGNALS]))

    thread = threading.Thread(target=train)
    thread.start()
    thread.join()
    assert noted == [([], before)]


def test_the_end_of_a_stream_is_a_sigterm():
    reading, writing = os.pipe()
    came, handled = os.pipe()
    signal.signal(signal.SIGTERM, lambda number, frame: os.write(handled, b"."))
    with open(reading) as stream:
        interrupt.stop_when_closed(stream)
        os.write(writing, b"what is written there means nothing\n")
        os.close(writing)
        ready, _, _ = select.select([came], [], [], 30)
        assert ready == [came]
        assert os.read(came, 10) == b"."
    os.close(came)
    os.close(handled)
