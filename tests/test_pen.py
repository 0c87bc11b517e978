"""What pens write is read as strokes, whatever the form, and drawn as a canvas draws it."""

import contextlib
import gzip
import io
import itertools
import json
import struct
import time
import zipfile

import numpy as np
import pytest

from app_pages.pen import samples
from model import image
from model.image import ImageError
from model.pen import files, inkml, remarkable, unipen
from model.strokes import fit, strokes_in

DIGITS = "407"
HEAD = b"reMarkable .lines file, version=%d          "


def lines(left=0.0, size=100.0):
    """The strokes of 4, 0 and 7, beside each other: (n, 2) each, y down."""
    every = []
    for place, digit in enumerate(DIGITS):
        for stroke in samples.strokes(int(digit), 100, 8):
            points = stroke.points * size / 100
            every.append(points + np.array([left + place * size, 0]))
    return every


def as_inkml(strokes, head="", scale=(1, 1), order="X Y"):
    """InkML whose channels stand in that order, in units of those sizes."""
    at = [order.split().index(name) for name in "XY"]
    traces = ""
    for points in strokes:
        rows = np.full((len(points), len(order.split())), 9.0)
        rows[:, at] = points * scale
        text = ", ".join(" ".join(f"{value:g}" for value in row) for row in rows)
        traces += f"<trace>{text}</trace>\n"
    return f'<ink xmlns="http://www.w3.org/2003/InkML">{head}{traces}</ink>'.encode()


def as_unipen(sheets, head=""):
    """A segment for each sheet; y up."""
    text = f".VERSION 1.0\n.HIERARCHY NUMBER\n{head}"
    for strokes in sheets:
        text += '.SEGMENT NUMBER 0-2 ? "407"\n.COMMENT 4 5\n'
        for points in strokes:
            places = "".join(f" {x:.0f} {500 - y:.0f}\n" for x, y in points)
            text += f".PEN_DOWN\n{places}.PEN_UP\n.DT 100\n"
    return text.encode()


def as_xournal(sheets, more=""):
    pages = ""
    for strokes in sheets:
        pages += '<page width="595" height="842"><background type="solid"/><layer>' + more
        for points in strokes:
            text = " ".join(f"{value:.2f}" for value in points.ravel())
            pages += f'<stroke tool="pen" color="#000000ff" width="1.41">{text}</stroke>'
        pages += "</layer></page>"
    return f'<?xml version="1.0"?><xournal creator="X" fileversion="4">{pages}</xournal>'.encode()


def as_layers(strokes, version, tools=()):
    """A .rm file of version 3 or 5."""
    content = HEAD % version + struct.pack("<ii", 1, len(strokes))
    for number, points in enumerate(strokes):
        tool = tools[number] if tools else 2
        content += struct.pack("<iiif", tool, 0, 0, 2.0) + b"\0" * (4 * (version == 5))
        content += struct.pack("<i", len(points))
        content += b"".join(struct.pack("<6f", x, y, 0, 0, 2, 0.5) for x, y in points)
    return content


def as_block(kind, content, version=1):
    """A block of a .rm file of version 6."""
    return struct.pack("<IBBBB", len(content), 0, 1, version, kind) + content


def identity(tag, number=b"\x81\x01"):
    """The name of an item, as a value of that tag; its number may be of two bytes."""
    return bytes([tag << 4 | 15, 1]) + number


def as_blocks(strokes, tools=(), of=2):
    """A .rm file of version 6, with a block that is no stroke, and one that was deleted."""
    item = b"".join(map(identity, (1, 2, 3, 4))) + struct.pack("<Bi", 5 << 4 | 4, 0)
    content = HEAD % 6 + as_block(9, b"\x1f\x00\x00", of) + as_block(5, item, of)
    for number, points in enumerate(strokes):
        form = "<ffHHBB" if of == 2 else "<ffffff"
        places = b"".join(struct.pack(form, x, y, 1, 2, 3, 4) for x, y in points)
        line = b"\x03" + struct.pack("<Bi", 1 << 4 | 4, tools[number] if tools else 15)
        line += struct.pack("<Bi", 2 << 4 | 4, 0) + struct.pack("<Bd", 3 << 4 | 8, 2.0)
        line += struct.pack("<Bf", 4 << 4 | 4, 0.0)
        line += struct.pack("<BI", 5 << 4 | 12, len(places)) + places + identity(6)
        content += as_block(5, item + struct.pack("<BI", 6 << 4 | 12, len(line)) + line, of)
    return content


def as_zip(**members):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return packed.getvalue()


OFFICE = """<definitions><context xml:id="c"><inkSource xml:id="s"><traceFormat>
<channel name="F" type="integer"/><channel name="Y" type="integer"/>
<channel name="X" type="integer"/></traceFormat><channelProperties>
<channelProperty channel="X" name="resolution" value="1000" units="1/in"/>
<channelProperty channel="Y" name="resolution" value="3000" units="1/in"/>
</channelProperties></inkSource></context></definitions>"""
UP = '<traceFormat><channel name="X"/><channel name="Y" orientation="-ve"/></traceFormat>'
FILES = {
    "inkml": as_inkml(lines()),
    "inkml, y up": as_inkml(lines(), UP, scale=(1, -1)),
    "inkml of Office": as_inkml(lines(), OFFICE, scale=(1, 3), order="F Y X"),
    "unipen": as_unipen([lines()]),
    "unipen, y finer": as_unipen(
        [[points * [1, 2] for points in lines()]],
        ".X_POINTS_PER_INCH 100\n.Y_POINTS_PER_INCH 200\n",
    ),
    "xournal": as_xournal([lines()]),
    "xournal++": gzip.compress(as_xournal([lines()])),
    "xournal++ in zip": as_zip(mimetype="application/xournal++", content_xml=as_xournal([lines()])),
    "remarkable 3": as_layers(lines(), 3),
    "remarkable 5": as_layers(lines(), 5),
    "remarkable 6": as_blocks(lines()),
    "remarkable 6, first of it": as_blocks(lines(left=-150), of=1),
}


@pytest.mark.parametrize("form", FILES)
def test_each_form_is_read(recognizer, form):
    (page,) = image.pages(FILES[form])
    reading = recognizer.read(page)
    assert reading.text == DIGITS
    drawing = page.drawing()
    assert page.load().shape == (drawing.height, drawing.width, 3)
    # as far apart and as high as they were written, whatever the unit
    written, drawn = np.concatenate(lines()), np.concatenate([s.points for s in drawing.strokes])
    np.testing.assert_allclose(
        np.divide(*np.ptp(drawn, axis=0)), np.divide(*np.ptp(written, axis=0)), rtol=0.02
    )


def test_sheets_are_pages(recognizer):
    files_ = as_unipen([lines(), lines()]), gzip.compress(as_xournal([lines(), [], lines()]))
    about = {"cPages": {"pages": [{"id": "b"}, {"id": "none"}, {"id": "a"}]}}
    document = as_zip(
        x_content=json.dumps(about), x__a_rm=as_blocks(lines()), x__b_rm=as_layers(lines()[:2], 5)
    )
    for content in (*files_, document):
        _, second = image.pages(content)
        assert second.name("notes") == "notes, page 2"
        assert recognizer.read(second).text == DIGITS
    assert recognizer.read(image.pages(document)[0]).text == "4"


def test_what_is_no_ink_is_left_out(recognizer):
    over = [np.array([[0.0, 50.0], [300.0, 50.0]])]
    marker = (
        '<definitions><brush xml:id="m"><brushProperty name="rasterOp" value="maskPen"/></brush>'
        '</definitions><trace brushRef="#m">0 50, 300 50</trace>'
        '<trace type="penUp">0 60, 300 60</trace>'
    )
    more = '<stroke tool="highlighter" width="9">0 50 300 50</stroke><text>12</text>'
    n = len(lines())
    for content in (
        as_inkml(lines(), marker),
        as_xournal([lines()], more),
        as_layers(lines() + over, 5, [2] * n + [5]),
        as_blocks(lines() + over, [15] * n + [18]),
    ):
        (page,) = image.pages(content)
        assert len(page.drawing().strokes) == n
        assert recognizer.read(page).text == DIGITS


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("1 2, 3 4,5 6", [[1, 2], [3, 4], [5, 6]]),
        # the example of the standard, 6.1.2 of its draft: first as they are, then differences, then
        # differences of these
        ("1125 18432,'23'43,\"7\"-8,3-5,7 -3,6 2", None),
        ("10 20, '1 '-2, 3 4, !7 !8", [[10, 20], [11, 18], [14, 22], [7, 8]]),
        ("1 2 3 4", [[1, 2], [3, 4]]),
        ("#A -1.5e1, * ?", [[10, -15], [10, -15]]),
    ],
)
def test_places_of_a_trace(text, places):
    content = f'<ink xmlns="http://www.w3.org/2003/InkML"><trace>{text}</trace></ink>'
    ((stroke,),) = inkml.read(content.encode())
    if places is None:
        places = np.cumsum(
            [[1125, 18432], [23, 43], [30, 35], [33, 30], [40, 27], [46, 29]], axis=0
        )
    np.testing.assert_allclose(stroke, places)


def test_a_trace_may_go_on_in_another_and_a_context_counts_for_what_follows():
    content = b"""<ink xmlns="http://www.w3.org/2003/InkML">
    <trace xml:id="a" continuation="begin">1 1, 2 2</trace>
    <trace xml:id="b" continuation="end" priorRef="#a">3 3</trace>
    <context xml:id="turned"><traceFormat><channel name="Y"/><channel name="X"/></traceFormat>
    </context><traceGroup><trace>1 2</trace></traceGroup></ink>"""
    ((whole, other),) = inkml.read(content)
    assert whole.tolist() == [[1, 1], [2, 2], [3, 3]] and other.tolist() == [[2, 1]]


def test_contexts_may_point_to_others():
    turned = '<traceFormat xml:id="f"><channel name="Y"/><channel name="X"/></traceFormat>'
    chain = '<context xml:id="a" traceFormatRef="f"/><context xml:id="b" contextRef="#a"/>'
    content = as_inkml([], f"<definitions>{turned}{chain}<context xml:id='c' contextRef='#c'/>"
        '</definitions><trace id="1" contextRef="#b">1 2</trace><trace id="1">3 4</trace>'
        '<trace contextRef="c">5 6</trace>')  # fmt: skip
    assert [stroke.tolist() for stroke in inkml.read(content)[0]] == [[[2, 1]], [[3, 4]], [[5, 6]]]


@pytest.mark.parametrize(
    ("channels", "properties", "scale"),
    [
        ("", 'X" name="resolution" value="1000" units="1/in', (1, 1)),  # of y, nobody knows
        ('units="mm"', "", (1, 1)),
        ('units="cm"', "", (10, 10)),
    ],
)
def test_units_count_where_both_have_one(channels, properties, scale):
    content = as_inkml(
        [],
        f"""<definitions><inkSource xml:id="s"><channelProperties>
        <channelProperty channel="{properties}"/></channelProperties></inkSource>
        <context xml:id="c" inkSourceRef="#s"><traceFormat><channel name="X" {channels}/>
        <channel name="Y" {channels}/></traceFormat></context></definitions>
        <trace contextRef="#c">1 2</trace>""",
    )
    ((stroke,),) = inkml.read(content)
    np.testing.assert_allclose(stroke, [np.multiply(scale, [1, 2])])


def test_the_words_of_other_keywords_are_no_places(recognizer):
    content = as_unipen([lines()]).replace(b".PEN_DOWN\n", b".PEN_DOWN\n.COMMENT a\x85\nb c\n")
    (page,) = image.pages(content.replace(b"\n", b"\r"))
    assert recognizer.read(page).text == DIGITS
    timed = b".COORD t x Y\n.PEN_DOWN 0 1 2\n1 3 4\n.PEN_UP\n"
    (((stroke,)),) = unipen.read(timed)
    assert stroke.tolist() == [[1, -2], [3, -4]]
    for odd in (b".SEGMENT\n.PEN_DOWN\n1 2\n", b".PEN_DOWN\n1 2\n.COORD T X Y\n.PEN_UP\n"):
        assert len(unipen.read(odd)) == 1


def test_pages_within_pages_count_once():
    inner = as_xournal([lines()])
    inner = inner.replace(b"<page", b"<page><page").replace(b"</page>", b"</page></page>")
    (page,) = image.pages(inner)
    assert len(page.drawing().strokes) == len(lines())
    twice = gzip.compress(inner[:100]) + gzip.compress(inner[100:])
    assert len(image.pages(twice)) == 1


def as_group(number, x=0.0, shown=True):
    """A block of version 6: a group, so far to the right."""
    of = identity(1, b"\x01")
    seen, last = of + bytes([2 << 4 | 1, shown]), of + struct.pack("<Bf", 2 << 4 | 4, x)
    block = identity(1, number) + struct.pack("<BI", 3 << 4 | 12, len(seen)) + seen
    block += b"\xac\x01" + struct.pack("<I", len(last)) + last  # 10 << 4 | 12
    return as_block(2, block)


def as_member(number, outer):
    """A block of version 6: which group a group is in."""
    value = b"\x02" + identity(2, number)
    block = identity(1, outer) + b"".join(identity(tag, b"\x07") for tag in (2, 3, 4))
    block += struct.pack("<Bi", 5 << 4 | 4, 0) + struct.pack("<BI", 6 << 4 | 12, len(value)) + value
    return as_block(4, block)


INNER, OUTER = b"\x81\x01", b"\x05"  # the first is that of the strokes of `as_blocks`


def with_blocks(*blocks):
    content = as_blocks(lines())
    return content[:43] + b"".join(blocks) + content[43:]


@pytest.mark.parametrize(
    ("blocks", "right"),
    [
        ((as_group(INNER, 70.0),), 70),
        ((as_group(INNER, 70.0), as_group(OUTER, 7.0)), 70),
        ((as_group(OUTER, 7.0), as_group(INNER, 70.0), as_member(INNER, OUTER)), 77),
        ((as_group(INNER, 70.0), as_member(INNER, INNER)), 70),
    ],
)
def test_what_stands_in_a_group_stands_where_that_does(blocks, right):
    ((moved, *_),) = remarkable.read(with_blocks(*blocks))
    np.testing.assert_allclose(moved, lines()[0] + np.array([right, 0]), rtol=1e-6)


@pytest.mark.parametrize(
    "blocks",
    [
        (as_group(INNER, shown=False),),
        (as_group(INNER), as_group(OUTER, shown=False), as_member(INNER, OUTER)),
    ],
)
def test_hidden_layers_are_left_out(blocks):
    assert list(remarkable.read(with_blocks(*blocks))) == [[]]
    with pytest.raises(ImageError, match="no stroke of a pen"):
        image.pages(with_blocks(*blocks))


def damaged(content, at):
    return content[: int(at * len(content))]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (damaged(FILES["inkml"], 0.7), "The InkML file is damaged"),
        (FILES["inkml"].replace(b"<trace>", b"<trace>x,"), "a trace that is damaged"),
        (b'<!DOCTYPE ink [<!ENTITY a "b">]>' + FILES["inkml"], "The InkML file is damaged"),
        (FILES["unipen"].replace(b".PEN_UP", b"1 a", 1), "UNIPEN file is damaged in line"),
        (damaged(FILES["xournal"], 0.7), "The Xournal\\+\\+ file is damaged"),
        (damaged(FILES["xournal++"], 0.7), "Xournal\\+\\+ file is damaged: it ends too early"),
        (gzip.compress(b"<html/>"), "This is not a PNG"),
        (gzip.compress(b"<a><xournal/></a>"), "no Xournal"),
        (as_zip(mimetype="application/vnd.oasis.opendocument.text", content_xml="x"), "not a PNG"),
        (FILES["xournal"].replace(b'1.41">', b'1.41">nan nan '), "damaged"),
        (damaged(FILES["remarkable 3"], 0.7), "The reMarkable file is damaged"),
        (damaged(FILES["remarkable 6"], 0.7), "The reMarkable file is damaged"),
        (HEAD % 9, "of a version that is not known"),
        (as_zip(x_content="{}"), "The file has no stroke of a pen"),
        (as_zip(x_content='{"pages": 3}', x__a_rm="x"), "The reMarkable file is damaged"),
        (damaged(as_zip(x_content="{}"), 0.7), "This is not a PNG"),
        # a stroke without a value; groups in groups; a number too large
        (as_blocks([]) + struct.pack("<IBBBBBI", 5, 0, 1, 2, 5, 6 << 4 | 12, 0), "damaged"),
        (as_inkml([], "<traceGroup>" * 90 + "</traceGroup>" * 90), "in too many groups"),
        (as_inkml([], "<trace>1e300 1</trace>"), "no numbers"),
        (as_inkml([], "<trace>T 1</trace>"), "a trace that is damaged"),
        (as_xournal([[]]), "The file has no stroke of a pen"),
        (as_blocks([]), "The file has no stroke of a pen"),
    ],
    ids=itertools.count(),  # the files hold the time, so their content names no test
)
def test_faults_are_said_in_one_sentence(content, says):
    with pytest.raises(ImageError, match=says) as caught:
        image.pages(content)
    assert "\n" not in str(caught.value)


def test_cut_anywhere_it_is_read_or_refused():
    for content in FILES.values():
        for at in np.linspace(0, 1, 40):
            with contextlib.suppress(ImageError):
                for page in image.pages(damaged(content, at)):
                    page.load()


def test_far_too_much_is_refused(monkeypatch):
    monkeypatch.setattr("model.pen.sheets.MAX_SHEET_STROKES", 3)
    with pytest.raises(ImageError, match="far more in this file than a person writes"):
        image.pages(as_inkml(lines(size=101.0)))
    monkeypatch.setattr("model.pen.sheets.MAX_BYTES", 100)
    with pytest.raises(ImageError, match="far more in this file"):
        image.pages(gzip.compress(as_xournal([lines(size=102.0)])))


def test_more_ink_than_anyone_writes_is_not_drawn():
    rng = np.random.default_rng(0)
    scribble = [np.array([[0.0, 0.0], [0.0, 1.0]])] * 30 + [40 * rng.random((50_000, 2))]
    (page,) = image.pages(as_inkml(scribble))
    assert page.decoding_bytes() == 0
    with pytest.raises(ImageError, match="far more in this file"):
        page.load()


def test_spaces_cost_no_time():
    content = as_inkml([], "<trace>1 2" + " " * 200_000 + "</trace>")
    begin = time.process_time()
    image.pages(content)
    assert time.process_time() < begin + 2


@pytest.mark.parametrize("far", ["1e9 0.001", "8e7 1", "1 1e-300", "500 1", "0 5e-324", "0 9e8"])
def test_any_extent_is_drawn(far):
    (page,) = image.pages(as_inkml([], f"<trace>0 0, {far}</trace>"))
    height, width, _ = page.load().shape
    assert max(height, width) < 8000 and page.load().min() == 0


def test_a_sheet_is_never_larger_than_it_may_be():
    far = [np.array([[0.0, 0.0], [1.0, 30.0]]), np.array([[1e6, 1e6], [1e6, 1e6 + 30]])]
    (page,) = image.pages(as_inkml(far))
    height, width, _ = page.load().shape
    assert height * width <= 1.01 * files.MAX_PIXELS
    assert page.decoding_bytes() >= height * width
    (dot,) = image.pages(as_inkml([np.array([[5.0, 5.0]])]))
    assert dot.load().min() == 0


def test_the_strokes_of_a_digit_are_told_and_fit_a_canvas(recognizer):
    (page,) = image.pages(FILES["xournal++"])
    four, _, seven = recognizer.read(page).digits
    drawing = page.drawing()
    of_four, of_seven = (strokes_in(drawing.strokes, digit.box) for digit in (four, seven))
    assert (len(of_four), len(of_seven)) == (2, 1)
    strokes = fit(of_four, 280)
    points = np.concatenate([stroke.points for stroke in strokes])
    np.testing.assert_allclose(np.ptp(points, axis=0).max(), 0.64 * 280)
    np.testing.assert_allclose((points.min(0) + points.max(0)) / 2, 140)
    assert fit([], 280) == ()
