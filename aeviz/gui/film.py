"""The film strip: rows are samples, columns are epochs; drawn on the screen and into a picture."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QFontMetricsF, QPainter

from aeviz.gui.captions import draw_dot
from aeviz.gui.numbers import measure
from aeviz.gui.theme import Tokens
from aeviz.gui.tiles import SampleStyle, draw_sample

MOST_COLUMNS = 11
_GAP = 4
_THOUSANDTH = 1e-3
_BETWEEN = 12
"""Pixels between the originals and the first epoch."""


def film_epochs(last: int) -> tuple[int, ...]:
    """Epochs 0, step, 2·step, … and the last one: at most `MOST_COLUMNS`, evenly spread.

    Example:
        >>> film_epochs(50)
        (0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50)
        >>> film_epochs(23)
        (0, 5, 10, 15, 20, 23)
        >>> film_epochs(0)
        (0,)
    """
    steps = (factor * 10**power for power in range(12) for factor in (1, 2, 5))
    for step in steps:
        epochs = tuple(dict.fromkeys((*range(0, last + 1, step), last)))
        if len(epochs) <= MOST_COLUMNS:
            return epochs
    return (0, last)


@dataclass(frozen=True)
class FilmLayout:
    """Where everything of a film strip lies, in logical pixels.

    Attributes:
        rows: Samples.
        columns: Epochs.
        cell: Width and height of a picture.
        names: Width of the names on the left.
        head: Height of the epochs above.
    """

    rows: int
    columns: int
    cell: tuple[float, float]
    names: float
    head: float

    @property
    def width(self) -> float:
        """Of the whole strip."""
        return self.left(self.columns) - _GAP

    @property
    def height(self) -> float:
        """Of the whole strip."""
        return self.head + self.rows * (self.cell[1] + _GAP)

    def left(self, column: int) -> float:
        """Where a column begins; -1 is the originals."""
        pitch = self.cell[0] + _GAP
        return self.names if column < 0 else self.names + pitch + _BETWEEN + column * pitch

    def place(self, row: int, column: int) -> QRectF:
        """Where a picture lies."""
        top = self.head + row * (self.cell[1] + _GAP)
        return QRectF(self.left(column), top, *self.cell)

    def column_at(self, x: float) -> int:
        """The column under a point, -1 for none of the epochs."""
        pitch = self.cell[0] + _GAP
        column = int((x - self.left(0)) // pitch)
        return column if 0 <= column < self.columns else -1


@dataclass(frozen=True, eq=False)
class Film:
    """What a film strip shows.

    Attributes:
        names: Of the rows.
        colours: Of their labels.
        originals: The samples, None where one has not come yet.
        epochs: The columns.
        frames: Of every column the pictures or rows of features; empty until they come.
        answered: The epoch whose weights made each column.
        style: Of the data set.
        shown: The epoch that the window shows.
    """

    names: Sequence[str]
    colours: Sequence[QColor | None]
    originals: Sequence[NDArray[Any] | None]
    epochs: Sequence[int]
    frames: Sequence[Sequence[NDArray[Any]]]
    answered: Sequence[int]
    style: SampleStyle
    shown: int


def layout(film: Film, font: QFont, cell: tuple[float, float], most_names: float) -> FilmLayout:
    """Lay a film out with cells of a size."""
    metrics = QFontMetricsF(font)
    widest = max((metrics.horizontalAdvance(name) for name in film.names), default=0.0) + 26
    names = min(widest, most_names)
    return FilmLayout(
        len(film.names), len(film.epochs), cell, float(round(names)), round(metrics.height() + 8)
    )


def draw_film(
    painter: QPainter, film: Film, places: FilmLayout, colours: Tokens, font: QFont
) -> None:
    """Draw names, epochs and pictures from the painter's origin on."""
    painter.setFont(font)
    _draw_heads(painter, film, places, colours)
    for row in range(places.rows):
        _draw_name(painter, film, places, colours, row)
        for column in range(-1, places.columns):
            area = places.place(row, column)
            _draw_cell(painter, film, area, colours, row, column)


def _draw_heads(painter: QPainter, film: Film, places: FilmLayout, colours: Tokens) -> None:
    metrics = QFontMetricsF(painter.font())
    middle = int(Qt.AlignmentFlag.AlignCenter)
    painter.setPen(QColor(colours.muted))
    if places.names >= metrics.horizontalAdvance("epoch") + 6:
        line = QRectF(0, 0, places.names - 8, places.head - 4)
        painter.drawText(
            line, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), "epoch"
        )
    step = _head_step(metrics, film, places)
    for column in range(-1, places.columns):
        area = QRectF(places.left(column), 0, places.cell[0], places.head - 4)
        current = column >= 0 and film.epochs[column] == film.shown
        if column > 0 and column % step and not current:
            continue
        text = _head(metrics, film, column, area.width())
        wide = max(area.width(), metrics.horizontalAdvance(text) + 6)
        area.adjust((area.width() - wide) / 2, 0, (wide - area.width()) / 2, 0)
        if current:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.accent))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.drawRoundedRect(area, 4, 4)
        painter.setPen(QColor(colours.accent_text if current else colours.muted))
        painter.drawText(area, middle, text)


def _head(metrics: QFontMetricsF, film: Film, column: int, width: float) -> str:
    """What stands over a column: its epoch; over the samples "original", or a shorter word."""
    if column >= 0:
        return str(film.answered[column])
    return "original" if metrics.horizontalAdvance("original") <= width + 4 else "data"


def _head_step(metrics: QFontMetricsF, film: Film, places: FilmLayout) -> int:
    """Every how many columns an epoch is named, so that the numbers stay apart."""
    if places.columns < 2:
        return 1
    widest = max(metrics.horizontalAdvance(str(epoch)) for epoch in film.answered)
    return math.ceil((widest + 6) / (places.left(1) - places.left(0)))


def _draw_name(
    painter: QPainter, film: Film, places: FilmLayout, colours: Tokens, row: int
) -> None:
    area = places.place(row, -1)
    line = QRectF(0, area.top(), places.names - 8, area.height())
    left = draw_dot(painter, line, film.colours[row])
    painter.setPen(QColor(colours.text))
    place = line.adjusted(left, 0, 0, 0)
    text = shortened(QFontMetrics(painter.font()), film.names, place.width())[row]
    painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter), text)


def shortened(metrics: QFontMetrics, names: Sequence[str], width: float) -> list[str]:
    """Names that fit into a width: they lose their end, or their start where they begin alike."""
    modes = (Qt.TextElideMode.ElideRight, Qt.TextElideMode.ElideLeft)
    made: list[list[str]] = [
        [metrics.elidedText(name, mode, int(width)) for name in names] for mode in modes
    ]
    return made[0] if len(set(made[0])) >= len(set(names)) else made[1]


def error_texts(metrics: QFontMetrics, errors: Sequence[float], room: float) -> list[str]:
    """Errors to two digits; where these would run into each other all of them shorter.

    Args:
        metrics: Of the type they are written in.
        errors: One below each picture.
        room: Pixels for each.
    """
    texts = [measure(error, 2) for error in errors]
    if all(metrics.horizontalAdvance(text) <= room for text in texts):
        return texts
    if min(errors) >= _THOUSANDTH / 2:
        return [f"{error:.3f}" for error in errors]
    return [measure(error, 1) for error in errors]


def _draw_cell(
    painter: QPainter, film: Film, area: QRectF, colours: Tokens, row: int, column: int
) -> None:
    original = film.originals[row]
    frames = film.frames[column] if column >= 0 else ()
    sample = original if column < 0 else frames[row] if row < len(frames) else None
    if sample is None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(colours.line))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        return
    is_row = sample.ndim == 1 and column >= 0
    style = film.style if column < 0 or sample.ndim == 1 else SampleStyle()
    draw_sample(painter, area, sample, style, colours, original if is_row else None)


def clamp_side(side: float, shape: Sequence[int], most: float) -> float:
    """A side that a picture can still be read at: small ones are never shrunk."""
    longest = max(shape[:2]) if len(shape) == 3 else 0
    least = float(longest * math.ceil(16 / longest)) if 0 < longest <= 32 else 16.0
    least = least if longest else 20.0
    return min(max(side, least), max(most, least))


def cell_size(shape: Sequence[int], side: float, ratio: float) -> tuple[float, float]:
    """The size of a cell of about a side: whole device pixels for every pixel of a picture."""
    if len(shape) != 3:
        return (side * 1.5, side)
    height, width = shape[0], shape[1]
    factor = side * ratio / max(height, width)
    factor = max(int(factor), 1) if factor >= 1 else factor
    return (max(width * factor / ratio, 1.0), max(height * factor / ratio, 1.0))
