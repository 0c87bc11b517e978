"""A network's program for reading: the graph of model/onnx_graph.py, run by ONNX Runtime.

It stands a tenth of a second after a process has begun, where JAX takes five to be imported and to
compile, and takes no more of a core for a digit.
"""

import os

import numpy as np

from model import interruption
from model.cores import cores

# Else it tells its makers of each process that reads, and keeps a number of the machine's for that.
# It has to be told before it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime

onnxruntime.disable_telemetry_events()  # on Windows, where it doesn't look at the environment

# ONNX Runtime's own, so that it doesn't write on the standard error what is no error
ERRORS_ALONE = 3


class Program:
    """A graph with one input, compiled. Threads may share one.

    Args:
        graph: an ONNX file's content.
        batch: pictures that are computed at once, at most: more would not be faster, and take
            memory.
        threads: that compute side by side; None: as many as there are cores.
    """

    def __init__(self, graph: bytes, batch: int, threads: int | None = None):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or cores()
        options.log_severity_level = ERRORS_ALONE
        # threads that wait leave the cores to others
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(
            graph, options, providers=["CPUExecutionProvider"]
        )
        (self._input,), self._batch = self._session.get_inputs(), batch

    def __call__(self, pictures: np.ndarray) -> list[np.ndarray]:
        """(n, …) → the graph's outputs, each (n, …); a point of interruption before each batch."""
        parts = []
        for start in range(0, max(1, len(pictures)), self._batch):
            interruption.check()
            batch = pictures[start : start + self._batch]
            parts.append(self._session.run(None, {self._input.name: batch}))
        return [np.concatenate(output) for output in zip(*parts, strict=True)]
