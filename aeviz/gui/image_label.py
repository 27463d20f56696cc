"""Shows an array of bytes as a picture: whole pixels, crisp, at any scale of the screen."""

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

from aeviz.messages import ByteArray

_FORMATS = {
    1: QImage.Format.Format_Grayscale8,
    3: QImage.Format.Format_RGB888,
    4: QImage.Format.Format_RGBA8888,
}


def to_bytes(array: NDArray[np.uint8], white: float = 255.0) -> ByteArray:
    """Bring an image to contiguous bytes 0..255 with 1, 3 or 4 channels.

    Args:
        array: uint8 (H, W) or (H, W, C). Other channel counts than 1, 3 and 4 have no colours
            of their own: the mean of the channels is shown in grey.
        white: The value that is shown as white: 16 for scikit-learn's digits.

    Raises:
        ValueError: If it is no image of bytes.
    """
    if array.dtype != np.uint8 or array.ndim not in (2, 3) or not array.size:
        raise ValueError(f"an image is uint8 (H, W, C), got {array.dtype} {array.shape}")
    if array.ndim == 2:
        array = array[:, :, None]
    if array.shape[2] not in _FORMATS:
        array = np.rint(array.mean(axis=2, keepdims=True)).astype(np.uint8)
    if white != 255.0:
        levels = np.clip(np.rint(np.arange(256) * (255.0 / white)), 0, 255).astype(np.uint8)
        array = levels[array]
    return np.ascontiguousarray(array)


def to_image(array: NDArray[np.uint8], white: float = 255.0) -> QImage:
    """A picture of its own that needs the array no more; see `to_bytes`."""
    return _over(to_bytes(array, white)).copy()


def _over(pixels: ByteArray) -> QImage:
    """A picture over the memory of contiguous bytes (H, W, C), which have to outlive it."""
    height, width, channels = pixels.shape
    # Without bytesPerLine Qt expects rows of a multiple of four bytes and reads past the end.
    return QImage(pixels.data, width, height, width * channels, _FORMATS[channels])


def whole_pixels(
    area: QRectF, width: int, height: int, ratio: float, *, left_top: bool = False
) -> QRectF:
    """Where a picture lies in an area so that each of its pixels covers whole device pixels.

    Args:
        area: In logical pixels.
        width: Of the picture, in its own pixels.
        height: Of the picture.
        ratio: Device pixels per logical pixel.
        left_top: Whether it lies in the corner of the area, else in its middle.

    Returns:
        The largest such rectangle, in logical pixels; a picture larger than the
        area is made smaller to fit.
    """
    across, down = area.width() * ratio, area.height() * ratio
    factor = min(across / width, down / height)
    if factor >= 1:
        factor = int(factor)
    wide, high = max(round(width * factor), 1), max(round(height * factor), 1)
    spare = 0.0 if left_top else 0.5
    left = round(area.left() * ratio + (across - wide) * spare)
    top = round(area.top() * ratio + (down - high) * spare)
    return QRectF(left / ratio, top / ratio, wide / ratio, high / ratio)


def draw(painter: QPainter, area: QRectF, image: QImage, ratio: float) -> QRectF:
    """Draw a picture on whole device pixels in an area; returns where it came to lie."""
    place = whole_pixels(area, image.width(), image.height(), ratio)
    shrinks = place.width() * ratio < image.width()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, shrinks)
    painter.drawImage(place, image, QRectF(image.rect()))
    return place


def draw_frame(painter: QPainter, place: QRectF, colour: QColor, ratio: float) -> None:
    """Draw a frame of one device pixel around a picture: black ends on black, white on white."""
    thin = 1 / ratio
    painter.fillRect(
        QRectF(place.left() - thin, place.top() - thin, place.width() + 2 * thin, thin), colour
    )
    painter.fillRect(
        QRectF(place.left() - thin, place.bottom(), place.width() + 2 * thin, thin), colour
    )
    painter.fillRect(QRectF(place.left() - thin, place.top(), thin, place.height()), colour)
    painter.fillRect(QRectF(place.right(), place.top(), thin, place.height()), colour)


class ImageLabel(QWidget):
    """A picture of a sample; asks for as much height as its width needs."""

    def __init__(self, name: str, *, most: int = 256) -> None:
        """Make an empty one.

        Args:
            name: What a screen reader says.
            most: Largest side in logical pixels.
        """
        super().__init__()
        self._pixels: ByteArray | None = None
        self._image = QImage()
        self._shape = (1, 1)
        self._most = most
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setMinimumWidth(32)
        self.setAccessibleName(name)

    @property
    def image(self) -> QImage:
        """What is shown; null when nothing is."""
        return self._image

    def set_image(self, array: NDArray[np.uint8] | None, white: float = 255.0) -> None:
        """Show an image, uint8 (H, W, C), or nothing; see `to_bytes`."""
        # The picture lies over these bytes: they are kept as long as it is.
        self._pixels = None if array is None else to_bytes(array, white)
        self._image = QImage() if self._pixels is None else _over(self._pixels)
        if self._pixels is not None:
            self.set_shape(self._pixels.shape[0], self._pixels.shape[1])
        self.update()

    def set_shape(self, height: int, width: int) -> None:
        """Keep room for pictures of that shape before the first one comes."""
        if (height, width) != self._shape:
            self._shape = (height, width)
            self.updateGeometry()

    def set_most(self, most: int) -> None:
        """Limit the larger side; neighbours with one limit are enlarged equally."""
        if most != self._most:
            self._most = most
            self.updateGeometry()
            self.update()

    def _place(self, width: float, height: float) -> QRectF:
        """Where a picture of the kept shape lies in a widget of that size, inside its frame."""
        sides = [max(min(side - 2, self._most), 1) for side in (width, height)]
        area = QRectF(1, 1, *sides)
        return whole_pixels(
            area, self._shape[1], self._shape[0], self.devicePixelRatioF(), left_top=True
        )

    def hasHeightForWidth(self) -> bool:
        """Yes: a picture keeps its shape."""
        return True

    def heightForWidth(self, width: int) -> int:
        """What the picture's shape asks for, with its frame."""
        return math.ceil(self._place(width, self._most + 2).height()) + 2

    def sizeHint(self) -> QSize:
        """A small picture; layouts give it the width they have."""
        return QSize(112, self.heightForWidth(112))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the picture, or the frame of one that is still to come."""
        painter = QPainter(self)
        ratio = self.devicePixelRatioF()
        line = self.palette().color(QPalette.ColorRole.Mid)
        place = self._place(self.width(), self.height())
        if self._image.isNull():
            self._draw_empty(painter, place, line)
        else:
            draw(painter, place, self._image, ratio)
            draw_frame(painter, place, line, ratio)
        painter.end()

    def _draw_empty(self, painter: QPainter, place: QRectF, line: QColor) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(line)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
