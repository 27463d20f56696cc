"""The help page of what was tried against the program: one table of inputs, one of saves, one of
items, each figure with its day and versions."""

import datetime
import platform
from collections.abc import Iterable, Sequence
from importlib import metadata

from tests.robustness.lists import ITEMS
from tests.robustness.rows import Row
from tests.robustness.test_foreign_formats import APART

INTRODUCTION = """\
# Safety

Nothing in a file that you open is run, and nothing that you have saved is lost when the program is
killed, the power fails or the disk is full. This page says how that was tried, with damaged files,
kills and full disks; `python -m tests.robustness` tries it anew, and with `--page` writes the page.
"""

INPUTS = """\
## Damaged files

A small sound file of every kind is damaged at random: bits flipped, parts cut out, put in or
zeroed, numbers made huge. Each damaged file is opened as you would open it, and watched by an audit
hook.

*Refused* are those that end in one sentence with the name of the file. Of the program's own files
everything has a checksum: *accepted* are only those that say the same as before, such as one with
another space in it. Files of other programs have none: *accepted* are those that are still data, a
table in which one number is another, and every promise of a data set is checked on them.
*Silently wrong* are damaged own files that were believed, data that are none, and refusals that
do not name the file. *Run* counts programs, connections, imports and writes that a file caused.
*Window* counts files that would have ended the program, *reader* those that ended the process that
reads foreign files in its place: of these you see a sentence, and nothing else happens. *Memory* is
by how much the highest use of memory rose; a process that reads foreign files may take 1 GB here
and 4 GB in the program, and a picture of at most 100 million pixels 2 GB.
"""

SAVES = """\
## Saving

Processes that save again and again are killed at random moments: afterwards the *old* file stands
there or the *new* one. Then the disk is full at a hundred points of every file, and every call to
the system fails once with each of seven errors: that has to be *told* with the place, or the file
has to be *saved* all the same; trying again has to succeed.
"""

ITEMS_SAID = """\
## Everything that was thought of

Tests of the normal suite by item. Where a part of one was not tried, it says why.
"""


def page(rows: Sequence[Row]) -> str:
    """The page in Markdown."""
    parts = [
        INTRODUCTION,
        INPUTS,
        inputs([row for row in rows if row.part in ("own", "foreign")]),
        SAVES,
        saves(rows),
        ITEMS_SAID,
        items({row.item: row for row in rows if row.part == "list"}),
        versions(),
    ]
    return "\n".join(parts)


def inputs(rows: Sequence[Row]) -> str:
    """One table of damaged files, with their sum."""
    head = (
        "File", "Tried", "Refused", "Accepted", "Silently wrong", "Run", "Window", "Reader",
        "Memory",
    )  # fmt: skip
    lines = [counted(row) for row in rows]
    total = [sum(line[place] for line in lines) for place in range(7)]
    memory = max((row.memory for row in rows), default=0)
    body = [
        [f"{row.item}{' of a run' if row.part == 'own' else ''}", *spelt(line), size(row.memory)]
        for row, line in zip(rows, lines, strict=True)
    ]
    return table(head, [*body, ["**All**", *spelt(total), size(memory)]])


def counted(row: Row) -> list[int]:
    """The figures of damaged files; who ends is the window where no other process reads."""
    window, reader = (0, row.ended) if row.item in APART else (row.ended, 0)
    return [row.tried, row.refused, row.accepted, row.wrong, row.executed, window, reader]


def saves(rows: Sequence[Row]) -> str:
    """One table of kills, full disks and failing calls."""
    head = (
        "File", "Kills", "Old", "New", "Neither", "Full disks", "Failing calls", "Told", "Saved",
        "Wrong",
    )  # fmt: skip
    found = {(row.part, row.item): row for row in rows}
    names = [row.item for row in rows if row.part == "kills"]
    body = []
    for name in names:
        kill, full, fail = (found.get((part, name)) for part in ("kills", "full", "fail"))
        assert kill is not None
        both = [each for each in (full, fail) if each is not None]
        figures = [
            kill.tried, kill.refused, kill.accepted, kill.wrong,
            full.tried if full else 0, fail.tried if fail else 0,
            sum(each.refused for each in both), sum(each.accepted for each in both),
            sum(each.wrong for each in both),
        ]  # fmt: skip
        body.append([name, figures])
    total = [sum(figures[place] for _, figures in body) for place in range(9)]
    return table(head, [[name, *spelt(figures)] for name, figures in [*body, ("**All**", total)]])


def items(rows: dict[str, Row]) -> str:
    """One table of the lists."""
    body = []
    for number, item in ITEMS.items():
        row = rows.get(number)
        figures = ["–", "–"] if row is None else spelt([row.tried, row.wrong])
        body.append([number, item.says, *figures, item.reason])
    return table(("Item", "What", "Tests", "Failed", "Not tried here"), body, slice(2, 4))


def table(
    head: Sequence[str], body: Iterable[Sequence[str]], figures: slice = slice(1, None)
) -> str:
    """A table whose figures stand at the right of their columns."""
    kinds = ["---"] * len(head)
    kinds[figures] = ["---:"] * len(kinds[figures])
    lines = [list(head), kinds, *map(list, body)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def spelt(numbers: Iterable[int]) -> list[str]:
    return [f"{number:,}" for number in numbers]


def size(count: int) -> str:
    return f"{count / 2**20:,.0f} MB"


def versions() -> str:
    """The day, and what it was tried with."""
    names = ("numpy", "h5py", "pyarrow", "pillow", "onnxruntime", "torch", "PySide6-Essentials")
    known = ", ".join(f"{name} {metadata.version(name)}" for name in names)
    day = datetime.date.today().isoformat()
    return f"*Tried until {day} with Python {platform.python_version()}, {known}.*\n"
