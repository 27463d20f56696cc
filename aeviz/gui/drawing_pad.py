"""A picture of the data's own size that is drawn with the mouse, taken from a file or pasted."""

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from aeviz.gui import theme
from aeviz.gui.image_label import draw_frame, to_image

FloatArray = NDArray[np.float32]

MOST_UNDONE = 30
_SIDE = 220


class DrawingPad(QWidget):
    """Holds an image of floats, 0 black and 1 white; the left button draws, the right one erases.

    The pen is soft and as wide as strokes are in small pictures: its strength falls over a pixel.

    Signals:
        changed(): The image is another one now.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.image: FloatArray = np.zeros((1, 1, 1), np.float32)
        self.ink = np.ones(3, np.float32)
        self.radius = 1.0
        self._undone: list[FloatArray] = []
        self._last: QPointF | None = None
        self._erases = False
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName("Drawing pad")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    # ── the image ─────────────────────────────────────────────────────────────────────────────

    def set_shape(self, high: int, wide: int, channels: int) -> None:
        """An empty image of another size."""
        self.image = np.zeros((high, wide, channels), np.float32)
        # A stroke of a digit is about a seventh of the picture wide.
        self.radius = max(0.55, max(high, wide) / 15)
        self._undone = []
        self.updateGeometry()
        self.update()

    def set_image(self, image: FloatArray) -> None:
        """Show an image of the same size, (H, W, C), 0 black and 1 white."""
        self._keep()
        self.image = np.clip(np.asarray(image, np.float32), 0, 1).reshape(self.image.shape)
        self._tell()

    def clear(self) -> None:
        """All black."""
        if self.image.any():
            self.set_image(np.zeros_like(self.image))

    def invert(self) -> None:
        """Black for white."""
        self.set_image(1 - self.image)

    def undo(self) -> None:
        """Take the last stroke back."""
        if self._undone:
            self.image = self._undone.pop()
            self._tell()

    def _keep(self) -> None:
        self._undone = [*self._undone[-MOST_UNDONE + 1 :], self.image.copy()]

    def _tell(self) -> None:
        self.update()
        self.changed.emit()

    def stroke(self, start: QPointF, end: QPointF, *, erases: bool = False) -> None:
        """Draw a line between two places in pixels of the image."""
        high, wide, channels = self.image.shape
        rows, columns = np.mgrid[0:high, 0:wide] + 0.5
        along = (end.x() - start.x(), end.y() - start.y())
        length = along[0] ** 2 + along[1] ** 2
        share = np.zeros((high, wide))
        if length > 0:
            towards = (columns - start.x()) * along[0] + (rows - start.y()) * along[1]
            share = np.clip(towards / length, 0, 1)
        away = np.hypot(columns - start.x() - share * along[0], rows - start.y() - share * along[1])
        cover = np.clip(self.radius + 0.5 - away, 0, 1)[..., None].astype(np.float32)
        ink = self.ink[:channels]
        if erases:
            self.image *= 1 - cover
        elif channels == 1:
            np.maximum(self.image, cover * ink, out=self.image)
        else:
            self.image += cover * (ink - self.image)
        self._tell()

    # ── the hand ──────────────────────────────────────────────────────────────────────────────

    def _area(self) -> QRectF:
        high, wide = self.image.shape[:2]
        scale = min(self.width() / wide, self.height() / high)
        size = QRectF(0, 0, wide * scale, high * scale)
        size.moveCenter(QRectF(self.rect()).center())
        return size

    def _pixel(self, place: QPointF) -> QPointF:
        area, high, wide = self._area(), *self.image.shape[:2]
        return QPointF(
            (place.x() - area.left()) / area.width() * wide,
            (place.y() - area.top()) / area.height() * high,
        )

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a stroke."""
        if event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
            return
        self._keep()
        self._erases = event.button() == Qt.MouseButton.RightButton
        self._last = self._pixel(event.position())
        self.stroke(self._last, self._last, erases=self._erases)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Draw on."""
        if self._last is not None:
            place = self._pixel(event.position())
            self.stroke(self._last, place, erases=self._erases)
            self._last = place

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the stroke."""
        self._last = None

    # ── Qt ────────────────────────────────────────────────────────────────────────────────────

    def sizeHint(self) -> QSize:
        """As high as the picture at a size that a hand can draw in."""
        high, wide = self.image.shape[:2]
        return QSize(_SIDE, max(60, math.ceil(_SIDE * min(high / wide, 1.4))))

    def minimumSizeHint(self) -> QSize:
        """The same height."""
        return QSize(100, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the image with sharp pixels."""
        painter = QPainter(self)
        area = self._area()
        levels = np.rint(np.clip(self.image, 0, 1) * 255).astype(np.uint8)
        painter.drawImage(area, to_image(levels))
        line = QColor(theme.tokens(self.palette()).line)
        draw_frame(painter, area, line, self.devicePixelRatioF())


def fitted(image: QImage, high: int, wide: int, channels: int) -> FloatArray:
    """A picture of any size as an image of the data's: whole, in the middle, averaged down.

    Transparent parts and what it does not cover take the colour of its upper left corner.

    Returns:
        Float32 (high, wide, channels), 0 black and 1 white.
    """
    corner = image.pixelColor(0, 0)
    ground = QColor(255, 255, 255) if corner.alpha() < 128 else corner
    canvas = QImage(image.size(), QImage.Format.Format_RGB32)
    canvas.fill(ground)
    painter = QPainter(canvas)
    painter.drawImage(0, 0, image)
    painter.end()
    size = image.size().scaled(wide, high, Qt.AspectRatioMode.KeepAspectRatio)
    inner_high, inner_wide = max(size.height(), 1), max(size.width(), 1)
    pixels = np.frombuffer(canvas.constBits(), np.uint8)
    pixels = pixels.reshape(canvas.height(), canvas.bytesPerLine() // 4, 4)
    colours = np.asarray(pixels[:, : canvas.width(), 2::-1] / 255, np.float32)  # red, green, blue
    small = _averaged(_averaged(colours, inner_high, 0), inner_wide, 1)
    whole = np.empty((high, wide, 3), np.float32)
    whole[:] = (ground.redF(), ground.greenF(), ground.blueF())
    top, left = (high - inner_high) // 2, (wide - inner_wide) // 2
    whole[top : top + inner_high, left : left + inner_wide] = small
    return _with_channels(whole, channels)


def _with_channels(colours: FloatArray, channels: int) -> FloatArray:
    """Red, green and blue (H, W, 3) as grey, as two, three or, opaque, as four channels."""
    if channels == 1:
        grey = colours @ np.array([0.299, 0.587, 0.114], np.float32)
        return np.asarray(grey[..., None], np.float32)
    opaque = np.ones((*colours.shape[:2], 1), np.float32)
    return np.concatenate([colours, opaque], axis=2)[..., :channels]


def _averaged(values: FloatArray, count: int, axis: int) -> FloatArray:
    """So many equal parts along an axis, each the mean of what lies in it, shares included."""
    length = values.shape[axis]
    sums = np.cumsum(values, axis=axis, dtype=np.float64)
    sums = np.insert(sums, 0, 0, axis=axis)
    edges = np.linspace(0, length, count + 1)
    low = np.minimum(edges.astype(np.int64), length - 1)
    share = (edges - low).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
    below, above = np.take(sums, low, axis), np.take(sums, low + 1, axis)
    at = below + share * (above - below)
    return np.asarray(np.diff(at, axis=axis) * count / length, np.float32)
