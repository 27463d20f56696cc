"""Tools and layers of the map: who gets the mouse, what is switched."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aeviz.gui import hands as hands_file
from aeviz.gui.commands import Commands
from aeviz.gui.latent_view import LatentView
from aeviz.gui.layer_state import LayerState
from aeviz.gui.layers.base import LAYERS, Layer
from aeviz.gui.session import Session
from aeviz.gui.tool_commands import ToolCommands
from aeviz.gui.tools.base import TOOLS, Keys, Tool, register_tool
from tests.gui.map_scene import session_with
from tests.gui.test_latent_view import LEFT, click, place, ranges, view_of

Made = tuple[LatentView, Session]


@pytest.fixture
def made(qapp: QApplication, qtbot: QtBot) -> Made:
    session, _ = session_with(epochs=4)
    session.set_playhead(4)
    return view_of(session, qtbot), session


def drag(view: LatentView, qtbot: QtBot, start: QPoint, end: QPoint) -> None:
    viewport = view.plot.viewport()
    qtbot.mousePress(viewport, LEFT, pos=start)
    for step in (1, 2, 3):
        qtbot.mouseMove(viewport, start + (end - start) * step / 3)
    qtbot.mouseRelease(viewport, LEFT, pos=end)


# ── tools ─────────────────────────────────────────────────────────────────────────────────────


class Recorder(Tool):
    """Takes every press and remembers what it was told."""

    def __init__(self, session: Session, plot: object) -> None:
        super().__init__(session, plot)  # type: ignore[arg-type]
        self.told: list[str] = []

    def press(self, at: QPointF, row: int, keys: Keys) -> bool:
        self.told.append(f"press {row}")
        return True

    def drag(self, at: QPointF, keys: Keys) -> None:
        self.told.append("drag")

    def release(self, at: QPointF, keys: Keys) -> None:
        self.told.append("release")

    def finish(self) -> bool:
        self.told.append("finish")
        return True

    def cancel(self) -> bool:
        self.told.append("cancel")
        return True


@pytest.fixture
def recorder(made: Made) -> Recorder:
    view, session = made
    tool = Recorder(session, view.plot)
    view.hands.tools["pan"] = tool
    session.set_tool("pan")
    return tool


def test_a_tool_that_takes_the_press_is_told_of_the_drag_and_the_map_stays(
    made: Made, recorder: Recorder, qtbot: QtBot
) -> None:
    view, session = made
    before = ranges(view)
    drag(view, qtbot, place(view, 4, 1), QPoint(2, 2))  # it ends outside the axes
    assert recorder.told == ["press 14", "drag", "drag", "drag", "release"]
    assert ranges(view) == before
    assert session.selection.size == 0


def test_enter_and_esc_go_to_the_tool(made: Made, recorder: Recorder, qtbot: QtBot) -> None:
    view, session = made
    session.select([3])
    qtbot.keyClick(view, Qt.Key.Key_Return)
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert recorder.told == ["finish", "cancel"]
    assert session.selection.tolist() == [3]


def test_a_tool_ends_what_it_is_about_when_another_one_is_taken(
    made: Made, recorder: Recorder
) -> None:
    made[1].set_tool("inspect")
    assert recorder.told == ["cancel"]


def test_panning_changes_nothing_but_the_view(made: Made, qtbot: QtBot) -> None:
    view, session = made
    session.set_tool("pan")
    click(view, qtbot, 4, 1)
    assert session.selection.size == 0
    assert session.pin is None
    before = ranges(view)
    drag(view, qtbot, QPoint(200, 200), QPoint(300, 240))
    assert ranges(view) != before


def test_a_click_with_shift_adds_a_sample_and_takes_it_out(made: Made, qtbot: QtBot) -> None:
    view, session = made
    click(view, qtbot, 4, 1)
    for row in (14, 23):
        x, y = session.epochs[4].positions[row].tolist()
        view.plot.clicked.emit(QPointF(x, y), row, Qt.KeyboardModifier.ShiftModifier)
    assert session.selection.tolist() == [23]
    assert session.pin is not None
    assert session.pin.tolist() == [4, 1]


def test_the_bar_and_the_commands_follow_the_session(made: Made, qtbot: QtBot) -> None:
    view, session = made
    commands = Commands()
    keeper = ToolCommands(session, commands, view)
    qtbot.mouseClick(view.bar.tools["pan"], LEFT)
    assert session.tool == "pan"
    assert commands.action("tool.pan").isChecked()
    commands.action("tool.inspect").trigger()
    assert session.tool == "inspect"
    assert view.bar.tools["inspect"].isChecked()
    assert not view.bar.tools["pan"].isChecked()
    assert keeper.parent() is view


def test_every_tool_has_a_sentence_and_a_key_of_its_own() -> None:
    keys = [entry.shortcut for entry in TOOLS.values() if entry.shortcut]
    assert len(keys) == len(set(keys))
    assert all(entry.tip.endswith(".") for entry in TOOLS.values())


def test_a_name_is_given_once() -> None:
    with pytest.raises(ValueError, match="inspect"):
        register_tool("inspect", title="Again", tip="Again.", icon="hand")(Tool)


# ── layers ────────────────────────────────────────────────────────────────────────────────────


def test_layers_of_one_group_exclude_each_other(qapp: QApplication) -> None:
    state, heard = LayerState(), []
    state.changed.connect(heard.append)
    for name, group in (("prior", "density"), ("flow", "density"), ("grid", "")):
        state.know(name, group)
        state.show(name)
    assert state.shown == {"flow", "grid"}
    assert heard == ["prior", "flow", "prior", "grid"]
    state.show("grid")
    state.toggle("flow")
    assert state.shown == {"grid"}
    assert heard[4:] == ["flow"]


def test_a_layer_with_a_handle_takes_the_drag_before_the_tool(
    made: Made, recorder: Recorder, qtbot: QtBot
) -> None:
    view, session = made

    class Handle(Layer):
        name = "handle"
        places: list[QPointF]

        def press(self, at: QPointF) -> bool:
            self.places = [at]
            return at.x() < 4.5

        def drag(self, at: QPointF) -> None:
            self.places.append(at)

        def release(self, at: QPointF) -> None:
            self.places.append(at)

    handle = Handle(session, view.plot)
    view.hands = hands_file.Hands(session, view.plot, [handle])
    drag(view, qtbot, place(view, 4, 1), place(view, 7, 1))
    assert len(handle.places) == 5
    np.testing.assert_allclose(handle.places[-1].x(), 7, atol=0.05)


def test_the_menu_of_layers_switches_those_that_suit_the_run(made: Made) -> None:
    view, session = made
    for name, action in view.bar.actions_of_layers.items():
        entry = LAYERS[name]
        assert action.isEnabled() == (not entry.needs)
        if action.isEnabled():
            action.trigger()
            assert name in session.layers.shown
