"""The thread that keeps session files: answers in order, and ends with everything done."""

import time
from pathlib import Path

import pytest

from aeviz.compute.keeper import Keeper
from aeviz.mailbox import Mailbox
from aeviz.messages import Failed, Message
from aeviz.session_messages import (
    Autosave,
    ForgetLeft,
    OpenSession,
    SaveSession,
    SessionLeft,
    SessionOpened,
    SessionSaved,
)
from aeviz.shown import is_same
from tests.runs.making import make_run
from tests.sessions.making import make_shown, numbered
from tests.sessions.test_autosaves import crash


class Desk:
    """A keeper and what it answered."""

    def __init__(self, root: Path | None = None) -> None:
        self.outbox = Mailbox()
        self.keeper = Keeper(self.outbox, root)
        self.keeper.start()

    def ask(self, *messages: Message) -> list[Message]:
        for message in messages:
            self.keeper.post(message)
        deadline = time.monotonic() + 20
        while not self.keeper.idle and time.monotonic() < deadline:
            time.sleep(0.005)
        return self.outbox.drain()

    def close(self) -> None:
        assert self.keeper.close(10)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_run(tmp_path / "run", 2)


def test_a_session_is_saved_and_opened(run: Path, tmp_path: Path) -> None:
    desk, path = Desk(), str(tmp_path / "a.aeviz")
    saved, opened = desk.ask(
        SaveSession(path=path, run_path=str(run), shown=make_shown(playhead=1.0)),
        OpenSession(path=path),
    )
    desk.close()
    assert isinstance(saved, SessionSaved)
    assert saved.why_not == ""
    assert isinstance(opened, SessionOpened)
    assert (opened.run_path, opened.is_same, opened.notice) == (str(run), True, "")
    assert is_same(opened.shown, make_shown(playhead=1.0))


def test_an_epoch_that_is_not_there_becomes_the_last(run: Path, tmp_path: Path) -> None:
    desk, path = Desk(), str(tmp_path / "a.aeviz")
    desk.ask(SaveSession(path=path, run_path=str(run), shown=make_shown(playhead=7.5)))
    (opened,) = desk.ask(OpenSession(path=path))
    desk.close()
    assert isinstance(opened, SessionOpened)
    assert opened.shown.playhead == 1.0


def test_what_cannot_be_opened_or_saved_is_a_sentence(run: Path, tmp_path: Path) -> None:
    desk = Desk()
    nowhere = tmp_path / "nowhere" / "a.aeviz"
    failed, saved = desk.ask(
        OpenSession(path=str(nowhere)),
        SaveSession(path=str(nowhere), run_path=str(run), shown=make_shown()),
    )
    desk.close()
    assert isinstance(failed, Failed)
    assert failed.where == "open"
    assert "nowhere" in failed.summary
    assert isinstance(saved, SessionSaved)
    assert "nowhere" in saved.why_not


def test_what_was_asked_before_the_end_is_still_done(run: Path, tmp_path: Path) -> None:
    desk = Desk()
    for number in range(5):
        path = str(tmp_path / f"{number}.aeviz")
        desk.keeper.post(SaveSession(path=path, run_path=str(run), shown=numbered(number)))
    desk.close()
    assert len(list(tmp_path.glob("*.aeviz"))) == 5


def test_a_state_is_kept_while_the_window_lives(run: Path, tmp_path: Path) -> None:
    root = tmp_path / "autosaves"
    desk = Desk(root)
    assert desk.ask(Autosave(run_path=str(run), shown=numbered(1), name="a")) == []
    assert len(list(root.glob("*/*.aeviz"))) == 1
    desk.close()
    assert list(root.iterdir()) == []


def test_a_state_that_cannot_be_kept_is_said_once(
    run: Path, tmp_path: Path, expect_log: list[str]
) -> None:
    root = tmp_path / "autosaves"
    root.write_text("in the way")
    expect_log.append("What the window shows is not kept")
    desk = Desk(root)
    for number in range(3):
        desk.ask(Autosave(run_path=str(run), shown=numbered(number), name="a"))
    desk.close()


def test_what_a_crash_left_stays_until_it_is_kept_here(run: Path, tmp_path: Path) -> None:
    root = tmp_path / "autosaves"
    crash(root, run)
    desk = Desk(root)
    (left,) = desk.ask(ForgetLeft(path="", is_shown=True))
    assert isinstance(left, SessionLeft)
    desk.ask(ForgetLeft(path=left.path, is_shown=True))
    assert Path(left.path).exists()
    desk.ask(
        Autosave(run_path=str(run), shown=numbered(2), name="a"),
        ForgetLeft(path=left.path, is_shown=True),
    )
    assert not Path(left.path).exists()
    desk.close()
