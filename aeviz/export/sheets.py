"""Sheets: many decodes side by side as one picture, without Qt.

A cell is an image, enlarged by whole pixels so that nothing is blurred, or a bar profile of a
table's features. Cells touch: a sheet of n × n cells can be cut into n × n equal parts.
"""

import io
import math

import numpy as np
from numpy.typing import NDArray

from aeviz.messages import ByteArray, FloatArray

CELL = 56
"""Pixels along the longer side of a cell at least, so that a sheet of 8 × 8 digits can be seen."""

INK = (36, 99, 214)
PAPER = (255, 255, 255)
LINE = (217, 222, 229)


def pictures(values: FloatArray) -> tuple[ByteArray, float]:
    """Images as bytes, the only place where decodes are clipped.

    Args:
        values: float32 (B, H, W, C), 0 black and 1 white.

    Returns:
        uint8 (B, H, W, C), and the share of values outside [0, 1].
    """
    outside = float(np.mean((values < 0) | (values > 1)))
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8), outside


def image_cells(images: ByteArray, size: int = CELL) -> ByteArray:
    """Images as cells of a sheet.

    Args:
        images: uint8 (B, H, W, C) with one, three or four channels.
        size: Pixels along the longer side at least.

    Returns:
        uint8 (B, H·k, W·k, 3) with a whole number k.
    """
    _, height, width, channels = images.shape
    factor = max(1, math.ceil(size / max(height, width)))
    colours = np.repeat(images, 3, axis=3) if channels == 1 else images[..., :3]
    if channels == 2:
        # No third colour: blue stays empty.
        colours = np.concatenate([images, np.zeros_like(images[..., :1])], axis=3)
    return colours.repeat(factor, axis=1).repeat(factor, axis=2)


def profile_cells(values: FloatArray, height: int = CELL, span: float = 3.0) -> ByteArray:
    """Rows of a table as bar profiles, all in one scale.

    Args:
        values: Standardised features, float32 (B, F): 0 is the mean, 1 one standard deviation.
        height: Pixels of a cell.
        span: The value of a bar that reaches the edge; longer ones end there.

    Returns:
        uint8 (B, height, W, 3). The line in the middle is the mean of the data.
    """
    count, features = values.shape
    bar = max(1, CELL // features)
    middle = height // 2
    ends = middle - np.rint(np.clip(values / span, -1, 1) * (middle - 1)).astype(int)
    rows = np.arange(height)[None, :, None]
    # (B, height, F): between the middle and the end of the bar
    filled = (rows >= np.minimum(ends, middle)[:, None]) & (
        rows <= np.maximum(ends, middle)[:, None]
    )
    cells = np.empty((count, height, features, 3), np.uint8)
    cells[:] = PAPER
    cells[filled] = INK
    cells[:, middle][~filled[:, middle]] = LINE
    wide = cells.repeat(bar, axis=2)
    wide[:, 0], wide[:, :, 0] = LINE, LINE
    return wide


def enlarged(cells: ByteArray, size: int = 224) -> ByteArray:
    """Cells (B, H, W, 3) by whole pixels, so that the longer side has `size` pixels at least."""
    factor = max(1, math.ceil(size / max(cells.shape[1:3])))
    return cells.repeat(factor, axis=1).repeat(factor, axis=2)


def sheet(cells: ByteArray, columns: int) -> ByteArray:
    """Cells in rows of `columns`, the first one at the top left.

    Args:
        cells: uint8 (B, H, W, 3).
        columns: Cells per row; the last row is filled with paper.

    Returns:
        uint8 (rows·H, columns·W, 3).
    """
    count, height, width, channels = cells.shape
    rows = math.ceil(count / columns)
    filled = np.full((rows * columns, height, width, channels), 255, np.uint8)
    filled[:count] = cells
    # (rows, columns, H, W, 3) -> (rows, H, columns, W, 3)
    ordered = filled.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    return np.ascontiguousarray(ordered.reshape(rows * height, columns * width, channels))


def default_region(positions: FloatArray) -> tuple[float, float, float, float]:
    """The 1 % to 99 % quantiles of the positions (N, 2), widened by 5 % of their span."""
    low, high = np.quantile(positions.astype(np.float64), (0.01, 0.99), axis=0)
    margin = np.where(high > low, (high - low) * 0.05, 0.5)
    low, high = low - margin, high + margin
    return float(low[0]), float(high[0]), float(low[1]), float(high[1])


def small_png(image: ByteArray) -> bytes:
    """One image (H, W, C) with one to four channels at its own size, as a PNG file."""
    single = image[np.newaxis]
    return png(single[0, ..., 0] if image.shape[2] == 1 else image_cells(single, 1)[0])


def png(picture: NDArray[np.uint8]) -> bytes:
    """A picture, (H, W, 3) or grey (H, W), as the bytes of a PNG file."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="PNG", optimize=False)
    return buffer.getvalue()
