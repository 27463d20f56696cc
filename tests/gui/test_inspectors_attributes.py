"""Directions between groups: what is asked, what the slider pins, what is said of the test."""

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aeviz import messages as m
from aeviz.gui.inspectors.attributes import COLUMNS, NO_SIDES, SAME, VIEW, AttributesInspector
from aeviz.gui.session import Session
from tests.gui.inspector_setup import decoded, image_run, show

Made = tuple[AttributesInspector, Session, list[m.Message]]
DIRECTION = np.array([2, 1], np.float32)


@pytest.fixture
def made(qapp: QApplication, qtbot: QtBot) -> Made:
    posted: list[m.Message] = []
    session = Session(posted.append)
    panel = AttributesInspector(session)
    qtbot.addWidget(panel)
    panel.resize(320, 400)
    panel.show()
    show(session, image_run())
    return panel, session, posted


def asked(made: Made) -> m.Ask:
    found = [each for each in made[2] if isinstance(each, m.Ask) and each.view == VIEW]
    return found[-1]


def answer(made: Made, **values: object) -> None:
    request = asked(made)
    told = {"tag": request.arguments["tag"], **values}
    made[1].receive(
        m.Answer(
            run="r", view=VIEW, question="attribute", epoch=request.epoch,
            arrays={"direction": DIRECTION}, values=told, asked=request.epoch,
        )
    )  # fmt: skip


def test_the_direction_between_two_labels_is_asked_at_once(made: Made) -> None:
    arguments = asked(made).arguments
    assert arguments["start"].tolist() == [0, 3]
    assert arguments["end"].tolist() == [1, 4]
    assert not made[0].slider.isEnabled()


def test_the_slider_pins_the_base_moved_along_the_direction(made: Made) -> None:
    panel, session, _ = made
    session.set_pin(np.array([1, 1], np.float32))
    answer(made)
    for value in (50, 150):
        panel.slider.setValue(value)
    assert session.pin is not None
    np.testing.assert_allclose(session.pin, [4, 2.5])
    session.set_pin(np.array([0, 0], np.float32))
    assert panel.slider.value() == 0


def test_the_strip_goes_from_two_before_to_two_after(made: Made) -> None:
    panel, session, posted = made
    session.set_pin(np.array([1, 1], np.float32))
    answer(made)
    request = next(r for r in reversed(posted) if isinstance(r, m.Decode) and r.view == VIEW)
    np.testing.assert_allclose(request.z[[0, -1]], [[-3, -1], [5, 3]])
    session.receive(decoded(request))
    assert panel.sheet.sheet is not None
    assert panel.sheet.sheet.columns == COLUMNS
    panel.sheet.cell_chosen.emit(0, COLUMNS - 1)
    assert panel.slider.value() == 200


def test_the_test_is_said_and_what_it_counted(made: Made) -> None:
    answer(made)
    assert made[0].told.text() == "Testing the separation…"
    answer(made, auc=0.97, p=0.002, permutations=499, tested=40)
    assert made[0].told.text() == (
        "Separates samples it was not made of: AUC 0.97, p = 0.002 (499 permutations, 40 samples)"
    )
    answer(made, auc=0.5, p=0.4, permutations=499, tested=40)
    assert made[0].told.text().startswith("Does not separate")


def test_another_epoch_asks_again_and_late_answers_are_not_shown(made: Made) -> None:
    panel, session, _ = made
    late = asked(made)
    session.set_playhead(2)
    assert asked(made).epoch == 2
    session.receive(
        m.Answer(
            run="r", view=VIEW, question="attribute", epoch=0, asked=0,
            arrays={"direction": DIRECTION}, values={"tag": late.arguments["tag"]},
        )
    )  # fmt: skip
    assert panel.direction is None


def test_a_saved_direction_brings_its_sides_back(made: Made) -> None:
    panel, session, _ = made
    session.groups.add("left", np.array([0, 2]))
    panel.start.setCurrentIndex(panel.start.findData("group:left"))
    panel.start.activated.emit(0)
    panel.field.setText("up")
    panel.add.click()
    assert session.groups.attributes[0].start == "group:left"
    panel.start.setCurrentIndex(panel.start.findData("label:2"))
    panel.start.activated.emit(0)
    panel.saved.setCurrentIndex(0)
    panel.saved.activated.emit(0)
    assert panel.start.currentData() == "group:left"
    assert asked(made).arguments["start"].tolist() == [0, 2]
    panel.delete.click()
    assert session.groups.attributes == ()


def test_nothing_is_asked_of_one_side_or_while_hidden(made: Made) -> None:
    panel, session, posted = made
    panel.end.setCurrentIndex(panel.start.currentIndex())
    panel.end.activated.emit(0)
    assert panel.note.text() == SAME
    panel.hide()
    posted.clear()
    session.set_playhead(1)
    assert not posted
    show(session, image_run(labels=None, class_names=(), path="other"))
    assert panel.note.text() == NO_SIDES
    assert not panel.slider.isEnabled()
