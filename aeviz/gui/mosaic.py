"""Many decodes side by side as one picture, every cell as large as the others."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from aeviz.gui.theme import Tokens
from aeviz.gui.tiles import SampleStyle, draw_sample

PROFILE = 40
"""Pixels of a cell that shows a row of features."""


def mosaic(
    frames: NDArray[Any],
    missing: NDArray[np.bool_],
    columns: int,
    style: SampleStyle,
    colours: Tokens,
) -> QImage:
    """Compose decodes; what is missing is transparent.

    Args:
        frames: Row by row, uint8 (B, H, W, C) or float32 (B, F).
        missing: Which are not there, (B,).
        columns: Cells in a row; the last row may have fewer.
        style: Of the data set, for rows of features.
        colours: Of the theme.

    Returns:
        Premultiplied ARGB: a pixel for every pixel of the images, in square cells.
    """
    return (
        _images(frames, missing, columns)
        if frames.ndim == 4
        else _profiles(frames, missing, columns, style, colours)
    )


def _images(frames: NDArray[Any], missing: NDArray[np.bool_], columns: int) -> QImage:
    count, high, wide, channels = frames.shape
    side = max(high, wide)
    rows = math.ceil(count / columns)
    cells = np.zeros((rows * columns, side, side, 4), np.uint8)
    top, left = (side - high) // 2, (side - wide) // 2
    inner = cells[:count, top : top + high, left : left + wide]
    # The bytes of a pixel from the lowest: blue, green, red, alpha.
    for place, channel in enumerate((2, 1, 0)):
        inner[..., place] = frames[..., 0 if channels == 1 else min(channel, channels - 1)]
    if channels == 2:
        inner[..., 0] = 0
    inner[..., 3] = 255
    cells[:count][missing] = 0
    # (rows, columns, side, side, 4) -> (rows, side, columns, side, 4)
    ordered = cells.reshape(rows, columns, side, side, 4).swapaxes(1, 2)
    pixels = np.ascontiguousarray(ordered).reshape(rows * side, columns * side, 4)
    form = QImage.Format.Format_ARGB32_Premultiplied
    return QImage(pixels.data, columns * side, rows * side, 4 * columns * side, form).copy()


def _profiles(
    frames: NDArray[Any],
    missing: NDArray[np.bool_],
    columns: int,
    style: SampleStyle,
    colours: Tokens,
) -> QImage:
    rows = math.ceil(len(frames) / columns)
    form = QImage.Format.Format_ARGB32_Premultiplied
    image = QImage(columns * PROFILE, rows * PROFILE, form)
    image.fill(0)
    painter = QPainter(image)
    for number in np.flatnonzero(~missing).tolist():
        row, column = divmod(number, columns)
        area = QRectF(column * PROFILE + 1, row * PROFILE + 1, PROFILE - 2, PROFILE - 2)
        draw_sample(painter, area, frames[number], style, colours)
    painter.end()
    return image
