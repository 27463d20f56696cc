"""How far a decode can be trusted: one quiet mark and the numbers behind it."""

import math
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from aeviz import messages as m
from aeviz.gui import theme
from aeviz.gui.captions import tip
from aeviz.gui.labels import caption_label
from aeviz.gui.numbers import measure

Kind = Literal["", "typical", "rare", "off the data"]

RARE, OFF = 10.0, 1.0
"""Percentiles of the data's densities below which a place is rare, or off the data."""

_DOT = 10.0
_GAP = 6.0

DENSITY_TIP = (
    "The share of the data's own latents that lie at a place of this density or a lower one, by a "
    "Gaussian mixture fitted to the latents of epoch {epoch}. Log density here: {log_density} nats."
)
DISTANCE_TIP = (
    "Distance in the latent space to the latent of the data that is k-th nearest, k = {k}; in "
    "brackets the median of the same distance for the data's own latents."
)
ERROR_TIP = (
    "‖enc(dec(z)) − z‖: how far, in units of the latent space, the latent lies after it was "
    "decoded and encoded again; in brackets the median for the data's own latents. Where it is "
    "large the decoder and the encoder do not agree on this place."
)
MARK_TIPS: dict[Kind, str] = {
    "": "",
    "typical": "The latents of the data are often at places like this one: its density is at "
    "least the 10th percentile of theirs.",
    "rare": "Few latents of the data are at places like this one: its density is under the 10th "
    "percentile of theirs.",
    "off the data": "Hardly any latent of the data is at a place like this one: its density is "
    "under the 1st percentile of theirs. What is decoded here is a guess.",
}


def kind_of(percentile: float) -> Kind:
    """The one word for a percentile of the data's densities.

    Example:
        >>> kind_of(42.0), kind_of(3.0), kind_of(0.2), kind_of(float("nan"))
        ('typical', 'rare', 'off the data', '')
    """
    if math.isnan(percentile):
        return ""
    if percentile < OFF:
        return "off the data"
    return "rare" if percentile < RARE else "typical"


def ordinal(percentile: float) -> str:
    """A percentile as a person says it.

    Example:
        >>> ordinal(0.4), ordinal(1.2), ordinal(22.7), ordinal(13), ordinal(100)
        ('under the 1st', '1st', '22nd', '13th', '100th')
    """
    whole = math.floor(percentile)
    if whole < 1:
        return "under the 1st"
    ending = {1: "st", 2: "nd", 3: "rd"}.get(whole % 10, "th")
    return f"{whole}{'th' if whole % 100 in (11, 12, 13) else ending}"


class TrustMark(QWidget):
    """A word with a shape before it: full, half or empty, so that it does not rest on colours."""

    def __init__(self) -> None:
        super().__init__()
        self.kind: Kind = ""
        self._is_compact = False
        self.setFont(theme.caption(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_kind(self, kind: Kind) -> None:
        """Show a word, or nothing."""
        if kind != self.kind:
            self.kind = kind
            self.setToolTip(tip(MARK_TIPS[kind]))
            self.setAccessibleName(f"This place is {kind}" if kind else "")
            self.update()

    def set_compact(self, is_compact: bool) -> None:
        """Show the shape alone, where there is little room; the tool tip has the word."""
        if is_compact != self._is_compact:
            self._is_compact = is_compact
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        """Room for the longest word, so that nothing beside it moves."""
        metrics = self.fontMetrics()
        word = 0 if self._is_compact else metrics.horizontalAdvance("off the data") + _GAP
        wide = word + _DOT + 4
        return QSize(round(wide), max(metrics.height(), round(_DOT) + 4))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw shape and word, flush right."""
        if not self.kind:
            return
        colours = theme.tokens(self.palette())
        tones = {"typical": colours.accent, "rare": colours.warning, "off the data": colours.error}
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        word = self.fontMetrics().horizontalAdvance(self.kind) + _GAP
        right = self.width() - 2.0 if self._is_compact else self.width() - word
        middle = QPointF(right - _DOT / 2, self.height() / 2)
        self._paint_shape(painter, middle, QColor(tones[self.kind]))
        if self._is_compact:
            return
        painter.setPen(QColor(colours.text))
        align = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(self.rect(), int(align), self.kind)

    def _paint_shape(self, painter: QPainter, middle: QPointF, colour: QColor) -> None:
        radius = _DOT / 2 - 1
        painter.setPen(QPen(colour, 1.6))
        painter.setBrush(colour if self.kind == "typical" else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(middle, radius, radius)
        if self.kind == "rare":
            area = QRectF(middle.x() - radius, middle.y() - radius, 2 * radius, 2 * radius)
            painter.setBrush(colour)
            painter.drawPie(area, 90 * 16, 180 * 16)
        if self.kind == "off the data":
            slant = radius * 0.7
            painter.drawLine(middle + QPointF(-slant, slant), middle + QPointF(slant, -slant))


class TrustReadout(QWidget):
    """The numbers, one a line; the mark stands where the inspector puts it.

    Attributes:
        mark: The one word.
        values: The numbers by their names.
    """

    def __init__(self) -> None:
        super().__init__()
        self.mark = TrustMark()
        self.values = {name: caption_label("", "text") for name in ("density", "distance", "error")}
        titles = {"density": "Density", "distance": "5th nearest latent", "error": "Round trip"}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(1)
        grid.setColumnStretch(1, 1)
        self.titles = {name: caption_label(title) for name, title in titles.items()}
        for row, (name, value) in enumerate(self.values.items()):
            title = self.titles[name]
            title.setWordWrap(False)
            title.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Preferred)
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(title, row, 0)
            grid.addWidget(value, row, 1)
        self.clear()

    def clear(self) -> None:
        """Say nothing, and keep the room."""
        self.mark.show_kind("")
        for value in self.values.values():
            value.setText("–")
            value.setToolTip("")

    def show_answer(self, answer: m.Answer) -> None:
        """Show an answer to the question "trust"."""
        told = answer.values
        k = int(told["k"])
        self.mark.show_kind(kind_of(told["percentile"]))
        self.titles["distance"].setText(f"{ordinal(k)} nearest latent")
        density = f"{ordinal(told['percentile'])} percentile"
        nats = measure(told["log_density"], 3)
        self._say("density", density, DENSITY_TIP, log_density=nats, epoch=answer.epoch)
        self._say("distance", beside(told["distance"], told["usual_distance"]), DISTANCE_TIP, k=k)
        self._say("error", beside(told["error"], told["usual_error"]), ERROR_TIP)

    def _say(self, name: str, text: str, definition: str, **fields: object) -> None:
        for label in (self.values[name], self.titles[name]):
            label.setToolTip(tip(definition.format(**fields)))
        self.values[name].setText(text)


def beside(value: float, usual: float) -> str:
    """A number and the data's own in brackets, where that is known.

    Example:
        >>> beside(0.1234, 0.05), beside(2.0, float("nan"))
        ('0.12 (data: 0.050)', '2.0')
    """
    return (
        f"{measure(value, 2)} (data: {measure(usual, 2)})" if usual == usual else measure(value, 2)
    )
