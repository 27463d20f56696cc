"""The list of samples: what it lists, that it is linked with the map, and that it is lazy."""

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, Qt
from PySide6.QtWidgets import QApplication

from aeviz import messages as m
from aeviz.gui.inspectors.samples import (
    ALL,
    NEAR,
    NO_PIN,
    NO_RUN,
    NO_SAMPLES,
    NO_SELECTION,
    SELECTION,
    SamplesInspector,
)
from aeviz.gui.session import Session
from tests.gui.inspector_setup import POSITIONS, count_of, image_run, last, show, table_run


@pytest.fixture
def posted() -> list[m.Message]:
    return []


@pytest.fixture
def session(posted: list[m.Message]) -> Session:
    return Session(posted.append)


@pytest.fixture
def inspector(session: Session, qtbot: Any) -> SamplesInspector:
    made = SamplesInspector(session)
    qtbot.addWidget(made)
    made.resize(300, 400)
    return made


def listed(inspector: SamplesInspector) -> list[int]:
    return inspector.model.rows.tolist()


def test_empty_states_say_what_to_do(inspector: SamplesInspector, session: Session) -> None:
    assert inspector.empty.text() == NO_RUN
    show(session, image_run())
    assert inspector.empty.text() == NO_SELECTION
    inspector.mode.setCurrentIndex(NEAR)
    assert inspector.empty.text() == NO_PIN
    inspector.mode.setCurrentIndex(ALL)
    session.hide([0, 1, 2])
    assert inspector.empty.text() == NO_SAMPLES


def test_the_selection_is_listed(inspector: SamplesInspector, session: Session) -> None:
    show(session, image_run())
    session.select([4, 1])
    assert listed(inspector) == [1, 4]
    assert inspector.told.text == "2 of 6"
    session.select([])
    assert listed(inspector) == []


def test_everything_but_hidden_labels_is_listed(
    inspector: SamplesInspector, session: Session
) -> None:
    show(session, image_run())
    inspector.show_all.click()
    assert listed(inspector) == [0, 1, 2, 3, 4, 5]
    session.hide([1])
    assert listed(inspector) == [0, 2, 3, 5]
    assert inspector.told.text == "4 samples"


def test_the_nearest_to_the_pin_come_in_their_order(
    inspector: SamplesInspector, session: Session
) -> None:
    show(session, image_run())
    inspector.mode.setCurrentIndex(NEAR)
    session.set_pin(np.array([4.1, 4.1], np.float32))
    assert listed(inspector) == [3, 4, 1, 2, 0, 5] or listed(inspector)[:2] == [3, 4]
    session.hide([0])
    assert listed(inspector)[0] == 4
    assert 3 not in listed(inspector)


def test_a_click_pins_the_place_of_the_sample(
    inspector: SamplesInspector, session: Session
) -> None:
    show(session, image_run())
    session.select([3, 4])
    session.set_playhead(2.0)
    inspector.view.clicked.emit(inspector.model.index(1))
    assert session.pin is not None
    assert session.pin.tolist() == (POSITIONS[4] + [2, 0]).tolist()
    assert session.selection.tolist() == [3, 4], "the list stays what it was"


def test_beyond_two_dimensions_a_click_selects(
    inspector: SamplesInspector, session: Session
) -> None:
    show(session, image_run(latent_dim=5))
    session.select([3, 4])
    inspector.view.clicked.emit(inspector.model.index(1))
    assert session.selection.tolist() == [4]
    assert session.pin is None


def test_the_mouse_over_a_thumbnail_points_at_the_map(
    inspector: SamplesInspector, session: Session
) -> None:
    show(session, image_run())
    inspector.mode.setCurrentIndex(ALL)
    inspector.view.entered.emit(inspector.model.index(4))
    assert session.hovered == 4
    assert session.cursor is not None
    assert session.cursor.tolist() == POSITIONS[4].tolist()
    QApplication.sendEvent(inspector.view.viewport(), QEvent(QEvent.Type.Leave))
    assert session.cursor is None


def test_choosing_in_the_list_selects_on_the_map_and_back(
    inspector: SamplesInspector, session: Session
) -> None:
    show(session, image_run())
    inspector.mode.setCurrentIndex(ALL)
    chosen = inspector.view.selectionModel()
    chosen.select(inspector.model.index(2), QItemSelectionModel.SelectionFlag.Select)
    assert session.selection.tolist() == [2]
    session.select([0, 5])
    assert sorted(index.row() for index in chosen.selectedIndexes()) == [0, 5]


def test_the_arrow_keys_point_at_the_map(
    inspector: SamplesInspector, session: Session, qtbot: Any
) -> None:
    show(session, image_run())
    inspector.mode.setCurrentIndex(ALL)
    inspector.show()
    inspector.activateWindow()
    inspector.view.setFocus()
    qtbot.waitUntil(inspector.view.hasFocus)
    inspector.view.setCurrentIndex(inspector.model.index(0))
    qtbot.keyClick(inspector.view, Qt.Key.Key_Right)
    assert session.hovered == 1
    qtbot.keyClick(inspector.view, Qt.Key.Key_Return)
    assert session.pin is not None
    assert session.pin.tolist() == POSITIONS[1].tolist()


def test_samples_that_the_window_lacks_are_fetched_together_when_seen(
    inspector: SamplesInspector, session: Session, posted: list[m.Message], qtbot: Any
) -> None:
    show(session, image_run(samples=None))
    session.select([1, 4])
    inspector.grab()
    qtbot.waitUntil(lambda: count_of(posted, m.FetchSamples) > 0)
    request = last(posted, m.FetchSamples, "samples")
    assert sorted(request.rows.tolist()) == [1, 4]
    samples = np.full((2, 4, 4, 1), 16, np.uint8)
    session.receive(m.SamplesFetched(run="r", view="samples", rows=request.rows, samples=samples))
    assert inspector.model.sample(4) is not None
    before = count_of(posted, m.FetchSamples)
    inspector.grab()
    assert count_of(posted, m.FetchSamples) == before


def test_a_list_of_many_makes_only_what_is_seen(
    inspector: SamplesInspector, session: Session
) -> None:
    count = 70_000
    samples = np.zeros((count, 4, 4, 1), np.uint8)
    run = image_run(
        samples=samples,
        index=np.arange(count),
        labels=np.zeros(count, np.int64),
        parts=np.zeros(count, np.uint8),
        total=count,
    )
    session.receive(run)
    inspector.mode.setCurrentIndex(ALL)
    asked = []
    whole = inspector.model.sample

    def sample(row: int) -> Any:
        asked.append(row)
        return whole(row)

    inspector.model.sample = sample  # type: ignore[method-assign]
    inspector.grab()
    assert 0 < len(asked) < 200


def test_texts_tell_the_part_and_are_never_markup(
    inspector: SamplesInspector, session: Session
) -> None:
    show(session, image_run())
    inspector.mode.setCurrentIndex(ALL)
    index = inspector.model.index(1)
    assert inspector.model.data(index, Qt.ItemDataRole.AccessibleTextRole) == (
        "<b>one</b>, sample #101, training part"
    )
    assert "<b>" not in inspector.model.data(index, Qt.ItemDataRole.ToolTipRole)
    assert inspector.model.data(QModelIndex()) is None


@pytest.mark.parametrize("labels", [True, False])
def test_rows_of_a_table_are_drawn(
    inspector: SamplesInspector, session: Session, labels: bool
) -> None:
    show(session, table_run() if labels else table_run(labels=None, class_names=()))
    inspector.mode.setCurrentIndex(ALL)
    for width in (200, 500):
        inspector.resize(width, 300)
        assert not inspector.grab().isNull()
    inspector.mode.setCurrentIndex(SELECTION)
