"""A path as a sheet: a strip of decodes for every method, and curves under it, aligned."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from aeviz.gui import theme
from aeviz.gui.figure import Figure
from aeviz.gui.film import cell_size, clamp_side
from aeviz.gui.numbers import measure
from aeviz.gui.path_marks import method_colour
from aeviz.gui.route import METHODS
from aeviz.gui.theme import Tokens
from aeviz.gui.tiles import SampleStyle, draw_sample

RULER = 18.0
LOWEST, HIGHEST = 22.0, 64.0
"""Pixels that a curve may be high."""

_GAP = 3.0
_APART = 5.0
_EDGE = 8.0
_MOST_SIDE = 64.0
_PICTURE_HIGH = 1e4
_LEAST_SIDE = 18.0
_MOST_ROW, _LEAST_ROW = 44.0, 22.0

Values = NDArray[np.floating]


def _nothing() -> Values:
    return np.empty(0)


@dataclass(frozen=True, eq=False)
class Row:
    """One method.

    Attributes:
        method: Its name.
        frames: Decodes at the steps, None where one is still to come or cannot be.
        log_density: Along the path in even steps, (P,); empty before it is known.
        distance: To the k-th nearest latent, in the same way.
        change: From each step to the next, (S − 1,), or empty.
        length: Of the decoded curve, NaN before it is known.
        why: Why there is no such path, "" where there is.
    """

    method: str
    frames: Sequence[NDArray[Any] | None] = ()
    log_density: Values = field(default_factory=_nothing)
    distance: Values = field(default_factory=_nothing)
    change: Values = field(default_factory=_nothing)
    length: float = math.nan
    why: str = ""


@dataclass(frozen=True, eq=False)
class Scene:
    """What a sheet shows.

    Attributes:
        rows: The methods.
        chosen: Whose values are told, by its number.
        steps: Decodes along a path.
        low: The log density that 1 % of the data lie under, NaN before it is known.
        far: The distance that 1 % of the data lie beyond.
        neighbour: Which nearest latent the distance is to.
        style: Of the data set.
        shape: Of a sample.
    """

    rows: Sequence[Row]
    chosen: int
    steps: int
    low: float
    far: float
    neighbour: int
    style: SampleStyle
    shape: Sequence[int]

    @property
    def curves(self) -> tuple["Curve", ...]:
        """The curves under the strips."""
        return (
            Curve("log_density", "log p", "nats", self.low),
            Curve("distance", f"{ordinal(self.neighbour)} nearest", "", self.far),
            Curve("change", "change", "", math.nan),
        )


class Curve(NamedTuple):
    """One of the curves: which values, their title and unit, what is usual for the data."""

    values: str
    title: str
    unit: str
    usual: float


@dataclass(frozen=True)
class Places:
    """Where everything of a sheet lies, in logical pixels.

    Attributes:
        rows: How many strips.
        steps: Decodes along a path.
        every: Every how many steps a decode has room.
        cell: Width and height of a decode.
        names: Room on the left.
        left: The middle of the first decode.
        right: The middle of the last one.
        high: How high each curve is.
    """

    rows: int
    steps: int
    every: int
    cell: tuple[float, float]
    names: float
    left: float
    right: float
    high: float

    @property
    def strips_end(self) -> float:
        """Where the last strip ends."""
        return RULER + self.rows * (self.cell[1] + _GAP)

    @property
    def height(self) -> float:
        """Of the whole sheet."""
        return self.strips_end + 3 * (self.high + _APART)

    def x_of(self, share: float) -> float:
        """Where a share of the path lies."""
        return self.left + share * (self.right - self.left)

    def share_at(self, x: float) -> float:
        """The share of the path over a point, from 0 to 1."""
        return min(max((x - self.left) / max(self.right - self.left, 1.0), 0.0), 1.0)

    def place(self, row: int, step: int) -> QRectF:
        """Where a decode lies."""
        wide, high = self.cell
        middle = self.x_of(step / (self.steps - 1))
        return QRectF(middle - wide / 2, RULER + row * (high + _GAP), wide, high)

    def curve(self, number: int) -> QRectF:
        """Where a curve lies."""
        top = self.strips_end + _APART + number * (self.high + _APART)
        return QRectF(self.left, top, self.right - self.left, self.high)

    def cell_at(self, x: float, y: float) -> tuple[int, int] | None:
        """The row and step of the decode at a point."""
        row = int((y - RULER) // (self.cell[1] + _GAP))
        if not 0 <= row < self.rows or x < self.names:
            return None
        shown = range(0, self.steps, self.every)
        return row, min(shown, key=lambda step: abs(self.x_of(step / (self.steps - 1)) - x))

    def name_at(self, x: float, y: float) -> int:
        """The row whose name is at a point, -1 for none."""
        row = int((y - RULER) // (self.cell[1] + _GAP))
        return row if 0 <= row < self.rows and x < self.names else -1


def places_of(scene: Scene, width: float, height: float, font: QFont, ratio: float) -> Places:
    """Lay a sheet out in a width; decodes and curves become as high as the height allows."""
    metrics = QFontMetricsF(font)
    names = min(metrics.horizontalAdvance("5th nearest  0.08888") + 2 * _EDGE, 0.36 * width)
    inner = max(width - names - _EDGE, 40.0)
    every = max(1, math.ceil(scene.steps * (_LEAST_SIDE + _GAP) / inner))
    side = inner / -(-scene.steps // every) - _GAP
    rows = max(len(scene.rows), 1)
    room = (height - RULER - 3 * (LOWEST + _APART)) / rows - _GAP
    cell = _cell(scene.shape, side, max(room, 0.0), ratio)
    left, right = names + cell[0] / 2, names + inner - cell[0] / 2
    strips = RULER + len(scene.rows) * (cell[1] + _GAP)
    high = min(max((height - strips) / 3 - _APART, LOWEST), HIGHEST)
    return Places(len(scene.rows), scene.steps, every, cell, names, left, right, high)


def _cell(shape: Sequence[int], across: float, down: float, ratio: float) -> tuple[float, float]:
    """The size of a decode in so much room; it may be higher than the room, never wider."""
    if len(shape) != 3:
        return min(across, 1.5 * _MOST_ROW), min(max(down, _LEAST_ROW), _MOST_ROW)
    wide, high = cell_size(shape, clamp_side(min(across, down), shape, _MOST_SIDE), ratio)
    return (wide, high) if wide <= across + _GAP else (across, across * high / wide)


def draw_scene(
    painter: QPainter, scene: Scene, places: Places, at: float, font: QFont, colours: Tokens
) -> None:
    """Draw a sheet from the painter's origin on; `at` is the shown share of the path."""
    draw_still(painter, scene, places, font, colours)
    draw_shown(painter, scene, places, at, font, colours)


def draw_still(
    painter: QPainter, scene: Scene, places: Places, font: QFont, colours: Tokens
) -> None:
    """Draw what stays while a person walks along the path: names, decodes, curves."""
    painter.setFont(font)
    for number, row in enumerate(scene.rows):
        _draw_name(painter, scene, places, number, colours)
        for step in range(0, scene.steps, places.every):
            frame = row.frames[step] if step < len(row.frames) else None
            _draw_cell(painter, scene, frame, places.place(number, step), colours)
    for number, curve in enumerate(scene.curves):
        _draw_curve(painter, scene, curve, places.curve(number), colours)


def draw_shown(
    painter: QPainter, scene: Scene, places: Places, at: float, font: QFont, colours: Tokens
) -> None:
    """Draw the shown place over it: the scrubber, a line through the curves, their values."""
    painter.setFont(font)
    _draw_ruler(painter, places, at, colours)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    x = places.x_of(at)
    painter.setPen(QPen(QColor(colours.accent), 1.2))
    painter.drawLine(QPointF(x, places.strips_end + 2), QPointF(x, places.height))
    painter.setPen(QPen(QColor(colours.surface), 1.5))
    painter.setBrush(QColor(colours.accent))
    for number, curve in enumerate(scene.curves):
        area, values = places.curve(number), getattr(scene.rows[scene.chosen], curve.values)
        told = value_at(values, at, scene.steps)
        if math.isfinite(told):
            low, high = _range(scene, curve)
            up = area.bottom() - (told - low) / (high - low) * area.height()
            painter.drawEllipse(QPointF(x, up), 4.0, 4.0)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    for number, curve in enumerate(scene.curves):
        _draw_told(painter, scene, curve, places, number, at, colours)


def ordinal(number: int) -> str:
    """A number as it counts, "k-th" for none.

    Example:
        >>> [ordinal(number) for number in (0, 1, 2, 3, 5)]
        ['k-th', '1st', '2nd', '3rd', '5th']
    """
    if not number:
        return "k-th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number, 'th') }"


def value_at(values: Values, at: float, steps: int) -> float:
    """What a curve is worth at a share of the path; of a change, that of the step it lies in."""
    if not len(values):
        return math.nan
    if len(values) == steps - 1:
        return float(values[min(int(at * (steps - 1)), steps - 2)])
    return float(np.interp(at * (len(values) - 1), np.arange(len(values)), values))


def _draw_ruler(painter: QPainter, places: Places, at: float, colours: Tokens) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    middle = RULER / 2 - 1
    painter.setPen(QPen(QColor(colours.line), 3.0, c=Qt.PenCapStyle.RoundCap))
    painter.drawLine(QPointF(places.left, middle), QPointF(places.right, middle))
    painter.setPen(QPen(QColor(colours.accent), 3.0, c=Qt.PenCapStyle.RoundCap))
    painter.drawLine(QPointF(places.left, middle), QPointF(places.x_of(at), middle))
    painter.setPen(QPen(QColor(colours.surface), 1.5))
    painter.setBrush(QColor(colours.accent))
    painter.drawEllipse(QPointF(places.x_of(at), middle), 6.0, 6.0)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _draw_name(
    painter: QPainter, scene: Scene, places: Places, number: int, colours: Tokens
) -> None:
    """The name of a method with its colour, and how long it is when decoded."""
    row, area = scene.rows[number], places.place(number, 0)
    area = QRectF(_EDGE, area.top(), places.names - 2 * _EDGE, area.height())
    metrics = painter.fontMetrics()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(method_colour(row.method, colours)))
    painter.drawEllipse(QRectF(area.left(), area.center().y() - 3.5, 7, 7))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    length = "no path" if row.why else "…" if math.isnan(row.length) else measure(row.length, 3)
    align = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
    painter.setPen(QColor(colours.muted))
    painter.drawText(area, align, length)
    painter.setPen(QColor(colours.text if number == scene.chosen else colours.muted))
    line = area.adjusted(12, 0, -metrics.horizontalAdvance(length) - 4, 0)
    text = metrics.elidedText(
        METHODS[row.method], Qt.TextElideMode.ElideRight, int(max(line.width(), 0))
    )
    painter.drawText(line, int(Qt.AlignmentFlag.AlignVCenter), text)


def _draw_cell(
    painter: QPainter, scene: Scene, frame: NDArray[Any] | None, area: QRectF, colours: Tokens
) -> None:
    if frame is None:
        painter.setPen(QColor(colours.line))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(area.adjusted(0.5, 0.5, -0.5, -0.5))
        return
    style = scene.style if frame.ndim == 1 else SampleStyle()
    draw_sample(painter, area, frame, style, colours)


def _range(scene: Scene, curve: Curve) -> tuple[float, float]:
    """What a curve's height spans, the same for all methods."""
    every = [getattr(row, curve.values) for row in scene.rows]
    known = np.concatenate([*every, [curve.usual]])
    known = known[np.isfinite(known)]
    if not known.size:
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    if curve.values != "log_density":
        low = 0.0
    span = high - low if high > low else 1.0
    return (low - 0.08 * span if curve.values == "log_density" else 0.0), high + 0.08 * span


def _draw_curve(
    painter: QPainter, scene: Scene, curve: Curve, area: QRectF, colours: Tokens
) -> None:
    painter.fillRect(area, QColor(colours.surface))
    painter.setPen(QColor(colours.line))
    painter.drawLine(area.bottomLeft(), area.bottomRight())
    low, high = _range(scene, curve)

    def up(value: float) -> float:
        return area.bottom() - (value - low) / (high - low) * area.height()

    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if math.isfinite(curve.usual):
        painter.setPen(QPen(QColor(colours.muted), 1.0, Qt.PenStyle.DotLine))
        y = up(curve.usual)
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
    order = sorted(range(len(scene.rows)), key=lambda number: number == scene.chosen)
    for number in order:
        row = scene.rows[number]
        values = getattr(row, curve.values)
        is_chosen = number == scene.chosen
        colour = QColor(method_colour(row.method, colours))
        colour.setAlphaF(1.0 if is_chosen else 0.7)
        painter.setPen(QPen(colour, 2.0 if is_chosen else 1.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for piece in _pieces(values, scene.steps, area, up):
            painter.drawPolyline(piece)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _pieces(values: Values, steps: int, area: QRectF, up: Any) -> list[QPolygonF]:
    """Polylines of values without the gaps where they are NaN."""
    if not len(values):
        return []
    if len(values) == steps - 1:  # a step wide each, so that it is seen which step it belongs to
        shares = np.repeat(np.arange(steps), 2)[1:-1] / (steps - 1)
        values = np.repeat(values, 2)
    else:
        shares = np.arange(len(values)) / max(len(values) - 1, 1)
    pieces: list[QPolygonF] = []
    points: list[QPointF] = []
    for share, value in zip(shares.tolist(), values.tolist(), strict=True):
        if math.isfinite(value):
            points.append(QPointF(area.left() + share * area.width(), up(value)))
        elif points:
            pieces.append(QPolygonF(points))
            points = []
    return [*pieces, QPolygonF(points)] if points else pieces


def _draw_told(
    painter: QPainter,
    scene: Scene,
    curve: Curve,
    places: Places,
    number: int,
    at: float,
    colours: Tokens,
) -> None:
    """What a curve is and what it is worth at the shown place."""
    area = places.curve(number)
    line = QRectF(_EDGE, area.top(), places.names - 2 * _EDGE, area.height())
    row = scene.rows[scene.chosen] if scene.rows else None
    value = math.nan if row is None else value_at(getattr(row, curve.values), at, scene.steps)
    text = f"{measure(value, 3)} {curve.unit}".strip()
    beyond = value < curve.usual if curve.values == "log_density" else value > curve.usual
    painter.setPen(QColor(colours.warning if beyond else colours.text))
    align = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
    painter.drawText(line, align, text)
    painter.setPen(QColor(colours.muted))
    metrics = painter.fontMetrics()
    room = line.width() - metrics.horizontalAdvance(text) - 4
    title = metrics.elidedText(curve.title, Qt.TextElideMode.ElideRight, int(max(room, 0)))
    painter.drawText(line, int(Qt.AlignmentFlag.AlignVCenter), title)


def scene_figure(
    scene: Scene, title: str, font: QFont, at: float, about: Mapping[str, str]
) -> Figure:
    """The whole sheet for paper."""
    wide = 150.0 + scene.steps * 52.0
    places = places_of(scene, wide, _PICTURE_HIGH, font, 2.0)

    def draw(painter: QPainter) -> None:
        draw_scene(painter, scene, places, at, font, theme.LIGHT)

    return Figure("path", title, wide, places.height, draw, font, about)
