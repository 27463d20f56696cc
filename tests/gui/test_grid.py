"""The grid: its cells, where they lie on the map, what is asked and when."""

from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aeviz import messages as m
from aeviz.geometry import prior_quantiles
from aeviz.gui.inspectors.grid import NO_RUN, ONE, VIEW, GridInspector
from aeviz.gui.latent_view import LatentView
from aeviz.gui.session import Session
from aeviz.gui.sweep import VIEW as SWEEP
from aeviz.gui.sweep import Cells, sweep_of
from tests.gui.inspector_setup import count_of, image_run, last, show, table_run
from tests.gui.test_latent_view import view_of

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def posted() -> list[m.Message]:
    return []


@pytest.fixture
def session(qapp: QApplication, posted: list[m.Message]) -> Session:
    return Session(posted.append)


@pytest.fixture
def view(session: Session, qtbot: QtBot) -> LatentView:
    """A map of the run with the layer on."""
    made = view_of(session, qtbot)
    show(session, image_run())
    session.layers.show("grid")
    return made


def answer(session: Session, request: m.Decode, known: int | None = None) -> None:
    """The decodes of a request: image i is grey of level i; from `known` on still to come."""
    count = len(request.z)
    levels = np.arange(count) % 200 + 20
    pictures = np.repeat(levels, 16).reshape(count, 4, 4, 1).astype(np.uint8)
    values = pictures / np.float32(255)
    if known is not None:
        values[known:] = np.nan
    session.receive(
        m.Decoded(run="r", view=request.view, z=request.z, epoch=request.epoch,
                  asked=request.epoch, values=values, pictures=pictures,
                  condition=request.condition)
    )  # fmt: skip


# ── cells ─────────────────────────────────────────────────────────────────────────────────────


def test_cells_are_square_cover_the_region_and_lie_at_multiples_of_their_side() -> None:
    cells = Cells((-1.3, 2.7, 0.1, 1.9), 10)
    assert cells.side == pytest.approx(0.4)
    left, right, low, high = cells.region
    assert (left, high) == (pytest.approx(-1.6), pytest.approx(2.0))
    assert left <= -1.3
    assert right >= 2.7
    assert low <= 0.1
    assert high >= 1.9
    middles = cells.middles
    assert len(middles) == cells.rows * cells.columns
    np.testing.assert_allclose(middles[0], [left + 0.2, high - 0.2], atol=1e-6)
    for number in (0, 7, len(middles) - 1):
        assert cells.at(*middles[number].tolist()) == number
    assert cells.at(5.0, 0.0) == -1


def test_quantiles_of_the_prior_are_equally_likely() -> None:
    z = prior_quantiles(5, 5)
    normal = NormalDist()
    shares = [normal.cdf(float(value)) for value in z[:5, 0]]
    np.testing.assert_allclose(shares, [0.1, 0.3, 0.5, 0.7, 0.9], atol=1e-6)
    assert z[0, 1] > z[-1, 1]


# ── on the map ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("zoom", [1.0, 0.31, 2.7])
def test_every_cell_lies_on_the_map_where_its_latents_are(
    zoom: float, view: LatentView, session: Session, posted: list[m.Message], qtbot: QtBot
) -> None:
    view.plot.box.scaleBy((zoom, zoom))
    layer = next(layer for layer in view.layers if layer.name == "grid")
    sweep = sweep_of(session)
    qtbot.waitUntil(lambda: not sweep._timer.isActive())
    answer(session, last(posted, m.Decode, SWEEP))
    cells = sweep.cells
    assert cells is not None
    layer.item.opacity_of_image = 1.0  # type: ignore[attr-defined]
    shown = view.plot.grab().toImage()
    left, _, _, high = cells.region
    for column in (3, 4, 5):
        for row in (3, 4):
            corner = QPointF(left + column * cells.side, high - row * cells.side)
            edge = view.plot.box.mapViewToScene(corner)
            level = (row * cells.columns + column) % 200 + 20
            for across, own in ((1, level), (-2, level - 1)):
                pixel = shown.pixelColor(round(edge.x()) + across, round(edge.y()) + 3)
                assert abs(pixel.red() - own) <= 1


def test_a_zoom_asks_anew_and_keeps_what_is_shown_until_then(
    view: LatentView, session: Session, posted: list[m.Message], qtbot: QtBot
) -> None:
    sweep = sweep_of(session)
    qtbot.waitUntil(lambda: not sweep._timer.isActive())
    first = last(posted, m.Decode, SWEEP)
    answer(session, first)
    before = sweep.cells
    view.plot.box.scaleBy((0.2, 0.2))
    assert sweep.cells is before
    qtbot.waitUntil(lambda: last(posted, m.Decode, SWEEP) is not first)
    answer(session, first)  # too late
    assert sweep.cells is before
    answer(session, last(posted, m.Decode, SWEEP), known=3)
    assert sweep.cells is not before
    assert sweep.missing.tolist()[:5] == [False, False, False, True, True]


def test_nothing_is_asked_while_nobody_looks(
    session: Session, posted: list[m.Message], qtbot: QtBot
) -> None:
    view = view_of(session, qtbot)
    show(session, image_run())
    view.plot.box.scaleBy((0.5, 0.5))
    assert not sweep_of(session)._timer.isActive()
    assert not [message for message in posted if getattr(message, "view", "") == SWEEP]
    session.layers.show("grid")
    assert last(posted, m.Decode, SWEEP).epoch == session.epoch


def test_the_grid_follows_epoch_and_switching_off_ends_it(
    view: LatentView, session: Session, posted: list[m.Message]
) -> None:
    session.set_playhead(2)
    assert last(posted, m.Decode, SWEEP).epoch == 2
    session.layers.show("grid", False)
    asked = count_of(posted, m.Decode)
    session.set_playhead(1)
    assert count_of(posted, m.Decode) == asked
    layer = next(layer for layer in view.layers if layer.name == "grid")
    assert layer.item.image.isNull()  # type: ignore[attr-defined]


def test_profiles_of_a_table_are_drawn_too(
    session: Session, posted: list[m.Message], qtbot: QtBot
) -> None:
    view = view_of(session, qtbot)
    show(session, table_run())
    session.layers.show("grid")
    request = last(posted, m.Decode, SWEEP)
    values = np.ones((len(request.z), 3), np.float32)
    session.receive(
        m.Decoded(run="r", view=SWEEP, z=request.z, epoch=0, asked=0, values=values, pictures=None)
    )
    layer = next(layer for layer in view.layers if layer.name == "grid")
    assert not layer.item.image.isNull()  # type: ignore[attr-defined]
    view.grab()


# ── the panel ─────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def panel(session: Session, qtbot: QtBot) -> GridInspector:
    made = GridInspector(session)
    qtbot.addWidget(made)
    made.resize(300, 420)
    made.show()
    return made


def test_a_click_goes_to_the_latent_of_the_cell(
    session: Session, posted: list[m.Message], panel: GridInspector, qtbot: QtBot
) -> None:
    show(session, image_run())
    sweep_of(session).set_region((0.0, 3.0, 0.0, 3.0))
    qtbot.waitUntil(lambda: not sweep_of(session)._timer.isActive())
    answer(session, last(posted, m.Decode, SWEEP))
    panel.grab()
    sheet, cells = panel.sheet, sweep_of(session).cells
    assert cells is not None
    side = sheet.width() / cells.columns
    qtbot.mouseClick(sheet, LEFT, pos=QPoint(round(2.5 * side), round(0.5 * side)))
    assert session.pin is not None
    np.testing.assert_allclose(session.pin, cells.middles[2], atol=1e-6)


def test_the_prior_is_offered_where_it_is_a_standard_normal_of_two_dimensions(
    session: Session, posted: list[m.Message], panel: GridInspector
) -> None:
    show(session, image_run())
    assert not panel.over.model().item(1).isEnabled()  # type: ignore[attr-defined]
    show(session, image_run(abilities=("prior",)))
    panel.over.setCurrentIndex(1)
    panel.over.activated.emit(1)
    request = last(posted, m.Decode, VIEW)
    np.testing.assert_array_equal(request.z, prior_quantiles(15, 15))
    answer(session, request)
    panel.sheet.cell_chosen.emit(0)
    assert session.pin is not None
    np.testing.assert_array_equal(session.pin, request.z[0])


def test_it_says_why_there_is_nothing(session: Session, panel: GridInspector) -> None:
    assert panel.note.text() == NO_RUN
    show(session, image_run(latent_dim=1))
    assert panel.note.text() == ONE
    assert not panel.save.isEnabled()


def test_button_and_menu_switch_the_same_layer(session: Session, panel: GridInspector) -> None:
    panel.layer.click()
    assert "grid" in session.layers.shown
    session.layers.show("grid", False)
    assert not panel.layer.isChecked()


def test_the_grid_is_saved_as_a_picture(
    session: Session, posted: list[m.Message], panel: GridInspector, tmp_path: Path, qtbot: Any
) -> None:
    show(session, image_run())
    sweep_of(session).set_region((0.0, 3.0, 0.0, 3.0))
    qtbot.waitUntil(lambda: not sweep_of(session)._timer.isActive())
    answer(session, last(posted, m.Decode, SWEEP))
    panel.save_picture(tmp_path / "grid")
    assert QImage(str(tmp_path / "grid.png")).width() >= 1200


def test_the_values_of_the_grid_are_those_of_its_cells(
    session: Session, posted: list[m.Message], panel: GridInspector, tmp_path: Path, qtbot: Any
) -> None:
    show(session, image_run())
    sweep = sweep_of(session)
    sweep.set_region((0.0, 3.0, 0.0, 3.0))
    qtbot.waitUntil(lambda: not sweep._timer.isActive())
    request = last(posted, m.Decode, SWEEP)
    answer(session, request)
    panel.save_values(tmp_path / "grid.npz")
    asked = last(posted, m.ExportRun)
    np.testing.assert_array_equal(asked.options["z"], request.z)
    assert sweep.cells is not None
    assert asked.options["columns"]["column"].max() == sweep.cells.columns - 1
