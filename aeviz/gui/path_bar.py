"""The choices of a path in a row: how it goes, its steps, comparing, playing, adding anchors."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSpinBox, QWidget

from aeviz.gui.captions import tip
from aeviz.gui.quiet_button import QuietButton
from aeviz.gui.route import METHODS, MOST_STEPS, Anchor
from aeviz.gui.session import Session
from aeviz.gui.theme import SPACE

_MOST_ADDED = 20
ADD = "The selected samples become the next anchors; without any, the pin"
NOTHING_TO_ADD = "Select samples or pin a place first."
NO_PATH = "Make a path first: it needs two anchors."
TIPS = {
    "straight": "Straight lines between the anchors",
    "slerp": "Great circles: the norm of the latents goes evenly from anchor to anchor",
    "spline": "A smooth curve through all anchors",
    "freehand": "The line as it was drawn",
    "density": "Through the latents of the data, where they lie densest",
    "geodesic": "The shortest decoded path: the decode changes as little as it can",
}


class PathBar(QWidget):
    """Shows and changes the route of the session.

    Signals:
        played(): Play was pressed.
        save_asked(): The person wants a picture of the panel.
    """

    played = Signal()
    save_asked = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.way = QuietButton("Straight")
        self.steps = QSpinBox()
        self.compare = QuietButton("Compare", has_light=True)
        self.play = QuietButton("Play")
        self.add = QuietButton("Add")
        self.more = QuietButton("More")
        self.ways = QActionGroup(self)
        self.loop = QAction("Back to the first anchor", self)
        self.reverse = QAction("Reverse", self)
        self.clear = QAction("Clear", self)
        self.save = QAction("Save…", self)
        self._lay_out()
        self._fill_menus()
        self._listen()
        self._on_changed()

    def _lay_out(self) -> None:
        self.way.setAccessibleName("How the path goes")
        self.way.setToolTip("How the path goes from anchor to anchor")
        self.steps.setRange(2, MOST_STEPS)
        self.steps.setSuffix(" steps")
        self.steps.setAccessibleName("Decodes along the path")
        self.steps.setToolTip("Decodes along the path, with both ends")
        self.more.setToolTip("Close, reverse, save or clear the path")
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE // 2, 0, SPACE // 2, 0)
        row.setSpacing(1)
        for widget in (self.way, self.steps, self.compare, self.play):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.add)
        row.addWidget(self.more)

    def _fill_menus(self) -> None:
        ways = QMenu(self.way)
        ways.setToolTipsVisible(True)
        for name, title in METHODS.items():
            action = ways.addAction(title)
            action.setCheckable(True)
            action.setData(name)
            self.ways.addAction(action)
        self.way.setMenu(ways)
        more = QMenu(self.more)
        more.setToolTipsVisible(True)
        self.loop.setCheckable(True)
        more.addActions([self.loop, self.reverse])
        more.addSeparator()
        more.addActions([self.save, self.clear])
        self.more.setMenu(more)

    def _listen(self) -> None:
        session, route = self._session, self._session.route
        for signal in (session.selection_changed, session.pin_changed, session.run_changed):
            signal.connect(self._on_pointed)
        session.epoch_changed.connect(self._on_epoch_changed)
        route.anchors_changed.connect(self._on_changed)
        route.method_changed.connect(self._on_method_changed)
        route.steps_changed.connect(self._on_steps_changed)
        route.compares_changed.connect(self._on_compares_changed)
        self.ways.triggered.connect(self._on_way_chosen)
        self.steps.valueChanged.connect(self._on_steps_chosen)
        self.compare.toggled.connect(self._on_compare_chosen)
        self.loop.toggled.connect(self._on_loop_chosen)
        self.play.clicked.connect(self._on_play)
        self.add.clicked.connect(self._on_add)
        self.reverse.triggered.connect(self._on_reverse)
        self.clear.triggered.connect(self._on_clear)
        self.save.triggered.connect(self._on_save)

    def show_playing(self, is_playing: bool) -> None:
        """Say that it plays, or what a press would do."""
        self.play.setText("Pause" if is_playing else "Play")
        self.play.updateGeometry()

    # ── what is shown ─────────────────────────────────────────────────────────────────────────

    @Slot()
    def _on_changed(self) -> None:
        route = self._session.route
        self.way.setText(METHODS[route.method])
        self.way.updateGeometry()
        for action in self.ways.actions():
            name = str(action.data())
            there = name in route.methods
            action.setChecked(name == route.method)
            action.setEnabled(there)
            action.setToolTip(
                TIPS[name] if there else "Drag over the map with the tool Path first."
            )
        self.loop.setChecked(route.is_closed)
        self.steps.setValue(route.steps)
        self.compare.setChecked(route.compares)
        self._allow()

    def _allow(self) -> None:
        """Switch off what there is nothing for, and say why."""
        session, route = self._session, self._session.route
        told = (
            (self.play, "Play the path, or stop"),
            (self.compare, "Every method between the same anchors, each with its decoded length"),
            (self.loop, "The path goes on from its last anchor to the first"),
            (self.reverse, "Go the other way round"),
            (
                self.save,
                "Save strips and curves as a picture, or the decodes as CSV, Parquet or NPZ",
            ),
        )
        for thing, why in told:
            thing.setEnabled(route.is_path)
            thing.setToolTip(tip(why if route.is_path else NO_PATH))
        self.clear.setEnabled(bool(route.anchors))
        pointed = session.selection.size > 0 or session.pin is not None
        can_add = session.positions is not None and pointed
        self.add.setEnabled(can_add)
        self.add.setToolTip(tip(ADD if can_add else NOTHING_TO_ADD))

    @Slot(object)
    def _on_pointed(self, what: object) -> None:
        self._allow()

    @Slot(int)
    def _on_epoch_changed(self, epoch: int) -> None:
        self._allow()

    @Slot(str)
    def _on_method_changed(self, method: str) -> None:
        self._on_changed()

    @Slot(int)
    def _on_steps_changed(self, steps: int) -> None:
        self._on_changed()

    @Slot(bool)
    def _on_compares_changed(self, compares: bool) -> None:
        self._on_changed()

    # ── what the person chooses ───────────────────────────────────────────────────────────────

    @Slot(QAction)
    def _on_way_chosen(self, action: QAction) -> None:
        self._session.route.set_method(str(action.data()))

    @Slot(int)
    def _on_steps_chosen(self, steps: int) -> None:
        self._session.route.set_steps(steps)

    @Slot(bool)
    def _on_compare_chosen(self, is_on: bool) -> None:
        self._session.route.compare(is_on)

    @Slot(bool)
    def _on_loop_chosen(self, is_on: bool) -> None:
        self._session.route.close(is_on)

    @Slot()
    def _on_play(self) -> None:
        self.played.emit()

    @Slot()
    def _on_save(self) -> None:
        self.save_asked.emit()

    @Slot()
    def _on_reverse(self) -> None:
        self._session.route.reverse()
        self._session.route.set_at(1 - self._session.route.at)

    @Slot()
    def _on_clear(self) -> None:
        self._session.route.clear()

    @Slot()
    def _on_add(self) -> None:
        """The selected samples become anchors, or the pin."""
        session = self._session
        if session.positions is None:
            return
        for row in session.selection[:_MOST_ADDED].tolist():
            z = session.latent_at(session.positions[row].tolist())
            if z is not None:
                session.route.add(Anchor(z, row))
        if not session.selection.size and session.pin is not None:
            session.route.add(Anchor(session.pin))
