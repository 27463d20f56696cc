"""The map and the losses as figures: axes, curves and marks as on the screen, a legend beside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from aeviz.gui import theme
from aeviz.gui.figure import Figure, on_paper
from aeviz.gui.latent_view import LatentView
from aeviz.gui.loss_plot import VALIDATION, LossPlot
from aeviz.gui.numbers import count
from aeviz.gui.plotting import StyledPlot

GAP, DOT = 12.0, 9.0
MOST_NAME = 180.0
_MIDDLE = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)


@dataclass(frozen=True)
class LegendRow:
    """One line of a figure's legend.

    Attributes:
        name: What a person reads.
        colour: "#rrggbb".
        line: Whether it is a curve: None for a point, else how its line is drawn.
    """

    name: str
    colour: str
    line: Qt.PenStyle | None = None


def map_figure(
    view: LatentView, title: str, about: Mapping[str, str], *, has_legend: bool = True
) -> Figure:
    """The map as it is shown now, with its layers, pins and paths."""
    rows = _groups(view) if has_legend else []
    figure = _beside(view.plot, view, rows, "map", title, about)

    def draw(painter: QPainter) -> None:
        is_ringed = view.plot.ring.isVisible()
        view.plot.ring.setVisible(False)  # the mouse is not part of it
        figure.draw(painter)
        view.plot.ring.setVisible(is_ringed)

    return replace(figure, draw=draw)


def loss_figure(
    plot: LossPlot, title: str, about: Mapping[str, str], *, has_legend: bool = True
) -> Figure:
    """The loss chart as it is shown now."""
    rows = _curves(plot) if has_legend else []
    figure = _beside(plot, plot, rows, "losses", title, about)

    def draw(painter: QPainter) -> None:
        device = painter.device()
        plot.paper_ratio = 1.0 if device is None else device.devicePixelRatioF()
        plot.show_playhead(False)
        figure.draw(painter)
        plot.paper_ratio = 0.0
        plot.restyle()
        plot.show_playhead(True)

    return replace(figure, draw=draw)


def _beside(
    plot: StyledPlot,
    dressed: LatentView | LossPlot,
    rows: Sequence[LegendRow],
    name: str,
    title: str,
    about: Mapping[str, str],
) -> Figure:
    """A plot with its legend on the right."""
    area, font = QRectF(plot.viewport().rect()), plot.font()
    width = legend_width(rows, font)

    def draw(painter: QPainter) -> None:
        with on_paper(dressed):
            plot.render(painter, area, plot.viewport().rect())
        draw_legend(painter, rows, area.width() + GAP, font)

    whole = area.width() + (GAP + width if rows else 0.0)
    return Figure(name, title, whole, area.height(), draw, font, about)


# ── legends ───────────────────────────────────────────────────────────────────────────────────


def legend_width(rows: Sequence[LegendRow], font: QFont) -> float:
    """Room for the longest name, and no more than names need."""
    metrics = QFontMetricsF(font)
    longest = max((metrics.horizontalAdvance(row.name) for row in rows), default=0.0)
    return 2 * DOT + GAP / 2 + min(longest + 1, MOST_NAME)


def draw_legend(painter: QPainter, rows: Sequence[LegendRow], left: float, font: QFont) -> None:
    """One line for each row, from the top."""
    metrics = QFontMetricsF(font)
    high = metrics.height() + 6
    painter.setFont(font)
    for number, row in enumerate(rows):
        middle = high * (number + 0.5) + 4
        _draw_sign(painter, row, left, middle)
        text = metrics.elidedText(row.name, Qt.TextElideMode.ElideRight, MOST_NAME)
        painter.setPen(QColor(theme.LIGHT.text))
        start = left + 2 * DOT + GAP / 2
        painter.drawText(QRectF(start, middle - high / 2, MOST_NAME + 1, high), _MIDDLE, text)


def _draw_sign(painter: QPainter, row: LegendRow, left: float, middle: float) -> None:
    if row.line is None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(row.colour))
        painter.drawEllipse(QRectF(left + DOT / 2, middle - DOT / 2, DOT, DOT))
        return
    painter.setPen(QPen(QColor(row.colour), 1.8, row.line))
    painter.drawLine(QPointF(left, middle), QPointF(left + 2 * DOT, middle))


def _groups(view: LatentView) -> list[LegendRow]:
    """The groups that are shown, with how many samples they have."""
    colouring = view.colouring
    if colouring is None or len(colouring.groups) < 2:
        return []
    rows = []
    for group in colouring.said:
        if group.key not in view.hidden:
            tone = group.colour
            colour = theme.LIGHT.missing if tone is None else QColor(*tone.tolist()).name()
            is_number = colouring.scale is not None and group.colour is not None
            number = "" if is_number else f" ({count(group.count)})"
            rows.append(LegendRow(group.name + number, colour))
    return rows


def _curves(plot: LossPlot) -> list[LegendRow]:
    """A full line for every curve of the training part, a dashed one of the validation part."""
    rows = []
    for full in plot.curve_names:
        is_held_out = full.startswith(VALIDATION)
        style = Qt.PenStyle.DashLine if is_held_out else Qt.PenStyle.SolidLine
        rows.append(LegendRow(plot.title_of(full), plot.colour_of(full, theme.LIGHT), style))
    return rows
