"""Paths by mouse and keys on the map: clicks, drawing, handles, what ends and what gives up."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aeviz import messages as m
from aeviz.gui.latent_view import LatentView
from aeviz.gui.layers.path import PathLayer
from aeviz.gui.session import Session
from aeviz.gui.tools.path import PathTool
from tests.gui.map_scene import session_with
from tests.gui.test_latent_view import LEFT, click, place, ranges, view_of
from tests.gui.test_tools import drag

Made = tuple[LatentView, Session]


@pytest.fixture
def made(qapp: QApplication, qtbot: QtBot) -> Made:
    """Row i lies at (i % 10, i // 10); the tool is the path."""
    session, _ = session_with(epochs=4)
    session.set_playhead(4)
    view = view_of(session, qtbot)
    session.set_tool("path")
    return view, session


def layer_of(view: LatentView) -> PathLayer:
    return next(layer for layer in view.layers if isinstance(layer, PathLayer))


def tool_of(view: LatentView) -> PathTool:
    tool = view.hands.tools["path"]
    assert isinstance(tool, PathTool)
    return tool


def latents(session: Session) -> np.ndarray:
    return np.array([anchor.z for anchor in session.route.anchors])


def rows(session: Session) -> list[int]:
    return [anchor.row for anchor in session.route.anchors]


# ── making one ────────────────────────────────────────────────────────────────────────────────


def test_clicks_on_samples_and_places_are_anchors(made: Made, qtbot: QtBot) -> None:
    view, session = made
    before = ranges(view)
    for x, y in ((1.0, 1.0), (4.5, 2.5), (8.0, 3.0)):
        click(view, qtbot, x, y)
    assert rows(session) == [11, -1, 38]
    np.testing.assert_allclose(latents(session), [[1, 1], [4.5, 2.5], [8, 3]], atol=0.05)
    assert ranges(view) == before
    assert session.selection.size == 0
    marks = layer_of(view).marks
    assert marks.isVisible()
    np.testing.assert_allclose(marks.handles, latents(session), atol=1e-6)
    assert len(marks.steps) == session.route.steps
    view.plot.grab()


def test_a_click_on_the_line_puts_an_anchor_between(made: Made, qtbot: QtBot) -> None:
    view, session = made
    click(view, qtbot, 1.0, 2.5)
    click(view, qtbot, 5.0, 2.5)
    click(view, qtbot, 3.5, 2.5)
    np.testing.assert_allclose(latents(session)[:, 0], [1, 3.5, 5], atol=0.05)


def test_the_first_click_after_the_end_begins_another_path(made: Made, qtbot: QtBot) -> None:
    view, session = made
    click(view, qtbot, 1.0, 1.0)
    click(view, qtbot, 4.0, 4.0)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    click(view, qtbot, 8.0, 1.0)
    assert rows(session) == [18]


def test_a_double_click_is_the_last_anchor(made: Made, qtbot: QtBot) -> None:
    view, session = made
    click(view, qtbot, 1.0, 1.0)
    before, viewport = ranges(view), view.plot.viewport()
    at = place(view, 4.5, 3.5)
    click(view, qtbot, 4.5, 3.5)
    qtbot.mouseDClick(viewport, LEFT, pos=at)
    qtbot.mouseRelease(viewport, LEFT, pos=at)
    assert not tool_of(view).is_open
    assert rows(session) == [11, -1]
    assert ranges(view) == before


def test_esc_gives_up_what_is_under_way_and_leaves_what_has_ended(made: Made, qtbot: QtBot) -> None:
    view, session = made
    click(view, qtbot, 1.0, 1.0)
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert not session.route.anchors
    click(view, qtbot, 1.0, 1.0)
    click(view, qtbot, 4.0, 4.0)
    session.set_tool("inspect")
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert session.route.is_path


def test_a_drag_draws_a_line_between_two_samples(made: Made, qtbot: QtBot) -> None:
    view, session = made
    drag(view, qtbot, place(view, 1.0, 1.0), place(view, 6.0, 4.0))
    assert session.route.method == "freehand"
    assert rows(session) == [11, 46]
    assert session.route.line is not None
    np.testing.assert_allclose(session.route.line[[0, -1]], [[1, 1], [6, 4]], atol=0.05)


def test_esc_while_drawing_brings_the_path_before_back(made: Made, qtbot: QtBot) -> None:
    view, session = made
    click(view, qtbot, 1.0, 1.0)
    click(view, qtbot, 4.0, 4.0)
    viewport, start = view.plot.viewport(), place(view, 7.5, 1.5)
    qtbot.mousePress(viewport, LEFT, pos=start)
    for step in (20, 40, 60):
        qtbot.mouseMove(viewport, start - QPoint(0, step))
    assert session.route.method == "freehand"
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert rows(session) == [11, 44]
    assert session.route.method == "straight"
    qtbot.mouseRelease(viewport, LEFT, pos=start - QPoint(0, 60))
    assert rows(session) == [11, 44]


# ── changing one ──────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def path(made: Made, qtbot: QtBot) -> Made:
    """A path from row 11 to row 44, and the tool that was there before."""
    view, session = made
    click(view, qtbot, 1.0, 1.0)
    click(view, qtbot, 4.0, 4.0)
    session.set_tool("inspect")
    return made


def test_a_handle_is_dragged_with_every_tool_and_may_be_dropped_on_a_sample(
    path: Made, qtbot: QtBot
) -> None:
    view, session = path
    drag(view, qtbot, place(view, 4.0, 4.0), place(view, 6.5, 2.5))
    assert rows(session) == [11, -1]
    np.testing.assert_allclose(latents(session)[1], [6.5, 2.5], atol=0.05)
    drag(view, qtbot, place(view, 6.5, 2.5), place(view, 7.0, 3.0))
    assert rows(session) == [11, 37]
    assert session.selection.size == 0


def test_a_click_on_a_handle_pins_its_latent_and_a_right_click_takes_it_away(
    path: Made, qtbot: QtBot
) -> None:
    view, session = path
    click(view, qtbot, 4.0, 4.0)
    assert session.pin is not None
    assert session.pin.tolist() == [4, 4]
    assert rows(session) == [11, 44]
    view.plot.menu_asked.emit(view.plot.viewport().mapToGlobal(place(view, 4.0, 4.0)))
    assert rows(session) == [11]


def test_the_cursor_says_where_a_handle_is(path: Made, qtbot: QtBot) -> None:
    view, _ = path
    viewport = view.plot.viewport()
    qtbot.mouseMove(viewport, place(view, 4.0, 4.0))
    assert viewport.cursor().shape() == Qt.CursorShape.PointingHandCursor
    qtbot.mouseMove(viewport, place(view, 7.5, 1.5))
    assert viewport.cursor().shape() == Qt.CursorShape.CrossCursor


def test_keys_move_and_remove_the_anchor_that_was_touched_last(path: Made, qtbot: QtBot) -> None:
    view, session = path
    session.set_tool("path")
    click(view, qtbot, 1.0, 1.0)
    qtbot.keyClick(view.plot, Qt.Key.Key_Right)
    assert latents(session)[0][0] > 1.0
    assert rows(session)[0] == -1
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert rows(session) == [44]


def test_handles_of_samples_move_with_the_epochs_and_those_of_places_with_the_map(
    made: Made, qtbot: QtBot
) -> None:
    view, session = made
    click(view, qtbot, 4.0, 1.0)
    click(view, qtbot, 4.5, 2.5)
    session.set_playhead(2)
    handles = layer_of(view).marks.handles
    np.testing.assert_allclose(handles[0], session.epochs[2].positions[14])
    np.testing.assert_allclose(handles[1], [4.5, 2.5], atol=0.05)


def test_the_stand_goes_along_the_path_and_a_cleared_path_leaves_nothing(path: Made) -> None:
    view, session = path
    layer = layer_of(view)
    session.route.set_at(1.0)
    at = layer.stand.at
    assert at is not None
    assert (at.x(), at.y()) == (4, 4)
    session.route.clear()
    assert not layer.marks.isVisible()
    assert layer.stand.at is None


def test_a_path_without_weights_is_drawn_and_asks_nothing(qapp: QApplication, qtbot: QtBot) -> None:
    session, posted = session_with(epochs=2, decodes=False)
    view = view_of(session, qtbot)
    session.set_tool("path")
    click(view, qtbot, 0.1, 0.1)
    click(view, qtbot, 0.5, 0.4)
    session.route.set_method("geodesic")
    assert not any(isinstance(message, m.Ask) for message in posted)
    assert [line.is_sure for line in layer_of(view).marks.lines] == [False]
    view.plot.grab()
