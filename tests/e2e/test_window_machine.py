"""Hypothesis plays a restless person on the real window and shortens what it finds to a script.

What to do next never depends on what the threads have done meanwhile, so the same seed does the
same; a failure prints its shortest script. `pytest -m slow` plays longer, with more seeds.
"""

import logging
import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, QTimer, QtMsgType
from PySide6.QtGui import QAction, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialog,
    QFileDialog,
    QSlider,
    QWidget,
)
from pytestqt.qtbot import QtBot

import aeviz
from aeviz.gui.inspectors.attributes import AttributesInspector
from aeviz.gui.inspectors.path import PathInspector
from aeviz.gui.route import METHODS
from aeviz.gui.tools.base import TOOLS
from aeviz.messages import Failed
from aeviz.plane import two_dimensions
from aeviz.program import Program
from tests.e2e.hands import bar_of, choose, click_map, press

pytestmark = [
    pytest.mark.e2e,
    # The offscreen plugin says so when a panel that floats is dragged.
    pytest.mark.qt_log_ignore("does not support grabbing the (keyboard|mouse)", extend=True),
]

MORE = (
    ("wine", "deep", 3),
    ("two-moons", "linear", 1),
    ("digits", "conditional-vae", 2),
    ("digits", "vq-vae", 0),
    ("two-moons", "realnvp", 0),
)
"""Data, model and latent dimensions (0: its own) of the runs beside the small one."""

SCALE = 1000
"""Places are given in thousandths of a widget."""

PLACES = st.tuples(st.integers(0, SCALE - 1), st.integers(0, SCALE - 1))
AREAS = st.sampled_from(
    (
        "map",
        "timeline",
        "cursor",
        "samples",
        "reconstruction",
        "path",
        "traversal",
        "grid",
        "draws",
        "groups",
        "attributes",
        "put",
        "data",
        "units",
        "codebook",
        "log",
        "progress",
        "status",
    )
)
PANELS = st.sampled_from(
    ("cursor", "samples", "path", "traversal", "grid", "draws", "groups", "attributes", "put",
     "units", "codebook", "reconstruction")
)  # fmt: skip
BUTTONS = st.sampled_from((Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton))
KEYS = st.sampled_from(
    (
        Qt.Key.Key_Space,
        Qt.Key.Key_Escape,
        Qt.Key.Key_Left,
        Qt.Key.Key_Up,
        Qt.Key.Key_Home,
        Qt.Key.Key_End,
        Qt.Key.Key_Plus,
        Qt.Key.Key_Minus,
        Qt.Key.Key_Return,
        Qt.Key.Key_Tab,
        Qt.Key.Key_PageDown,
        Qt.Key.Key_Delete,
    )
)
COMMANDS = st.sampled_from(
    ("train.pause", "train.step", "train.stop", "train.further", "view.clear", "view.reset")
)
THEMES = st.sampled_from(("theme.light", "theme.dark", "theme.system"))
DIALOGUES = st.sampled_from(("help.show", "help.palette", "help.about"))
DATA = st.sampled_from(("digits", "wine", "two-moons"))
MODELS = st.sampled_from(("deep", "linear", "vae"))
W = TypeVar("W", bound=QWidget)
NO_BUTTON, NO_KEY = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier


class WindowMachine(RuleBasedStateMachine):
    """One life of the program, from a run that is shown to quitting whatever goes on then."""

    def __init__(self, runs: list[Path], home: Path, watch: "Watch") -> None:
        super().__init__()
        self.runs, self.watch = runs, watch
        self.failures: list[Failed] = []
        self.program = Program(None, own_process=False, runs_dir=home)
        self.window, self.session = self.program.window, self.program.session
        self.session.failed.connect(self.failures.append)
        self.program.open(str(runs[0]))
        self.program.show()
        # A click on a button with a menu stays in the menu's own event loop.
        self.closer = QTimer(interval=60)
        self.closer.timeout.connect(close_popups)
        self.closer.start()
        try:
            self.settle(lambda: self.session.last_epoch == 4 and self.session.can_decode)
        except BaseException:
            self.closer.stop()
            self.program.shutdown()
            raise

    def settle(self, condition: Callable[[], bool], seconds: float = 30.0) -> None:
        """Let the program run until a condition holds."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it never came"
            QApplication.processEvents()
            time.sleep(0.001)

    # ── where ─────────────────────────────────────────────────────────────────────────────────

    def area(self, name: str) -> QWidget:
        window = self.window
        areas: dict[str, QWidget] = {
            "map": window.latent_view,
            "timeline": window.timeline,
            "progress": window.panel.monitor,
            "status": window.statusBar(),
        }
        return areas[name] if name in areas else window.docks.docks[name].widget()

    def at(self, name: str, place: tuple[int, int]) -> tuple[QWidget, QPoint] | None:
        """The widget at a place of an area, and the place in it; None where nothing is seen.

        A panel that is hidden must not be touched: Qt crashes when one is dragged, which only a
        program can do.
        """
        area = self.area(name)
        if not area.isVisible():
            return None
        point = QPoint(place[0] * area.width() // SCALE, place[1] * area.height() // SCALE)
        found = area.childAt(point) or area
        return found, found.mapFrom(area, point)

    # ── what a person does ────────────────────────────────────────────────────────────────────

    @rule(name=AREAS, place=PLACES)
    def hover(self, name: str, place: tuple[int, int]) -> None:
        if found := self.at(name, place):
            QTest.mouseMove(*found)

    @rule(place=PLACES)
    def hover_over_the_map(self, place: tuple[int, int]) -> None:
        if found := self.at("map", place):
            QTest.mouseMove(*found)

    @rule(name=AREAS, place=PLACES, button=BUTTONS)
    def click(self, name: str, place: tuple[int, int], button: Qt.MouseButton) -> None:
        if found := self.at(name, place):
            QTest.mouseClick(found[0], button, NO_KEY, found[1])

    @rule(place=PLACES)
    def double_click(self, place: tuple[int, int]) -> None:
        if found := self.at("map", place):
            QTest.mouseClick(found[0], Qt.MouseButton.LeftButton, NO_KEY, found[1])
            QTest.mouseDClick(found[0], Qt.MouseButton.LeftButton, NO_KEY, found[1])

    @rule(share=st.floats(0, 1))
    def click_on_a_sample(self, share: float) -> None:
        plot = self.window.latent_view.plot
        if len(plot.points.positions):
            row = int(share * (len(plot.points.positions) - 1))
            position = QPointF(*plot.points.positions[row].tolist())
            click_map(plot, plot.mapFromScene(plot.box.mapViewToScene(position)))

    @rule(name=AREAS, start=PLACES, end=PLACES)
    def drag(self, name: str, start: tuple[int, int], end: tuple[int, int]) -> None:
        found, area = self.at(name, start), self.area(name)
        if found is None:
            return
        widget, point = found
        QTest.mousePress(widget, Qt.MouseButton.LeftButton, NO_KEY, point)
        for step in (1, 2, 3):
            x, y = (a + (b - a) * step / 3 for a, b in zip(start, end, strict=True))
            on = QPoint(int(x * area.width() / SCALE), int(y * area.height() / SCALE))
            QTest.mouseMove(widget, widget.mapFrom(area, on))
        QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, NO_KEY, widget.mapFrom(area, on))

    @rule(name=AREAS, place=PLACES, turn=st.sampled_from((-1200, -120, -15, 120, 1200)))
    def wheel(self, name: str, place: tuple[int, int], turn: int) -> None:
        found = self.at(name, place)
        if found is None:
            return
        widget, point = found
        where, everywhere = QPointF(point), QPointF(widget.mapToGlobal(point))
        event = QWheelEvent(
            where, everywhere, QPoint(), QPoint(0, turn), NO_BUTTON, NO_KEY,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(widget, event)

    @rule(name=AREAS, key=KEYS)
    def key(self, name: str, key: Qt.Key) -> None:
        area = self.area(name)
        if area.isVisible():
            QTest.keyClick(area.focusProxy() or area, key)

    @rule(share=st.floats(0, 1))
    def scrub(self, share: float) -> None:
        line = self.window.timeline.scrubber
        QTest.mouseClick(
            line, Qt.MouseButton.LeftButton, NO_KEY, QPoint(int(share * line.width()), 10)
        )

    @rule()
    def play(self) -> None:
        self.window.timeline.button.click()

    @rule(row=st.integers(0, 9), whole=st.booleans())
    def legend(self, row: int, whole: bool) -> None:
        rows = self.window.latent_view.legend.rows
        if row < len(rows.groups) and rows.isVisible():
            middle = rows.row_rect(row).center()
            click = QTest.mouseDClick if whole else QTest.mouseClick
            click(rows, Qt.MouseButton.LeftButton, NO_KEY, middle)

    @rule(
        kind=st.sampled_from(("pca", "lda", "tsne")),
        pair=st.tuples(st.integers(0, 2), st.integers(0, 2)),
        deed=st.sampled_from(("kind", "dimensions", "box", "cancel")),
    )
    def plane(self, kind: Any, pair: tuple[int, int], deed: str) -> None:
        planes, button = self.session.planes, self.window.latent_view.bar.plane
        if deed == "cancel":
            planes.give_up()
        elif deed == "kind" and button.isEnabled() and (kind != "lda" or self.has_labels):
            button.choose(kind)
        elif deed == "dimensions" and pair[0] != pair[1] and button.isEnabled():
            planes.choose(two_dimensions(*pair, epoch=self.session.epoch))
        elif deed == "box":
            box = button.ask(dimensions_only=pair[0] == 0)
            if box is not None:
                box.across.setCurrentIndex(pair[0])
                box.up.setCurrentIndex(pair[1])
                box.accept()
                box.close()

    @property
    def has_labels(self) -> bool:
        run = self.session.run
        return run is not None and run.labels is not None

    @rule(colour=st.sampled_from(("label", "part")))
    def colour(self, colour: str) -> None:
        self.window.latent_view.legend.colour_chosen.emit(colour)

    @rule(tool=st.sampled_from(tuple(TOOLS)))
    def tool(self, tool: str) -> None:
        self.window.commands.action(f"tool.{tool}").trigger()

    @rule(
        start=PLACES, end=PLACES, draws=st.booleans(), method=st.sampled_from(tuple(METHODS)),
        steps=st.integers(1, 70), compares=st.booleans(),
    )  # fmt: skip
    def path(
        self,
        start: tuple[int, int],
        end: tuple[int, int],
        draws: bool,
        method: str,
        steps: int,
        compares: bool,
    ) -> None:
        self.tool("path")
        if draws:
            self.drag("map", start, end)
        else:
            for place in (start, end):
                self.click("map", place, Qt.MouseButton.LeftButton)
        panel = self.window.docks.docks["path"].widget()
        assert isinstance(panel, PathInspector)
        panel.bar.steps.setValue(steps)
        panel.bar.compare.setChecked(compares and panel.bar.compare.isEnabled())
        for action in panel.findChildren(QAction):
            if action.data() == method and action.isEnabled():
                action.trigger()

    @rule(deed=st.sampled_from(("play", "add", "loop", "reverse", "clear")), share=st.floats(0, 1))
    def walk(self, deed: str, share: float) -> None:
        panel = self.window.docks.docks["path"].widget()
        assert isinstance(panel, PathInspector)
        thing = getattr(panel.bar, deed)
        if thing.isEnabled():
            (thing.trigger if isinstance(thing, QAction) else thing.click)()
        self.session.route.set_at(share)

    @rule(name=st.sampled_from(("a", "b", "")), deed=st.sampled_from(("add", "pick", "delete")))
    def group(self, name: str, deed: str) -> None:
        groups = self.session.groups
        if deed == "add":
            groups.add(name, self.session.selection)
        elif deed == "pick":
            self.session.select(groups.rows_of(f"group:{name}"))
        else:
            groups.remove(name)

    @rule(pair=st.tuples(st.integers(0, 4), st.integers(0, 4)), value=st.integers(-200, 200))
    def attribute(self, pair: tuple[int, int], value: int) -> None:
        panel = self.window.docks.docks["attributes"].widget()
        assert isinstance(panel, AttributesInspector)
        for box, place in zip((panel.start, panel.end), pair, strict=True):
            if place < box.count():
                box.setCurrentIndex(place)
                box.activated.emit(place)
        if panel.slider.isEnabled():
            panel.slider.setValue(value)

    @rule(
        deed=st.sampled_from(
            ("edit.undo", "edit.redo", "select.all", "select.invert", "select.label",
             "select.isolate", "select.hide", "select.show")
        )
    )  # fmt: skip
    def edit(self, deed: str) -> None:
        self.window.commands.action(deed).trigger()

    @rule(name=PANELS, start=PLACES, end=PLACES)
    def work_in_a_panel(self, name: str, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Bring a panel to the front and drag in it: sliders of strips, strokes, handles."""
        self.window.docks.docks[name].raise_()
        QApplication.processEvents()
        self.drag(name, start, end)

    @rule(name=PANELS, which=st.integers(0, 3), entry=st.integers(0, 5))
    def choose_in_a_panel(self, name: str, which: int, entry: int) -> None:
        boxes = seen(self.area(name), QComboBox)
        if boxes and boxes[which % len(boxes)].count():
            box = boxes[which % len(boxes)]
            box.setCurrentIndex(entry % box.count())
            box.activated.emit(box.currentIndex())

    @rule(name=PANELS, which=st.integers(0, 12))
    def push_in_a_panel(self, name: str, which: int) -> None:
        buttons = [b for b in seen(self.area(name), QAbstractButton) if b.isEnabled()]
        if buttons:
            buttons[which % len(buttons)].click()

    @rule(name=PANELS, which=st.integers(0, 5), share=st.floats(0, 1))
    def slide_in_a_panel(self, name: str, which: int, share: float) -> None:
        sliders = [slider for slider in seen(self.area(name), QSlider) if slider.isEnabled()]
        if sliders:
            slider = sliders[which % len(sliders)]
            low, high = slider.minimum(), slider.maximum()
            slider.setValue(low + int(share * (high - low)))

    @rule(start=PLACES, end=PLACES, tool=st.sampled_from(("lasso", "rectangle")))
    def enclose(self, start: tuple[int, int], end: tuple[int, int], tool: str) -> None:
        self.tool(tool)
        self.drag("map", start, end)

    @rule(data=DATA, model=MODELS)
    def plan(self, data: str, model: str) -> None:
        bar = bar_of(self.window)
        if bar.data.isEnabled():
            choose(bar.data, data)
            choose(bar.model, model)

    @rule(epochs=st.integers(1, 6))
    def train(self, epochs: int) -> None:
        plan = self.window.plan
        if self.window.commands.action("train.start").isEnabled():
            plan.set_values("model", {"widths": (8,)} if plan.model.name != "linear" else {})
            plan.set_values("train", {"epochs": epochs})
            press(self.window, "train.start")

    @rule(command=COMMANDS)
    def command(self, command: str) -> None:
        self.window.commands.action(command).trigger()

    @rule(share=st.floats(0, 1))
    def layer(self, share: float) -> None:
        actions = self.window.latent_view.bar.actions_of_layers
        enabled = [name for name in sorted(actions) if actions[name].isEnabled()]
        if enabled:
            actions[enabled[int(share * (len(enabled) - 1))]].trigger()

    @rule(theme=THEMES)
    def theme(self, theme: str) -> None:
        self.window.commands.action(theme).trigger()

    @rule(which=st.integers(0, 5))
    def open(self, which: int) -> None:
        self.session.open_run(str(self.runs[which % len(self.runs)]))

    @rule(
        which=st.integers(0, 18), deed=st.sampled_from(("show", "hide", "raise_", "float", "dock"))
    )
    def dock(self, which: int, deed: str) -> None:
        docks = list(self.window.docks.docks.values())
        dock = docks[which % len(docks)]
        if deed in ("float", "dock"):
            dock.setFloating(deed == "float")
        else:
            getattr(dock, deed)()

    @rule(width=st.integers(500, 2000), height=st.integers(400, 1400))
    def resize(self, width: int, height: int) -> None:
        self.window.resize(width, height)

    @rule(which=DIALOGUES)
    def dialogue(self, which: str) -> None:
        self.window.commands.action(which).trigger()
        QApplication.processEvents()
        for dialogue in self.window.findChildren(QDialog):
            dialogue.close()

    @rule(milliseconds=st.sampled_from((5, 40, 150)))
    def wait(self, milliseconds: int) -> None:
        QTest.qWait(milliseconds)

    # ── what always holds ─────────────────────────────────────────────────────────────────────

    @invariant()
    def nothing_complains(self) -> None:
        QApplication.processEvents()
        close_popups()
        assert not self.watch.complaints()
        assert not [(failed.summary, failed.details) for failed in self.failures]

    @invariant()
    def the_session_is_consistent(self) -> None:
        session, run = self.session, self.session.run
        assert run is not None
        assert 0 <= session.epoch <= max(session.last_epoch, 0)
        assert session.epoch <= session.playhead < session.epoch + 1
        count = len(run.index)
        assert ((session.selection >= 0) & (session.selection < count)).all()
        assert -1 <= session.hovered < count
        for z in (session.pin, session.cursor):
            assert z is None or (z.shape == (run.latent_dim,) and np.isfinite(z).all())

    @invariant()
    def groups_and_masks_belong_to_the_run(self) -> None:
        session, run = self.session, self.session.run
        assert run is not None
        assert session.masked is None or session.masked.shape == (len(run.index),)
        for group in session.groups.groups:
            assert ((group.rows >= 0) & (group.rows < len(run.index))).all()

    @invariant()
    def the_path_belongs_to_the_run(self) -> None:
        run, route = self.session.run, self.session.route
        assert run is not None
        for anchor in route.anchors:
            assert anchor.z.shape == (run.latent_dim,)
            assert -1 <= anchor.row < len(run.index)
        assert route.line is None or len(route.knots) == len(route.anchors)
        assert 0 <= route.at <= 1

    @invariant()
    def the_map_shows_the_run(self) -> None:
        session, plot = self.session, self.window.latent_view.plot
        if session.epochs:
            assert session.run is not None
            assert plot.points.positions.shape == (len(session.run.index), 2)
        assert np.isfinite(plot.points.positions).all()
        assert np.isfinite(plot.viewRange()).all()

    @invariant()
    def the_inboxes_are_short(self) -> None:
        engine = self.program.engine
        assert self.program.bridge.pending < 200
        assert len(engine._for_training) < 50
        assert len(engine._for_inference) < 50

    # ── the end ───────────────────────────────────────────────────────────────────────────────

    def teardown(self) -> None:
        """Quit while busy; then nothing is left."""
        self.closer.stop()
        self.program.window.close()
        assert not self.window.isVisible()
        self.window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()
        assert not self.watch.complaints()


def seen(area: QWidget, kind: type[W]) -> list[W]:
    """The widgets of a kind that a person sees in an area."""
    return [found for found in area.findChildren(kind) if found.isVisible()]


def close_popups() -> None:
    for popup in iter(QApplication.activePopupWidget, None):
        popup.close()


class Watch:
    """Everything that complains while the machine plays."""

    def __init__(self, exceptions: list[Any], qt: Any, log: pytest.LogCaptureFixture) -> None:
        self._exceptions, self._qt, self._log = exceptions, qt, log
        self._told = 0

    def complaints(self) -> list[str]:
        """What has been complained about since the last time."""
        bad = (QtMsgType.QtWarningMsg, QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg)
        raised = [str(exception[1]) for exception in self._exceptions]
        warned = [r.message for r in self._qt.records if not r.ignored and r.type in bad]
        logged = [r.getMessage() for r in self._log.records if r.levelno >= logging.WARNING]
        every = raised + warned + logged
        told, self._told = self._told, len(every)
        return every if len(every) > told else []


@pytest.fixture(scope="session")
def runs(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """Pictures in two dimensions, a table in three, moons in one; with labels, with codes."""
    folder = tmp_path_factory.mktemp("more")
    made = [small_run]
    for data, model, dimensions in MORE:
        options = {"model.latent_dim": dimensions} if dimensions else {}
        made.append(folder / model)
        aeviz.train(data, model, epochs=3, options=options, out=made[-1], progress=False)
    return tuple(made)


@pytest.fixture
def play(
    runs: tuple[Path, ...],
    tmp_path: Path,
    qtbot: QtBot,
    palette: object,
    qtlog: Any,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., None]:
    """Play with a seed, so many lives of so many steps."""
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *given: "")
    for name in ("getSaveFileName", "getOpenFileName"):
        monkeypatch.setattr(QFileDialog, name, lambda *given: ("", ""))
    lives_begun = count()

    def run(number: int, lives: int, steps: int) -> None:
        with ExitStack() as stack:
            exceptions = stack.enter_context(qtbot.capture_exceptions())
            watch = Watch(exceptions, qtlog, caplog)

            def make() -> WindowMachine:
                home = tmp_path / str(next(lives_begun))
                # training further writes into them
                own = [Path(shutil.copytree(run, home / "opened" / run.name)) for run in runs]
                return WindowMachine(own, home / "trained", watch)

            chosen = settings(
                max_examples=lives,
                stateful_step_count=steps,
                deadline=None,
                database=None,
                phases=(Phase.generate, Phase.shrink),
                suppress_health_check=list(HealthCheck),
            )
            run_state_machine_as_test(seed(number)(make), settings=chosen)

    return run


def test_a_restless_person_breaks_nothing(play: Callable[..., None]) -> None:
    play(1, lives=3, steps=60)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(2, 12))
def test_a_restless_person_breaks_nothing_for_longer(
    number: int, play: Callable[..., None]
) -> None:
    play(number, lives=15, steps=150)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(20, 25))
def test_a_restless_person_breaks_nothing_for_ten_minutes(
    number: int, play: Callable[..., None]
) -> None:
    end, lives = time.monotonic() + 600, count(1)
    while time.monotonic() < end:
        play(1000 * number + next(lives), lives=1, steps=300)
