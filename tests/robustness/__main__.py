"""Tries damaged files, kills and the lists against the program and prints what became of them.

Run as `python -m tests.robustness [PART …] [--count N] [--kills N] [--rows FILE]`.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.robustness.fuzzing import Result, fuzz
from tests.robustness.harming import harm
from tests.robustness.killing import kill_often
from tests.robustness.rows import Row, as_text, keep, of_result
from tests.robustness.saving import KINDS as KINDS_SAVED
from tests.robustness.sound_files import KINDS, OWN

PARTS = ("own", "foreign", "kills", "full", "fail")
SLICE = 5000
"""Inputs of one process; the next one has another seed."""


def damaged(part: str, count: int) -> Iterator[Row]:
    """A row for every kind of file, own or foreign."""
    for name in OWN if part == "own" else KINDS:
        with tempfile.TemporaryDirectory() as folder:
            yield of_result(part, name, sliced(name, count, Path(folder)))


def sliced(name: str, count: int, folder: Path) -> Result:
    """Many damaged files of a kind, in slices of different seeds."""
    whole = Result()
    for seed, first in enumerate(range(0, count, SLICE)):
        whole.join(fuzz(name, min(SLICE, count - first), seed, folder / str(seed)))
    return whole


def killed(kills: int) -> Iterator[Row]:
    """A row for every kind of file that is saved while its writer is killed."""
    for name in KINDS_SAVED:
        with tempfile.TemporaryDirectory() as folder:
            found = kill_often(name, kills, 1, Path(folder))
        wrong, told = len(found.wrong), "; ".join(found.wrong[:1])
        yield Row(
            "kills", name, found.kills, found.old, found.new, wrong, seconds=found.seconds,
            note=told,
        )  # fmt: skip


def harmed(how: str, step: int) -> Iterator[Row]:
    """A row for every kind of file whose saving fails."""
    for name in KINDS_SAVED:
        with tempfile.TemporaryDirectory() as folder:
            found = harm("fill" if how == "full" else how, name, step, Path(folder))
        wrong, told = len(found.wrong), "; ".join(found.wrong[:1])
        yield Row(
            how, name, found.trials, found.told, found.saved, wrong, seconds=found.seconds,
            note=told,
        )  # fmt: skip


def rows_of(part: str, count: int, kills: int) -> Iterator[Row]:
    """The rows of a part."""
    if part == "own":
        yield from damaged(part, count)
    elif part == "foreign":
        yield from damaged(part, max(1, count // 10))
    elif part == "kills":
        yield from killed(kills)
    else:
        yield from harmed(part, 4096 if part == "full" else 1)


def main(arguments: list[str]) -> int:
    """Print the table; the exit code is 1 if anything in it is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.robustness")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    parser.add_argument("--count", type=int, default=1000, help="damaged files of an own kind")
    parser.add_argument("--kills", type=int, default=20, help="kills of every kind of file")
    parser.add_argument("--rows", type=Path, help="also append the rows to this file")
    asked = parser.parse_args(arguments)
    found: list[Row] = []
    for part in asked.parts or PARTS:
        for row in rows_of(part, asked.count, asked.kills):
            found.append(row)
            print(f"{row.part}: {row.item}", file=sys.stderr, flush=True)
            if asked.rows:
                keep(asked.rows, row)
    print(as_text(found))
    return int(any(row.wrong or row.executed for row in found))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
