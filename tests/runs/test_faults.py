"""Every call to the system fails once: old or new is readable after it, and nobody claims success.

The idea is SQLite's: the first, second, third… call fails until the operation succeeds.
"""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aeviz.runs.checkpoint import read_checkpoint
from aeviz.runs.reading import RunError
from aeviz.runs.run import RunFolder, ask
from aeviz.runs.schema import CONTROL, LOCK
from aeviz.runs.writer import RunWriter
from tests.runs.making import check_epochs, make_run, make_writer, temporary_files, write_epoch

CALLS = ["open", "write", "fsync", "replace", "ftruncate", "mkdir"]
OLD = {"state.bin": b"state", "index.txt": b""}
NEW = {"state.bin": b"next", "other.bin": b"x" * 1000}


class Faults:
    """Counts the calls to the system and lets the `at`-th fail."""

    def __init__(self, at: int, code: int) -> None:
        self.at, self.code, self.count = at, code, 0

    @property
    def struck(self) -> bool:
        return self.count >= self.at

    def install(self, patched: pytest.MonkeyPatch) -> None:
        for name in CALLS:
            patched.setattr(os, name, self._counting(getattr(os, name)))

    def _counting(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            self.count += 1
            if self.count == self.at:
                raise OSError(self.code, os.strerror(self.code))
            return call(*arguments, **named)

        return counted


def until_it_succeeds(
    monkeypatch: pytest.MonkeyPatch, code: int, operation: Callable[[int], Callable[[bool], None]]
) -> int:
    """Run an operation with its 1st, 2nd, … call failing; returns how many calls there are.

    `operation(n)` prepares the n-th trial, does the work when the returned function is called
    with True, and checks what is left when called with False.
    """
    at = 0
    while True:
        at += 1
        step = operation(at)
        faults = Faults(at, code)
        said: BaseException | None = None
        with monkeypatch.context() as patched:
            faults.install(patched)
            try:
                step(True)
            except (OSError, RunError) as error:
                said = error
        if not faults.struck:
            assert said is None
            return at - 1
        if said is not None:
            assert str(said)
        step(False)


@pytest.mark.parametrize(
    "code",
    [
        errno.ENOSPC,
        *(pytest.param(code, marks=pytest.mark.slow) for code in (errno.EIO, errno.EROFS)),
    ],
)
def test_going_on_leaves_old_or_new_whichever_call_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    stopped = make_run(tmp_path / "stopped", 2, "stopped")

    def operation(at: int) -> Callable[[bool], None]:
        path = Path(shutil.copytree(stopped, tmp_path / str(at)))
        done: list[str] = []

        def work() -> None:
            with RunWriter.reopen(path) as again:
                write_epoch(again, 2)
                done.append("epoch")
                again.write_checkpoint(NEW)
                done.append("checkpoint")
                again.set_status("finished")
                done.append("status")
            done.append("closed")

        def check() -> None:
            assert check_epochs(path) == ([0, 1, 2] if "epoch" in done else [0, 1])
            # A failure after the last rename leaves the new one, though nobody was told so.
            assert read_checkpoint(path) in ([NEW] if "checkpoint" in done else [OLD, NEW])
            assert RunFolder.open(path).info.status in ("finished", "stopped", "training")
            assert "status" not in done or RunFolder.open(path).info.status == "finished"
            assert not temporary_files(path)
            (path / LOCK).unlink(missing_ok=True)  # as after the end of the process
            with RunWriter.reopen(path) as later:
                write_epoch(later, 3)
            assert check_epochs(path) == [*([0, 1, 2] if "epoch" in done else [0, 1]), 3]

        return lambda working: work() if working else check()

    assert until_it_succeeds(monkeypatch, code, operation) > 40


def test_a_new_run_is_there_or_not_whichever_call_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def operation(at: int) -> Callable[[bool], None]:
        path, begun = tmp_path / str(at), []

        def work() -> None:
            with make_writer(path) as writer:
                begun.append(writer)

        def check() -> None:
            if begun:
                assert check_epochs(path) == []
            else:
                assert not path.exists() or os.listdir(path) == [LOCK]

        return lambda working: work() if working else check()

    assert until_it_succeeds(monkeypatch, errno.ENOSPC, operation) > 20


def test_a_request_is_asked_or_not_whichever_call_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_run(tmp_path / "run", 1)

    def operation(at: int) -> Callable[[bool], None]:
        ask(path, pause=True)

        def check() -> None:
            text = (path / CONTROL).read_text()
            assert '"pause"' in text
            assert not temporary_files(path)

        return lambda working: ask(path, stop=True) if working else check()

    assert until_it_succeeds(monkeypatch, errno.ENOSPC, operation) > 5


def test_a_writer_whose_epoch_failed_can_write_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with make_writer(tmp_path / "run") as writer:
        write_epoch(writer, 0)
        for at in range(1, 100):
            with monkeypatch.context() as patched:
                faults = Faults(at, errno.ENOSPC)
                faults.install(patched)
                try:
                    write_epoch(writer, 1)
                    break
                except (OSError, RunError):
                    assert faults.struck
            assert check_epochs(tmp_path / "run") == [0]
        assert check_epochs(tmp_path / "run") == [0, 1]
        assert at > 10
