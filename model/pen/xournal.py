"""Xournal++ and Xournal: XML, mostly packed by gzip, by some versions into a zip archive. A page's
pen strokes; what was highlighted, typed or pasted is left out."""

from collections.abc import Iterator

from model.pen.sheets import (
    GZIP,
    ZIP,
    Archive,
    PenError,
    Sheet,
    as_stroke,
    checked,
    head_of,
    local_name,
    names_in,
    parse_xml,
    unzip,
)

CONTENT, WHAT = "content.xml", "Xournal++"
OFFICE = b"application/vnd.oasis"  # a document of another kind, which has a file of that name, too


def is_xournal(content: bytes) -> bool:
    """Whether a file is Xournal's, by its head."""
    if content[:4] == ZIP:
        return OFFICE not in content[:256] and CONTENT in names_in(content)
    return b"<xournal" in head_of(content).replace(b"\0", b"")  # of UTF-16, too


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
    for page in root:  # and none within another
        if local_name(page) != "page":
            continue
        sheet = []
        for stroke in page.iter():
            if local_name(stroke) != "stroke" or stroke.get("tool", "pen") != "pen":
                continue
            try:
                points = as_stroke([float(word) for word in (stroke.text or "").split()])
            except ValueError as error:
                raise PenError(f"The {WHAT} file has a stroke that is damaged.") from error
            if points is not None:
                sheet.append(points)
        yield sheet
