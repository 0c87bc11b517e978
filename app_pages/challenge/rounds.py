"""A round of the Challenge: which digits to write, what came of each, and the picture to share."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from app_pages.theme import BLUE, ORANGE
from train.metrics import confusion_matrix

TURNS = 10  # digits in a round
CARD = (1080, 900)  # pixels of the picture to share


@dataclass(frozen=True, eq=False)
class Turn:
    """One digit that was asked for and written."""

    wanted: int  # class
    answer: int | None  # class, None where the reader abstained or found not just one digit
    confidence: float
    glyph: np.ndarray  # (28, 28) uint8


@dataclass
class Round:
    """What a visitor is at, or has just finished."""

    wanted: list[int]  # classes in the order in which they are asked for
    started: float  # seconds of a clock that only goes forward
    turns: list[Turn] = field(default_factory=list)
    seconds: float | None = None  # that it took; None while it goes on

    @property
    def right(self) -> int:
        return sum(turn.answer == turn.wanted for turn in self.turns)

    def write(self, turn: Turn, now: float) -> None:
        """Notes what was written; after the last one the clock stops."""
        self.turns.append(turn)
        if len(self.turns) == len(self.wanted):
            self.seconds = now - self.started


def begin(classes: int, now: float) -> Round:
    """A round of all classes, or of TURNS of them, in random order."""
    return Round(random.sample(range(classes), min(TURNS, classes)), now)


def confusion(rounds: Sequence[Round], classes: int) -> np.ndarray:
    """What was wanted (rows) against what was read: (classes + 1, classes + 1) int, the last for
    what was not read."""
    turns = [turn for round_ in rounds for turn in round_.turns]
    wanted = np.array([turn.wanted for turn in turns], int)
    answers = np.array([classes if turn.answer is None else turn.answer for turn in turns], int)
    return confusion_matrix(wanted, answers, classes + 1)


def in_words(round_: Round) -> str:
    """The result in a sentence."""
    return (
        f"{round_.right} of {len(round_.wanted)} digits read right, in {round_.seconds:.1f} seconds"
    )


def picture(round_: Round, classes: Sequence[str]) -> Image.Image:
    """A finished round as a picture of CARD's size: each digit as it was written, and what was
    read.

    What was misread has a double frame, a cross, and what it was read as: colour says it too, but
    not alone.
    """
    card = Image.new("RGB", CARD, "white")
    pen = ImageDraw.Draw(card)
    width = CARD[0]
    pen.rectangle((0, 0, width, 150), fill=BLUE)
    pen.text(
        (50, 50),
        "Digit reader challenge",
        fill="white",
        font=ImageFont.load_default(56),
        anchor="lm",
    )
    pen.text(
        (50, 112), in_words(round_), fill="white", font=ImageFont.load_default(34), anchor="lm"
    )
    side, gap, columns = 168, 32, 5
    for place, turn in enumerate(round_.turns):
        row, column = divmod(place, columns)
        left, top = 50 + column * (side + gap), 200 + row * (side + 130)
        right = turn.answer == turn.wanted
        card.paste(
            Image.fromarray(255 - turn.glyph).resize((side, side), Image.Resampling.BICUBIC),
            (left, top),
        )
        for margin in (4,) if right else (4, 12):
            box = left - margin, top - margin, left + side + margin, top + side + margin
            pen.rectangle(box, outline=BLUE if right else ORANGE, width=4)
        answer = "?" if turn.answer is None else classes[turn.answer]
        words = f"{classes[turn.wanted]}" if right else f"{classes[turn.wanted]}, read as {answer}"
        colour = BLUE if right else ORANGE
        pen.text(
            (left + side / 2, top + side + 34),
            words,
            fill=colour,
            font=ImageFont.load_default(30),
            anchor="mm",
        )
        if not right:
            x, y = left + side - 30, top + 10
            for line in ((x, y, x + 20, y + 20), (x, y + 20, x + 20, y)):
                pen.line(line, fill=ORANGE, width=5)
    foot = "A small convolutional network reads what people write."
    pen.text(
        (width / 2, CARD[1] - 50),
        foot,
        fill="#4a5563",
        font=ImageFont.load_default(28),
        anchor="mm",
    )
    return card
