"""Groups: named, selected, renamed, deleted, taken back, saved with the run."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aeviz import messages as m
from aeviz.gui.groups import Attribute
from aeviz.gui.inspectors.groups import GroupsInspector
from aeviz.gui.session import Session
from aeviz.gui.undo import Undo
from tests.gui.inspector_setup import image_run, show

Made = tuple[GroupsInspector, Session, list[m.Message]]


@pytest.fixture
def made(qapp: QApplication, qtbot: QtBot) -> Made:
    posted: list[m.Message] = []
    session = Session(posted.append)
    panel = GroupsInspector(session)
    qtbot.addWidget(panel)
    panel.resize(300, 300)
    panel.show()
    show(session, image_run())
    return panel, session, posted


def name(made: Made, text: str, *rows: int) -> None:
    panel, session, _ = made
    session.select(rows)
    panel.field.setText(text)
    panel.add.click()


def test_a_click_selects_what_was_named(made: Made) -> None:
    panel, session, _ = made
    name(made, "left", 0, 2)
    session.select([5])
    panel.list.itemClicked.emit(panel.list.item(0))
    assert session.selection.tolist() == [0, 2]
    assert panel.list.item(0).text() == "left"


def test_every_change_is_saved_by_numbers_of_the_data_set(made: Made) -> None:
    name(made, "left", 0, 2)
    made[1].groups.add_attribute(Attribute("up", "group:left", "label:1"))
    saved = made[2][-1]
    assert isinstance(saved, m.SaveNotes)
    assert saved.notes == {
        "groups": [{"name": "left", "samples": [100, 102]}],
        "attributes": [{"name": "up", "from": "group:left", "to": "label:1"}],
    }


def test_saved_groups_come_back_with_the_run_and_odd_ones_do_not(made: Made) -> None:
    session = made[1]
    notes = {
        "groups": [
            {"name": "left", "samples": [102, 100, 7]},
            {"name": "gone", "samples": [1]},
            {"name": "odd", "samples": "x"},
        ],
        "attributes": [{"name": "up", "from": "group:left", "to": "label:1"}, {"name": "no"}],
    }
    show(session, image_run(notes=notes, path="other"))
    assert [(g.name, g.rows.tolist()) for g in session.groups.groups] == [("left", [0, 2])]
    assert [each.name for each in session.groups.attributes] == ["up"]
    show(session, image_run(path="third"))
    assert session.groups.groups == ()


def test_a_group_is_renamed_in_its_directions_and_deleted_with_them(made: Made) -> None:
    panel, session, _ = made
    name(made, "left", 0)
    session.groups.add_attribute(Attribute("up", "group:left", "label:1"))
    panel.list.item(0).setText("west")
    assert session.groups.attributes[0].start == "group:west"
    panel.list.setCurrentRow(0)
    panel.delete.click()
    assert session.groups.state.groups == ()
    assert session.groups.attributes == ()


def test_a_name_is_given_once_and_the_reason_is_said(made: Made) -> None:
    panel, session, _ = made
    name(made, "left", 0)
    name(made, "left", 1)
    assert panel.note.text() == "left is there already."
    panel.add.click()
    assert len(session.groups.groups) == 1
    session.select(())
    assert not panel.add.isEnabled()
    assert "Select samples first." in panel.add.toolTip()


def test_deleting_a_group_can_be_undone(made: Made, qtbot: QtBot) -> None:
    panel, session, _ = made
    name(made, "left", 0)
    undo = Undo(session)
    panel.list.setCurrentRow(0)
    qtbot.keyClick(panel.list, Qt.Key.Key_Delete)
    assert panel.list.count() == 0
    qtbot.waitUntil(undo.stack.canUndo)
    undo.stack.undo()
    assert [group.name for group in session.groups.groups] == ["left"]
    assert panel.list.count() == 1


def test_a_folder_that_cannot_be_written_is_said_once(made: Made, qtbot: QtBot) -> None:
    session, told = made[1], []
    session.noticed.connect(told.append)
    answer = m.NotesSaved(run="r", why_not="Groups last until another run is shown.")
    for message in (answer, answer, replace(answer, run="another")):
        session.receive(message)
    assert told == ["Groups last until another run is shown."]


def test_the_same_run_told_again_keeps_its_groups(made: Made) -> None:
    session = made[1]
    session.groups.add("left", np.array([0, 1]))
    show(session, image_run())
    assert [group.name for group in session.groups.groups] == ["left"]
