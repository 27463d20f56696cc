"""What a person does in the window, with mouse and keys."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton, QWidget

from aeviz.gui.entry_box import EntryBox
from aeviz.gui.inspectors.cursor import CursorInspector
from aeviz.gui.main_window import MainWindow
from aeviz.gui.map_plot import MapPlot
from aeviz.gui.toolbar import ToolBar
from aeviz.messages import Decoded


def is_of(view: str) -> Callable[[Decoded], bool]:
    """Whether an answer is one that this view asked for: panels ask for decodes of their own."""

    def holds(answer: Decoded) -> bool:
        return answer.view == view

    return holds


def bar_of(window: MainWindow) -> ToolBar:
    bar = window.findChild(ToolBar, "toolbar")
    assert isinstance(bar, ToolBar)
    return bar


def cursor_of(window: MainWindow) -> CursorInspector:
    inspector = window.docks.docks["cursor"].widget()
    assert isinstance(inspector, CursorInspector)
    return inspector


def choose(box: EntryBox, name: str) -> None:
    """Go through a list with the keys to an entry."""
    for _ in range(box.count()):
        QTest.keyClick(box, Qt.Key.Key_Up)
    for _ in range(box.count()):
        if box.currentData(Qt.ItemDataRole.UserRole) == name:
            return
        QTest.keyClick(box, Qt.Key.Key_Down)
    raise AssertionError(f"{name} cannot be chosen as {box.title}")


def type_into(field: QWidget, text: str) -> None:
    """Replace what a field holds."""
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def press(window: MainWindow, command: str) -> None:
    """Click the button of a command in the toolbar."""
    button = bar_of(window).widgetForAction(window.commands.action(command))
    assert isinstance(button, QToolButton)
    assert button.isEnabled(), f"{command}: {button.toolTip()}"
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def scrub_to(window: MainWindow, epoch: int) -> None:
    """Click on an epoch of the timeline."""
    line = window.timeline.scrubber
    place = QPoint(round(line.place_of(epoch)), line.line_height // 2)
    QTest.mouseClick(line, Qt.MouseButton.LeftButton, pos=place)


def place_on(plot: MapPlot, x: float, y: float) -> QPoint:
    """Where a position of the map is, in pixels of the plot's viewport."""
    return plot.mapFromScene(plot.box.mapViewToScene(QPointF(x, y)))


def click_map(plot: MapPlot, place: QPoint) -> None:
    QTest.mouseMove(plot.viewport(), place)
    QTest.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=place)


def leave(window: MainWindow) -> None:
    """Take the mouse off the map."""
    QTest.mouseMove(window.timeline.label)
    QApplication.processEvents()
