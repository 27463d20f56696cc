import gc
import weakref

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aeviz import messages as m
from aeviz.gui import theme
from aeviz.gui.latent_view import LatentView, axis_titles
from aeviz.gui.map_notes import FIRST, NO_RUN, NOTHING, note_on
from aeviz.gui.session import Session
from tests.gui.map_scene import epoch_done, fill, run_opened, session_with

LEFT = Qt.MouseButton.LeftButton
Made = tuple[LatentView, Session]


def view_of(session: Session, qtbot: QtBot) -> LatentView:
    view = LatentView(session)
    qtbot.addWidget(view)
    view.resize(700, 500)
    view.show()
    QApplication.processEvents()
    return view


@pytest.fixture
def made(qapp: QApplication, qtbot: QtBot) -> Made:
    """A view of 60 points, row i at (i % 10, i // 10)."""
    session, _ = session_with(epochs=4)
    session.set_playhead(4)
    return view_of(session, qtbot), session


def place(view: LatentView, x: float, y: float) -> QPoint:
    """Where a position of the map lies in the plot's viewport."""
    return view.plot.mapFromScene(view.plot.box.mapViewToScene(QPointF(x, y)))


def click(view: LatentView, qtbot: QtBot, x: float, y: float) -> None:
    # Far apart in time, so that two clicks are no double-click.
    view.plot.scene().lastClick = None
    view.plot.scene().clickEvents.clear()
    qtbot.mouseClick(view.plot.viewport(), LEFT, pos=place(view, x, y))


def ranges(view: LatentView) -> list[float]:
    (left, right), (low, high) = view.plot.box.viewRange()
    return [left, right, low, high]


def colour_at(view: LatentView, x: float, y: float) -> QColor:
    """The colour of the map's middle pixel at a position."""
    return QColor(view.plot.viewport().grab().toImage().pixelColor(place(view, x, y)))


def test_where_many_are_selected_the_others_fade_and_stay_in_reach(
    qapp: QApplication, qtbot: QtBot
) -> None:
    theme.apply(qapp, "light")
    session, _ = session_with(epochs=4, count=100)
    session.set_playhead(4)
    view = view_of(session, qtbot)
    before = colour_at(view, 3, 2), colour_at(view, 3, 8)
    session.select(np.arange(80))
    assert view.plot.rings.positions.size == 0
    assert colour_at(view, 3, 2).lightnessF() == pytest.approx(before[0].lightnessF(), abs=0.02)
    faded = colour_at(view, 3, 8)
    assert faded.lightnessF() > before[1].lightnessF() + 0.2
    assert faded != QColor(theme.LIGHT.surface)
    qtbot.mouseMove(view.plot.viewport(), place(view, 3.0, 8.0))
    assert session.hovered == 83
    session.select(np.arange(3))
    assert colour_at(view, 3, 8) == before[1]
    assert len(view.plot.rings.positions) == 3


# ── pointing ──────────────────────────────────────────────────────────────────────────────────


def test_the_mouse_moves_the_cursor_and_finds_the_sample(made: Made, qtbot: QtBot) -> None:
    view, session = made
    qtbot.mouseMove(view.plot.viewport(), place(view, 3.0, 2.0))
    assert session.hovered == 23
    assert session.cursor is not None
    np.testing.assert_allclose(session.cursor, [3, 2], atol=0.05)
    assert view.plot.ring.isVisible()
    qtbot.mouseMove(view.plot.viewport(), place(view, 3.5, 2.5))
    assert session.hovered == -1
    assert not view.plot.ring.isVisible()


def test_beside_the_axes_and_outside_there_is_no_cursor(made: Made, qtbot: QtBot) -> None:
    view, session = made
    qtbot.mouseMove(view.plot.viewport(), place(view, 3.0, 2.0))
    qtbot.mouseMove(view.plot.viewport(), QPoint(3, 100))
    assert session.cursor is None
    assert session.hovered == -1


def test_a_click_on_a_sample_selects_it_and_pins_its_latent(made: Made, qtbot: QtBot) -> None:
    view, session = made
    click(view, qtbot, 4.02, 1.03)
    assert session.selection.tolist() == [14]
    assert session.pin is not None
    assert session.pin.tolist() == [4.0, 1.0]
    assert view.plot.pin.at == QPointF(4, 1)
    assert view.plot.rings.positions.tolist() == [[4.0, 1.0]]


def test_a_click_beside_samples_pins_the_place_and_selects_none(made: Made, qtbot: QtBot) -> None:
    view, session = made
    click(view, qtbot, 4.0, 1.0)
    click(view, qtbot, 4.5, 1.5)
    assert session.selection.size == 0
    assert session.pin is not None
    np.testing.assert_allclose(session.pin, [4.5, 1.5], atol=0.05)


def test_beyond_two_dimensions_a_sample_is_selected_and_no_latent_pinned(
    qapp: QApplication, qtbot: QtBot
) -> None:
    session, _ = session_with(dimensions=5)
    session.set_playhead(4)
    view = view_of(session, qtbot)
    click(view, qtbot, 2.5, 2.5)
    assert session.pin is not None
    assert session.pin.shape == (5,)
    click(view, qtbot, 4.0, 1.0)
    assert session.selection.tolist() == [14]
    assert session.pin is None


def test_the_selected_latent_is_the_one_of_the_whole_epoch(made: Made, qtbot: QtBot) -> None:
    view, session = made
    session.set_playhead(2.5)
    between = view.plot.points.positions[14].tolist()
    view.reset()
    click(view, qtbot, between[0], between[1])
    assert session.selection.tolist() == [14]
    assert session.pin is not None
    np.testing.assert_allclose(session.pin, session.epochs[2].positions[14])


def test_hidden_samples_are_neither_hovered_nor_clicked(made: Made, qtbot: QtBot) -> None:
    view, session = made
    session.hide([14 % 3])
    qtbot.mouseMove(view.plot.viewport(), place(view, 4.0, 1.0))
    assert session.hovered == -1
    click(view, qtbot, 4.0, 1.0)
    assert session.selection.size == 0


def test_a_double_click_shows_everything_and_leaves_pin_and_selection(
    made: Made, qtbot: QtBot
) -> None:
    view, session = made
    click(view, qtbot, 4.0, 1.0)
    before = ranges(view)
    view.plot.box.scaleBy((0.2, 0.2))
    view.plot.moved_by_hand.emit()
    spot = place(view, 4.5, 2.5)
    view.plot.scene().clickEvents.clear()
    qtbot.mouseClick(view.plot.viewport(), LEFT, pos=spot)
    qtbot.mouseDClick(view.plot.viewport(), LEFT, pos=spot)
    qtbot.mouseRelease(view.plot.viewport(), LEFT, pos=spot)
    assert ranges(view) == pytest.approx(before)
    assert session.selection.tolist() == [14]
    assert session.pin is not None
    assert session.pin.tolist() == [4.0, 1.0]


def test_a_double_click_in_another_run_brings_nothing_of_the_first_back(
    made: Made, qtbot: QtBot
) -> None:
    view, session = made
    session.select([50])
    click(view, qtbot, 4.0, 1.0)
    session.receive(m.RunOpened(**{**vars(run_opened(5, dimensions=3)), "run": "other"}))
    view.plot.double_clicked.emit(QPointF(4, 1), 14)
    assert session.selection.size == 0
    assert session.pin is None


def test_dragging_pans_and_selects_nothing(made: Made, qtbot: QtBot) -> None:
    view, session = made
    before = ranges(view)
    start, end = QPoint(200, 200), QPoint(300, 240)
    qtbot.mousePress(view.plot.viewport(), LEFT, pos=start)
    for step in range(1, 6):
        qtbot.mouseMove(view.plot.viewport(), start + (end - start) * step / 5)
    qtbot.mouseRelease(view.plot.viewport(), LEFT, pos=end)
    after = ranges(view)
    assert after[0] < before[0]
    assert session.selection.size == 0


# ── keys ──────────────────────────────────────────────────────────────────────────────────────


def test_arrows_nudge_the_pin_and_shift_goes_farther(made: Made, qtbot: QtBot) -> None:
    view, session = made
    session.set_pin(np.array([1.0, 1.0], np.float32))
    qtbot.keyClick(view.plot, Qt.Key.Key_Right)
    assert session.pin is not None
    step = float(session.pin[0]) - 1
    assert step > 0
    assert session.pin[1] == 1
    qtbot.keyClick(view.plot, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert float(session.pin[1]) - 1 == pytest.approx(10 * step, rel=1e-3)


def test_an_arrow_pins_the_middle_where_nothing_is_pinned(made: Made, qtbot: QtBot) -> None:
    view, session = made
    qtbot.keyClick(view.plot, Qt.Key.Key_Left)
    assert session.pin is not None
    np.testing.assert_allclose(session.pin, [4.5, 2.5], atol=0.1)


def test_escape_takes_pin_and_selection_away(made: Made, qtbot: QtBot) -> None:
    view, session = made
    click(view, qtbot, 4.0, 1.0)
    qtbot.keyClick(view.plot, Qt.Key.Key_Escape)
    assert session.pin is None
    assert session.selection.size == 0
    assert not view.plot.pin.isVisible()


def test_home_shows_everything_after_zooming_by_keys(made: Made, qtbot: QtBot) -> None:
    view, _ = made
    before = ranges(view)
    qtbot.keyClick(view.plot, Qt.Key.Key_Plus)
    assert ranges(view)[0] > before[0]
    view.reset_action.trigger()
    assert ranges(view) == pytest.approx(before)


# ── time ──────────────────────────────────────────────────────────────────────────────────────


def test_points_lie_between_two_epochs_in_a_buffer_that_is_reused(made: Made) -> None:
    view, session = made
    session.set_playhead(1.5)
    first = view.plot.points.positions
    expected = (session.epochs[1].positions + session.epochs[2].positions) / 2
    np.testing.assert_allclose(first, expected, rtol=1e-5)
    session.set_playhead(1.75)
    assert view.plot.points.positions is first
    assert session.epochs[1].positions[59, 0] == pytest.approx(9 * 0.325)


def test_the_view_grows_with_the_points_and_never_shrinks_by_itself(
    qapp: QApplication, qtbot: QtBot
) -> None:
    session, _ = session_with(epochs=0)
    view = view_of(session, qtbot)
    widths = []
    for epoch in range(1, 5):
        session.receive(epoch_done(epoch))
        for share in np.linspace(0, 1, 12):
            session.set_playhead(epoch - 1 + float(share))
            left, right, low, high = ranges(view)
            points = view.plot.points.positions
            assert left <= points[:, 0].min() <= points[:, 0].max() <= right
            assert low <= points[:, 1].min() <= points[:, 1].max() <= high
            widths.append(right - left)
    assert widths == sorted(widths)
    session.set_playhead(0)
    assert ranges(view)[1] - ranges(view)[0] == pytest.approx(widths[-1])
    view.reset()
    assert ranges(view)[1] - ranges(view)[0] < widths[-1] / 4


def test_an_opened_run_fills_the_view(made: Made) -> None:
    view, _ = made
    left, right, low, high = ranges(view)
    area = view.plot.box.boundingRect()
    assert (right - left) / (high - low) == pytest.approx(area.width() / area.height(), rel=0.01)
    filled = max(9 / (right - left), 5 / (high - low))
    assert 0.85 < filled <= 1


def test_who_has_zoomed_is_not_moved_by_the_epochs(made: Made) -> None:
    view, session = made
    view.plot.box.scaleBy((0.3, 0.3))
    view.plot.moved_by_hand.emit()
    before = ranges(view)
    session.set_playhead(0)
    session.set_playhead(3.5)
    assert ranges(view) == before


def test_pin_and_rings_go_with_the_epochs(made: Made) -> None:
    view, session = made
    session.select([14])
    session.set_playhead(0)
    np.testing.assert_allclose(view.plot.rings.positions, session.epochs[0].positions[[14]])


# ── colours and words ─────────────────────────────────────────────────────────────────────────


def test_labels_are_hidden_by_the_legend_through_the_session(made: Made) -> None:
    view, session = made
    view.legend.rows.toggle(1)
    assert session.hidden == {1}
    session.hide([])
    assert view.legend.rows.hidden == frozenset()


def test_parts_are_coloured_and_hidden_without_touching_labels(made: Made) -> None:
    view, session = made
    session.set_colour("part")
    assert [group.name for group in view.legend.rows.groups] == ["training", "validation"]
    view.legend.rows.toggle(0)
    assert session.hidden == frozenset()
    assert view.plot.points.is_hidden(0)
    assert not view.plot.points.is_hidden(9)
    session.set_colour("label")
    assert not view.plot.points.is_hidden(0)


def test_light_and_dark_are_followed_live(made: Made) -> None:
    view, _ = made
    for colours in (theme.DARK, theme.LIGHT):
        view.setPalette(theme.palette(colours))
        QApplication.processEvents()
        assert view.plot.backgroundBrush().color() == QColor(colours.surface)
        assert view.plot.pin.colours is colours
        corner = view.grab().toImage().pixelColor(view.width() - 3, view.height() - 3)
        assert corner == QColor(colours.surface)


def test_the_corner_says_the_epoch_and_what_the_picture_hides() -> None:
    session, _ = session_with(epochs=2)
    session.set_playhead(2)
    assert note_on(session, True) == ("Epoch 2",)
    assert "scale" in note_on(session, False)[-1]
    deep, _ = session_with(dimensions=16, total=1000)
    lines = note_on(deep, True)
    assert "principal axes of 16 dimensions" in lines[1]
    assert lines[3] == "Showing 60 of 1,000 samples, at random"
    flat, _ = session_with(dimensions=1)
    assert "height" in note_on(flat, True)[1]


def test_an_empty_map_says_what_to_do(qapp: QApplication, qtbot: QtBot) -> None:
    session = Session(post=[].append)
    view = view_of(session, qtbot)
    assert view.empty.words == NO_RUN
    assert view.empty.isVisible()
    assert not view.legend.isVisible()
    session.receive(run_opened(status="training"))
    assert view.empty.words == FIRST
    session.receive(run_opened(status="stopped"))
    assert view.empty.words == NOTHING
    assert not view.grab().isNull()
    fill(session)
    assert not view.empty.isVisible()
    assert view.legend.isVisible()


def test_the_aspect_can_be_unlocked_and_then_it_is_said(made: Made) -> None:
    view, _ = made
    view.aspect_action.setChecked(False)
    left, right, low, high = ranges(view)
    assert 9 / (right - left) == pytest.approx(5 / (high - low), rel=0.02)
    assert any("own scale" in line for line in view.plot.note.lines)
    view.aspect_action.setChecked(True)
    assert not any("own scale" in line for line in view.plot.note.lines)


def test_the_axes_are_named_by_what_they_are() -> None:
    assert axis_titles(2) == ("z₁", "z₂")
    assert axis_titles(10) == ("PC 1", "PC 2")


# ── odd runs ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("count", [1, 2])
def test_a_run_of_very_few_samples_is_shown(qapp: QApplication, qtbot: QtBot, count: int) -> None:
    session, _ = session_with(count=count)
    view = view_of(session, qtbot)
    session.set_playhead(2.3)
    assert not view.grab().isNull()


def test_positions_that_are_not_finite_or_all_the_same_are_borne(
    qapp: QApplication, qtbot: QtBot
) -> None:
    session = Session(post=[].append)
    view = view_of(session, qtbot)
    session.receive(run_opened())
    for epoch, value in enumerate((np.nan, 0.0, 1e30, np.inf)):
        session.receive(epoch_done(epoch, positions=np.full((60, 2), value, np.float32)))
        session.set_playhead(epoch)
        view.reset()
        assert not view.grab().isNull()
        assert np.isfinite(ranges(view)).all()


def test_another_run_with_other_samples_replaces_the_first(made: Made) -> None:
    view, session = made
    session.set_pin(np.array([1.0, 1.0], np.float32))
    session.select([50])
    session.receive(m.RunOpened(**{**vars(run_opened(5)), "run": "other"}))
    assert view.plot.points.positions.shape == (0, 2)
    for epoch in (0, 1):
        session.receive(epoch_done(epoch, 5, run="other"))
    session.set_playhead(0.5)
    assert view.plot.points.positions.shape == (5, 2)
    assert not view.plot.pin.isVisible()
    assert not view.grab().isNull()


def test_a_narrow_view_leaves_the_legend_out(made: Made) -> None:
    view, _ = made
    view.resize(300, 300)
    QApplication.processEvents()
    assert not view.legend.isVisible()
    view.resize(700, 300)
    QApplication.processEvents()
    assert view.legend.isVisible()


def test_view_and_session_die(qapp: QApplication) -> None:
    session, _ = session_with()
    view = LatentView(session)
    view.grab()
    dead = weakref.ref(view), weakref.ref(session)
    view.deleteLater()
    del view, session
    QApplication.sendPostedEvents(None, 52)
    QApplication.processEvents()
    gc.collect()
    assert [each() for each in dead] == [None, None]
