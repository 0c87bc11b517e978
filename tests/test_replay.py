"""A drawing's moments, in order, read in one batch."""

import numpy as np

from app_pages.pen import canvas, samples
from app_pages.playground import replay
from model.strokes import Stroke


def test_the_moments_of_a_four(recognizer):
    drawing = samples.strokes(4, canvas.SIZE, 16)
    seen = replay.frames(drawing, recognizer)
    shares = [frame.share for frame in seen]
    assert shares == sorted(shares) and shares[-1] == 100
    assert [frame.strokes for frame in seen] == sorted(frame.strokes for frame in seen)
    assert {frame.strokes for frame in seen} == set(range(len(drawing) + 1))
    ink = [(frame.picture < 128).sum() for frame in seen]
    assert ink == sorted(ink)
    assert seen[-1].probabilities.argmax() == 4
    assert replay.turns(seen)[-1][1] == 4


def test_turns_are_where_the_answer_changes():
    def frame(share, answer):
        return replay.Frame(share, 1, np.zeros((1, 1)), np.eye(10)[answer])

    seen = [frame(10, 1), frame(20, 1), frame(30, 7), frame(40, 2), frame(50, 2)]
    assert replay.turns(seen) == [(30, 7), (40, 2)]
    assert replay.turns(seen[:1]) == []


def test_without_ink_there_is_nothing_to_watch(recognizer):
    outside = Stroke((("M", -50, -50), ("L", -40, -40)), 8)
    assert replay.frames([outside], recognizer) == []
