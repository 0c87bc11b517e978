"""Tables: CSV as Kaggle has MNIST, a row a picture; and Parquet as Hugging Face keeps pictures."""

import csv
import io
import json
import math
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.image import MIN_SIDE
from train.bounded import MAX_LINE, Text, check_size, opened, said, start_of
from train.dataset import DataError
from train.labelled import NO_LABEL, Labelled, Source

SEPARATORS = ",;\t"
LABELS = ("label", "labels", "class", "target", "digit", "character")  # names of a column
NUMBERS = ("", "id", "index", "unnamed: 0")  # of columns that number the rows
ROWS = 5000  # read at once
IMAGES = ("image", "img", "picture")
HUGGING_FACE = b"huggingface"  # of a Parquet file's metadata: the columns' types, as JSON
BATCH = 100  # pictures of a Parquet file read at once


class Layout(NamedTuple):
    """What the first line of a CSV file tells.

    Attributes:
        separator: between two columns.
        header: whether the line has their names.
        label: the column of labels, None where there is none.
        pixels: the columns of pixels.
    """

    separator: str
    header: bool
    label: int | None
    pixels: list[int]


def layout(start: bytes) -> Layout | None:
    """The layout of a CSV file that begins so; None where it is none of pictures."""
    line = start.partition(b"\n")[0]
    try:
        text = line.decode("utf-8-sig").strip("\r")
    except UnicodeDecodeError:
        return None
    separator = max(SEPARATORS, key=text.count)
    if "\0" in text or text.count(separator) < MIN_SIDE**2 - 1:
        return None
    fields = [field.strip().lower() for field in next(csv.reader([text], delimiter=separator))]
    # pandas names the columns of an array 0, 1, 2, …
    header = fields[0] in (*LABELS, *NUMBERS) or not all(map(_is_number, fields[1:]))
    label = None
    if header:
        label = next((fields.index(name) for name in LABELS if name in fields), None)
        pixels = [
            column for column, name in enumerate(fields) if column != label and name not in NUMBERS
        ]
    else:
        if math.isqrt(len(fields)) ** 2 != len(fields):
            label = 0
        pixels = list(range(0 if label is None else 1, len(fields)))
    square = math.isqrt(len(pixels)) ** 2 == len(pixels)
    return Layout(separator, header, label, pixels) if square else None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def read_csv(path: Path) -> Source:
    """The pictures in a CSV file, gzipped or not: of a row, the label and the pixels, line by line.

    Raises:
        DataError: it has no labels, or something in it is no number, or it is damaged.
    """
    import pandas as pd  # slow to import

    found = layout(start_of(path, MAX_LINE))
    if found is None or found.label is None:
        raise DataError(
            f"{path} has no labels; a column 'label' is wanted, or the label first in each row."
        )
    types: dict[int, Any] = dict.fromkeys(found.pixels, np.float32)
    images, labels = list[NDArray[Any]](), list[NDArray[Any]]()
    try:
        with opened(path) as (file, _):
            table = pd.read_csv(
                io.BufferedReader(Text(file, path), 2**18),
                sep=found.separator,
                header=None,
                skiprows=int(found.header),
                dtype=types | {found.label: str},
                na_filter=False,
                chunksize=ROWS,
            )
            size = 0
            for chunk in table:
                pixels = chunk[found.pixels].to_numpy(np.float32)
                if not np.isfinite(pixels).all():
                    raise ValueError
                small = pixels.astype(np.uint8) if _are_bytes(pixels) else pixels
                check_size(path, size := size + small.nbytes)
                images.append(small)
                labels.append(chunk[found.label].to_numpy(object))
    except (OSError, EOFError, ValueError, zlib.error) as error:
        # of a cell, pandas says how it would have converted it
        why = "a pixel is missing, or is no number" if type(error) is ValueError else said(error)
        raise DataError(f"{path} is not a whole CSV file of pixels ({why}).") from error
    if not images:
        raise DataError(f"{path} has no rows but the names of its columns.")
    return Source({"": Labelled(np.concatenate(images), _numbers(np.concatenate(labels)))})


def _are_bytes(pixels: NDArray[np.float32]) -> bool:
    return bool(((pixels >= 0) & (pixels <= 255) & (np.mod(pixels, 1) == 0)).all())


def _numbers(labels: NDArray[Any]) -> NDArray[Any]:
    """Labels as whole numbers, if all of them are such; else as text."""
    texts = labels.astype(str)
    if all(text.removeprefix("-").partition(".")[0].isdecimal() for text in set(texts.tolist())):
        try:
            return texts.astype(np.float64)
        except ValueError:
            pass
    return np.char.strip(texts)


def read_parquet(path: Path) -> Source:
    """The pictures in a Parquet file: a column of structs of the `bytes` of a picture's file, or of
    these bytes, and a column of labels.

    Raises:
        DataError: it has no such columns, or is damaged.
    """
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise DataError(
            f"{path} is a Parquet file; to read it, install pyarrow: pip install pyarrow."
        ) from error
    try:
        with parquet.ParquetFile(path) as file:
            image, label, names = _columns(path, file.schema_arrow)
            about = file.metadata
            check_size(
                path,
                sum(
                    about.row_group(group).column(column).total_uncompressed_size
                    for group in range(about.num_row_groups)
                    for column in range(about.num_columns)
                    if about.row_group(group).column(column).path_in_schema.split(".")[0] == image
                ),
            )
            pictures, labels, size = list[bytes](), list[Any](), 0
            for batch in file.iter_batches(BATCH, columns=[image, label]):
                for value in batch.column(image).to_pylist():
                    content = value["bytes"] if isinstance(value, dict) else value
                    pictures.append(content or b"")
                    # A value that comes often is in the file once.
                    check_size(path, size := size + len(pictures[-1]))
                labels += batch.column(label).to_pylist()
    except DataError:
        raise
    except Exception as error:  # what a damaged file makes Arrow raise is of any kind
        raise DataError(f"{path} is not a whole Parquet file ({said(error)}).") from error
    if pictures and not any(pictures):
        raise DataError(f"{path} only has the paths of pictures; one with their bytes is wanted.")
    return Source({"": Labelled(pictures, _known(labels))}, names)


def _known(labels: Sequence[Any]) -> NDArray[Any]:
    """Labels as an array, and what stands for those that are missing."""
    if all(isinstance(value, int | float | None) for value in labels):
        return np.array([NO_LABEL if value is None else value for value in labels])
    return np.array(["" if value is None else value for value in labels], object)


def _columns(path: Path, schema: Any) -> tuple[str, str, dict[int, str]]:
    """The columns of pictures and of labels, and the classes' names; raises DataError."""
    import pyarrow as pa

    about = json.loads((schema.metadata or {}).get(HUGGING_FACE, b"{}"))
    features = about.get("info", {}).get("features", {})
    kinds = {
        name: feature.get("_type")
        for name, feature in features.items()
        if isinstance(feature, dict)
    }
    pictures, labels = [], []
    for field in schema:
        fields = [inner.name for inner in field.type] if pa.types.is_struct(field.type) else []
        binary = pa.types.is_binary(field.type) or pa.types.is_large_binary(field.type)
        if "bytes" in fields or binary:
            pictures.append(field.name)
        elif kinds.get(field.name) == "ClassLabel" or field.name.lower() in LABELS:
            labels.append(field.name)
    image = _one_of(pictures, IMAGES)
    label = _one_of(labels, LABELS)
    if image is None or label is None:
        what = "pictures (bytes)" if image is None else "labels ('label')"
        raise DataError(
            f"{path} has no single column of {what}; its columns are {', '.join(schema.names[:8])}."
        )
    names = features.get(label, {}).get("names") if kinds.get(label) == "ClassLabel" else None
    return image, label, {n: str(name) for n, name in enumerate(names or [])}


def _one_of(names: list[str], usual: Sequence[str]) -> str | None:
    """The only one, or the one of a usual name."""
    if len(names) == 1:
        return names[0]
    return next((name for wanted in usual for name in names if name.lower() == wanted), None)
