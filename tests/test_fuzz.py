"""A short form of benchmarks/fuzz.py: damaged files are read or refused, in one sentence."""

import pytest

from benchmarks import fuzz


@pytest.mark.parametrize(("kind", "count"), [(fuzz.pictures, 600), (fuzz.checkpoints, 150)])
def test_damaged_files_are_read_or_refused(kind, count):
    outcome = kind(1, 0, count)
    assert outcome["read"] + outcome["refused"] == count
    assert outcome["refused"] > count / 4
    assert not outcome["escaped"] and not outcome["not a sentence"] and not outcome["too dear"]
