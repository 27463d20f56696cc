"""The sheet of styles: its rows and columns, what is asked, what a click does, its picture."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage

from aeviz import messages as m
from aeviz.gui.inspectors.styles import ACROSS, COLUMNS, NO_RUN, STEPS, VIEW, StylesInspector
from aeviz.gui.session import Session
from tests.gui.inspector_setup import count_of, decoded, image_run, last, show
from tests.gui.test_condition_switch import HALF, LABELS, NUMBERS, run_told


@pytest.fixture
def posted() -> list[m.Message]:
    return []


@pytest.fixture
def session(posted: list[m.Message]) -> Session:
    return Session(posted.append)


@pytest.fixture
def inspector(session: Session, qtbot: Any) -> StylesInspector:
    made = StylesInspector(session)
    qtbot.addWidget(made)
    made.resize(320, 400)
    made.show()
    return made


def drawn(session: Session, posted: list[m.Message]) -> m.Decode:
    """Answer the question for styles, and then the decode."""
    request = last(posted, m.Ask, VIEW)
    z = np.arange(2 * COLUMNS, dtype=np.float32).reshape(COLUMNS, 2)
    answer = m.Answer(
        run="r", view=VIEW, question="styles", epoch=request.epoch, arrays={"z": z}, values={}
    )
    session.receive(answer)
    decode: m.Decode = last(posted, m.Decode, VIEW)
    session.receive(decoded(decode, condition=decode.condition))
    return decode


def test_every_choice_is_decoded_with_the_same_styles(
    session: Session, posted: list[m.Message], inspector: StylesInspector
) -> None:
    show(session, run_told(LABELS))
    request = drawn(session, posted)
    assert request.condition.tolist() == [0] * COLUMNS + [1] * COLUMNS + [2] * COLUMNS
    assert np.array_equal(request.z[:COLUMNS], request.z[COLUMNS : 2 * COLUMNS])
    sheet = inspector.sheet.sheet
    assert sheet is not None
    assert (list(sheet.names), sheet.columns) == (["zero", "one", "two"], COLUMNS)
    assert inspector.save.isEnabled()
    inspector.grab()


def test_other_styles_are_drawn_with_another_seed(
    session: Session, posted: list[m.Message], inspector: StylesInspector
) -> None:
    show(session, run_told(LABELS))
    first = last(posted, m.Ask, VIEW).arguments
    inspector.redraw.click()
    assert last(posted, m.Ask, VIEW).arguments == {**first, "seed": first["seed"] + 1}


def test_a_line_across_the_map_goes_through_the_selected_sample(
    session: Session, posted: list[m.Message], inspector: StylesInspector
) -> None:
    show(session, run_told(LABELS))
    session.select([4])
    inspector.way.setCurrentIndex(inspector.way.findData(ACROSS))
    inspector.way.activated.emit(inspector.way.currentIndex())
    z = last(posted, m.Decode, VIEW).z[:COLUMNS]
    assert (z[:, 1] == 5).all()
    assert (np.diff(z[:, 0]) > 0).all()
    assert not inspector.redraw.isVisible()


def test_of_numbers_one_goes_over_its_range_and_the_others_stay(
    session: Session, posted: list[m.Message], inspector: StylesInspector
) -> None:
    show(session, run_told(NUMBERS))
    inspector.column.setCurrentIndex(1)
    inspector.column.activated.emit(1)
    told = drawn(session, posted).condition.reshape(STEPS, COLUMNS, 2)[:, 0]
    assert told[:, 0].tolist() == [40] * STEPS
    np.testing.assert_allclose(told[:, 1], np.linspace(0, 1, STEPS))


def test_of_samples_the_selected_ones_are_the_rows(
    session: Session, posted: list[m.Message], inspector: StylesInspector
) -> None:
    show(session, run_told(HALF))
    session.select([1, 5])
    assert drawn(session, posted).condition.tolist() == [1] * COLUMNS + [5] * COLUMNS
    sheet = inspector.sheet.sheet
    assert sheet is not None
    assert list(sheet.names) == ["#101", "#105"]


def test_a_click_pins_the_latent_and_tells_the_condition(
    session: Session, posted: list[m.Message], inspector: StylesInspector, qtbot: Any
) -> None:
    show(session, run_told(LABELS))
    request = drawn(session, posted)
    sheet = inspector.sheet
    places = (QPoint(x, y) for y in range(sheet.height()) for x in range(sheet.width()))
    place = next(p for p in places if sheet.cell_at(p.x(), p.y()) == (2, 3))
    qtbot.mouseClick(sheet, Qt.MouseButton.LeftButton, pos=place)
    assert session.condition == 2
    assert session.pin is not None
    assert np.array_equal(session.pin, request.z[3])


def test_nothing_is_asked_while_it_is_hidden(
    session: Session, posted: list[m.Message], inspector: StylesInspector
) -> None:
    inspector.hide()
    show(session, run_told(LABELS))
    assert count_of(posted, m.Ask) == 0
    inspector.show()
    assert count_of(posted, m.Ask) == 1


def test_an_answer_of_another_epoch_is_not_shown(
    session: Session, posted: list[m.Message], inspector: StylesInspector
) -> None:
    show(session, run_told(LABELS))
    request = drawn(session, posted)
    session.set_playhead(2)
    inspector.sheet.set_sheet(None)
    session.receive(decoded(request, condition=request.condition))
    assert inspector.sheet.sheet is None


def test_a_run_without_conditions_shows_a_sentence(
    session: Session, inspector: StylesInspector
) -> None:
    show(session, image_run())
    assert inspector.note.text() == NO_RUN
    assert not inspector.sheet.isVisible()
    assert not inspector.save.isEnabled()


def test_the_sheet_is_saved_as_a_picture(
    session: Session, posted: list[m.Message], inspector: StylesInspector, tmp_path: Path
) -> None:
    show(session, run_told(LABELS))
    drawn(session, posted)
    inspector.save_picture(tmp_path / "styles")
    image = QImage(str(tmp_path / "styles.png"))
    assert image.width() > image.height() > 100
    heard: list[m.Failed] = []
    session.failed.connect(heard.append)
    inspector.save_picture(tmp_path / "missing" / "styles.png")
    assert heard[0].where == "export"
