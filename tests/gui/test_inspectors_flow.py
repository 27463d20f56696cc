"""The flow panel: stages from x to z, the density between them, one place in nats."""

import math
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from aeviz import messages as m
from aeviz.gui.inspectors import flow
from aeviz.gui.inspectors.cursor import INEXACT, WAITING
from aeviz.gui.inspectors.flow import FINE, PLACE, STAGES, FlowInspector
from aeviz.gui.session import Session
from tests.gui.inspector_setup import count_of, image_run, last, show, table_run

FLOW: dict[str, Any] = {"abilities": ("prior", "invertible")}


@pytest.fixture
def posted() -> list[m.Message]:
    return []


@pytest.fixture
def inspector(qtbot: QtBot, posted: list[m.Message]) -> FlowInspector:
    made = FlowInspector(Session(post=posted.append))
    qtbot.addWidget(made)
    made.resize(300, 620)
    made.show()
    return made


def stages(steps: int = 2, *, features: int = 2, densities: int = 3, epoch: int = 0) -> m.Answer:
    """Six samples that move by one along x in every transform."""
    x = np.arange(12, dtype=np.float32).reshape(6, 2)
    moved = [x + np.array([number, 0], np.float32) for number in range(steps + 1)]
    arrays: dict[str, Any] = {"rows": np.arange(6), "points": np.stack(moved)}
    if features == 2:
        known = np.arange(steps + 1) < densities
        line = np.linspace(0, 1, 5, dtype=np.float32)
        lines = np.stack([np.stack([line, line], -1)] * 3)
        arrays["lines"] = np.stack([lines + number for number in range(steps + 1)])
        arrays["regions"] = np.array([[-1, 12 + n, -1, 12] for n in range(steps + 1)], np.float32)
        density = np.linspace(-9, -1, 64, dtype=np.float32).reshape(8, 8)
        arrays["density"] = np.where(known[:, None, None], density, np.nan).astype(np.float32)
        arrays["mass"] = np.where(known, 0.97, np.nan).astype(np.float32)
    values = {"transforms": steps, "features": [0, 1]}
    return m.Answer(
        run="r", view=STAGES, question="flow-stages", epoch=epoch, arrays=arrays, values=values
    )


def place(*, is_exact: bool = True) -> m.Answer:
    places = np.array([[1, 2], [2, 2], [3, 2]], np.float32)
    values = {"log_base": -2.0, "log_det": 0.5, "log_density": -1.5}
    if not is_exact:
        places, values = np.full_like(places, np.nan), dict.fromkeys(values, math.nan)
    return m.Answer(
        run="r",
        view=PLACE,
        question="flow-at",
        epoch=0,
        arrays={"places": places},
        values=values,
    )


def opened(inspector: FlowInspector, **changes: Any) -> Session:
    show(inspector.session, table_run(2, **FLOW, **changes))
    return inspector.session


def test_a_run_that_is_no_flow_is_not_asked(
    inspector: FlowInspector, posted: list[m.Message]
) -> None:
    show(inspector.session, table_run(2))
    assert not count_of(posted, m.Ask)
    assert inspector.note.text() == flow.NO_RUN
    assert not inspector.slider.isVisible()


def test_nothing_is_asked_while_it_is_hidden(
    inspector: FlowInspector, posted: list[m.Message]
) -> None:
    inspector.hide()
    session = opened(inspector)
    session.set_pin(np.array([0.5, 1], np.float32))
    assert not count_of(posted, m.Ask)
    inspector.show()
    assert last(posted, m.Ask, STAGES).epoch == 0
    assert last(posted, m.Ask, PLACE).arguments == {"z": [0.5, 1.0]}


def test_it_waits_for_torch(inspector: FlowInspector) -> None:
    show(inspector.session, table_run(2, **FLOW), ready=False)
    assert inspector.note.text() == WAITING


def test_the_slider_leads_from_x_to_z(inspector: FlowInspector) -> None:
    session = opened(inspector)
    assert inspector.note.text() == flow.ON_THE_WAY
    session.receive(stages())
    assert inspector.slider.maximum() == 2 * FINE
    assert inspector.stage.text() == "x, before the first transform · ∫p = 0.970"
    inspector.slider.setValue(FINE // 2)
    np.testing.assert_allclose(inspector.plot.points.positions[0], [0.5, 1])
    assert inspector.stage.text() == "In transform 1 of 2"
    inspector.slider.setValue(FINE)
    assert inspector.stage.text().startswith("After transform 1 of 2")
    inspector.slider.setValue(2 * FINE)
    np.testing.assert_allclose(inspector.plot.points.positions[0], [2, 1])
    assert inspector.stage.text().startswith("z, after 2 transforms")


def test_switches_show_and_hide(inspector: FlowInspector) -> None:
    opened(inspector).receive(stages())
    assert len(inspector.plot.points.positions) == 6
    assert len(inspector.plot.lines.getData()[0])
    inspector.switches["points"].setChecked(False)
    inspector.switches["lines"].setChecked(False)
    assert not len(inspector.plot.points.positions)
    assert inspector.plot.lines.getData()[0] is None or not len(inspector.plot.lines.getData()[0])
    assert not inspector.plot.density.boundingRect().isEmpty()
    inspector.switches["density"].setChecked(False)
    assert inspector.scale.isVisible()  # what stands below does not jump


def test_a_density_that_is_still_to_come_has_no_integral(inspector: FlowInspector) -> None:
    session = opened(inspector)
    session.receive(stages(densities=0))
    assert inspector.stage.text() == "x, before the first transform"
    assert not inspector.scale.isVisible()
    session.receive(stages(densities=1))
    assert "∫p" in inspector.stage.text()
    assert inspector.scale.isVisible()


def test_of_many_features_it_says_which_are_shown(inspector: FlowInspector) -> None:
    show(inspector.session, table_run(3, latent_dim=3, **FLOW))
    inspector.session.receive(stages(features=3))
    assert inspector.note.text().startswith("feature a0 and feature b1 of 3 features, standardised")
    assert not inspector.switches["lines"].isVisible()
    assert not inspector.switches["density"].isVisible()


def test_pixels_are_named_by_their_place() -> None:
    assert flow.feature_name(image_run((4, 4, 1)), 6) == "pixel (2, 1)"
    assert flow.feature_name(table_run(3), 1) == "feature b1"
    assert flow.feature_name(table_run(3, feature_names=()), 1) == "x2"


def test_the_place_is_read_in_nats_and_moves_along(
    inspector: FlowInspector, posted: list[m.Message]
) -> None:
    session = opened(inspector)
    session.receive(stages())
    session.move_cursor((0.5, 1.0))
    assert last(posted, m.Ask, PLACE).arguments == {"z": [0.5, 1.0]}
    session.receive(place())
    shown = [label.text() for label in inspector.figures.values()]
    assert shown == ["−2.000", "0.5000", "−1.500"]
    inspector.slider.setValue(FINE // 2)
    assert inspector.plot.mark.at is not None
    assert (inspector.plot.mark.at.x(), inspector.plot.mark.at.y()) == (1.5, 2)


def test_a_place_that_cannot_be_inverted_is_not_shown(inspector: FlowInspector) -> None:
    session = opened(inspector)
    session.receive(stages())
    session.receive(place(is_exact=False))
    assert inspector.note.text() == INEXACT
    assert inspector.plot.mark.at is None
    assert [label.text() for label in inspector.figures.values()] == ["–"] * 3
    session.receive(place())
    assert inspector.note.text() == "In standardised units"


def test_another_epoch_is_asked_for_anew(inspector: FlowInspector, posted: list[m.Message]) -> None:
    session = opened(inspector)
    session.receive(stages())
    session.set_playhead(2.0)
    assert last(posted, m.Ask, STAGES).epoch == 2


def test_playing_moves_the_slider_and_ends_with_the_panel(inspector: FlowInspector) -> None:
    opened(inspector).receive(stages())
    inspector.play.click()
    assert inspector._animation.state() == inspector._animation.State.Running
    inspector.hide()
    assert inspector._animation.state() == inspector._animation.State.Stopped


def test_hidden_labels_hide_their_samples(inspector: FlowInspector) -> None:
    session = opened(inspector)
    session.receive(stages())
    session.hide([1])
    assert inspector.plot.points.is_hidden(1)
    assert not inspector.plot.points.is_hidden(0)


def test_an_error_is_told(inspector: FlowInspector) -> None:
    session = opened(inspector)
    session.receive(m.Failed(run="r", where="question", summary="this run keeps no samples"))
    assert inspector.note.text() == "this run keeps no samples"


def test_between_two_stages() -> None:
    made = np.array([[0.0], [2.0], [10.0]], np.float32)
    assert [float(flow.between(made, time)[0]) for time in (0, 0.5, 1, 1.5, 2)] == [0, 1, 2, 6, 10]
    assert float(flow.between(made[:1], 0)[0]) == 0
