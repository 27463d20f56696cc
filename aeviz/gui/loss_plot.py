"""The chart of the losses: one colour per term, training solid, validation dashed."""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QWidget

from aeviz.gui import theme
from aeviz.gui.chart_marks import ChartMarks
from aeviz.gui.marks import Mark, Section, sections
from aeviz.gui.plotting import StyledPlot, to_plot_array
from aeviz.gui.session import Session
from aeviz.messages import TruthLine

VALIDATION = "validation_"
LOSS = "loss"
MSE = "reconstruction_mse"
_FAR = 2.0  # spans of the curves between them and a line that is still brought into view
_LOOKS = 24  # along a title, for curves that it would hide
_CLEAR = 0.04  # of its width between a title and the end of the curves
MSE_UNIT = "squared error per feature"


class LossPlot(StyledPlot):
    """Curves over the epochs of the session's run; a click or drag moves the playhead.

    Stages and events, such as a turned option, are marked by upright lines.

    What has a unit of its own is shown apart: the loss with its terms, the reconstruction error
    per feature, and whatever else a model reports of an epoch.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        self._curves: dict[str, pg.PlotCurveItem] = {}
        self._truths: list[tuple[TruthLine, pg.InfiniteLine, pg.TextItem]] = []
        self._quantity = LOSS
        self._is_log = False
        self._playhead: pg.InfiniteLine | None = None
        self._marks: ChartMarks | None = None
        super().__init__("Loss chart", x_title="epoch", gaps=(64, 30), parent=parent)
        self._session = session
        self._marks = ChartMarks(self, session)
        self.setMouseEnabled(x=False, y=False)
        self.setFrameShape(self.Shape.NoFrame)
        self._playhead = pg.InfiniteLine(angle=90, movable=True)
        self._playhead.setZValue(10)
        self.addItem(self._playhead)
        # Opening a run brings all of its epochs at once: they are drawn once.
        self._redraw = QTimer(self, singleShot=True, interval=0)
        self._redraw.timeout.connect(self._on_redraw)
        self._playhead.sigDragged.connect(self._on_dragged)
        self.scene().sigMouseClicked.connect(self._on_clicked)
        session.run_changed.connect(self._on_run_changed)
        session.epoch_added.connect(self._on_epoch_added)
        session.playhead_changed.connect(self._on_playhead_changed)
        session.training_changed.connect(self._on_training_changed)
        self.restyle()
        self._on_run_changed(session.run)

    # ── what is shown ─────────────────────────────────────────────────────────────────────────

    @property
    def names(self) -> tuple[str, ...]:
        """Metrics of the quantity, without the validation ones."""
        return loss_names(self._session) if self._quantity == LOSS else (self._quantity,)

    @property
    def is_log(self) -> bool:
        """Whether the vertical axis is logarithmic."""
        return self._is_log

    @Slot(bool)
    def set_log(self, is_log: bool) -> None:
        """Make the vertical axis logarithmic; what is not positive leaves a gap."""
        if is_log != self._is_log:
            self._is_log = is_log
            self.getAxis("left").setLogMode(x=False, y=is_log)
            self._on_redraw()

    @property
    def quantity(self) -> str:
        """What is shown: "loss" with its terms, or one other metric."""
        return self._quantity

    def set_quantity(self, quantity: str) -> None:
        """Show "loss" with its terms, or one other metric such as "reconstruction_mse"."""
        if quantity != self._quantity:
            self._quantity = quantity
            self._rebuild()

    @property
    def marked(self) -> tuple[list[Section], list[Mark]]:
        """The stages and events that are marked."""
        return ([], []) if self._marks is None else self._marks.shown

    def show_playhead(self, is_shown: bool) -> None:
        """Show or hide where the timeline stands: on paper nothing moves."""
        if self._playhead is not None:
            self._playhead.setVisible(is_shown and self._session.last_epoch >= 0)

    @property
    def curve_names(self) -> tuple[str, ...]:
        """Metrics that have a curve with something to see, the validation ones too."""
        return tuple(
            name
            for name in self._curves
            if np.isfinite(np.asarray(self._session.metric(name))).any()
        )

    def title_of(self, name: str) -> str:
        """How a person reads a metric: the title of its term, the part it was measured on."""
        run, plain = self._session.run, name.removeprefix(VALIDATION)
        titles = {term.name: term.title for term in run.terms} if run is not None else {}
        title = titles.get(plain, metric_title(plain))
        return title if plain == name else f"{title}, validation"

    def colour_of(self, name: str, colours: theme.Tokens) -> str:
        """The colour of a metric's curve in a theme, "#rrggbb"."""
        run = self._session.run
        terms = [term.name for term in run.terms] if run is not None else []
        return theme.curve_colours(terms, colours).get(name.removeprefix(VALIDATION), colours.text)

    def curve(self, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Epochs and drawn heights of a metric's curve, None where it is not shown."""
        item = self._curves.get(name)
        return None if item is None else item.getData()

    # ── drawing ───────────────────────────────────────────────────────────────────────────────

    def _rebuild(self) -> None:
        """Make the items of another run or quantity."""
        for item in [*self._curves.values(), *_items(self._truths)]:
            self.removeItem(item)
        self._curves = {}
        for name in self.names:
            for full in (name, VALIDATION + name):
                self._curves[full] = pg.PlotCurveItem(connect="finite", antialias=True)
                self.addItem(self._curves[full])
        self._truths = [self._add_truth(truth) for truth in self._shown_truths()]
        self.restyle()
        self._on_redraw()

    def _shown_truths(self) -> list[TruthLine]:
        run = self._session.run
        shown = {*self.names, *(VALIDATION + name for name in self.names)}
        return [truth for truth in run.truths if truth.metric in shown] if run else []

    def _add_truth(self, truth: TruthLine) -> tuple[TruthLine, pg.InfiniteLine, pg.TextItem]:
        line = pg.InfiniteLine(angle=0)
        line.setToolTip(truth.definition)
        text = pg.TextItem(truth.title, anchor=(1, 1))
        text.setToolTip(truth.definition)
        for item in (line, text):
            self.addItem(item, ignoreBounds=True)
        return truth, line, text

    def _heights(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values as they are drawn."""
        if not self._is_log:
            return to_plot_array(values)
        positive = np.where(values > 0, values, np.nan)
        return to_plot_array(np.log10(positive))

    def _fit(self, heights: Sequence[NDArray[np.float64]], truths: Sequence[float]) -> None:
        """Set the ranges so that the curves are inside, and lines not too far from them."""
        run, last = self._session.run, self._session.last_epoch
        planned = run.epochs if run is not None and self._session.is_training else 0
        self.setXRange(0, max(last, planned, 1), padding=0.03)
        finite = np.concatenate([*heights, np.empty(0)])
        finite = finite[np.isfinite(finite)]
        finite = np.concatenate([finite, _near(truths, finite)])
        if not finite.size:
            self.setYRange(0, 1, padding=0.04)
            return
        low, high = float(finite.min()), float(finite.max())
        if high - low < 1e-9 * max(abs(high), 1e-300):
            low, high = low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0)
        self.setYRange(low, high, padding=0.06)

    def _place_truths(self) -> list[float]:
        heights = []
        for truth, line, text in self._truths:
            height = float(self._heights(np.array([truth.value]))[0])
            shown = math.isfinite(height)
            line.setVisible(shown)
            text.setVisible(shown)
            if shown:
                line.setPos(height)
                self._place_title(text, height)
                heights.append(height)
        return heights

    def _place_title(self, text: pg.TextItem, height: float) -> None:
        """Write it over or under its line, at the end or the start: where least of a curve is."""
        (left, right), (low, high) = self.viewRange()
        size, box = text.boundingRect(), self.plotItem.vb
        wide = size.width() / max(box.width(), 1.0) * (right - left)
        tall = size.height() / max(box.height(), 1.0) * (high - low)
        end = min(float(self._session.last_epoch) - wide * _CLEAR, right)
        places = [
            (x, up)
            for x in (right - wide, end - wide, left)
            for up in (1, 0)
            if left <= x and low <= height + (up - 1) * tall and height + up * tall <= high
        ]
        text.setVisible(bool(places))  # a line far from the curves is out of sight
        if places:
            x, up = min(places, key=partial(self._crossings, size=(wide, tall), height=height))
            text.setAnchor((0, up))
            text.setPos(x, height)

    def _crossings(self, place: tuple[float, int], size: tuple[float, float], height: float) -> int:
        """How often curves pass through where a title would stand, looked at along its width."""
        (x, up), (wide, tall) = place, size
        base = height + (up - 1) * tall
        playhead = self._session.playhead
        seen = _LOOKS // 4 if x < playhead < x + wide else 0
        for item in self._curves.values():
            epochs, heights = item.getData()
            if epochs is not None and len(epochs):
                along = np.linspace(x, x + wide, _LOOKS)
                at = np.interp(along, epochs, heights, left=np.nan, right=np.nan)
                seen += int(np.count_nonzero((at > base) & (at < base + tall)))
        return seen

    def restyle(self) -> None:
        """Give curves, marker and lines the colours of the theme."""
        super().restyle()
        if self._playhead is None:
            return
        colours = self.colours
        ratio = self.line_ratio
        for full, item in self._curves.items():
            name = full.removeprefix(VALIDATION)
            style = Qt.PenStyle.SolidLine if full == name else Qt.PenStyle.DashLine
            item.setPen(_pen(self.colour_of(full, colours), 1.8 * ratio, style))
        for _, line, text in self._truths:
            line.setPen(_pen(colours.muted, 1.2 * ratio, Qt.PenStyle.DotLine))
            text.setFont(theme.caption(self.font()))
            text.setColor(QColor(colours.muted))
        if self._marks is not None:
            self._marks.restyle()
        self._playhead.setPen(_pen(colours.accent, ratio, Qt.PenStyle.SolidLine))
        self._playhead.setHoverPen(_pen(colours.accent, 2.0 * ratio, Qt.PenStyle.SolidLine))

    # ── slots ─────────────────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_run_changed(self, run: object) -> None:
        self._rebuild()
        self._on_playhead_changed(self._session.playhead)

    @Slot(int)
    def _on_epoch_added(self, epoch: int) -> None:
        self._redraw.start()

    @Slot(object)
    def _on_training_changed(self, change: object) -> None:
        self._redraw.start()

    @Slot()
    def _on_redraw(self) -> None:
        epochs = to_plot_array(np.arange(self._session.last_epoch + 1))
        # Losses of two stages are two things: no curve leads from one to the other.
        cuts = [part.start for part in sections(self._session, len(epochs))[1:]]
        places = np.searchsorted(epochs, cuts)
        drawn = []
        for name, item in self._curves.items():
            heights = self._heights(self._session.metric(name))
            item.setData(np.insert(epochs, places, cuts), np.insert(heights, places, np.nan))
            drawn.append(heights)
        if self._playhead is not None:
            self._playhead.setVisible(self._session.last_epoch >= 0)
        self._fit(drawn, self._place_truths())
        self._place_truths()
        if self._marks is not None:
            self._marks.refresh()
        self.set_titles("epoch", quantity_unit(self._session, self._quantity))

    @Slot(float)
    def _on_playhead_changed(self, time: float) -> None:
        if self._playhead is not None and self._playhead.value() != time:
            self._playhead.setValue(time)

    @Slot(object)
    def _on_dragged(self, line: Any) -> None:
        self._go_to(float(line.value()))

    @Slot(object)
    def _on_clicked(self, event: Any) -> None:
        view = self.plotItem.vb
        if view.sceneBoundingRect().contains(event.scenePos()):
            self._go_to(float(view.mapSceneToView(event.scenePos()).x()))

    def _go_to(self, epoch: float) -> None:
        self._session.set_following(False)
        self._session.set_playhead(round(epoch))
        self._on_playhead_changed(self._session.playhead)


def loss_names(session: Session) -> tuple[str, ...]:
    """The total and its terms; only the term where it is the total."""
    terms = session.run.terms if session.run is not None else ()
    names = tuple(term.name for term in terms)
    return names if len(terms) == 1 and not terms[0].weight else ("loss", *names)


def other_names(session: Session) -> tuple[str, ...]:
    """Metrics of the epochs that are neither the loss, nor a term, nor the error per feature."""
    known = {LOSS, MSE, *loss_names(session)}
    found = dict.fromkeys(
        name.removeprefix(VALIDATION)
        for done in (*session.epochs[:1], *session.epochs[-1:])
        for name in done.metrics
    )
    return tuple(name for name in found if name not in known)


def metric_title(name: str) -> str:
    """How a person reads the name of a metric."""
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def quantity_unit(session: Session, quantity: str) -> str:
    """The unit on the vertical axis; terms with several units are only called loss."""
    if quantity == MSE:
        return MSE_UNIT
    if quantity != LOSS:
        return metric_title(quantity).lower()
    units = {term.unit for term in session.run.terms} if session.run is not None else set()
    return units.pop() if len(units) == 1 else "loss"


def _near(truths: Sequence[float], heights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lines that leave the curves a third of the height at least; all where there are no curves."""
    values = np.asarray(truths, np.float64)
    if not heights.size:
        return values
    low, high = float(heights.min()), float(heights.max())
    room = _FAR * max(high - low, 0.05 * max(abs(low), abs(high)))
    return values[(values >= low - room) & (values <= high + room)]


def _items(truths: list[tuple[TruthLine, Any, Any]]) -> list[Any]:
    return [item for _, line, text in truths for item in (line, text)]


# A cosmetic pen is as wide in pixels of the device.
def _pen(colour: str, width: float, style: Qt.PenStyle) -> QPen:
    pen = QPen(QColor(colour), width, style)
    pen.setCosmetic(True)
    pen.setCapStyle(
        Qt.PenCapStyle.RoundCap if style == Qt.PenStyle.SolidLine else Qt.PenCapStyle.FlatCap
    )
    return pen
