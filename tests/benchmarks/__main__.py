"""`python -m tests.benchmarks [--only NAME] [--json FILE] [--full]`: measure and print a table.

Every benchmark runs in a process of its own: none sees the threads, caches and imports of another,
and one that crashes costs only its own rows. The exit code is 1 when a goal does not hold.
"""

import argparse
import importlib
import os
import pkgutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests import benchmarks
from tests.benchmarks.frame import BENCHMARKS, Benchmark, Row, from_json, judge, run, table, to_json

SECONDS = 600
SECONDS_FULL = 7200


def find() -> dict[str, Benchmark]:
    """Import every file of this folder; they register themselves."""
    for module in pkgutil.iter_modules(benchmarks.__path__):
        if module.name not in ("__main__", "frame", "plots"):
            importlib.import_module(f"{benchmarks.__name__}.{module.name}")
    return BENCHMARKS


def measure_apart(chosen: Benchmark, full: bool) -> list[Row]:
    """The rows of a benchmark, measured in a child process."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.json"
        command = [sys.executable, "-m", "tests.benchmarks", "--here", "--only", chosen.name]
        command += ["--json", str(file)] + ["--full"] * full
        try:
            subprocess.run(
                command,
                stdout=sys.stderr,
                timeout=SECONDS_FULL if full else SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            complain(f"{chosen.name}: took longer than {SECONDS} s")
        if file.exists():
            return from_json(file.read_text(encoding="utf-8"))
    return [judge(Row(name, None), goal) for name, goal in chosen.goals.items()]


def complain(text: str) -> None:
    """Say on stderr what went wrong."""
    sys.stderr.write(text.rstrip() + "\n")


def main() -> int:
    """Parse, measure, print."""
    # The same everywhere, also without a screen; say xcb, cocoa or windows for the real one.
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("--only", metavar="NAME", help="one benchmark")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the rows here too")
    parser.add_argument("--full", action="store_true", help="measure longer and larger")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    found = find()
    if given.only is not None and given.only not in found:
        parser.error(f"there is no benchmark {given.only!r}; there are: {', '.join(sorted(found))}")
    rows: list[Row] = []
    for chosen in [found[given.only]] if given.only else found.values():
        if given.here:
            rows += run(chosen, given.full, complain)
        else:
            complain(f"measuring {chosen.name} …")
            rows += measure_apart(chosen, given.full)
        if given.json is not None:
            given.json.write_text(to_json(rows), encoding="utf-8")
    sys.stdout.write(table(rows) + "\n")
    return 1 if any(each.holds is False for each in rows) else 0


if __name__ == "__main__":
    raise SystemExit(main())
