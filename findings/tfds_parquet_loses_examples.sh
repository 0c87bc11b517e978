#!/usr/bin/env bash
# TensorFlow Datasets 4.9.10: prepared as Parquet, a dataset has lost most of its examples, and its info counts them all.
#
# file_adapters._batched takes batches of n by itertools.islice(iterator, i, i + n) and adds n to i, as if each slice
# began at the beginning; but an iterator is where the last slice left it, so that i more examples are skipped each time.
# Of MNIST's 60,000 training images, 3,400 are in the file; download_and_prepare raises nothing, and info says 60,000.
# With fewer than 101 examples nothing is lost. It is the only format besides array_record, which Windows has no wheel
# of, that TFDS reads without TensorFlow.
#
# Seen: "wrote 3400 of 60000".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check tensorflow-datasets==4.9.10 importlib_resources 2>/dev/null
"$folder/env/bin/python" - "$folder/file.parquet" 2>/dev/null <<'PYTHON'
import sys

import pyarrow.parquet as parquet
from tensorflow_datasets.core.file_adapters import ParquetFileAdapter

count = 60_000
ParquetFileAdapter.write_examples(sys.argv[1], ((index, b"example") for index in range(count)))
rows = parquet.read_metadata(sys.argv[1]).num_rows
print(f"wrote {rows} of {count}")
assert rows < count, "it behaves otherwise now"
PYTHON
