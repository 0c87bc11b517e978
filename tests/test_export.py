"""An exported network gives in its own runtime what it gives here.

The programs that run it are those of its model card, each in a fresh process that can't import this
project.
"""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import cards
import jax
import numpy as np
import onnx
import onnxruntime
import pytest
import yaml
from flax import nnx
from pages import Sheet
from safetensors import safe_open

from model import checkpoint
from model.detection import to_grey
from model.explainer import Explainer
from model.network import DigitCNN, Ensemble
from model.peaks import FOUND, find_peaks
from train import export, stablehlo

ROOT = checkpoint.DEFAULT.parents[1]
ALONE = """\
import sys
sys.modules.update(digits=None, model=None, train=None)  # importing them raises
"""


def run_card(folder, **inputs):
    """What the programs of a model card make of the inputs, which it reads from files, and what
    they print."""
    text = (folder / "README.md").read_text("utf-8")
    programs = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    for name, values in inputs.items():
        np.save(folder / f"{name}.npy", values)
    keep = """
names = "probabilities", "heat", "boxes", "found"
np.savez("answers.npz", **{name: globals()[name] for name in names if name in globals()})
"""
    done = subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", ALONE + "\n".join(programs) + keep],
        cwd=folder,
        # with several threads, NumPy's small products take five times as long
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    with np.load(folder / "answers.npz") as answers:
        return dict(answers), done.stdout


@pytest.mark.parametrize("form", export.FORMS)
@pytest.mark.parametrize(
    ("name", "most", "tolerance"),
    # All of them where that takes seconds; benchmarks/export.py has the committee's. What that one
    # says in its evaluation it said before its weights were rounded to float16.
    [("tiny", None, 1e-5), ("default", None, 1e-5), ("committee", 500, 1e-3)],
)
def test_test_images_are_read_as_the_checkpoint_says(
    tmp_path, capsys, mnist, name, most, tolerance, form
):
    folder = tmp_path / "new" / name
    assert export.main([str(checkpoint.SHIPPED / name), str(folder), "--to", form]) == 0
    assert capsys.readouterr().out.startswith(str(folder / f"model.{form}"))
    there, printed = run_card(folder, glyphs=mnist.test.images[:most])
    labels, said = (part[:most] for part in checkpoint.read_evaluation(checkpoint.SHIPPED / name))
    np.testing.assert_array_equal(labels, mnist.test.labels[:most])
    np.testing.assert_allclose(there["probabilities"], said, rtol=0, atol=tolerance)
    np.testing.assert_array_equal(there["probabilities"].argmax(1), said.argmax(1))
    assert ast.literal_eval(printed) == [str(best) for best in said.argmax(1)]


@pytest.mark.parametrize("form", export.FORMS)
def test_any_architecture_and_temperature(tmp_path, form):
    arguments = {"widths": (4, 5, 6), "depth": 1, "features": 7, "members": 2}
    network = cards.with_norms(Ensemble(classes=3, **arguments, rngs=nnx.Rngs(0)))
    rng = np.random.default_rng(0)
    card = cards.card(network=arguments, temperature=0.4)
    checkpoint.save(tmp_path / "checkpoint", network, card)
    export.export(tmp_path / "checkpoint", tmp_path / "exported", form)
    glyphs = rng.integers(0, 256, (5, 28, 28), np.uint8)
    there, _ = run_card(tmp_path / "exported", glyphs=glyphs)
    reference = Explainer(*checkpoint.load(tmp_path / "checkpoint")).probabilities(glyphs)
    assert reference.std(0).min() > 1e-3  # it says something of them
    np.testing.assert_allclose(there["probabilities"], reference, rtol=0, atol=1e-5)


@pytest.mark.parametrize("form", export.FORMS)
def test_the_page_network_finds_the_same(tmp_path, form):
    sheet = Sheet(192, 128)
    for line in range(3):
        sheet.write("2735419", 10, 8 + 38 * line, 30, 2)
    grey = to_grey(sheet.picture())
    pages = np.stack([grey, 255 - grey[::-1]])
    export.export(checkpoint.PAGE, tmp_path / "pages", form)
    there, printed = run_card(tmp_path / "pages", grey=pages)
    network, _ = checkpoint.load_page()
    answers = [np.asarray(part) for part in network(pages)]
    found = 0
    for number, answer in enumerate(zip(*answers, strict=True)):
        peaks = find_peaks(*answer, least=FOUND)
        n, y, x = there["found"][there["found"][:, 0] == number].T
        order = np.argsort(-there["heat"][n, y, x])
        n, y, x = n[order], y[order], x[order]
        for name, reference in zip(("boxes", "heat", "probabilities"), peaks, strict=True):
            np.testing.assert_allclose(there[name][n, y, x], reference, rtol=0, atol=1e-3)
        found += len(peaks.heats)
    assert found > 20 and len(printed.splitlines()) == found
    heat = 1 / (1 + np.exp(-answers[0]))
    np.testing.assert_allclose(there["heat"], heat, rtol=0, atol=1e-3)


def test_any_number_of_pictures_and_what_is_none(tmp_path):
    file = export.export(checkpoint.SHIPPED / "tiny", tmp_path / "onnx")
    session = onnxruntime.InferenceSession(str(file))
    none = np.zeros((0, 28, 28), np.uint8)
    assert session.run(None, {"glyphs": none})[0].shape == (0, 10)
    file = export.export(checkpoint.SHIPPED / "tiny", tmp_path / "stablehlo", "stablehlo")
    network = jax.export.deserialize(bytearray(file.read_bytes()))
    assert network.platforms == ("cpu", "cuda", "tpu")
    assert network.call(np.zeros((3, 28, 28), np.uint8)).shape == (3, 10)
    for wrong in (none, none.astype(float), np.zeros((1, 27, 28), np.uint8)):
        with pytest.raises(ValueError, match=r"shape|Dtype"):
            network.call(wrong)


def test_a_file_says_nothing_of_this_machine_and_is_the_same_again():
    network, card = checkpoint.load(checkpoint.SHIPPED / "tiny")
    content = stablehlo.to_stablehlo(network, card)
    assert b".py" not in content and str(ROOT).encode() not in content
    for form, write in export.FORMS.items():
        assert write(network, card) == write(network, card), form


@pytest.mark.parametrize("form", export.FORMS)
def test_the_card_goes_along(tmp_path, form):
    source = checkpoint.SHIPPED / "tiny"
    file = export.export(source, tmp_path / "tiny", form)
    card = checkpoint.read_card(source)
    assert checkpoint.read_card(tmp_path / "tiny") == card
    if form == "onnx":
        about = onnx.load(file).metadata_props[0].value
    elif form == "safetensors":
        with safe_open(file, "numpy") as weights:
            about = weights.metadata()["card"]
            assert not [name for name in weights.keys() if "norm" in name]  # noqa: SIM118
    else:
        return
    assert json.loads(about) == json.loads(json.dumps(card.as_json()))


def front_of(folder):
    _, front, text = (folder / "README.md").read_text("utf-8").split("---\n", 2)
    return yaml.safe_load(front), text


@pytest.mark.parametrize("name", ["tiny", "default", "committee"])
def test_a_model_card_has_the_cards_figures(tmp_path, name):
    export.export(checkpoint.SHIPPED / name, tmp_path / name, "safetensors", license="cc0-1.0")
    front, text = front_of(tmp_path / name)
    test = checkpoint.read_card(checkpoint.SHIPPED / name).test
    assert front["license"] == "cc0-1.0" and front["library_name"] == "safetensors"
    assert front["datasets"] == ["ylecun/mnist"] and "safetensors" in front["tags"]
    (model,) = front["model-index"]
    (result,) = model["results"]
    assert result["task"]["type"] == front["pipeline_tag"] == "image-classification"
    assert result["dataset"] == {"type": "ylecun/mnist", "name": "MNIST", "split": "test"}
    assert {each["type"]: each["value"] for each in result["metrics"]} == {
        figure: test[figure] for figure in ("accuracy", "log_loss", "ece")
    }
    assert f"{test['accuracy']:.2%}" in text and "10,000" in text and "test images of MNIST" in text
    assert ("has not seen" in text) == (name == "tiny")  # trained without outliers and damages


def test_a_model_card_claims_no_figures_that_there_are_not(tmp_path):
    export.export(checkpoint.PAGE, tmp_path / "pages", "safetensors")
    front, text = front_of(tmp_path / "pages")
    assert front["pipeline_tag"] == "object-detection" and "model-index" not in front
    assert "no test figures" in text


def test_names_that_yaml_could_take_for_something_else(tmp_path):
    name, dataset = "no: [# 'a\n---\n\x7f✍ <b>", "- letters: 'of mine'"
    network = DigitCNN(3, **cards.SHAPE, rngs=nnx.Rngs(0))
    test = {"n": 10, "accuracy": 0.5, "accuracy_interval": (0.2, 0.8)}
    card = cards.card(name=name, network=cards.SHAPE, data={"name": dataset}, test=test)
    checkpoint.save(tmp_path / "checkpoint", network, card)
    export.export(tmp_path / "checkpoint", tmp_path / "exported", "safetensors")
    _, front, _ = re.split(
        r"^---\n", (tmp_path / "exported" / "README.md").read_text("utf-8"), maxsplit=2, flags=re.M
    )
    front = yaml.safe_load(front)
    (model,) = front["model-index"]
    assert model["name"] == name and "datasets" not in front
    assert model["results"][0]["dataset"]["name"] == dataset


def test_what_reads_live_is_the_shipped_tiny_network():
    live = onnx.load(ROOT / "digits" / "live" / "assets" / "tiny.onnx")
    now = onnx.load_from_string(
        export.to_onnx(*checkpoint.load(checkpoint.DEFAULT.parent / "tiny"))
    )
    assert len(live.graph.initializer) == len(now.graph.initializer)
    for one, other in zip(live.graph.initializer, now.graph.initializer, strict=True):
        np.testing.assert_allclose(
            onnx.numpy_helper.to_array(one), onnx.numpy_helper.to_array(other), rtol=1e-6
        )
    (card,) = (entry.value for entry in live.metadata_props if entry.key == "card")
    now = checkpoint.read_card(checkpoint.DEFAULT.parent / "tiny").as_json()
    assert json.loads(card) == json.loads(json.dumps(now))


def refused(capsys, *arguments):
    """The one sentence with which the program refuses these arguments."""
    assert export.main([str(argument) for argument in arguments]) == 1
    captured = capsys.readouterr()
    assert not captured.out and captured.err.startswith("error: ")
    (line,) = captured.err.splitlines()
    return line


def test_what_cannot_be_exported_is_said_and_leaves_no_file(tmp_path, capsys):
    tiny = checkpoint.SHIPPED / "tiny"
    file, other = tmp_path / "file", tmp_path / "other"
    file.touch()
    other.mkdir()
    (other / "thesis.tex").touch()
    assert "nosuch/card.json is missing" in refused(capsys, "nosuch", tmp_path / "new")
    assert "is a file; an export is a folder" in refused(capsys, tiny, file)
    assert "such as thesis.tex" in refused(capsys, tiny, other, "--overwrite")
    assert "Not a directory" in refused(capsys, tiny, file / "in")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "other", "thesis.tex"]


def test_a_package_that_is_missing_is_named(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "jax._src.export.serialization", None)
    monkeypatch.delattr("jax._src.export.serialization", raising=False)
    said = refused(capsys, checkpoint.SHIPPED / "tiny", tmp_path / "out", "--to", "stablehlo")
    assert "pip install flatbuffers, or choose another form." in said
    assert list(tmp_path.iterdir()) == []


def test_an_export_is_only_replaced_when_told_and_then_as_a_whole(tmp_path, capsys, monkeypatch):
    tiny, folder = checkpoint.SHIPPED / "tiny", tmp_path / "tiny"
    folder.mkdir()  # empty: nothing is lost
    export.export(tiny, folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert "replace it with --overwrite" in refused(capsys, tiny, folder, "--to", "safetensors")

    def fail(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(export, "model_card", fail)
        said = refused(capsys, tiny, folder, "--to", "safetensors", "--overwrite")
    assert "No space left" in said
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert export.main([str(tiny), str(folder), "--to", "safetensors", "--overwrite"]) == 0
    assert {path.name for path in folder.iterdir()} == {
        "model.safetensors",
        "README.md",
        "card.json",
    }
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]


def test_the_earlier_export_is_back_where_the_new_one_cannot_take_its_place(tmp_path, monkeypatch):
    folder = tmp_path / "tiny"
    export.export(checkpoint.SHIPPED / "tiny", folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    rename = Path.rename

    def fail_at_last(path, target):
        if (path / "model.safetensors").exists():
            raise OSError(5, "Input/output error")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail_at_last)
    with pytest.raises(OSError, match="Input/output"):
        export.export(checkpoint.SHIPPED / "tiny", folder, "safetensors", overwrite=True)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]


def test_the_program_has_another_name_as_part_of_another(capsys):
    with pytest.raises(SystemExit):
        export.main(["--help"], program="digits export")
    assert capsys.readouterr().out.startswith("usage: digits export")
