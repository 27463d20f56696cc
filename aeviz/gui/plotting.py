"""What every plot stands on: numbers that pyqtgraph can take, and axes in the theme's type."""

import html
import math
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QWidget

from aeviz.gui import theme

_MINUS = "\N{MINUS SIGN}"
_MIDDLE = Qt.AlignmentFlag.AlignVCenter
_GRID = 0.6
_ROOM = 12.0


def to_plot_array(values: ArrayLike) -> NDArray[np.float64]:
    """Make numbers that can be handed to pyqtgraph; everything it draws goes through here.

    pyqtgraph crashes the process on text, objects and dates, where no `except` helps.

    Args:
        values: Real numbers or truth values of any shape.

    Returns:
        Contiguous float64 of the same shape; infinities are NaN, which is a gap in a curve.

    Raises:
        ValueError: If the values are no real numbers.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"a plot needs real numbers, got {array.dtype} of shape {array.shape}")
    plain = np.ascontiguousarray(array, np.float64).reshape(array.shape)
    if not np.isfinite(plain).all():
        plain = np.where(np.isfinite(plain), plain, np.nan)
    return plain


def nice_step(length: float, pixels: float, gap: float) -> float:
    """The distance of ticks, one of 1, 2, 5 times a power of ten.

    Args:
        length: What the axis spans, in its own unit.
        pixels: How long it is.
        gap: Pixels between two ticks at least; a short axis gets two ticks all the same.

    Returns:
        The step in the axis's unit, 0 where there is nothing to divide.
    """
    if not (math.isfinite(length) and length > 1e-300 and pixels > 0):
        return 0.0
    wanted = length * min(gap / pixels, 1 / 2.25)
    decade = 10.0 ** math.floor(math.log10(wanted))
    return next((factor * decade for factor in (1, 2, 5) if factor * decade >= wanted), 10 * decade)


def mixed(colour: str, ground: str, share: float) -> QColor:
    """A colour as it looks on a ground when only a share of it is laid on."""
    top, below = QColor(colour), QColor(ground)
    parts = ((top.red(), below.red()), (top.green(), below.green()), (top.blue(), below.blue()))
    return QColor(*(round(share * one + (1 - share) * other) for one, other in parts))


class Axis(pg.AxisItem):
    """An axis with few ticks, a faint grid and a true minus sign.

    A linear one draws itself: pyqtgraph's general way takes ten times as long for the same lines.
    """

    def __init__(self, orientation: str, gap: float) -> None:
        """Make one.

        Args:
            orientation: "left" or "bottom".
            gap: Pixels between two ticks at least.
        """
        super().__init__(orientation)
        self.gap = gap
        self._metrics = QFontMetricsF(QFont())
        self._faint = QColor()
        self.setStyle(tickLength=0, tickTextOffset=6, autoReduceTextSpace=False, maxTickLevel=1)

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        """One level of ticks."""
        if self.logMode or self._tickSpacing is not None:
            return list(super().tickSpacing(low, high, size))
        step = nice_step(high - low, size, self.gap)
        return [(step, 0.0)] if step else []

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Numbers as short as their distance allows."""
        if self.logMode:
            return [
                text.replace("-", _MINUS) for text in super().tickStrings(values, scale, spacing)
            ]
        return [tick_text(value * scale, spacing * scale) for value in values]

    def dress(self, colours: theme.Tokens, font: QFont, grid: bool) -> None:
        """Take the colours and the type of a theme."""
        self._metrics = QFontMetricsF(font)
        self.setTickFont(font)
        self.setPen(QColor(colours.line))
        self.setTickPen(QColor(colours.line))
        self.setTextPen(QColor(colours.muted))
        self._faint = mixed(colours.line, colours.surface, _GRID)
        self.setGrid(255 if grid else False)

    def boundingRect(self) -> QRectF:
        """Room for the numbers at both ends."""
        return QRectF(super().boundingRect()).adjusted(-_ROOM, -_ROOM, _ROOM, _ROOM)

    def paint(self, painter: QPainter, option: Any, widget: Any) -> None:
        """Draw line, grid and numbers."""
        view = self.linkedView()
        if self.logMode or view is None or self._tickLevels is not None:
            super().paint(painter, option, widget)
            return
        area = view.mapRectToItem(self, view.boundingRect())
        is_left = self.orientation == "left"
        length = area.height() if is_left else area.width()
        low, high = self.range
        levels = self.tickSpacing(low, high, length)
        if not levels:
            return
        step = levels[0][0]
        values = [k * step for k in range(math.ceil(low / step), math.floor(high / step) + 1)]
        texts = self.tickStrings(values, self.scale, step)
        places = [(value - low) / (high - low) * length for value in values]
        if is_left:
            self._paint_left(painter, area, [area.bottom() - place for place in places], texts)
        else:
            self._paint_bottom(painter, area, [area.left() + place for place in places], texts)

    def _paint_left(
        self, painter: QPainter, area: QRectF, places: list[float], texts: list[str]
    ) -> None:
        right = self.size().width()
        for y in places if self.grid is not False else ():
            self._paint_line(painter, QRectF(right, y, area.right() - right, 1), self._faint)
        edge = QRectF(right - 1, area.top(), 1, area.height())
        self._paint_line(painter, edge, self.pen().color())
        painter.setPen(self.textPen())
        painter.setFont(self.style["tickFont"])
        high, end = self._metrics.height(), right - self.style["tickTextOffset"][0]
        for y, text in zip(places, texts, strict=True):
            place = QRectF(0, y - high / 2, end, high)
            painter.drawText(place, int(_MIDDLE | Qt.AlignmentFlag.AlignRight), text)
        widest = max((self._metrics.horizontalAdvance(text) for text in texts), default=0)
        self._updateMaxTextSize(widest)

    def _paint_bottom(
        self, painter: QPainter, area: QRectF, places: list[float], texts: list[str]
    ) -> None:
        for x in places if self.grid is not False else ():
            self._paint_line(painter, QRectF(x, area.top(), 1, -area.top()), self._faint)
        self._paint_line(painter, QRectF(area.left(), 0, area.width(), 1), self.pen().color())
        painter.setPen(self.textPen())
        painter.setFont(self.style["tickFont"])
        top, high = self.style["tickTextOffset"][1], self._metrics.height()
        for x, text in zip(places, texts, strict=True):
            wide = self._metrics.horizontalAdvance(text) + 2
            place = QRectF(x - wide / 2, top, wide, high)
            painter.drawText(place, int(_MIDDLE | Qt.AlignmentFlag.AlignHCenter), text)
        self._updateMaxTextSize(high)

    def _paint_line(self, painter: QPainter, line: QRectF, colour: QColor) -> None:
        """Fill whole pixels: a drawn line takes twenty times as long."""
        whole = QRectF(round(line.x()), round(line.y()), line.width(), line.height())
        painter.fillRect(whole, colour)


def tick_text(value: float, spacing: float) -> str:
    """A tick's number with as many decimals as tell it from its neighbours."""
    if abs(value) < spacing * 1e-6:
        return "0"
    places = max(0, -math.floor(math.log10(spacing) + 1e-9)) if spacing > 0 else 0
    large = abs(value) >= 1e5 or places > 5
    text = f"{value:.3g}" if large else f"{value:.{places}f}"
    return text.replace("-", _MINUS)


class StyledPlot(pg.PlotWidget):
    """A plot in the program's type and colours; it follows light, dark and the font.

    It has no context menu: pyqtgraph's own offers transforms and an export that fails on this Qt.
    """

    def __init__(
        self,
        name: str,
        *,
        x_title: str = "",
        y_title: str = "",
        gaps: tuple[float, float] = (84, 44),
        grid: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        """Make an empty one.

        Args:
            name: What a screen reader says.
            x_title: Title of the lower axis.
            y_title: Title of the left axis.
            gaps: Pixels between two ticks at least, along and up.
            grid: Whether a faint grid lies under the data.
            parent: The widget it lies in.
        """
        self._titles = (x_title, y_title)
        self._grid = grid
        self.paper_ratio = 0.0  # device pixels per logical one while it is drawn for paper
        axes = {"bottom": Axis("bottom", gaps[0]), "left": Axis("left", gaps[1])}
        super().__init__(parent, enableMenu=False, axisItems=axes)
        self.hideButtons()
        for axis in axes.values():
            # The grid lies under the data; pyqtgraph puts it above.
            axis.setZValue(-1000)
        for side in ("top", "right"):
            # They are hidden and would do their work all the same.
            self.getAxis(side).unlinkFromView()
        # Numbers at the ends of the axes reach over them.
        self.plotItem.layout.setContentsMargins(2, 8, 12, 2)
        # pyqtgraph makes this menu without a parent: it would outlive the plot.
        menu: Any = self.plotItem.ctrlMenu
        menu.setParent(self, menu.windowFlags())
        self.setAccessibleName(name)
        self.restyle()

    @property
    def colours(self) -> theme.Tokens:
        """The colours of the theme that is shown."""
        return theme.tokens(self.palette())

    @property
    def line_ratio(self) -> float:
        """Device pixels per logical one, where it is drawn now: cosmetic pens need it."""
        return self.paper_ratio or self.devicePixelRatioF()

    def set_titles(self, x_title: str, y_title: str) -> None:
        """Name the axes; an empty title takes no room."""
        if (x_title, y_title) != self._titles:
            self._titles = (x_title, y_title)
            self.restyle()

    def restyle(self) -> None:
        """Dress background, axes and titles anew; called when palette or font change.

        A plot with curves overrides it, calls this one and gives its pens their colours.
        """
        colours, font = self.colours, theme.caption(self.font())
        self.setBackground(QColor(colours.surface))
        size = f"{font.pointSizeF():.2f}pt" if font.pointSizeF() > 0 else f"{font.pixelSize()}px"
        for side, title in zip(("bottom", "left"), self._titles, strict=True):
            axis: Any = self.getAxis(side)
            axis.dress(colours, font, self._grid)
            # pyqtgraph reads it as markup: it can be a name from a file.
            axis.setLabel(html.escape(title), **{"color": colours.muted, "font-size": size})
            # pyqtgraph switches it on with a label, and would then scale the numbers by thousands.
            axis.enableAutoSIPrefix(False)

    def changeEvent(self, event: QEvent) -> None:
        """Follow light, dark and the font."""
        super().changeEvent(event)
        followed = (QEvent.Type.PaletteChange, QEvent.Type.FontChange)
        if event.type() in followed and self.plotItem is not None:
            self.restyle()
