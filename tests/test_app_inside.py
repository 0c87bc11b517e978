"""The page that looks inside the network, and the digits that pages hand to each other, in
AppTest."""

import json

import cards
import numpy as np
import pytest
from flax import nnx
from pages import (
    DEFAULT,
    as_markdown,
    button,
    follow,
    headline,
    labelled,
    message,
    page_html,
    png,
    said,
    start,
    written,
)
from PIL import Image

from app_pages import subject
from app_pages.figures import maps
from app_pages.inside import ablations, attributions, explanations, sheets
from app_pages.pen import canvas, samples
from app_pages.server import images
from app_pages.server.resources import Network
from model import Recognizer, checkpoint, strokes
from model.network import Ensemble
from model.strokes import Stroke
from train import data

FOUR = subject.as_single_glyph(
    strokes.picture(samples.strokes(4, canvas.SIZE, 16), canvas.SIZE, canvas.SIZE)
)
HEADERS = [
    "Where it looked",
    "Which stroke decides",
    "The nearest training images",
    "On the map",
    "Layer by layer",
]


def test_the_page_is_never_empty_and_another_sample_is_one_click_away(mnist):
    app = start("inside")
    assert not app.exception and not app.error
    assert [header.value for header in app.header] == HEADERS
    assert headline(app) == "4" and "a sample, drawn by program. It is a 4." in page_html(app)
    assert "Integrated gradients" in page_html(app) and "Occlusion" in page_html(app)
    assert "469,034" in said(app.caption)
    button(app, "8").click().run()
    assert not app.exception and headline(app) == "8" and "It is an 8." in page_html(app)


def test_another_class_is_asked_for(mnist):
    app = start("inside")
    assert app.get("button_group")[0].value == 4 and "for 4" in page_html(app)
    app.get("button_group")[0].set_value(9).run()
    assert not app.exception and "for 9" in page_html(app) and "against 9" in page_html(app)


def test_a_test_image_has_an_address_and_a_wrong_number_a_sentence(mnist):
    app = start("inside")
    app.query_params["image"] = "247"
    app.run()
    assert not app.exception and "test image 247 of mnist. It is a 4." in page_html(app)
    assert app.header[1].value == "Which part decides"
    for odd in ("10000", "-1", "1e3", "", "²", "9" * 5000, "[a](b)"):
        app.query_params["image"] = odd
        app.run()
        assert (
            not app.exception
            and said(app.error) == "mnist has no such test image; they are numbered 0 to 9999."
        )
    app.number_input[0].set_value(12)
    button(app, "Open").click().run()
    assert not app.exception and not app.error and "test image 12 of mnist" in page_html(app)


def test_test_images_that_ship_need_no_fetching_and_others_say_so(monkeypatch):
    monkeypatch.setattr(data, "is_here", lambda name: False)
    maps.draw_map.clear()
    app = start("inside")
    app.query_params["image"] = "247"
    app.run()
    assert not app.exception and not app.error
    assert "test image 247 of mnist. It is a 4." in page_html(app)
    assert "On the map" in said(app.header) and button(app, "Fetch the images")
    assert f"{len(images.shipped('mnist').numbers):,} of them come with the network" in said(
        app.caption
    )
    shipped = images.shipped("mnist").numbers
    other = int(np.setdiff1d(np.arange(10_000), shipped)[0])
    app.number_input[0].set_value(other)
    button(app, "Open").click().run()
    wanted = f"Test image {other} of mnist does not come with the network; press “Fetch the images”"
    assert not app.exception and wanted in said(app.error)
    app.query_params["image"] = "10000"
    app.run()
    assert "no such test image; they are numbered 0 to 9999." in said(app.error)
    maps.draw_map.clear()


def test_without_the_images_the_rest_of_the_page_works(checkpoints):
    card = json.loads((checkpoints / "default" / checkpoint.CARD).read_text())
    card["data"]["name"] = "nowhere_to_be_found"
    (checkpoints / "default" / checkpoint.CARD).write_text(json.dumps(card))
    app = start("inside")
    assert not app.exception and "Integrated gradients" in page_html(app)
    assert "don't come with the network" in said(app.markdown) and not app.number_input
    assert [header.value for header in app.header] == [
        header for header in HEADERS if header != "On the map"
    ]


def test_a_committee_of_any_classes_shows_the_layers_of_its_first_member(checkpoints):
    shape = {"widths": [4, 4, 8], "features": 0, "depth": 1}
    card = cards.card(
        classes=("Sock", "*Shoe*", "c"), data={"name": "nowhere"}, network=shape | {"members": 2}
    )
    checkpoint.save(checkpoints / "two", Ensemble(2, 3, **shape, rngs=nnx.Rngs(0)), card)
    app = start("inside")
    app.selectbox[0].set_value("two").run()
    assert not app.exception and "a committee of 2 networks" in said(app.markdown)
    assert "5 × 5 × 8 → 8" in said(app.markdown) and "\\*Shoe\\*" in as_markdown(app.markdown)
    assert app.get("button_group")[0].options == ["Sock", r"\*Shoe\*", "c"]


def forget_searches() -> None:
    explanations.resources.training_images.clear()
    explanations.embedding_index.forget()
    explanations.excitations.forget()


@pytest.fixture
def few(monkeypatch, mnist):
    """Only 300 training images, which nothing was searched in yet."""
    some = data.Split(mnist.train.images[:300], mnist.train.labels[:300])
    monkeypatch.setattr(
        data, "load", lambda name, **_: data.Dataset(name, mnist.classes, some, some, mnist.test)
    )
    forget_searches()
    yield
    forget_searches()


def test_the_training_images_are_searched_when_asked_for(few, mnist):
    app = start("inside")
    assert "Search the training images" in [button.label for button in app.button]
    button(app, "Search the training images").click().run()
    assert not app.exception
    assert "those that are no 4" in said(app.markdown)
    assert "Search the training images" not in [button.label for button in app.button]
    name = str(mnist.train.labels[5])
    alike, others = explanations.nearest(Network.at(DEFAULT), mnist.train.images[5], name)
    assert alike[0].alt == f"Training image 5, {subject.with_article(name)}, alike by 1.000."
    assert not any(figure.caption.startswith(name) for figure in others)


def test_each_map_shows_its_kernel_its_patch_and_what_excites_it(few, mnist):
    app = start("inside")
    assert said(app.caption).count("“Search the training images”, above, finds it.") == 7
    button(app, "Search the training images").click().run()
    assert not app.exception and "finds it" not in said(app.caption)
    assert page_html(app).count("Patch of training image") == 7 * explanations.EXCITING
    app.session_state["sheet conv1"] = {"map": 3}
    app.run()
    assert not app.exception and "**Map 4's kernel**" in said(app.markdown)
    layer = {one.layer.name: one.layer for one in explanations.layers(Network.at(DEFAULT), FOUR)}
    kernel = sheets.kernel(layer["conv2"], 5)
    assert [figure.caption for figure in kernel] == [
        f"map {place + 1}"
        for place in np.argsort(-np.linalg.norm(layer["conv2"].kernel[..., 5], axis=(0, 1)))[:6]
    ]
    app.session_state["sheet conv1"] = {"map": 999}
    app.run()
    assert not app.exception, "anybody may send anything"


def test_training_images_that_are_gone_are_a_sentence(monkeypatch, mnist):
    def load(name, **_):
        raise data.DataError("The disk is gone.")

    forget_searches()
    app = start("inside")
    monkeypatch.setattr(data, "load", load)
    button(app, "Search the training images").click().run()
    assert not app.exception and "The disk is gone." in said(app.error)


def test_a_drawing_is_sent_inside_with_its_strokes(mnist):
    app = start()
    four = samples.strokes(4, canvas.SIZE, 16)
    app.session_state[canvas.SQUARE.name] = message(written(4), four)
    app.run()
    follow(app, "Look inside", "inside")
    assert not app.exception and app.title[0].value == "Inside the network"
    assert "drawn by hand" in page_html(app) and app.header[1].value == "Which stroke decides"
    assert app.session_state[subject.STATE].strokes == tuple(four)
    elsewhere = start()
    elsewhere.query_params.update(dict(app.query_params))
    elsewhere.switch_page("app_pages/inside/page.py").run()
    assert not elsewhere.exception and headline(elsewhere) == "4", "the address carries the digit"
    assert len(elsewhere.session_state[subject.STATE].strokes) == len(four)


def test_a_digit_of_a_picture_is_sent_inside(mnist):
    app = start("read")
    page = Image.new("L", (400, 200), 255)
    page.paste(written(2, 200).convert("L"), (0, 0))
    page.paste(written(7, 200).convert("L"), (200, 0))
    app.file_uploader[0].set_value([("two.png", png(page), "image/png")]).run()
    assert app.code[0].value == "27"
    box = labelled(app.selectbox, "One of them")
    assert box.options == ["1. 2", "2. 7"]
    box.set_value(1).run()
    follow(app, "Look inside", "inside")
    assert (
        not app.exception and headline(app) == "7" and "from the picture two.png" in page_html(app)
    )
    elsewhere = start()
    elsewhere.query_params.update(dict(app.query_params))
    elsewhere.switch_page("app_pages/inside/page.py").run()
    assert not elsewhere.exception and headline(elsewhere) == "7", "the address carries the digit"


def test_what_is_sent_to_draw_takes_the_canvas_place_until_it_is_dismissed(mnist):
    app = start()
    app.query_params["image"] = "625"
    app.run()
    assert not app.exception
    assert "test image 625 of mnist. It is a 6." in page_html(app) and headline(app) == "?"
    assert "1. The picture" in page_html(app) and "Draw a digit, and" not in said(app.info)
    button(app, "Draw something else").click().run()
    assert not app.exception and "Draw a digit, and" in said(app.info)
    app.query_params["image"] = "625"
    app.run()
    app.query_params.clear()
    app.run()  # whoever comes by himself
    assert "Draw a digit, and" in said(app.info)
    app.query_params["image"] = "x"
    app.run()
    assert (
        not app.exception
        and "no such test image" in said(app.warning)
        and "Draw a digit, and" in said(app.info)
    )


def test_strokes_are_left_out_in_turn_and_a_single_one_in_quarters(recognizer: Recognizer):
    drawing = samples.strokes(4, canvas.SIZE, 16)
    four = ablations.of_drawing(drawing)
    assert [ablation.part for ablation in four] == ["stroke 1", "stroke 2"]
    picture = strokes.picture(drawing[1:], canvas.SIZE, canvas.SIZE)
    np.testing.assert_array_equal(four[0].glyph, recognizer.read(picture, turn=0).digits[0].glyph)
    assert recognizer.name(recognizer.read_glyphs(four[0].glyph[None])[0]) == "1"
    line = Stroke((("M", 20, 140), ("L", 260, 140)), 16)
    ends = [part.points[[0, -1], 0] for part in ablations.quarters(line)]
    np.testing.assert_allclose(ends, [[20, 80], [80, 140], [140, 200], [200, 260]])
    assert [quarter.part for quarter in ablations.of_drawing([line])][::3] == [
        "the first quarter",
        "the last quarter",
    ]
    assert ablations.of_drawing([Stroke((("M", 9, 9), ("L", 9, 9)), 16)]) == []


def test_a_glyph_is_taken_apart_by_pieces_or_by_patches(recognizer):
    glyph = np.zeros((28, 28), np.uint8)
    glyph[4:24, 6:9] = 255
    patches = ablations.of_glyph(glyph)
    assert len(patches) == ablations.PATCHES and patches[0].part == "part 1 (at the top)"
    assert len(ablations.of_glyph(glyph, together=2)) == 15
    glyph[4:24, 18:21] = 255
    pieces = ablations.of_glyph(glyph)
    assert [one.part for one in pieces] == ["piece 1", "piece 2"]
    assert [
        digit.value for digit in recognizer.read_glyphs(np.stack([one.glyph for one in pieces]))
    ] == [1, 1]
    assert ablations.of_glyph(glyph, together=2) == []  # nothing would be left
    assert ablations.of_glyph(np.zeros((28, 28), np.uint8)) == []


def test_where_no_part_decides_two_of_them_may():
    three = subject.sample(3)
    *single, pair = explanations.ablate(Network.at(DEFAULT), three)
    assert [one.read for one in single] == ["3"] * 4 and not any(one.together for one in single)
    assert pair.together and pair.read != "3" and " and " in pair.part
    assert explanations.verdict("3", [*single, pair]).startswith(
        f"No single one decides, but without {pair.part} it reads "
    )


def test_the_verdict_says_which_removals_change_the_reading():
    def without(part, read):
        return explanations.Ablated(part, read, 0.9, None)

    assert (
        explanations.verdict("4", [without("stroke 1", "1"), without("stroke 2", "4")])
        == "Without stroke 1 it reads a 1."
    )
    both = explanations.verdict("4", [without("stroke 1", "8"), without("stroke 2", "?")])
    assert both == "Without stroke 1 it reads an 8 and without stroke 2 it reads no digit."
    assert "still read as a 4" in explanations.verdict("4", [without("stroke 1", "4")])
    assert "too small" in explanations.verdict("1", [])


def test_signs_are_told_by_more_than_colour():
    glyph = np.zeros((2, 2), np.uint8)
    picture = attributions.signed(glyph, np.array([[1.0, -1.0], [0.5, 0.0]]))
    cell = attributions.CELL
    assert picture.shape == (2 * cell, 2 * cell, 3)
    np.testing.assert_array_equal(picture[0, 0], [0, 114, 178])
    np.testing.assert_array_equal(picture[0, -1], [213, 94, 0])
    np.testing.assert_array_equal(picture[-1, -1], [255, 255, 255])
    np.testing.assert_allclose(picture[-1, 0], (np.array([0, 114, 178]) + 255) / 2, atol=1)
    plus, minus = ((picture[:cell, at : at + cell] == 255).all(-1) for at in (0, cell))
    assert (
        plus.any(1).sum() > 2
        and minus.any(1).sum() == 2
        and minus.any(0).sum() == plus.any(0).sum()
    )
    assert (attributions.signed(glyph, np.zeros((2, 2))) == 255).all()
    faint = attributions.signed(glyph, np.array([[0.1, 0.0], [0.0, 0.0]]), most=1)
    assert (faint[:cell, :cell] > 225).any(-1).all(), "on an absolute scale, little is pale"


def test_maps_lie_side_by_side_on_one_scale():
    maps = np.zeros((2, 2, 3), np.float32)
    maps[0, 0, 1], maps[1, 1, 2] = 4, 1
    sheet = attributions.tiles(maps)
    assert sheet.columns == 3
    step, line = sheet.wide + attributions.LINE, attributions.LINE
    first, second, third = (
        sheet.picture[line : line + sheet.high, line + at * step : at * step + step]
        for at in range(3)
    )
    assert not first.any() and second.max() == 255 and third.max() == 128  # the root of a quarter
    vector = attributions.tiles(np.arange(10, dtype=np.float32))
    assert vector.columns == 4 and vector.picture.ndim == 3
    assert not np.isin(attributions.tiles(np.zeros(5, np.float32)).picture, 255).any()
