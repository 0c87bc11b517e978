"""What is on a page beside the digits that were read: signs, and what was left out.

All take boxes (left, top, width, height) of digits, and of pieces of ink that are none of theirs.

The constants were set on tests/test_page_kinds.py and kept where benchmarks/real_pages.py read the
team's own pages best.
"""

from collections.abc import Sequence

import numpy as np

from model.boxes import Box, Sign
from model.numbers import point_sign
from model.page_format import SMALLEST
from model.reading import Digit

# Of the least digit: smaller ink, or smaller than any digit, may be left where all was read.
LITTLE = 0.15
# A dash is so many times as long as it is high, and its length is such a share of the digits' size.
DASH, LENGTH = 2.5, (0.2, 0.9)
POINT = (0.05, 0.35)  # of the digits' size: a point or a comma
MAX_SIGNS = 200  # more specks, and the paper is dirty
SIZES = (0.45, 3.0)  # times the digits: ink so large that isn't read is told as left out
MAX_LEFT_OUT = 500  # boxes that are told as left out
# A sentence is due for so many marks or more, if they are such a share of the digits: marks that
# are unsure, or left out.
MUCH, MUCH_UNSURE, MUCH_OUT = 3, 0.25, 0.5


def is_little(rest: Sequence[Box], digits: Sequence[Box]) -> bool:
    """Whether only specks, points and dashes are left."""
    least = max(SMALLEST, LITTLE * min(max(box[2:]) for box in digits))
    return all(max(box[2:]) < least or _is_dash(box) for box in rest)


def find_signs(rest: Sequence[Box], digits: Sequence[Box]) -> list[Sign]:
    """What may be a dash, a point or a comma: a speck by its place among the digits is none
    (model/numbers.py)."""
    if not digits or len(rest) > MAX_SIGNS:
        return []
    size, signs = np.median([max(box[2:]) for box in digits]), []
    for box in rest:
        _, _, width, height = box
        if _is_dash(box) and LENGTH[0] * size <= width <= LENGTH[1] * size:
            signs.append((box, "−"))
        elif POINT[0] * size <= max(width, height) <= POINT[1] * size:
            signs.append((box, point_sign(width, height)))
    return signs


def find_left_out(rest: Sequence[Box], digits: Sequence[Box], shape: tuple[int, int]) -> list[Box]:
    """What, on a picture of that shape, is about as large as the digits, or, where there are none,
    as any may be."""
    sizes = [max(box[2:]) for box in digits]
    least, most = (
        (times * np.median(sizes) for times in SIZES) if sizes else (SMALLEST, max(shape) / 2)
    )
    return [box for box in rest if least <= max(box[2:]) <= most and not _is_dash(box)][
        :MAX_LEFT_OUT
    ]


def write_note(digits: Sequence[Digit], left_out: Sequence[Box]) -> str:
    """One sentence where the answer tells little of what is there, else ""."""
    unsure = sum(digit.value is None for digit in digits)
    much = len(left_out) >= max(MUCH, MUCH_OUT * len(digits))
    if unsure >= max(MUCH, MUCH_UNSURE * len(digits)):
        also = f", and {len(left_out)} more were left out" if much else ""
        return (
            f"{unsure} of {len(digits)} marks can't be read with certainty{also}: look at each “?”."
        )
    if much:
        return (
            f"{len(left_out)} marks on this picture were not taken for digits and were left out: "
            "check whether any of them is one."
        )
    return ""


def _is_dash(box: Box) -> bool:
    return box[2] >= DASH * box[3]
