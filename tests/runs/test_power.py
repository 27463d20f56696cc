"""The power fails: what was not brought to the disk may be gone, and no promise is broken by it.

Every change to the folder is recorded; at each point in time the worst disk is built, on which
only what was synced has arrived, and the folder is opened there.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aeviz.runs.checkpoint import read_checkpoint
from aeviz.runs.schema import RUN_JSON
from tests.runs.making import check_epochs, make_writer, write_epoch

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows syncs folders by itself")


class Disk:
    """What is certain to be on the disk: synced contents, under synced names."""

    def __init__(self) -> None:
        self.contents: dict[int, bytes] = {}
        self.names: dict[str, int | None] = {}
        self.states: list[tuple[dict[int, bytes], dict[str, int | None]]] = []

    def synced(self, descriptor: int) -> None:
        path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        if path.is_dir():
            inside = {str(e): None if e.is_dir() else e.stat().st_ino for e in path.iterdir()}
            gone = [name for name in self.names if Path(name).parent == path]
            for name in gone:
                del self.names[name]
            self.names.update(inside)
        else:
            self.contents[os.fstat(descriptor).st_ino] = path.read_bytes()
        self.states.append((dict(self.contents), dict(self.names)))

    def build(self, state: tuple[dict[int, bytes], dict[str, int | None]], at: Path) -> None:
        """The folder after the power failed in a state; unsynced contents are empty."""
        contents, names = state
        for name, number in sorted(names.items()):
            copy = at / Path(name).relative_to("/")
            if number is None:
                copy.mkdir(exist_ok=True, parents=True)
            elif copy.parent.is_dir():
                copy.write_bytes(contents.get(number, b""))


def test_what_was_promised_is_there_when_the_power_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("needs /proc")
    disk, promises = Disk(), list[tuple[int, int, int]]()
    path, keep = tmp_path / "new" / "run", list[int]()
    monkeypatch.setattr(os, "fsync", recording(os.fsync, disk, keep))
    epoch = checkpoint = -1
    with make_writer(path) as writer:
        for number in range(3):
            write_epoch(writer, number)
            epoch = number
            promises.append((len(disk.states), epoch, checkpoint))
            writer.write_checkpoint({"state.bin": bytes([number])})
            checkpoint = number
            promises.append((len(disk.states), epoch, checkpoint))
    for count, state in enumerate(disk.states, 1):
        known = [(e, c) for at, e, c in promises if at <= count]
        check(disk, state, tmp_path / "after" / str(count), path, known[-1] if known else (-1, -1))
    for number in keep:
        os.close(number)


def recording(fsync: Callable[[int], None], disk: Disk, keep: list[int]) -> Callable[[int], None]:
    def record(descriptor: int) -> None:
        fsync(descriptor)
        keep.append(os.dup(descriptor))  # so that no later file gets the same inode number
        disk.synced(descriptor)

    return record


def check(disk: Disk, state: Any, at: Path, path: Path, known: tuple[int, int]) -> None:
    disk.build(state, at)
    copy = at / path.relative_to("/")
    epoch, checkpoint = known
    if not (copy / RUN_JSON).exists():
        assert epoch == -1
        return
    epochs = check_epochs(copy)
    assert epochs == list(range(len(epochs)))
    assert len(epochs) > epoch
    kept = read_checkpoint(copy)
    assert (kept["state.bin"][0] if kept else -1) >= checkpoint
