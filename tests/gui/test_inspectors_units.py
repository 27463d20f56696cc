"""The panel of the units: what it asks, what it lists, and that its samples are linked."""

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from aeviz import messages as m
from aeviz.gui.inspectors.units import ACTIVITY, ASCENT, LAYERS, NO_RUN, UnitsInspector
from aeviz.gui.session import Session
from aeviz.gui.unit_grid import grey_of
from tests.gui.inspector_setup import count_of, image_run, last, show, table_run

UNITS = 5


@pytest.fixture
def posted() -> list[m.Message]:
    return []


@pytest.fixture
def session(posted: list[m.Message]) -> Session:
    return Session(posted.append)


@pytest.fixture
def panel(session: Session, qtbot: QtBot) -> UnitsInspector:
    made = UnitsInspector(session)
    qtbot.addWidget(made)
    made.resize(300, 700)
    made.show()
    return made


def tell(session: Session, view: str, arrays: dict[str, Any], **values: Any) -> None:
    session.receive(
        m.Answer(run="r", view=view, question="", epoch=0, arrays=arrays, values=values)
    )


def tell_layers(session: Session, shape: tuple[int, ...] = (4, 4, 1)) -> None:
    filters = np.random.default_rng(0).normal(size=(UNITS, *shape)).astype(np.float32)
    tell(session, LAYERS, {"filters": filters}, titles=["Layer 1", "Latents"], units=[UNITS, 2])


def tell_activity(session: Session, layer: int = 0, units: int = UNITS) -> None:
    arrays = {
        "rows": np.arange(units)[:, None] % 6 + np.array([[0, 1]]) * 0,
        "activations": np.ones((units, 2), np.float32),
        "selectivity": np.linspace(0, 1, units, dtype=np.float32),
        "label": np.arange(units) % 3,
        "active": np.full(units, 0.5, np.float32),
    }
    tell(session, ACTIVITY, arrays, seen=6, total=6, layer=layer)


def tell_ascent(session: Session, request: m.Ask, x: Any = None, **values: Any) -> None:
    found = np.full((4, 4, 1), 0.5, np.float32) if x is None else x
    told = {"activation": 2.5, "step": 200, "steps": 200, "is_flat": False, **values}
    tell(session, ASCENT, {"x": found}, **{**request.arguments, **told})


def rested(panel: UnitsInspector) -> None:
    panel._rest.stop()
    panel._on_rested()


def test_without_a_run_it_says_what_will_be_there(panel: UnitsInspector) -> None:
    assert panel.note.text() == NO_RUN
    assert not panel.grid.isVisible()


def test_hidden_it_asks_nothing(session: Session, posted: list[m.Message], qtbot: QtBot) -> None:
    panel = UnitsInspector(session)
    qtbot.addWidget(panel)
    show(session, image_run())
    assert count_of(posted, m.Ask) == 0
    panel.show()
    assert last(posted, m.Ask, LAYERS).epoch == 0
    panel._rest.stop()


def test_filters_are_listed_and_the_first_unit_is_asked_about(
    panel: UnitsInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, image_run())
    tell_layers(session)
    rested(panel)
    assert panel.layer.itemText(0) == "Layer 1 · 5 units"
    assert panel.model.rowCount() == UNITS
    assert last(posted, m.Ask, ACTIVITY).arguments["layer"] == 0
    assert last(posted, m.Ask, ASCENT).arguments == {"layer": 0, "unit": 0, "seed": 0}
    assert not panel.unit_view.filter.image.isNull()


def test_the_layers_may_come_after_the_timeline_rests(
    panel: UnitsInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, image_run())
    rested(panel)
    assert not panel._rest.isActive()
    tell_layers(session)
    assert last(posted, m.Ask, ACTIVITY)


def test_another_unit_is_shown_when_its_tile_is_chosen(
    panel: UnitsInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, image_run())
    tell_layers(session)
    rested(panel)
    tell_activity(session)
    panel.grid.setCurrentIndex(panel.model.index(3))
    request = last(posted, m.Ask, ASCENT)
    assert request.arguments["unit"] == 3
    assert panel.unit_view.name.text() == "Unit 4"
    assert "class selectivity 0.75" in panel.unit_view.told.text()
    tell_ascent(session, request)
    assert panel.unit_view.ascent_note.text() == "activation 2.50"


def test_an_ascent_of_a_unit_left_behind_is_not_shown(
    panel: UnitsInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, image_run())
    tell_layers(session)
    rested(panel)
    old = last(posted, m.Ask, ASCENT)
    panel.grid.setCurrentIndex(panel.model.index(2))
    tell_ascent(session, old)
    assert panel.unit_view.ascent.image.isNull()


def test_a_unit_without_gradient_says_so(
    panel: UnitsInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, image_run())
    tell_layers(session)
    rested(panel)
    tell_ascent(session, last(posted, m.Ask, ASCENT), is_flat=True)
    assert "no gradient" in panel.unit_view.ascent_note.text()


def test_other_noise_is_another_seed(
    panel: UnitsInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, image_run())
    tell_layers(session)
    rested(panel)
    panel.unit_view.again.click()
    assert last(posted, m.Ask, ASCENT).arguments["seed"] == 1


def test_the_most_selective_units_can_stand_first(panel: UnitsInspector, session: Session) -> None:
    show(session, image_run())
    tell_layers(session)
    rested(panel)
    tell_activity(session)
    panel.order.setCurrentIndex(1)
    assert panel.model.order.tolist() == [4, 3, 2, 1, 0]
    assert panel.unit_view.name.text() == "Unit 1"


def test_deeper_layers_show_what_excites_them(
    panel: UnitsInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, image_run())
    tell_layers(session)
    rested(panel)
    panel.layer.setCurrentIndex(1)
    assert last(posted, m.Ask, ACTIVITY).arguments["layer"] == 1
    tell_activity(session, layer=0)  # of the layer before: too late
    assert panel.model.best is None
    tell_activity(session, layer=1, units=2)
    assert panel.model.filters is None
    assert panel.model.tile(0) is not None
    assert not panel.unit_view.filter.isVisible()


def test_a_click_on_an_exciting_sample_selects_it_on_the_map(
    panel: UnitsInspector, session: Session, qtbot: QtBot
) -> None:
    show(session, image_run())
    tell_layers(session)
    rested(panel)
    tell_activity(session)
    panel.grid.setCurrentIndex(panel.model.index(4))
    view = panel.unit_view.exciting
    place = view.visualRect(view.model().index(0)).center()
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert session.selection.tolist() == [4]


def test_rows_of_a_table_are_profiles(
    panel: UnitsInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, table_run())
    tell_layers(session, (3,))
    rested(panel)
    tell_activity(session)
    tell_ascent(session, last(posted, m.Ask, ASCENT), np.array([1, 2, 3], np.float32))
    assert panel.unit_view.weights.isVisible()
    assert panel.unit_view.weights.bars.bars is not None
    assert panel.unit_view.found.bars.bars is not None
    assert not panel.grab().isNull()


def test_a_question_that_fails_is_told_in_the_panel(
    panel: UnitsInspector, session: Session
) -> None:
    show(session, image_run())
    session.receive(m.Failed(run="r", where="question", summary="this run keeps no samples"))
    assert panel.note.text() == "this run keeps no samples"
    panel._rest.stop()


def test_a_filter_is_drawn_with_zero_in_the_middle() -> None:
    weights = np.array([[[-2.0], [0.0]], [[1.0], [0.0]]], np.float32)
    assert grey_of(weights)[..., 0].tolist() == [[0, 128], [191, 128]]
    assert grey_of(np.zeros((2, 2, 5), np.float32)).shape == (2, 2, 1)
    assert grey_of(np.ones((2, 2, 3), np.float32)).min() == 255
