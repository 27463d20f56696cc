"""What a window shows is kept while it lives, and is found where it crashed."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aeviz.runs.lock import Holder, holder_of
from aeviz.runs.schema import LOCK
from aeviz.sessions import file
from aeviz.sessions.autosaves import KEPT, MOST_LEFT, Autosaves
from aeviz.shown import is_same
from tests.runs.making import make_run
from tests.sessions.making import numbered

CRASH = """
import os, sys
from pathlib import Path
from aeviz.sessions.autosaves import Autosaves
from tests.sessions.making import numbered
root, run, first, count = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
for window in range(count):
    made = Autosaves(root)
    for number in range(3):
        made.keep(run, numbered(first + number), f"window {window}")
os._exit(3)
"""


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_run(tmp_path / "run", 2)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "autosaves"


def crash(root: Path, run: Path, first: int = 0, count: int = 1) -> None:
    """A process that keeps some states of some windows and ends without a word."""
    command = [sys.executable, "-c", CRASH, str(root), str(run), str(first), str(count)]
    assert subprocess.run(command, check=False, timeout=60).returncode == 3


def test_a_window_keeps_its_last_few_states(root: Path, run: Path) -> None:
    autosaves = Autosaves(root)
    for number in range(6):
        autosaves.keep(run, numbered(number), "a")
    states = sorted(root.glob("*/*.aeviz"))
    kept = [file.read(path).shown for path in states]
    assert len(kept) == KEPT
    for number, shown in zip(range(3, 6), kept, strict=True):
        assert is_same(shown, numbered(number))


def test_a_window_that_ends_well_leaves_nothing(root: Path, run: Path) -> None:
    autosaves = Autosaves(root)
    autosaves.keep(run, numbered(0), "a")
    autosaves.close()
    autosaves.close()
    assert list(root.iterdir()) == []


def test_what_a_living_window_keeps_is_not_left_behind(root: Path, run: Path) -> None:
    Autosaves(root).keep(run, numbered(0), "a")
    assert Autosaves(root).left() is None
    assert list(root.glob("*/*.aeviz"))


def test_a_crashed_window_leaves_its_newest_state(root: Path, run: Path) -> None:
    crash(root, run)
    left = Autosaves(root).left()
    assert left is not None
    assert left.name == "window 0"
    assert abs(left.time - time.time()) < 60
    assert is_same(file.read(left.path).shown, numbered(2))


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 torn"])
def test_a_damaged_newest_state_does_not_hide_the_good_one_before(
    root: Path, run: Path, damage: bytes
) -> None:
    crash(root, run)
    newest = max(root.glob("*/*.aeviz"))
    newest.write_bytes(damage)
    left = Autosaves(root).left()
    assert left is not None
    assert is_same(file.read(left.path).shown, numbered(1))


def test_a_window_of_another_computer_is_left_alone(root: Path, run: Path) -> None:
    crash(root, run)
    folder = next(root.iterdir())
    holder = holder_of(folder)
    assert holder is not None
    row = (folder / LOCK).read_bytes().replace(b'"host": "', b'"host": "x', 1)
    (folder / LOCK).write_bytes(row.rstrip().ljust(2047) + b"\n")
    assert isinstance(Holder.from_bytes((folder / LOCK).read_bytes(), ""), Holder)
    assert Autosaves(root).left() is None
    assert list(folder.glob("*.aeviz"))


def test_what_is_not_wanted_goes_and_the_next_is_found(root: Path, run: Path) -> None:
    crash(root, run, count=2)
    autosaves = Autosaves(root)
    first = autosaves.left()
    assert first is not None
    autosaves.forget(first.path)
    second = autosaves.left()
    assert second is not None
    assert second.path.parent != first.path.parent
    autosaves.forget(second.path)
    assert autosaves.left() is None
    assert list(root.iterdir()) == []


def test_nothing_outside_is_removed(root: Path, run: Path, tmp_path: Path) -> None:
    crash(root, run)
    folder = next(root.iterdir())
    (folder / "mine.txt").write_text("mine")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "00000001.aeviz").write_bytes(b"x")
    link = root / "0123456789ab"
    if hasattr(os, "symlink"):
        link.symlink_to(outside)
    autosaves = Autosaves(root)
    autosaves.forget(outside / "00000001.aeviz")
    autosaves.forget(link / "00000001.aeviz")
    autosaves.forget(folder / "00000003.aeviz")
    assert (outside / "00000001.aeviz").exists()
    assert (folder / "mine.txt").read_text() == "mine"


def test_of_many_crashed_windows_the_newest_few_are_kept(root: Path, run: Path) -> None:
    crash(root, run, count=MOST_LEFT + 2)
    Autosaves(root).left()
    assert len(list(root.iterdir())) == MOST_LEFT
