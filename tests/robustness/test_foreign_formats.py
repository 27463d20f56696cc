"""Damaged foreign files: refused with the file named, or a data set that keeps every promise.

Foreign formats have no checksum of ours, so a changed number in one is a number; what must never
happen is an error without a name, a data set that is none, or anything run, fetched or written.
"""

from pathlib import Path

import pytest

from tests.robustness.fuzz_child import LIMITS
from tests.robustness.fuzzing import Result, fuzz
from tests.robustness.sound_files import KINDS

COUNT, MANY = 150, 10_000
"""Damaged files of every kind, and what the slow suite tries: others."""

MOST_MEMORY = 50 * 2**20
"""Bytes that a damaged file of some kilobytes may make the program itself take."""

MOST_APART = LIMITS.memory * 5 // 4
"""Bytes that a process which is there for that may take: what the system lets it have."""

APART = {
    "csv", "tsv", "csv.gz", "csv in gz", "folder of tables", "projector",
    "parquet", "parquet, packed", "feather", "feather, packed", "hdf5", "h5ad", "h5ad, sparse",
    *(name for name, kind in KINDS.items() if kind.reader == "picture"),
}  # fmt: skip
"""Kinds that the program reads in a process of their own: one that they end is a sentence."""

NEVER_REFUSED = {"settings of the window"}
"""Kinds of which what cannot be read is passed over: the window has to begin."""

BEARABLE = 0.02
"""The share of files that may end such a process: they are counted, and cost nothing else."""


def check(name: str, result: Result, count: int) -> None:
    """What has to be true of a kind of file."""
    assert not result.defects, result.defects
    assert not result.executed, result.executed
    assert result.tried == count
    assert result.refused + result.accepted + len(result.ended) == count
    assert len(result.ended) <= (BEARABLE * count if name in APART else 0), result.ended
    assert result.peak < (MOST_APART if name in APART else MOST_MEMORY)
    if name not in NEVER_REFUSED:
        assert result.refused > count / 5, "the damage hardly matters: it tests nothing"


@pytest.mark.parametrize("name", KINDS)
def test_damage_is_refused_by_name_or_is_still_a_data_set(name: str, tmp_path: Path) -> None:
    check(name, fuzz(name, COUNT, 0, tmp_path), COUNT)


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
def test_much_damage_is_refused_by_name_or_is_still_a_data_set(name: str, tmp_path: Path) -> None:
    check(name, fuzz(name, MANY, 1, tmp_path), MANY)
