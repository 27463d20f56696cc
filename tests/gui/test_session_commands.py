"""Session files in the window: saved, opened, kept, recovered, and said where they cannot be."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QSettings
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QTabBar

from aeviz import messages as m
from aeviz import session_messages as sm
from aeviz.gui import autosaving, watching
from aeviz.gui.layout import arrange, shown_docks
from aeviz.gui.main_window import MainWindow
from aeviz.gui.recovery_bar import RecoveryBar
from aeviz.gui.route import Anchor
from aeviz.gui.session import Session
from aeviz.process.starts import MOST, Starts
from aeviz.shown import Shown, is_same
from tests.gui.offers import ROWS, epoch, run

LONG = watching.INTERVAL + 100


@pytest.fixture
def posted() -> list[m.Message]:
    return []


@pytest.fixture
def window(qtbot: Any, posted: list[m.Message]) -> MainWindow:
    return make(qtbot, posted)


def make(qtbot: Any, posted: list[m.Message]) -> MainWindow:
    window = MainWindow(Session(posted.append), None, ROWS)
    qtbot.addWidget(window)
    window.resize(1200, 800)
    window.show()
    return window


def show_run(window: MainWindow, **changes: Any) -> None:
    window.session.receive(run(**changes))
    window.session.set_following(False)
    for number in range(3):
        window.session.receive(epoch(number))


def change(window: MainWindow) -> None:
    """Change a little of everything."""
    session = window.session
    session.set_following(False)
    session.set_playhead(1.5)
    session.set_colour("part")
    window.latent_view.hide_by({"label": [1], "part": [0]})
    session.mask(np.array([True, False, False, False, True]))
    session.select([1, 3])
    session.set_pin(np.array([0.5, -1.0], np.float32))
    session.set_tool("path")
    session.layers.show("density.histogram")
    for place in ((0, 0), (1, 1), (2, 0)):
        session.route.add(Anchor(np.array(place, np.float32)))
    session.route.add(Anchor(np.array([1, 1], np.float32), 2))
    session.route.set_method("slerp")
    session.route.set_steps(9)
    session.route.close(True)
    session.route.compare(True)
    session.route.activate(1)
    session.route.set_at(0.25)
    session.groups.add("left", np.array([0, 2]))
    window.latent_view.aspect_action.setChecked(False)
    window.latent_view.show_region((-1.0, 2.0, -0.5, 0.75))
    window.docks.docks["log"].show()
    window.docks.docks["data"].close()


def answer(window: MainWindow, shown: Shown, **changes: Any) -> None:
    """A session file was read, its run is opened and told."""
    given: dict[str, Any] = {"path": "/sessions/a.aeviz", "run_path": "/runs/r", "shown": shown}
    window.session.receive(sm.SessionOpened(**{**given, **changes}))


def settle() -> None:
    QTest.qWait(30)


def last(posted: list[m.Message], kind: type) -> Any:
    return next((message for message in reversed(posted) if type(message) is kind), None)


def read(window: MainWindow) -> Shown:
    shown = window.files.screen.read()
    assert shown is not None
    return shown


def trigger(window: MainWindow, name: str) -> None:
    window.commands.action(name).trigger()


# ── opening and saving ────────────────────────────────────────────────────────────────────────


def test_everything_is_shown_again_in_another_window(
    window: MainWindow, qtbot: Any, posted: list[m.Message]
) -> None:
    show_run(window)
    change(window)
    settle()
    shown = read(window)
    other = make(qtbot, posted)
    answer(other, shown)
    assert last(posted, m.OpenRun).path == "/runs/r"
    show_run(other)
    settle()
    again = read(other)
    for name in vars(shown):
        assert is_same(getattr(again, name), getattr(shown, name)), name


def test_a_session_that_was_opened_cannot_be_undone(window: MainWindow, qtbot: Any) -> None:
    show_run(window)
    change(window)
    shown = read(window)
    answer(window, shown)
    show_run(window)
    settle()
    assert not window.commands.action("edit.undo").isEnabled()
    assert window.session.selection.tolist() == [1, 3]


def test_saving_asks_once_where_to(
    window: MainWindow, posted: list[m.Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def name(*arguments: Any) -> tuple[str, str]:
        asked.append(arguments[2])
        return "/sessions/mine", ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", name)
    show_run(window)
    for _ in range(2):
        trigger(window, "session.save")
        saving = last(posted, sm.SaveSession)
        assert (saving.path, saving.run_path) == ("/sessions/mine.aeviz", "/runs/r")
        window.session.receive(sm.SessionSaved(path=saving.path, shown=saving.shown))
    assert asked == ["/runs/VAE-on-digits.aeviz"]
    assert window.windowTitle() == "mine.aeviz[*] – VAE on digits – aeviz"


def test_without_a_run_there_is_nothing_to_save(window: MainWindow) -> None:
    action = window.commands.action("session.save")
    assert not action.isEnabled()
    assert action.toolTip() == "Open a run first."


def test_a_file_that_cannot_be_written_is_said_and_stays_unsaved(window: MainWindow) -> None:
    show_run(window)
    window.files.save("/sessions/a.aeviz")
    why = "/sessions/a.aeviz cannot be written: No space left"
    window.session.receive(
        sm.SessionSaved(path="/sessions/a.aeviz", shown=read(window), why_not=why)
    )
    assert window.status.sentence.text == why
    assert window.windowTitle() == "VAE on digits – aeviz"


def test_the_title_shows_what_is_not_saved(window: MainWindow) -> None:
    show_run(window)
    shown = read(window)
    answer(window, shown)
    show_run(window)
    settle()
    assert window.windowTitle().startswith("a.aeviz[*]")
    assert not window.isWindowModified()
    window.session.select([2])
    QTest.qWait(LONG)
    assert window.isWindowModified()
    window.session.select([])
    QTest.qWait(LONG)
    assert not window.isWindowModified()


def test_another_run_belongs_to_no_file(window: MainWindow) -> None:
    show_run(window)
    answer(window, read(window))
    show_run(window)
    settle()
    show_run(window, run="r", path="/runs/other", title="Other")
    assert window.windowTitle() == "Other – aeviz"
    assert window.files.path == ""


def test_a_session_is_opened_like_a_run(
    window: MainWindow, posted: list[m.Message], tmp_path: Path
) -> None:
    path = tmp_path / "a.AEVIZ"
    path.write_bytes(b"")
    window.opening.open(str(path))
    assert last(posted, sm.OpenSession).path == str(path)
    posted.clear()
    window.opening.open_dropped([tmp_path / "b.csv", path])
    assert last(posted, sm.OpenSession).path == str(path)


def test_a_session_is_among_the_recent(window: MainWindow) -> None:
    show_run(window)
    answer(window, read(window))
    show_run(window)
    settle()
    assert window.recent.paths == ("/sessions/a.aeviz", "/runs/r")


# ── what does not fit ─────────────────────────────────────────────────────────────────────────


def test_a_run_that_is_gone_is_one_sentence_and_the_window_is_laid_out(
    window: MainWindow, posted: list[m.Message]
) -> None:
    show_run(window)
    change(window)
    shown = read(window)
    window.docks.reset()
    window.session.set_tool("inspect")
    posted.clear()
    answer(window, shown, run_path="", is_same=False, notice="a.aeviz: its run x is gone.")
    assert window.status.sentence.text == "a.aeviz: its run x is gone."
    assert window.session.tool == "path"
    assert not window.docks.docks["log"].isHidden()
    assert last(posted, m.OpenRun) is None
    assert window.session.run is not None  # what was shown before stays


def test_of_another_run_only_what_fits_is_shown(window: MainWindow) -> None:
    show_run(window)
    change(window)
    shown = replace(read(window), latent_dim=3)
    answer(window, shown, is_same=False, notice="a.aeviz: the run is another one.")
    show_run(window)
    settle()
    session = window.session
    assert session.playhead == 1.5
    assert session.colour == "part"
    assert session.selection.size == 0
    assert session.masked is None
    assert session.pin is None
    assert window.status.sentence.text == "a.aeviz: the run is another one."


def test_words_that_this_program_does_not_know_are_left_out(window: MainWindow) -> None:
    show_run(window)
    sound = read(window)
    docks = (*sound.docks, replace(sound.docks[0], name="walls"))
    odd: tuple[dict[str, Any], ...] = (
        {"tool": "hammer", "colour": "mood", "layers": ("fog",), "condition": 7, "docks": docks},
        {"samples": 9, "selection": np.array([8]), "condition": (1.0,), "docks": ()},
    )
    for changes in odd:
        answer(window, replace(sound, **changes))
        show_run(window)
        settle()
        assert is_same(read(window), sound)


def test_who_opens_something_else_meanwhile_gets_that(window: MainWindow) -> None:
    show_run(window)
    change(window)
    shown = read(window)
    answer(window, shown)
    show_run(window, path="/runs/other", title="Other")
    settle()
    assert window.session.selection.size == 0
    assert not window.files.restoring.is_under_way
    show_run(window)
    settle()
    assert window.session.selection.size == 0


def test_a_run_that_cannot_be_opened_ends_the_waiting(window: MainWindow) -> None:
    show_run(window)
    answer(window, read(window))
    window.session.receive(m.Failed(where="open", summary="/runs/r is damaged"))
    assert not window.files.restoring.is_under_way


def test_names_that_the_run_has_by_now_stay(window: MainWindow, posted: list[m.Message]) -> None:
    show_run(window)
    window.session.groups.add("left", np.array([0]))
    window.session.groups.add("right", np.array([1]))
    shown = read(window)
    window.session.groups.remove("right")
    window.session.groups.remove("left")
    window.session.groups.add("left", np.array([4]))
    notes = last(posted, m.SaveNotes).notes
    answer(window, shown)
    show_run(window, notes=notes)
    settle()
    rows = {group.name: group.rows.tolist() for group in window.session.groups.groups}
    assert rows == {"left": [4], "right": [1]}


# ── panels ────────────────────────────────────────────────────────────────────────────────────


def test_panels_that_were_moved_come_back(window: MainWindow) -> None:
    show_run(window)
    settle()
    before = shown_docks(window.docks)
    moved = tuple(
        replace(each, area="right", row=7) if each.name == "log" else each for each in before
    )
    moved = tuple(
        replace(e, is_visible=True, is_front=True) if e.name == "log" else e for e in moved
    )
    arrange(window.docks, (1200, 800), moved)
    settle()
    places = {each.name: each.area for each in shown_docks(window.docks)}
    assert places["log"] == "right"
    arrange(window.docks, (1200, 800), before)
    settle()
    after = {each.name: (each.area, each.is_visible) for each in shown_docks(window.docks)}
    assert after == {each.name: (each.area, each.is_visible) for each in before}
    direct = window.findChildren(QTabBar)
    texts = [tuple(bar.tabText(n) for n in range(bar.count())) for bar in direct if bar.isVisible()]
    assert len(set(texts)) == len(texts)


# ── keeping ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def kept(window: MainWindow, posted: list[m.Message]) -> Iterator[Callable[[], int]]:
    window.session.files.are_kept = True
    yield lambda: sum(type(message) is sm.Autosave for message in posted)
    window.stop()


def test_an_empty_window_keeps_nothing(window: MainWindow, kept: Callable[[], int]) -> None:
    window.session.set_tool("pan")
    QTest.qWait(LONG)
    window.session.receive(run())  # no epoch yet
    QTest.qWait(LONG)
    assert kept() == 0


def test_every_change_is_kept_but_not_each_at_once(
    window: MainWindow, kept: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autosaving, "SECONDS", 1.0)
    show_run(window)
    QTest.qWait(LONG)
    assert kept() == 1
    for row in range(5):
        window.session.select([row])
        QTest.qWait(20)
    QTest.qWait(LONG)
    assert kept() == 1
    QTest.qWait(800)
    assert kept() == 2
    QTest.qWait(1200)
    assert kept() == 2, "nothing has changed since"


def test_a_half_shown_session_is_not_kept(window: MainWindow, kept: Callable[[], int]) -> None:
    show_run(window)
    shown = read(window)
    answer(window, shown)
    window.session.receive(run())
    QTest.qWait(LONG)
    assert kept() == 0


# ── after a crash ─────────────────────────────────────────────────────────────────────────────


def bar_of(window: MainWindow) -> RecoveryBar:
    return window.findChildren(RecoveryBar)[0]


def test_what_a_crash_left_is_offered_and_restored(
    window: MainWindow, posted: list[m.Message]
) -> None:
    bar = bar_of(window)
    assert bar.isHidden()
    show_run(window)
    shown = replace(read(window), selection=np.array([1, 2]))
    window.session.receive(sm.SessionLeft(path="/kept/1.aeviz", name="VAE on digits", time=1e9))
    assert not bar.isHidden()
    assert "(2001-09-" in bar.sentence.text
    assert "VAE on digits" in bar.sentence.text
    bar.restore.click()
    assert bar.isHidden()
    assert last(posted, sm.OpenSession).path == "/kept/1.aeviz"
    answer(window, shown, path="/kept/1.aeviz")
    show_run(window)
    settle()
    assert window.session.selection.tolist() == [1, 2]
    assert window.files.path == "", "it is nobody's file"
    kinds = [type(message) for message in posted]
    assert kinds.index(sm.Autosave) < kinds.index(sm.ForgetLeft), "kept before it is forgotten"
    assert last(posted, sm.ForgetLeft).is_shown


def test_what_is_discarded_is_removed(window: MainWindow, posted: list[m.Message]) -> None:
    window.session.receive(sm.SessionLeft(path="/kept/1.aeviz", name="", time=1e20))
    bar_of(window).discard.click()
    forgotten = last(posted, sm.ForgetLeft)
    assert (forgotten.path, forgotten.is_shown) == ("/kept/1.aeviz", False)
    assert bar_of(window).isHidden()


def test_after_two_short_starts_nothing_is_shown_by_itself(qapp: Any, tmp_path: Path) -> None:
    def start() -> Starts:
        return Starts(QSettings(str(tmp_path / "a.ini"), QSettings.Format.IniFormat))

    starts = [start() for _ in range(MOST + 1)]
    assert [each.begin() for each in starts] == [True] * MOST + [False]
    starts[-1].lived()
    again = start()
    assert again.begin()
    for each in (*starts, again):
        each.lived()
    assert Starts(None).begin()
