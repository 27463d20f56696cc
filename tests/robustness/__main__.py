"""Tries damaged files, kills and the lists against the program and prints what became of them.

Run as `python -m tests.robustness [PART …] [--count N] [--kills N] [--rows FILE]`; of foreign files
a tenth of the count is tried. `--page` writes `resources/help/safety.md` of all that was kept.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path
from xml.etree import ElementTree

from tests.robustness.fuzzing import Result, fuzz
from tests.robustness.harming import harm
from tests.robustness.killing import kill_often
from tests.robustness.lists import ITEMS, nodes_of
from tests.robustness.page import page
from tests.robustness.rows import Row, as_text, keep, kept, of_result
from tests.robustness.saving import KINDS as KINDS_SAVED
from tests.robustness.sound_files import KINDS, OWN

ROOT = Path(__file__).parents[2]
ROWS = ROOT / "build" / "robustness.jsonl"
PAGE = ROOT / "resources" / "help" / "safety.md"
PARTS = ("own", "foreign", "kills", "full", "fail", "list")
SLICE = 5000
"""Inputs of one process; the next one has another seed."""


def damaged(part: str, count: int, only: Collection[str]) -> Iterator[Row]:
    """A row for every kind of file, own or foreign, or for some of them."""
    for name in only or (OWN if part == "own" else KINDS):
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


def harmed(how: str, number: int) -> Iterator[Row]:
    """A row for every kind of file whose saving fails."""
    for name in KINDS_SAVED:
        with tempfile.TemporaryDirectory() as folder:
            found = harm("fill" if how == "full" else how, name, number, Path(folder))
        wrong, told = len(found.wrong), "; ".join(found.wrong[:1])
        yield Row(
            how, name, found.trials, found.told, found.saved, wrong, seconds=found.seconds,
            note=told,
        )  # fmt: skip


def listed() -> Iterator[Row]:
    """A row for every item of the lists: how many of its tests there are, and fail."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        nodes = sorted({node for number in ITEMS for node in nodes_of(number)})
        subprocess.run(
            [sys.executable, "-m", "pytest", "-n", "0", "-q", "-m", "not slow", *nodes,
             f"--junitxml={report}"],
            cwd=ROOT, check=False, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        cases = ElementTree.parse(report).getroot().iter("testcase")
        outcomes = [(node_of(case), case) for case in cases]
    for number in ITEMS:
        own = [case for node, case in outcomes if node in nodes_of(number)]
        failed = [case for case in own if case.find("failure") or case.find("error") is not None]
        skipped = [case for case in own if case.find("skipped") is not None]
        seconds = sum(float(case.get("time", 0)) for case in own)
        yield Row(
            "list", number, len(own) - len(skipped), accepted=len(own) - len(skipped) - len(failed),
            wrong=len(failed), seconds=seconds, note=f"{len(skipped)} skipped" if skipped else "",
        )  # fmt: skip


def node_of(case: ElementTree.Element) -> str:
    """The file and function of a test in a report."""
    file = str(case.get("classname", "")).replace(".", "/")
    return f"{file}.py::{str(case.get('name', '')).partition('[')[0]}"


def rows_of(part: str, count: int, kills: int, only: Collection[str]) -> Iterator[Row]:
    """The rows of a part."""
    if part == "own":
        yield from damaged(part, count, only)
    elif part == "foreign":
        yield from damaged(part, max(1, count // 10), only)
    elif part == "kills":
        yield from killed(kills)
    elif part == "list":
        yield from listed()
    else:
        yield from harmed(part, 100 if part == "full" else 1)


def main(arguments: list[str]) -> int:
    """Print the table; the exit code is 1 if anything in it is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.robustness")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    parser.add_argument("--count", type=int, default=1000, help="damaged files of an own kind")
    parser.add_argument("--kills", type=int, default=20, help="kills of every kind of file")
    parser.add_argument("--only", action="append", default=[], help="of damaged files this kind")
    parser.add_argument("--rows", type=Path, default=ROWS, help="where the rows are kept")
    parser.add_argument("--page", action="store_true", help="only write the page of what is kept")
    asked = parser.parse_args(arguments)
    if asked.page:
        PAGE.write_text(page(kept(asked.rows)), encoding="utf-8")
        return 0
    asked.rows.parent.mkdir(parents=True, exist_ok=True)
    found: list[Row] = []
    for part in asked.parts or PARTS:
        for row in rows_of(part, asked.count, asked.kills, asked.only):
            found.append(row)
            print(f"{row.part}: {row.item}", file=sys.stderr, flush=True)
            keep(asked.rows, row)
    print(as_text(found))
    return int(any(row.wrong or row.executed for row in found))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
