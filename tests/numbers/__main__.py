"""`python -m tests.numbers [--only NAME]… [--quick] [--page]`: measure and write the help page.

Every set runs in a process of its own and is stored under `build/numbers/NAME.json`; the page
`resources/help/checked.md` is written from everything that is stored. The exit code is 1 when a
figure does not hold.
"""

import argparse
import importlib
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

from tests import numbers
from tests.numbers.frame import FIGURES, Figures, Record, from_json, measured, page, to_json

ROOT = Path(__file__).parents[2]
STORED = ROOT / "build" / "numbers"
PAGE = ROOT / "resources" / "help" / "checked.md"


def find() -> dict[str, Figures]:
    """Import every file of this folder; they register themselves."""
    for module in pkgutil.iter_modules(numbers.__path__):
        if module.name not in ("__main__", "frame"):
            importlib.import_module(f"{numbers.__name__}.{module.name}")
    return dict(sorted(FIGURES.items()))


def say(text: str) -> None:
    """A line on stdout, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def store(record: Record) -> None:
    """Keep a record; a quick trial does not replace evidence."""
    STORED.mkdir(parents=True, exist_ok=True)
    name = f"{record.name}-quick" if record.quick else record.name
    (STORED / f"{name}.json").write_text(to_json(record), encoding="utf-8")


def stored(names: list[str]) -> list[Record]:
    """The records of these sets that are there."""
    files = [STORED / f"{name}.json" for name in names]
    return [from_json(file.read_text(encoding="utf-8")) for file in files if file.exists()]


def main() -> int:
    """Parse, measure, write."""
    parser = argparse.ArgumentParser(prog="python -m tests.numbers")
    parser.add_argument("--only", metavar="NAME", action="append", help="one set; can be repeated")
    parser.add_argument("--quick", action="store_true", help="a short trial that proves nothing")
    parser.add_argument("--page", action="store_true", help="only write the page of what is stored")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    found = find()
    for name in given.only or ():
        if name not in found:
            parser.error(f"there is no set {name!r}; there are: {', '.join(found)}")
    chosen = [found[name] for name in given.only or found]
    failed = 0
    for each in () if given.page else chosen:
        if given.here:
            store(measured(each, given.quick, say))
        else:
            say(f"── {each.title} ({each.name})")
            command = [sys.executable, "-m", "tests.numbers", "--here", "--only", each.name]
            failed += subprocess.run([*command, *["--quick"] * given.quick], check=False).returncode
    if given.here:
        return 0
    records = stored(list(found))
    if not given.quick:
        PAGE.write_text(page(records), encoding="utf-8")
        say(f"written: {os.path.relpath(PAGE)}")
    wrong = [figure for record in records for figure in record.figures if figure.holds is False]
    return 1 if failed or wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
