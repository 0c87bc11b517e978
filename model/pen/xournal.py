"""Xournal++ and Xournal: XML, mostly packed by gzip, by some versions into a zip archive. A page's
pen strokes; what was highlighted, typed or pasted is left out."""

from collections.abc import Iterator

from model.pen.sheets import (
    ZIP,
    Archive,
    PenError,
    Sheet,
    as_stroke,
    checked,
    local_name,
    parse_xml,
    unzip,
)

GZIP, CONTENT = b"\x1f\x8b", "content.xml"
WHAT = "Xournal++"


def is_xournal(content: bytes) -> bool:
    """Whether a file is Xournal's; of what gzip packed, nothing else is read here."""
    if content[:4] == ZIP:
        return CONTENT.encode() in content
    return content[:2] == GZIP or b"<xournal" in content[:1024]


@checked
def read(content: bytes) -> Iterator[Sheet]:
    """A file's pages."""
    if content[:4] == ZIP:
        content = Archive(content, WHAT).read(CONTENT)
    elif content[:2] == GZIP:
        content = unzip(content, WHAT)
    root = parse_xml(content, WHAT)
    if local_name(root) != "xournal":
        raise PenError(f"This is no {WHAT} file.")
    for page in root.iter("page"):
        sheet = []
        for stroke in page.iter("stroke"):
            if stroke.get("tool", "pen") != "pen":
                continue
            try:
                values = [float(word) for word in (stroke.text or "").split()]
                points = as_stroke(values)
            except ValueError as error:
                raise PenError(f"The {WHAT} file has a stroke that is damaged.") from error
            if points is not None:
                sheet.append(points)
        yield sheet
