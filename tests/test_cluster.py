"""digits read --engine ray, on a cluster of two machines of which one is lost."""

import csv
import io
import os
import threading
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from digits import read

if os.environ.get("CI") != "true":
    pytest.importorskip("ray", reason="Ray is not installed: pip install '.[cluster]'")

import pyarrow.parquet
import ray
from ray.cluster_utils import Cluster

from digits import cluster

pytestmark = pytest.mark.usefixtures("plain_main")
FILES = Path(__file__).parent / "files"
COUNT = 100  # pictures, beside a document of three pages and a file that is none


@pytest.fixture
def scans(tmp_path, seven) -> Path:
    folder = tmp_path / "scans"
    (folder / "deep").mkdir(parents=True)
    for number in range(COUNT):
        Image.fromarray(seven).save(folder / "deep" / f"{number:03}.png")
    (folder / "scan.pdf").symlink_to(FILES / "scan.pdf")
    (folder / "broken.png").write_text("<html></html>")
    (folder / "notes.txt").write_text("not a picture")
    return folder


def _by_one_machine(scans: Path, capsys) -> list[dict]:
    assert read.main([str(scans), "--checkpoint", "tiny", "--format", "csv"]) == 1
    rows = csv.DictReader(io.StringIO(capsys.readouterr().out))
    return sorted(rows, key=lambda row: (row["file"], row["page"], row["row"]))


@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_a_cluster_reads_the_same_though_a_machine_is_lost(scans, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    monkeypatch.setattr(cluster, "FILES", 4)
    expected = _by_one_machine(scans, capsys)
    output = tmp_path / "rows"
    machines = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False}
    )
    try:
        lost = machines.add_node(num_cpus=1)
        ray.init(address=machines.address, log_to_driver=False, logging_level="error")
        killed = threading.Event()

        def kill_once_both_read() -> None:
            while ray.available_resources().get("CPU"):
                killed.wait(0.1)
            machines.remove_node(lost, allow_graceful=False)
            killed.set()

        threading.Thread(target=kill_once_both_read, daemon=True).start()
        arguments = [str(scans), "--engine", "ray", "--output", str(output)]
        assert read.main([*arguments, "--checkpoint", "tiny"]) == 0
        assert killed.is_set()
        capsys.readouterr()
        assert read.main([*arguments, "--checkpoint", "tiny"]) == 1
        assert "The cluster could not finish" in capsys.readouterr().err
    finally:
        ray.shutdown()
        machines.shutdown()
    found = pyarrow.parquet.read_table(output).to_pylist()
    as_text = [
        {name: "" if value is None else str(value) for name, value in row.items()} for row in found
    ]
    as_text.sort(key=lambda row: (row["file"], row["page"], row["row"]))
    assert len(as_text) == COUNT + 4
    for row, other in zip(as_text, expected, strict=True):
        assert float(row.pop("confidence") or 0) == pytest.approx(
            float(other.pop("confidence") or 0), abs=1e-4
        )
        assert row == other


def test_paths_that_only_fsspec_knows(tmp_path):
    with zipfile.ZipFile(tmp_path / "scans.zip", "w") as archive:
        archive.writestr("deep/a.txt", "7")
    (place,), filesystem = cluster._resolve([f"zip://deep::{tmp_path / 'scans.zip'}"])
    (found,) = filesystem.get_file_info(pyarrow.fs.FileSelector(place))
    assert filesystem.open_input_stream(found.path).read() == b"7"
    assert cluster._resolve([str(tmp_path)]) == ([str(tmp_path)], None)


def test_what_a_cluster_needs_is_said(scans, capsys):
    with pytest.raises(SystemExit):
        read.main([str(scans), "--engine", "ray", "--format", "csv"])
    assert "it needs --output FOLDER" in capsys.readouterr().err
