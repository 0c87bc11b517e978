"""InkML (W3C, 2011: Ink Markup Language), as Microsoft's Office and collections of handwriting have
it. All traces of a file are one sheet; those of a lifted pen and of highlighters are left out.

y points down. Where its unit is another than that of x, as it is in PowerPoint's, it is made the
same.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple
from xml.etree.ElementTree import Element

import numpy as np

from model.pen.sheets import PenError, Sheet, as_stroke, attribute, checked, local_name, parse_xml

WHAT = "InkML"
DAMAGED = f"The {WHAT} file has a trace that is damaged."
ROOT = re.compile(rb"<([\w.-]+:)?ink[\s>]")
# A value of a place: by how many differences it is told, and the number, or what stands for one.
VALUE = re.compile(
    r"""(?:([!'"])\s*)?([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|\#[0-9A-Fa-f]{1,12}|[TF*?])"""
)
ORDERS = {"!": 0, "'": 1, '"': 2}
# of the units of length, in mm
UNITS = {"m": 1000.0, "cm": 10.0, "mm": 1.0, "himetric": 0.01}
UNITS |= {"in": 25.4, "pt": 25.4 / 72, "pc": 25.4 / 6}
DEEP = 50  # groups within groups, and contexts that others are made of


class Format(NamedTuple):
    """How a trace's places are told."""

    x: int = 0  # which of the values of a place
    y: int = 1
    channels: int = 2
    scale: tuple[float, float] = (1.0, 1.0)  # of x and of y


class Style(NamedTuple):
    """What counts for a trace, unless it says otherwise."""

    form: Format
    brush: str = ""  # its name


def is_inkml(content: bytes) -> bool:
    """Whether a file is InkML, by its head."""
    head = content[:16384].replace(b"\0", b"")  # of UTF-16, too
    return ROOT.search(head) is not None and (b"InkML" in head or b"<trace" in head)


@checked
def read(content: bytes) -> Iterator[Sheet]:
    """The one sheet of a file."""
    root = parse_xml(content, WHAT)
    if local_name(root) != "ink":
        raise PenError(f"This is no {WHAT} file.")
    ink = _Ink(root)
    strokes: list[list[np.ndarray]] = []
    by_name: dict[str, int] = {}
    for trace, style in ink.traces():
        if attribute(trace, "type") == "penUp" or style.brush in ink.marking:
            continue
        part = _stroke(trace.text or "", style.form)
        if part is None:
            continue
        number = len(strokes)
        if attribute(trace, "continuation") in ("middle", "end"):
            number = by_name.get(_target(attribute(trace, "priorRef")), number)
        if number == len(strokes):
            strokes.append([])
        strokes[number].append(part)
        by_name[attribute(trace, "id")] = number
    yield [np.concatenate(parts) for parts in strokes]


class _Ink:
    """A file's elements, and what they say of its traces."""

    def __init__(self, root: Element):
        self.root = root
        self.known = {name: each for each in root.iter() if (name := attribute(each, "id"))}
        # the names of brushes that mark what is written
        self.marking = {name for name, element in self.known.items() if _is_highlighter(element)}
        self._formats: dict[Element, Format | None] = {}

    def traces(self) -> Iterator[tuple[Element, Style]]:
        """Each with its style, which is its own, its group's, or what stands last before it."""
        for element in self.root:
            if local_name(element) == "traceFormat":
                return self._within(self.root, Style(_format([element])), 0)
        contexts = [each for each in self.root.iter() if local_name(each) == "context"]
        # a context that is the only one is meant, named or not
        form = self._format_of(contexts[0]) if len(contexts) == 1 else None
        return self._within(self.root, Style(form or Format()), 0)

    def _within(self, parent: Element, style: Style, depth: int) -> Iterator[tuple[Element, Style]]:
        if depth > DEEP:
            raise PenError(f"The {WHAT} file has groups in too many groups.")
        for element in parent:
            name = local_name(element)
            if name == "context":  # of what follows
                style = self._styled(style, element)
            elif name in ("trace", "traceGroup"):
                context = self._named(element, "contextRef")
                own = style if context is None else self._styled(style, context)
                if brush := _target(attribute(element, "brushRef")):
                    own = own._replace(brush=brush)
                if name == "trace":
                    yield element, own
                else:
                    yield from self._within(element, own, depth + 1)

    def _styled(self, style: Style, context: Element) -> Style:
        brush = _target(attribute(context, "brushRef")) or style.brush
        return Style(self._format_of(context) or style.form, brush)

    def _format_of(self, context: Element, depth: int = 0) -> Format | None:
        """That of a context, by itself or by what it points to; None where it says nothing."""
        if context not in self._formats:
            named = (self._named(context, name) for name in ("traceFormatRef", "inkSourceRef"))
            places = [context, *(place for place in named if place is not None)]
            form = None
            if any(local_name(each) == "traceFormat" for place in places for each in place.iter()):
                form = _format(places)
            elif depth < DEEP and (other := self._named(context, "contextRef")) is not None:
                form = self._format_of(other, depth + 1)
            self._formats[context] = form
        return self._formats[context]

    def _named(self, element: Element, reference: str) -> Element | None:
        return self.known.get(_target(attribute(element, reference)))


def _target(reference: str) -> str:
    """The name of what it points to."""
    return reference.rpartition("#")[2]


def _format(places: list[Element]) -> Format:
    """What the first traceFormat in these says; resolutions may lie in any."""
    every = [element for place in places for element in place.iter()]
    form = next(element for element in every if local_name(element) == "traceFormat")
    channels = {
        attribute(part, "name"): (number, part)
        for number, part in enumerate(part for part in form.iter() if local_name(part) == "channel")
    }
    if not {"X", "Y"} <= channels.keys():
        return Format()
    (x, across), (y, down) = channels["X"], channels["Y"]
    units = [_unit(attribute(channel, "units")) for channel in (across, down)]
    resolutions = {
        attribute(part, "channel"): _resolution(part)
        for part in every
        if attribute(part, "name") == "resolution"
    }
    sizes = [resolutions.get(name, 0.0) for name in "XY"]
    scale = sizes if all(sizes) else units if all(units) else [1.0, 1.0]
    signs = [-1 if attribute(part, "orientation") == "-ve" else 1 for part in (across, down)]
    return Format(x, y, len(channels), (signs[0] * scale[0], signs[1] * scale[1]))


def _unit(name: str) -> float:
    """Of length, in mm; 0 of what is none."""
    return UNITS.get(name, 0.0)


def _resolution(part: Element) -> float:
    """How long a step is, in mm; 0 where that is not told."""
    try:
        value = float(attribute(part, "value"))
    except ValueError:
        return 0.0
    unit = _unit(attribute(part, "units").removeprefix("1/")) or 1.0
    return unit / value if 0 < value < 1e9 else 0.0


def _is_highlighter(element: Element) -> bool:
    """Whether it is a brush that marks what is written."""
    return local_name(element) == "brush" and any(
        attribute(part, "name") == "rasterOp" and attribute(part, "value") == "maskPen"
        for part in element
    )


def _stroke(text: str, form: Format) -> np.ndarray | None:
    """The places of a trace. A value with ' is told by its difference to the one before, with " by
    that difference's own; so are those of its channel that follow, until one has another sign."""
    if "," in text:
        parts = [part for part in text.split(",") if part.strip()]
        rows = [VALUE.findall(part) for part in parts]
    else:  # as drafts of the standard had it
        values = VALUE.findall(text)
        starts = range(0, len(values), form.channels)
        rows = [values[start : start + form.channels] for start in starts]
    if any(max(form.x, form.y) >= len(row) for row in rows):
        raise PenError(DAMAGED)
    axes = [
        [scale * value for value in _values(row[channel] for row in rows)]
        for channel, scale in zip((form.x, form.y), form.scale, strict=True)
    ]
    return as_stroke(np.array(axes).T)


def _values(told: Iterator[tuple[str, str]]) -> Iterator[float]:
    """A channel's values, as they and their signs are told."""
    order, value, speed = 0, 0.0, 0.0
    for sign, word in told:
        order = ORDERS.get(sign, order)
        number = (value, speed, 0.0)[order] if word in ("*", "?") else _number(word)
        if order == 0:
            value, speed = number, number - value
        else:
            speed = number if order == 1 else speed + number
            value += speed
        yield value


def _number(word: str) -> float:
    if word in ("T", "F"):
        raise PenError(DAMAGED)
    return float(int(word[1:], 16)) if word[0] == "#" else float(word)
