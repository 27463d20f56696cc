"""Small drawings of samples: an image as it is, a row of features as a strip of bars."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPolygonF

from aeviz.gui import image_label
from aeviz.gui.theme import Tokens
from aeviz.messages import RunOpened

_MOST_BARS = 64


@dataclass(frozen=True, eq=False)
class SampleStyle:
    """What a drawing needs to know of a data set.

    Attributes:
        white: The value of an image byte that is shown as white.
        low: Of a table, where each feature's bar begins, (F,); None for images.
        high: Where it ends, (F,).
    """

    white: float = 255.0
    low: NDArray[np.float32] | None = None
    high: NDArray[np.float32] | None = None

    def fractions(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Where values lie between `low` (0) and `high` (1), of the same shape."""
        if self.low is None or self.high is None:
            return values
        span = np.where(self.high > self.low, self.high - self.low, 1.0)
        middle = np.where(self.high > self.low, 0.0, 0.5)
        return np.asarray((values - self.low) / span + middle, np.float32)


def style_of_samples(samples: NDArray[Any] | None, white: float) -> SampleStyle:
    """The style of images (N, H, W, C), or of rows (N, F): each feature over its own range."""
    if samples is None or samples.ndim != 2 or not len(samples):
        return SampleStyle(white)
    return SampleStyle(white, samples.min(axis=0), samples.max(axis=0))


def style_of_run(run: RunOpened) -> SampleStyle:
    """The style of a run's samples; a table without any is drawn over 0 to 1."""
    if run.samples is None and not run.is_image:
        features = run.sample_shape[0]
        return SampleStyle(run.white, np.zeros(features, np.float32), np.ones(features, np.float32))
    return style_of_samples(run.samples, run.white)


def draw_sample(
    painter: QPainter,
    area: QRectF,
    sample: NDArray[Any],
    style: SampleStyle,
    colours: Tokens,
    reference: NDArray[Any] | None = None,
) -> None:
    """Draw a sample into an area, on whole device pixels.

    Args:
        painter: Of a widget or a picture.
        area: In logical pixels.
        sample: uint8 (H, W, C) or float32 (F,) in its own units.
        style: Of its data set.
        colours: Of the theme.
        reference: A second row of features, drawn as a thin line over the bars.
    """
    device = painter.device()
    ratio = device.devicePixelRatioF() if device is not None else 1.0
    if sample.ndim == 3:
        picture = image_label.to_image(sample, style.white)
        place = image_label.draw(painter, area, picture, ratio)
        image_label.draw_frame(painter, place, QColor(colours.line), ratio)
        return
    painter.fillRect(area, QColor(colours.surface))
    _draw_bars(painter, area, style.fractions(sample), QColor(colours.accent), ratio)
    if reference is not None:
        _draw_line(painter, area, style.fractions(reference), QColor(colours.text))
    image_label.draw_frame(painter, area, QColor(colours.line), ratio)


def _draw_bars(
    painter: QPainter, area: QRectF, heights: NDArray[np.float32], colour: QColor, ratio: float
) -> None:
    heights = np.clip(np.nan_to_num(_thinned(heights)), 0.0, 1.0)
    edges = np.rint(np.linspace(area.left(), area.right(), len(heights) + 1) * ratio) / ratio
    gap = 1 / ratio if edges[1] - edges[0] > 3 / ratio else 0.0
    for left, right, height in zip(edges[:-1], edges[1:], heights, strict=True):
        tall = max(float(height) * area.height(), 1 / ratio)
        painter.fillRect(QRectF(left, area.bottom() - tall, right - left - gap, tall), colour)


def _draw_line(
    painter: QPainter, area: QRectF, heights: NDArray[np.float32], colour: QColor
) -> None:
    heights = np.clip(np.nan_to_num(_thinned(heights)), 0.0, 1.0)
    across = area.left() + (np.arange(len(heights)) + 0.5) * area.width() / len(heights)
    down = area.bottom() - heights * area.height()
    points = [QPointF(float(x), float(y)) for x, y in zip(across, down, strict=True)]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(colour)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(QPolygonF(points))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _thinned(heights: NDArray[np.float32]) -> NDArray[np.float32]:
    """At most `_MOST_BARS` heights: a bar stands for the mean of its neighbours beyond that."""
    if len(heights) <= _MOST_BARS:
        return heights
    edges = np.linspace(0, len(heights), _MOST_BARS + 1).astype(int)
    sums = np.add.reduceat(heights.astype(np.float64), edges[:-1])
    return np.asarray(sums / np.diff(edges), np.float32)
