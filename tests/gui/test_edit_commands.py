"""Undo, redo, selecting by words, hiding samples one by one."""

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from aeviz.gui.commands import Commands
from aeviz.gui.edit_commands import NOTHING, EditCommands
from aeviz.gui.finding import FindError, find_rows
from aeviz.gui.route import Anchor
from aeviz.gui.select_dialog import SelectDialog
from aeviz.gui.session import Session
from tests.gui.map_scene import fill, run_opened, session_with
from tests.gui.test_latent_view import place, view_of


@pytest.fixture
def session(qapp: QApplication) -> Session:
    made, _ = session_with(epochs=4)
    made.set_playhead(4)
    return made


@pytest.fixture
def window(session: Session, qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    return made


@pytest.fixture
def commands(session: Session, window: QWidget) -> Commands:
    made = Commands(parent=window)
    made.setProperty("edit", EditCommands(session, made, window))
    return made


def settle() -> None:
    """Changes of one turn of the event loop are one change."""
    for _ in range(3):
        QApplication.processEvents()


def do(commands: Commands, name: str) -> None:
    commands.action(name).trigger()
    settle()


# ── undo ──────────────────────────────────────────────────────────────────────────────────────


def test_pin_and_selection_of_one_click_are_undone_together(
    session: Session, commands: Commands
) -> None:
    session.select([4])
    session.set_pin(np.float32([1, 2]))
    settle()
    do(commands, "edit.undo")
    assert session.selection.size == 0
    assert session.pin is None
    do(commands, "edit.redo")
    assert session.selection.tolist() == [4]
    assert session.pin is not None
    assert session.pin.tolist() == [1, 2]


def test_a_drag_of_the_pin_is_one_change(session: Session, commands: Commands) -> None:
    session.set_pin(np.float32([0, 0]))
    settle()
    edit = commands.property("edit")
    edit.undo.stack.setClean()
    count = edit.undo.stack.count()
    for step in range(30):
        session.set_pin(np.float32([step, 1]))
        settle()
    assert edit.undo.stack.count() <= count + 1


def test_hidden_labels_and_samples_and_paths_are_undone(
    session: Session, commands: Commands
) -> None:
    session.hide([1])
    settle()
    session.select([3])
    settle()
    do(commands, "select.hide")
    session.route.add(Anchor(np.float32([1, 1])))
    settle()
    do(commands, "edit.undo")
    assert not session.route.anchors
    do(commands, "edit.undo")
    assert session.masked is None
    assert session.selection.tolist() == [3]
    do(commands, "edit.undo")
    do(commands, "edit.undo")
    assert session.hidden == frozenset()
    assert not commands.action("edit.undo").isEnabled()
    assert commands.action("edit.redo").isEnabled()


def test_the_menu_says_what_is_undone(session: Session, commands: Commands) -> None:
    assert "nothing" in commands.action("edit.undo").toolTip()
    session.select([3])
    settle()
    assert commands.action("edit.undo").text() == "&Undo selection"


def test_another_run_brings_nothing_of_the_first_back(session: Session, commands: Commands) -> None:
    session.select([50])
    settle()
    fill(session, count=5)
    settle()
    assert not commands.action("edit.undo").isEnabled()


# ── selecting ─────────────────────────────────────────────────────────────────────────────────


def test_all_invert_and_label_select_what_is_visible(session: Session, commands: Commands) -> None:
    session.hide([2])
    do(commands, "select.all")
    assert len(session.selection) == 40
    session.select([0, 1])
    do(commands, "select.label")
    assert len(session.selection) == 40
    session.select([0])
    do(commands, "select.label")
    assert set((session.selection % 3).tolist()) == {0}
    do(commands, "select.invert")
    assert set((session.selection % 3).tolist()) == {1}


def test_without_a_selection_commands_say_what_is_missing(
    session: Session, commands: Commands
) -> None:
    for name in ("select.label", "select.isolate", "select.hide"):
        assert commands.action(name).toolTip() == NOTHING
    assert not commands.action("select.show").isEnabled()


def test_isolated_samples_are_drawn_and_picked_alone(
    session: Session, commands: Commands, qtbot: QtBot
) -> None:
    view = view_of(session, qtbot)
    session.select([14, 15])
    do(commands, "select.isolate")
    assert view.plot.points.visible.sum() == 2
    assert view.plot.note.lines[-1] == "Showing 2 of 60 (the others are hidden)"
    qtbot.mouseMove(view.plot.viewport(), place(view, 3, 2))
    assert session.hovered == -1
    qtbot.mouseMove(view.plot.viewport(), place(view, 4, 1))
    assert session.hovered == 14
    session.set_colour("part")  # masked samples stay masked
    assert view.plot.points.visible.sum() == 2
    do(commands, "select.show")
    assert view.plot.points.visible.all()


# ── words ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("3", [3]),
        ("#3, 5-7", [3, 5, 6, 7]),
        ("class 1, 0", [0, *range(1, 60, 3)]),
        ("Validation", list(range(9, 60, 10))),
        ("label class 2", list(range(2, 60, 3))),
    ],
)
def test_words_name_samples(text: str, rows: list[int]) -> None:
    assert find_rows(text, run_opened()).tolist() == rows


@pytest.mark.parametrize(
    ("text", "said"), [("", "Write what"), ("elephant", "class 0"), ("900", "“900”")]
)
def test_words_that_name_nothing_are_explained(text: str, said: str) -> None:
    with pytest.raises(FindError, match=said):
        find_rows(text, run_opened())


def test_the_dialogue_stays_until_it_has_found_something(
    session: Session, window: QWidget, qtbot: QtBot
) -> None:
    dialog = SelectDialog(session, window)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.field.setText("elephant")
    dialog._on_accepted()
    assert dialog.isVisible()
    assert "elephant" in dialog.note.text()
    dialog.field.setText("10-12")
    dialog._on_accepted()
    assert not dialog.isVisible()
    assert session.selection.tolist() == [10, 11, 12]


def test_redo_has_both_usual_keys_and_none_takes_the_selection_away(
    session: Session, commands: Commands
) -> None:
    keys = [key.toString() for key in commands.action("edit.redo").shortcuts()]
    assert keys == ["Ctrl+Shift+Z", "Ctrl+Y"]
    session.select([1])
    do(commands, "select.none")
    assert session.selection.size == 0
    assert not commands.action("select.none").isEnabled()
