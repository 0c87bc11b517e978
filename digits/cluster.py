"""Many files read by the machines of a cluster: Ray Data reads them from wherever they lie, hands
them to a network a core, and writes a row a number as Parquet.

What a machine that is gone was reading is read again by another one. In each place a process by
itself reads (workers.Team), so a page that kills it is left out there as it is on one machine.
"""

import logging
import os
import sys
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from pyarrow.fs import FileSystem, FSSpecHandler, PyFileSystem

from digits.answer import COLUMNS
from digits.workers import File, ReaderError, Team, Turn
from model import shipped
from model.file_types import EXTENSIONS

FILES = 16  # that are handed over at once
WHOLE = ("page", "row", "column", "left", "top", "width", "height", "turn")
SCHEMA = pa.schema(
    [
        (
            name,
            pa.int32() if name in WHOLE else pa.float64() if name == "confidence" else pa.string(),
        )
        for name in COLUMNS
    ]
)


class Reader:
    """A network that reads files, in a process of the cluster."""

    def __init__(self, checkpoint: str, turn: Turn | None):
        self._team = Team(shipped.find(checkpoint), turn, 1)

    def __call__(self, files: dict[str, Any]) -> pa.Table:
        """Files' "path" and "bytes" → a row a number, as SCHEMA has it."""
        given = [File(*pair) for pair in zip(files["path"], files["bytes"], strict=True)]
        answers = [answer for answer in self._team.read(given) if answer]
        rows = [row for answer in answers for row in answer.rows()]
        columns = zip(*rows, strict=True) if rows else [[] for _ in COLUMNS]
        return pa.table(dict(zip(COLUMNS, map(list, columns), strict=True)), SCHEMA)


def read(
    paths: Sequence[str], output: str, checkpoint: str, turn: Turn | None, workers: int | None
) -> int:
    """Reads all pictures in these places and writes what is read.

    Args:
        paths: files, or folders at any depth, on this machine or as pyarrow and fsspec name them,
            such as s3://bucket/scans.
        output: a folder for Parquet files, named likewise.
        checkpoint: the folder of one, or the name of one that ships, on each machine.
        turn: degrees clockwise by which the writing is turned; None: found out.
        workers: networks, one a core; as many as the cluster has where it is None.

    Returns:
        how many rows were written.

    Raises:
        ReaderError: nothing is there to be read, it can't be read or written, or something lies in
            `output` already.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray would tell its makers
    import ray
    from ray.data import ActorPoolStrategy, DataContext, SaveMode
    from ray.exceptions import RayError

    try:
        if not ray.is_initialized():  # of a cluster where RAY_ADDRESS names one, or one of its own
            ray.init(log_to_driver=False, logging_level=logging.ERROR)
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        DataContext.get_current().enable_progress_bars = sys.stderr.isatty()
        most = workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
        places, filesystem = _resolve(paths)
        # reading and writing files leaves the cores to the networks
        files = ray.data.read_binary_files(
            places,
            filesystem=filesystem,
            include_paths=True,
            file_extensions=list(EXTENSIONS),
            num_cpus=0,
        )
        rows = files.map_batches(
            Reader,
            batch_size=FILES,
            fn_constructor_args=(checkpoint, turn),
            compute=ActorPoolStrategy(min_size=1, max_size=most, initial_size=most),
            num_cpus=1,
        )
        (folder,), filesystem = _resolve([output])
        rows.write_parquet(
            folder, filesystem=filesystem, mode=SaveMode.ERROR, ray_remote_args={"num_cpus": 0}
        )
        return int(ray.data.read_parquet(folder, filesystem=filesystem).count())
    except (RayError, OSError, ValueError) as error:
        raise ReaderError(f"The cluster could not finish: {_line(error)}") from error


def _resolve(paths: Sequence[str]) -> tuple[list[str], Any]:
    """Paths of one kind, and the file system of that kind where only fsspec knows it."""
    try:
        if "://" in paths[0]:
            FileSystem.from_uri(paths[0])
    except pa.ArrowInvalid:  # pyarrow knows no such kind
        import fsspec

        found = [fsspec.core.url_to_fs(path) for path in paths]
        return [place for _, place in found], PyFileSystem(FSSpecHandler(found[0][0]))
    return list(paths), None


def _line(error: BaseException) -> str:
    """The first line of an error, which has the traces of other machines below."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
