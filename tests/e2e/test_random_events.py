"""Random events on the real window: it never fails, and what it shows stays consistent.

The seed is fixed; a failure is replayed by running the test again.
"""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QAction, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDockWidget, QWidget
from pytestqt.qtbot import QtBot

from aeviz.gui.route import METHODS
from aeviz.messages import Failed
from aeviz.program import Program

pytestmark = pytest.mark.e2e

EVENTS = 300

SKIPPED = {"run.open", "window.quit", "help.about", "help.show", "help.palette"}
"""Commands that open a dialogue of the system or close the window."""

SETTINGS = {
    "data": {"name": "wine"},
    "model": {"name": "deep", "widths": [8], "latent_dim": 3},
    "train": {"epochs": 6},
}


class Monkey:
    """Does one random thing after another, as a restless person would."""

    def __init__(self, program: Program, runs: list[Path], seed: int) -> None:
        self.program = program
        self.runs = runs
        self.random = random.Random(seed)
        self.done: list[str] = []
        self.deeds: list[Callable[[], None]] = [
            self.hover, self.hover, self.hover, self.click, self.drag, self.wheel, self.scrub,
            self.scrub, self.play, self.command, self.dock, self.resize, self.train, self.stop,
            self.layer, self.layer,
            self.open, self.select, self.key, self.plane, self.path,
        ]  # fmt: skip

    def act(self) -> None:
        """Do something."""
        deed = self.random.choice(self.deeds)
        self.done.append(deed.__name__)
        deed()

    def target(self) -> QWidget:
        return self.program.window.latent_view

    def place(self) -> QPoint:
        width, height = self.target().width(), self.target().height()
        return QPoint(self.random.randrange(max(1, width)), self.random.randrange(max(1, height)))

    def child(self, place: QPoint) -> tuple[QWidget, QPoint]:
        """The widget under a place of the map, and the place in it."""
        found = self.target().childAt(place) or self.target()
        return found, found.mapFrom(self.target(), place)

    def hover(self) -> None:
        QTest.mouseMove(*self.child(self.place()))

    def click(self) -> None:
        button = self.random.choice([Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton])
        widget, place = self.child(self.place())
        QTest.mouseClick(widget, button, Qt.KeyboardModifier.NoModifier, place)

    def drag(self) -> None:
        widget, start = self.child(self.place())
        QTest.mousePress(widget, Qt.MouseButton.LeftButton, pos=start)
        for _ in range(5):
            QTest.mouseMove(widget, self.place())
        QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=self.place())

    def wheel(self) -> None:
        widget, place = self.child(self.place())
        turn = QPoint(0, self.random.choice([-240, -120, 120, 240]))
        where, everywhere = QPointF(place), QPointF(widget.mapToGlobal(place))
        none = Qt.KeyboardModifier.NoModifier
        event = QWheelEvent(
            where, everywhere, QPoint(), turn, Qt.MouseButton.NoButton, none,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(widget, event)

    def scrub(self) -> None:
        self.program.session.set_playhead(self.random.uniform(-2, 12))

    def play(self) -> None:
        self.program.window.timeline.toggle()

    def command(self) -> None:
        window = self.program.window
        actions = [
            action
            for action in window.findChildren(QAction)
            if action.objectName() and action.objectName() not in SKIPPED and action.isEnabled()
        ]
        self.random.choice(actions).trigger()

    def dock(self) -> None:
        dock = self.random.choice(self.program.window.findChildren(QDockWidget))
        self.random.choice([dock.show, dock.hide, dock.raise_])()

    def resize(self) -> None:
        window = self.program.window
        window.resize(self.random.randrange(640, 1800), self.random.randrange(480, 1200))

    def train(self) -> None:
        if not self.program.session.is_training:
            self.program.session.train(SETTINGS)

    def stop(self) -> None:
        self.program.session.stop()

    def open(self) -> None:
        self.program.session.open_run(str(self.random.choice(self.runs)))

    def layer(self) -> None:
        actions = self.program.window.latent_view.bar.actions_of_layers.values()
        enabled = [action for action in actions if action.isEnabled()]
        if enabled:
            self.random.choice(enabled).trigger()

    def select(self) -> None:
        run = self.program.session.run
        if run is not None:
            rows = [self.random.randrange(len(run.index)) for _ in range(self.random.randrange(9))]
            self.program.session.select(rows)

    def plane(self) -> None:
        button = self.program.window.latent_view.bar.plane
        if button.isEnabled():
            button.choose(self.random.choice(("pca", "lda")))

    def path(self) -> None:
        """Make a path by clicks or a drag, and look at it in one way or another."""
        session = self.program.session
        session.set_tool("path")
        for deed in self.random.choices([self.click, self.click, self.drag], k=3):
            deed()
        session.route.set_method(self.random.choice(list(METHODS)))
        session.route.compare(self.random.random() < 0.2)
        session.route.set_at(self.random.random())
        session.set_tool(self.random.choice(["inspect", "path", "pan"]))

    def key(self) -> None:
        keys = [
            Qt.Key.Key_Space, Qt.Key.Key_Escape, Qt.Key.Key_Left, Qt.Key.Key_Right,
            Qt.Key.Key_Return, Qt.Key.Key_Delete,
        ]  # fmt: skip
        QTest.keyClick(self.target(), self.random.choice(keys))


def close_popups() -> None:
    """An open menu runs an event loop of its own, in which the test would wait for ever."""
    for popup in (QApplication.activePopupWidget(), QApplication.activeModalWidget()):
        if popup is not None:
            popup.close()


def check(program: Program) -> None:
    """What holds at every moment."""
    session = program.session
    assert 0 <= session.epoch <= max(session.last_epoch, 0)
    assert session.epoch <= session.playhead < session.epoch + 1
    assert program.bridge.pending < 500
    if session.run is not None:
        count = len(session.run.index)
        assert ((session.selection >= 0) & (session.selection < count)).all()
        assert -1 <= session.hovered < count
    for z in (session.pin, session.cursor):
        assert z is None or (session.run is not None and z.shape == (session.run.latent_dim,))
        assert z is None or np.isfinite(z).all()


# Qt's offscreen platform cannot give a menu the keyboard.
@pytest.mark.qt_log_ignore("does not support grabbing the keyboard")
@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 11))]
)
def test_random_events_break_nothing(
    seed: int, program: Program, small_run: Path, tmp_path: Path, qapp: QApplication, qtbot: QtBot
) -> None:
    failures: list[Failed] = []
    program.session.failed.connect(failures.append)
    own_run, other_run = tmp_path / "own", tmp_path / "other"
    for copy in (own_run, other_run):
        shutil.copytree(small_run, copy)  # it may be trained further
    program.session.open_run(str(own_run))
    qtbot.waitUntil(lambda: program.session.last_epoch == 4, timeout=20_000)
    closer = QTimer(interval=20, timeout=close_popups)
    closer.start()
    monkey = Monkey(program, [own_run, other_run], seed)
    for _ in range(EVENTS):
        monkey.act()
        qapp.processEvents()
        check(program)
    closer.stop()
    program.session.stop()
    qtbot.waitUntil(lambda: not program.session.is_training, timeout=20_000)
    program.window.stop()
    assert not failures, (failures[0].summary, failures[0].details, monkey.done[-20:])
