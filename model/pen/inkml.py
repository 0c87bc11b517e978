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
# A value of a place: by how many differences it is told, and the number, or what stands for one.
VALUE = re.compile(
    r"""([!'"]?)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|\#[0-9A-Fa-f]+|[TF*?])"""
)
ORDERS = {"!": 0, "'": 1, '"': 2}
IDENTITY = "{http://www.w3.org/XML/1998/namespace}id"


class Format(NamedTuple):
    """How a trace's places are told."""

    x: int  # which of the values of a place
    y: int
    channels: int
    scale: tuple[float, float]  # of x and of y


PLAIN = Format(0, 1, 2, (1.0, 1.0))


def is_inkml(content: bytes) -> bool:
    """Whether a file is InkML, by its head."""
    head = content[:2048]
    return b"InkML" in head and re.search(rb"<(\w+:)?ink[\s>]", head) is not None


@checked
def read(content: bytes) -> Iterator[Sheet]:
    """The one sheet of a file."""
    root = parse_xml(content, WHAT)
    if local_name(root) != "ink":
        raise PenError(f"This is no {WHAT} file.")
    known = {"#" + found: element for element in root.iter() if (found := attribute(element, "id"))}
    marking = {name for name, element in known.items() if _is_highlighter(element)}
    strokes: dict[str, np.ndarray] = {}
    for number, (trace, form, brush) in enumerate(_traces(root, known)):
        if attribute(trace, "type") == "penUp" or brush in marking:
            continue
        stroke = _stroke(trace.text or "", form)
        if stroke is None:
            continue
        name = "#" + (attribute(trace, "id") or f"trace {number}")
        before = attribute(trace, "priorRef")
        if attribute(trace, "continuation") in ("middle", "end") and before in strokes:
            stroke = np.concatenate([strokes.pop(before), stroke])
        strokes[name] = stroke
    yield list(strokes.values())


def _traces(root: Element, known: dict[str, Element]) -> Iterator[tuple[Element, Format, str]]:
    """Each trace with its format and its brush, which are its own, its group's, its context's, or
    those that stand last before it."""
    formats = [_format(element) for element in root if local_name(element) == "traceFormat"]
    form = formats[0] if formats else PLAIN
    if not formats:  # a context that is the only one is meant, named or not
        contexts = [element for element in root.iter() if local_name(element) == "context"]
        form = _format_of(contexts[0], known, PLAIN) if len(contexts) == 1 else PLAIN
    yield from _within(root, known, form, "")


def _within(
    parent: Element, known: dict[str, Element], form: Format, brush: str
) -> Iterator[tuple[Element, Format, str]]:
    for element in parent:
        name = local_name(element)
        context = known.get(attribute(element, "contextRef"))
        own = form if context is None else _format_of(context, known, form)
        painted = attribute(element, "brushRef") or (
            brush if context is None else attribute(context, "brushRef") or brush
        )
        if name == "trace":
            yield element, own, painted
        elif name == "traceGroup":
            yield from _within(element, known, own, painted)
        elif name == "context":  # of what follows
            form = _format_of(element, known, form)
            brush = attribute(element, "brushRef") or brush


def _format_of(context: Element, known: dict[str, Element], others: Format) -> Format:
    """That of a context, its own or where it points to."""
    source = known.get(attribute(context, "inkSourceRef"))
    named = known.get(attribute(context, "traceFormatRef"))
    for place in (named, context, source):
        for element in () if place is None else place.iter():
            if local_name(element) == "traceFormat":
                return _format(element, place)
    inherited = known.get(attribute(context, "contextRef"))
    return others if inherited in (None, context) else _format_of(inherited, {}, others)


def _format(element: Element, around: Element | None = None) -> Format:
    """What a traceFormat says; resolutions lie around it."""
    channels = [part for part in element.iter() if local_name(part) == "channel"]
    names = [attribute(channel, "name") for channel in channels]
    if not {"X", "Y"} <= set(names):
        return PLAIN
    signs = dict.fromkeys("XY", 1.0)
    for name, channel in zip(names, channels, strict=True):
        if name in signs and attribute(channel, "orientation") == "-ve":
            signs[name] = -1.0
    for part in () if around is None else around.iter():
        name = attribute(part, "channel")
        if name in signs and attribute(part, "name") == "resolution":
            signs[name] /= _resolution(attribute(part, "value"))
    return Format(names.index("X"), names.index("Y"), len(names), (signs["X"], signs["Y"]))


def _resolution(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return 1.0
    return value if 0 < value < np.inf else 1.0


def _is_highlighter(element: Element) -> bool:
    """Whether it is a brush that marks what is written."""
    return local_name(element) == "brush" and any(
        attribute(part, "name") == "rasterOp" and attribute(part, "value") == "maskPen"
        for part in element
    )


def _stroke(text: str, form: Format) -> np.ndarray | None:
    """The places of a trace. A value with ' is told by its difference to the one before, with " by
    that difference's own; so are those of its channel that follow, until one has another sign."""
    values = VALUE.findall(text)
    if "," in text:
        rows = [VALUE.findall(part) for part in text.split(",")]
    else:  # as drafts of the standard had it
        rows = [
            values[start : start + form.channels] for start in range(0, len(values), form.channels)
        ]
    if any(not words and part.strip() for words, part in zip(rows, text.split(","), strict=False)):
        raise PenError(f"The {WHAT} file has a trace that is damaged.")
    axes = []
    for channel, scale in zip((form.x, form.y), form.scale, strict=True):
        order, value, speed, column = 0, 0.0, 0.0, []
        for row in filter(None, rows):
            if channel >= len(row):
                raise PenError(f"The {WHAT} file has a trace that is damaged.")
            sign, word = row[channel]
            order = ORDERS.get(sign, order)
            if word in ("*", "?"):
                number = value if order == 0 else speed if order == 1 else 0.0
            else:
                number = float(int(word[1:], 16)) if word[0] == "#" else _number(word)
            if order == 0:
                value, speed = number, number - value
            else:
                speed = number if order == 1 else speed + number
                value += speed
            column.append(scale * value)
        axes.append(column)
    return as_stroke(np.array(axes).T)


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError as error:  # T or F
        raise PenError(f"The {WHAT} file has a place of the pen that is no number.") from error
