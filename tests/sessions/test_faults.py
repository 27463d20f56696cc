"""Every call to the system fails once while a session is saved or kept: old or new stands."""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from aeviz.sessions import file
from aeviz.sessions.autosaves import Autosaves
from tests.runs.making import make_run
from tests.runs.test_faults import until_it_succeeds
from tests.sessions.making import number_of, numbered

CODES = (errno.ENOSPC, errno.EIO, errno.EACCES)


@pytest.mark.parametrize("code", CODES)
def test_a_save_leaves_the_old_or_the_new_whichever_call_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    run, path = make_run(tmp_path / "run", 2), tmp_path / "a.aeviz"

    def operation(at: int) -> Callable[[bool], None]:
        file.save(path, run, numbered(0))
        done: list[int] = []

        def step(is_working: bool) -> None:
            if is_working:
                file.save(path, run, numbered(1))
                done.append(1)
            else:
                assert number_of(path) in ([1] if done else [0, 1])
                assert not list(tmp_path.glob(".tmp-*"))

        return step

    assert until_it_succeeds(monkeypatch, code, operation) > 5


@pytest.mark.parametrize("code", CODES)
def test_a_state_that_is_kept_costs_none_before_it_whichever_call_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    run = make_run(tmp_path / "run", 2)

    def operation(at: int) -> Callable[[bool], None]:
        root = tmp_path / f"autosaves-{at}"
        autosaves = Autosaves(root)
        autosaves.keep(run, numbered(0), "a")

        def step(is_working: bool) -> None:
            if is_working:
                autosaves.keep(run, numbered(1), "b")
            else:
                newest = max(root.glob("*/*.aeviz"))
                assert number_of(newest) in (0, 1)

        return step

    assert until_it_succeeds(monkeypatch, code, operation) > 5
