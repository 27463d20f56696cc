"""Posterior ellipses: where the encoder says that a sample's latent may lie."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Slot
from PySide6.QtGui import QColor, QImage, QPainter, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from aeviz import messages as m
from aeviz.gui import theme
from aeviz.gui.captions import tip
from aeviz.gui.inspectors.cursor import NO_WEIGHTS, WAITING
from aeviz.gui.label_colours import label_of
from aeviz.gui.layer_legend import LayerLegend
from aeviz.gui.layers.base import Layer, register_layer
from aeviz.gui.map_plot import MapPlot
from aeviz.gui.numbers import count
from aeviz.gui.session import Session

GROUP = "ellipses"
MOST = 300
"""Ellipses at most that are drawn: more could not be told apart."""

FEW = 40
"""Up to so many stand out; more are pale and lie under the points."""

SIGMAS = (1.0, 2.0)
MEANING = (
    "Ellipses of one and two standard deviations of the posterior q(z|x) around its mean; above "
    "two dimensions those of its projection onto the plane of the map."
)
FloatArray = NDArray[np.float32]


class EllipseItem(pg.GraphicsObject):
    """Ellipses in the colours of their samples."""

    def __init__(self, box: pg.ViewBox) -> None:
        super().__init__()
        self._box = box
        self.middles: FloatArray = np.empty((0, 2), np.float32)
        self._shapes: FloatArray = np.empty((0, 3), np.float32)
        self._colours: Sequence[QColor | None] = ()
        self._theme = theme.LIGHT
        self._picture = QImage()
        self._drawn: tuple[Any, ...] = ()
        self.setParentItem(box)
        box.sigResized.connect(self._on_resized)

    def show_ellipses(
        self, middles: FloatArray, shapes: FloatArray, colours: Sequence[QColor | None]
    ) -> None:
        """Draw ellipses.

        Args:
            middles: Positions of the map, (K, 2).
            shapes: Half axes and the angle of the first in radians, (K, 3).
            colours: Of each; None for that of text.
        """
        self.middles, self._shapes, self._colours = middles, shapes, colours
        self.setZValue(2 if len(middles) <= FEW else -12)
        self._drawn = ()
        self.update()

    def dress(self, colours: theme.Tokens) -> None:
        """Take the colours of a theme."""
        self._theme, self._drawn = colours, ()
        self.update()

    @Slot()
    def _on_resized(self) -> None:
        self.prepareGeometryChange()

    def boundingRect(self) -> QRectF:
        """The view box."""
        return QRectF(self._box.rect())

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Draw those that are in view; anew only when the view or they have changed."""
        size = self.boundingRect().size()
        if not len(self.middles) or size.isEmpty():
            return
        ratio = painter.device().devicePixelRatioF()
        state = (*self._box.viewRange(), size.width(), size.height(), ratio)
        if state != self._drawn:
            form = QImage.Format.Format_ARGB32_Premultiplied
            self._picture = QImage((size * ratio).toSize(), form)
            self._picture.setDevicePixelRatio(ratio)
            self._picture.fill(Qt.GlobalColor.transparent)
            self._draw(QPainter(self._picture))
            self._drawn = state
        painter.drawImage(QPointF(), self._picture)

    def _draw(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        (left, right), (low, high) = self._box.viewRange()
        area = self.boundingRect()
        x, y = area.width() / (right - left), area.height() / (high - low)
        for middle, shape, colour in zip(
            self.middles.tolist(), self._shapes.tolist(), self._colours, strict=True
        ):
            place = QPointF((middle[0] - left) * x, (high - middle[1]) * y)
            reach = max(SIGMAS) * shape[0] * max(x, y)
            if area.adjusted(-reach, -reach, reach, reach).contains(place):
                painter.save()
                painter.translate(place)
                painter.scale(x, -y)
                painter.rotate(math.degrees(shape[2]))
                self._draw_one(painter, shape, QColor(colour or self._theme.text))
                painter.restore()
        painter.end()

    def _draw_one(self, painter: QPainter, shape: list[float], colour: QColor) -> None:
        is_one_of_few = len(self.middles) <= FEW
        for sigma, ink in zip(SIGMAS, (0.95, 0.6) if is_one_of_few else (0.4, 0.16), strict=True):
            line, fill = QColor(colour), QColor(colour)
            line.setAlphaF(ink)
            fill.setAlphaF(0.12 if is_one_of_few and sigma == 1 else 0.0)
            pen = QPen(line, 1.5 if is_one_of_few and sigma == 1 else 1.0)
            pen.setCosmetic(True)
            painter.setPen(pen)
            painter.setBrush(fill)
            painter.drawEllipse(QPointF(), sigma * shape[0], sigma * shape[1])


class EllipseLayer(Layer):
    """Asks for the posteriors of some rows at the shown epoch; only the newest ask counts."""

    def __init__(self, session: Session, plot: MapPlot) -> None:
        super().__init__(session, plot)
        self.item = EllipseItem(plot.box)
        self.legend: LayerLegend = LayerLegend()
        self.legend.setToolTip(tip(MEANING))
        self._asked: tuple[tuple[int, ...], int] | None = None
        session.run_changed.connect(self._on_run_changed)
        session.epoch_changed.connect(self._on_epoch)
        session.epoch_added.connect(self._on_epoch)
        session.engine_ready.connect(self._on_ready)
        session.hidden_changed.connect(self._on_hidden)
        session.answered.connect(self._on_answered)
        session.failed.connect(self._on_failed)

    @property
    def view(self) -> str:
        """The name that answers come back with."""
        return f"layer.{self.name}"

    def rows(self) -> list[int]:
        """The samples whose ellipses are drawn."""
        return []

    def words(self) -> tuple[str, str]:
        """What the bar says while they are drawn."""
        return "Posteriors: 1σ and 2σ", ""

    def refresh(self) -> None:
        """Ask, or show nothing."""
        rows, session = self.rows() if self.is_on else [], self.session
        sentence = self._why_not()
        if not rows or sentence:
            self._asked = None
            self._clear()
            self.legend.say(sentence, tone="muted") if sentence else self.legend.say(*self.words())
            return
        wanted = (tuple(rows), session.epoch)
        if wanted == self._asked:
            return
        self._asked = wanted
        axes = session.epochs[session.epoch].axes
        session.ask(self.view, "posteriors", rows=rows, axes=axes)

    def _why_not(self) -> str:
        run = self.session.run
        if run is None or self.session.last_epoch < 0:
            return "No epoch to look at yet"
        if not run.decodes:
            return NO_WEIGHTS
        return "" if self.session.can_decode else WAITING

    def _clear(self) -> None:
        nothing = np.empty((0, 2), np.float32)
        self.item.show_ellipses(nothing, np.empty((0, 3), np.float32), ())

    def dress(self, colours: theme.Tokens) -> None:
        """Take the colours of a theme."""
        self.item.dress(colours)

    @Slot(object)
    def _on_run_changed(self, run: m.RunOpened | None) -> None:
        self._asked = None
        self._clear()
        self.refresh()

    @Slot(int)
    def _on_epoch(self, epoch: int) -> None:
        if self.is_on and epoch == self.session.epoch:
            self._asked = None
            self.refresh()

    @Slot(object)
    def _on_ready(self, message: m.EngineReady) -> None:
        if self.is_on:
            self.refresh()

    @Slot(object)
    def _on_hidden(self, hidden: frozenset[int]) -> None:
        if self.is_on:
            self.refresh()

    @Slot(object)
    def _on_answered(self, answer: m.Answer) -> None:
        if answer.view != self.view or self._asked is None or answer.asked != self._asked[1]:
            return
        session, rows = self.session, answer.arrays["rows"]
        asked = [row for row in self._asked[0] if row in set(rows.tolist())]
        left_out = int(answer.values["left_out"])
        if rows.tolist() != asked or len(asked) + left_out != len(self._asked[0]):
            return
        done = session.epochs[session.epoch]
        onto = np.linalg.pinv(np.asarray(done.axes, np.float64))
        middles = np.asarray((answer.arrays["mu"] - done.mean) @ onto.T, np.float32)
        colours = [label_of(session, row)[1] for row in asked]
        self.item.show_ellipses(middles, answer.arrays["ellipses"], colours)
        first, second = self.words()
        if answer.epoch != session.epoch:
            first = f"{first} of epoch {answer.epoch}"
        if left_out:
            second = f"{second}; {count(left_out)} not kept" if second else f"{left_out} not kept"
        self.legend.say(first, second)

    @Slot(object)
    def _on_failed(self, message: m.Failed) -> None:
        if self.is_on and message.view == self.view:
            self._clear()
            self.legend.say(message.summary, tone="error")


@register_layer(
    "ellipses.some",
    title="Ellipses: hovered and selected",
    tip="Where the latents of the samples under the mouse and selected may lie: 1σ and 2σ.",
    group=GROUP,
    order=40,
    needs="posterior",
    dimensions=2,
    needs_plane=True,
)
class SomeEllipses(EllipseLayer):
    """The sample under the mouse and those that are selected."""

    def __init__(self, session: Session, plot: MapPlot) -> None:
        super().__init__(session, plot)
        session.hovered_changed.connect(self._on_hovered)
        session.selection_changed.connect(self._on_selected)

    def rows(self) -> list[int]:
        """The hovered one and the first of the selected."""
        chosen = set(self.session.selection[:MOST].tolist())
        return sorted(chosen | ({self.session.hovered} if self.session.hovered >= 0 else set()))

    def words(self) -> tuple[str, str]:
        """Which of the selected."""
        selected = len(self.session.selection)
        if not self.rows():
            return "Ellipses", "Point at a sample, or select some"
        told = f"of the first {count(MOST)} of {count(selected)} selected"
        return "Posteriors: 1σ and 2σ", told if selected > MOST else ""

    @Slot(int)
    def _on_hovered(self, row: int) -> None:
        if self.is_on:
            self.refresh()

    @Slot(object)
    def _on_selected(self, rows: NDArray[np.int64]) -> None:
        if self.is_on:
            self.refresh()


@register_layer(
    "ellipses.all",
    title="Ellipses: all samples",
    tip="Where the latents of all samples may lie: 1σ and 2σ; of many samples some at random.",
    group=GROUP,
    order=41,
    needs="posterior",
    dimensions=2,
    needs_plane=True,
)
class AllEllipses(EllipseLayer):
    """All samples whose labels are not hidden, or so many of them, drawn at random."""

    def rows(self) -> list[int]:
        """The same ones at every epoch."""
        rows = self._seen()
        if len(rows) > MOST:
            rows = np.random.default_rng(0).choice(rows, MOST, replace=False)
        return sorted(rows.tolist())

    def _seen(self) -> NDArray[np.int64]:
        run = self.session.run
        if run is None:
            return np.empty(0, np.int64)
        rows = np.arange(len(run.index) if run.samples is None else len(run.samples))
        if run.labels is not None and self.session.hidden:
            rows = rows[~np.isin(run.labels[rows], list(self.session.hidden))]
        return np.asarray(rows, np.int64)

    def words(self) -> tuple[str, str]:
        """How many of how many."""
        seen = len(self._seen())
        told = f"{count(MOST)} of {count(seen)} samples, at random" if seen > MOST else ""
        return "Posteriors: 1σ and 2σ", told
