"""Lasso and rectangle select what lies inside, add and take out, and leave hidden samples alone."""

import time

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aeviz import geometry
from aeviz.gui.latent_view import LatentView
from aeviz.gui.session import Session
from tests.gui.map_scene import session_with
from tests.gui.test_latent_view import LEFT, place, view_of

Made = tuple[LatentView, Session]
NONE, SHIFT, CTRL = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
)


@pytest.fixture
def made(qapp: QApplication, qtbot: QtBot) -> Made:
    """A view of 60 points, row i at (i % 10, i // 10)."""
    session, _ = session_with(epochs=4)
    session.set_playhead(4)
    return view_of(session, qtbot), session


def drag(
    view: LatentView,
    qtbot: QtBot,
    corners: list[tuple[float, float]],
    keys: Qt.KeyboardModifier = NONE,
) -> None:
    viewport = view.plot.viewport()
    places: list[QPoint] = [place(view, *corner) for corner in corners]
    qtbot.mousePress(viewport, LEFT, keys, places[0])
    for spot in places[1:]:
        qtbot.mouseMove(viewport, spot)
    qtbot.mouseRelease(viewport, LEFT, keys, places[-1])


def test_a_rectangle_selects_what_lies_in_it(made: Made, qtbot: QtBot) -> None:
    view, session = made
    session.set_tool("rectangle")
    drag(view, qtbot, [(1.5, 0.5), (3.5, 2.5)])
    assert session.selection.tolist() == [12, 13, 22, 23]


def test_shift_adds_and_ctrl_takes_out(made: Made, qtbot: QtBot) -> None:
    view, session = made
    session.set_tool("rectangle")
    drag(view, qtbot, [(1.5, 0.5), (3.5, 1.5)])
    drag(view, qtbot, [(7.5, 0.5), (8.5, 1.5)], SHIFT)
    assert session.selection.tolist() == [12, 13, 18]
    drag(view, qtbot, [(2.5, 0.5), (3.5, 1.5)], CTRL)
    assert session.selection.tolist() == [12, 18]


def test_a_lasso_selects_inside_its_line(made: Made, qtbot: QtBot) -> None:
    view, session = made
    session.set_tool("lasso")
    # A triangle around the corner (0, 0): rows 0, 1, 2, 10, 11 and 20.
    drag(view, qtbot, [(-0.2, -0.2), (2.7, -0.2), (-0.2, 2.7)])
    assert session.selection.tolist() == [0, 1, 2, 10, 11, 20]
    assert view.hands.tool.outline.corners == []  # type: ignore[attr-defined]


def test_hidden_samples_are_not_selected(made: Made, qtbot: QtBot) -> None:
    view, session = made
    session.hide([0])
    session.set_tool("rectangle")
    drag(view, qtbot, [(-0.2, -0.2), (3.5, 0.5)])
    assert session.selection.tolist() == [1, 2]


def test_a_click_selects_one_and_beside_all_none(made: Made, qtbot: QtBot) -> None:
    view, session = made
    session.set_tool("lasso")
    drag(view, qtbot, [(4, 1)])
    assert session.selection.tolist() == [14]
    drag(view, qtbot, [(4.5, 1.5)])
    assert session.selection.size == 0


def test_esc_gives_an_area_up(made: Made, qtbot: QtBot) -> None:
    view, session = made
    session.set_tool("rectangle")
    viewport = view.plot.viewport()
    qtbot.mousePress(viewport, LEFT, NONE, place(view, 1.5, 0.5))
    qtbot.mouseMove(viewport, place(view, 3.5, 2.5))
    view.grab()
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    qtbot.mouseRelease(viewport, LEFT, NONE, place(view, 3.5, 2.5))
    assert session.selection.size == 0


# ── the mathematics ───────────────────────────────────────────────────────────────────────────


def test_inside_follows_the_even_odd_rule() -> None:
    star = [(np.cos(a), np.sin(a)) for a in np.pi / 2 + np.arange(5) * 4 * np.pi / 5]
    positions = np.array([[0, 0], [0, 0.8], [0.9, 0.9], [np.nan, 0]], np.float32)
    assert geometry.inside(positions, np.array(star)).tolist() == [False, True, False, False]


def test_inside_a_concave_polygon() -> None:
    shape = np.array([[0, 0], [4, 0], [4, 4], [2, 1], [0, 4]], float)
    positions = np.array([[2, 0.5], [2, 2], [0.5, 2], [3.5, 2]], float)
    assert geometry.inside(positions, shape).tolist() == [True, False, True, True]


def test_inside_agrees_with_a_direct_count() -> None:
    random = np.random.default_rng(0)
    shape, positions = random.uniform(-1, 1, (12, 2)), random.uniform(-1, 1, (500, 2))
    counted = np.zeros(500, int)
    for (x0, y0), (x1, y1) in zip(shape, np.roll(shape, -1, axis=0), strict=True):
        between = (positions[:, 1] >= min(y0, y1)) & (positions[:, 1] < max(y0, y1))
        crossing = x0 + (positions[:, 1] - y0) * (x1 - x0) / (y1 - y0)
        counted += between & (positions[:, 0] < crossing)
    np.testing.assert_array_equal(geometry.inside(positions, shape), counted % 2 == 1)


def test_a_million_points_are_selected_in_well_under_a_second() -> None:
    positions = np.random.default_rng(0).normal(size=(1_000_000, 2)).astype(np.float32)
    angles = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    shape = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    begun = time.perf_counter()
    found = geometry.inside(positions, shape)
    assert time.perf_counter() - begun < 3.0  # 0.2 s alone; room for a loaded machine
    assert found.mean() == pytest.approx(1 - np.exp(-0.5), abs=0.005)


def test_a_click_with_ctrl_selects_the_samples_of_a_row_that_are_not_hidden(
    made: Made, qtbot: QtBot
) -> None:
    view, session = made
    masked = np.zeros(60, bool)
    masked[1] = True
    session.mask(masked)
    rows = view.legend.rows
    middle = rows.row_rect(1).center()
    qtbot.mouseClick(rows, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, middle)
    assert session.selection.tolist() == list(range(4, 60, 3))
    assert not session.hidden


def test_selecting_a_million_rows_in_order_does_not_sort_them(qapp: QApplication) -> None:
    session, _ = session_with(epochs=0)
    rows = np.arange(1_000_000)
    began = time.perf_counter()
    session.select(rows)
    assert time.perf_counter() - began < 0.3
    session.select(np.array([5, 3, 3]))
    assert session.selection.tolist() == [3, 5]
