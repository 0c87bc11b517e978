"""Digits in lines become numbers in rows and columns, as one sees them on paper."""

import pytest

from model.numbers import group_into_numbers


def line(text: str, x: float = 0, y: float = 0, gap: float = 4, white: float = 24):
    """Boxes of digits 10 wide and 20 high: a space is `white` in place of `gap`; and boxes of
    points and dashes."""
    boxes, signs = [], []
    for sign in text:
        if sign == " ":
            x += white - gap
        elif sign in ".,":
            signs.append(((round(x) - 1, round(y) + 17, 3, 3 if sign == "." else 6), sign))
            x += 2 + gap
        elif sign == "−":
            signs.append(((round(x), round(y) + 9, 9, 2), sign))
            x += 9 + gap
        else:
            boxes.append((round(x), round(y), 10, 20))
            x += 10 + gap
    return boxes, signs


def texts(lines, names: str) -> list[list[str]]:
    """The table of what is grouped, where the digits are called so."""
    signs = [sign for _, own in lines for sign in own]
    groups = group_into_numbers([boxes for boxes, _ in lines], signs)
    table = [[""] * (1 + max(group.column for group in groups)) for _ in lines]
    for group in groups:
        parts = [
            (signs[group.signs[n]][1] if n in group.signs else "") + names[d]
            for n, d in enumerate(group.digits)
        ]
        table[group.row][group.column] = "".join(parts)
    return table


def test_nothing_is_no_number():
    assert group_into_numbers([]) == group_into_numbers([[]]) == []


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1234", ["1234"]),
        ("12 34 5", ["12", "34", "5"]),
        ("3.14", ["3.14"]),
        ("0,5 12,25", ["0,5", "12,25"]),
        ("−7", ["−7"]),
        ("12 −7", ["12", "−7"]),
        ("12−7", ["12", "7"]),  # it takes away: the numbers are two
        ("−3.5", ["−3.5"]),
    ],
)
def test_white_ends_a_number_and_signs_belong_to_theirs(text, numbers):
    names = "".join(sign for sign in text if sign.isdigit())
    assert texts([line(text, white=40)], names) == [numbers]


def test_the_gaps_of_a_page_tell_how_wide_white_is():
    narrow = line("12 34", gap=1, white=11)  # half a height: white here,
    assert texts([narrow], "1234") == [["12", "34"]]
    broad = line("1234", gap=11)  # but not where every gap is as wide
    assert texts([broad], "1234") == [["1234"]]


def test_single_digits_in_many_rows_stand_by_themselves():
    rows = [line("123", y=40 * row, gap=14) for row in range(3)]
    assert texts(rows, "123123123") == [["1", "2", "3"]] * 3


def test_an_empty_cell_stays_empty_and_numbers_lie_below_each_other_on_a_page_that_slopes():
    rows = [line("11 22 33", 0, 0, white=60), line("44", 4, 40), line("55 66", 70, 80, white=60)]
    table = [["11", "22", "33"], ["44", "", ""], ["", "55", "66"]]
    assert texts(rows, "1122334455" + "66") == table
    tilted = [
        ([(x - round(0.1 * y), y + round(0.1 * x), w, h) for x, y, w, h in boxes], signs)
        for boxes, signs in rows
    ]
    assert texts(tilted, "112233445566") == table


def test_a_full_page_takes_little_time():
    rows = [line("1 " * 40, 3 * (row % 5), 40 * row, white=30)[0] for row in range(40)]
    groups = group_into_numbers(rows)
    assert len(groups) == 1600 and max(group.column for group in groups) == 39
