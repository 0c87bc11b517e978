"""Datasets in files: which of the forms that people have them in a file is, told by its content.

    train-images-idx3-ubyte.gz  mnist.npz  train.csv  train-00000-of-00001.parquet  letters.mat

A folder of such files is one dataset: their names, or those of the folders within, tell its parts.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from model.names import is_hidden
from train import arrays, idx, matlab, tables
from train.bounded import MAX_LINE, start_of
from train.dataset import DataError, Dataset, Progress
from train.labelled import TRAIN, Labelled, Source, as_dataset, part_of

TAKEN = (
    "a dataset of TFDS, such as mnist, a folder with a folder of pictures for each class, or with "
    "train and test of these, IDX files, .npz, CSV with label and pixels, Parquet with image and "
    "label, or EMNIST's .mat"
)
IDX, NPZ, CSV, PARQUET, MAT = "IDX", "npz", "CSV", "Parquet", "mat"
READERS: Mapping[str, Callable[[Path], Source]] = {
    NPZ: arrays.read_npz,
    CSV: tables.read_csv,
    PARQUET: tables.read_parquet,
    MAT: matlab.read_mat,
}
PARQUET_MAGIC, ZIP_MAGIC = b"PAR1", b"PK\x03\x04"
MAT_73_MAGIC, HDF_MAGIC = b"MATLAB 7.3", b"\x89HDF"
LONGEST_MAGIC = len(matlab.MAGIC)
MOST_FILES = 200  # of a folder: of more, it is one of pictures
DEPTH = 3  # folders within each other, where each has no other folder in it


def form_of(path: Path) -> str | None:
    """Which form a file is of, a key of READERS or IDX; None where it is of none."""
    start = start_of(path, LONGEST_MAGIC)
    if idx.is_idx(start):
        return IDX
    if start.startswith(PARQUET_MAGIC):
        return PARQUET
    if start.startswith(matlab.MAGIC):
        return MAT
    if start.startswith(ZIP_MAGIC):
        return NPZ if arrays.is_npz(path) else None
    return CSV if tables.layout(start_of(path, MAX_LINE)) else None


def find(folder: Path) -> list[tuple[Path, str]]:
    """The files of a dataset in a folder and, unless it is "", the part that the folder within it
    tells; none where it is one of class folders, or of nothing."""
    for _ in range(DEPTH):
        files, folders = _inside(folder)
        if len(files) > MOST_FILES:
            return []
        if found := [path for path in files if form_of(path)]:
            return [(path, "") for path in found]
        if folders and all(part_of(path.name) for path in folders):
            return [
                (path, part_of(inner.name))
                for inner in folders
                for path in _inside(inner)[0][:MOST_FILES]
                if form_of(path)
            ]
        if len(folders) != 1:
            return []
        (folder,) = folders
    return []


def _inside(folder: Path) -> tuple[list[Path], list[Path]]:
    """The files and the folders in a folder, but for hidden ones, by their names."""
    try:
        paths = sorted(path for path in folder.iterdir() if not is_hidden(path))
    except OSError as error:
        raise DataError(f"{folder} can't be opened: {error.strerror}.") from error
    return [path for path in paths if path.is_file()], [path for path in paths if path.is_dir()]


def load(path: Path, progress: Progress, validation: int) -> Dataset:
    """The dataset in a file, or in a folder of files.

    Args:
        path: of one file; of IDX files, any of those that belong together; or of a folder, in which
            `find` finds some.
        progress: called while they are read.
        validation: as `as_dataset` takes it.

    Raises:
        DataError: none of the forms, a damaged file, or what `as_dataset` raises.
    """
    progress(0.0, f"Reading {path.name}")
    if path.is_dir():
        source = _read(path, find(path))
    elif form_of(path) == IDX:
        own = idx.dataset_of(path)
        beside = [file for file in _inside(path.parent)[0] if idx.dataset_of(file) == own]
        source = idx.read(file for file in beside if form_of(file) == IDX)
    else:
        source = _read(path, [(path, "")])
    return as_dataset(str(path), source, progress, validation)


def _read(path: Path, files: Sequence[tuple[Path, str]]) -> Source:
    """What some files hold together."""
    forms = {form_of(file) for file, _ in files}
    if len(forms) > 1:
        raise DataError(
            f"{path} holds datasets of several forms ({', '.join(sorted(map(str, forms)))}); give "
            f"the path of one of its files."
        )
    if forms == {None}:
        raise DataError(refusal(path))
    if forms == {IDX}:
        return idx.read(file for file, _ in files)
    (form,) = forms
    parts: dict[str, Labelled] = {}
    names: dict[int, str] = {}
    emnist, notes = False, list[str]()
    for file, outer in files:
        if form == CSV and len(files) > 1 and not _has_labels(file):
            notes.append(f"{file} has no labels and is left out.")
            continue
        found = READERS[str(form)](file)
        for own, some in found.parts.items():
            part = own or outer or part_of(file.name) or TRAIN
            if len(files) == 1 and len(found.parts) == 1:
                part = TRAIN  # all there is, whatever it is called
            if part in parts and form != PARQUET:  # whose parts come in several files
                raise DataError(
                    f"{path} holds several datasets ({files[0][0].name} and {file.name}); give the "
                    f"path of one of its files."
                )
            parts[part] = _joined(parts[part], some) if part in parts else some
        names |= found.names
        emnist |= found.emnist
    return Source(parts, names, emnist, tuple(notes))


def _has_labels(file: Path) -> bool:
    found = tables.layout(start_of(file, MAX_LINE))
    return found is not None and found.label is not None


def _joined(first: Labelled, second: Labelled) -> Labelled:
    return Labelled([*first.images, *second.images], np.concatenate([first.labels, second.labels]))


def refusal(path: Path) -> str:
    """The sentence for a file that is of none of the forms, with what it may be."""
    start, what = start_of(path, LONGEST_MAGIC), "a file of another kind"
    if start.startswith((MAT_73_MAGIC, HDF_MAGIC)):
        what = "HDF5, as MATLAB 7.3 saves (-v7 is what can be read)"
    elif start.startswith(ZIP_MAGIC):
        what = "a ZIP archive (unpack it), or a damaged .npz"
    return f"{path} is {what}; give {TAKEN}."
