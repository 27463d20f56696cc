"""Decodes side by side: every cell in its place, the last row may be short."""

import numpy as np
from PySide6.QtGui import QColor, QGuiApplication

from aeviz.gui import theme
from aeviz.gui.mosaic import mosaic
from aeviz.gui.tiles import SampleStyle


def test_a_last_row_that_is_short_ends_empty(qapp: QGuiApplication) -> None:
    frames = np.full((5, 2, 2, 1), 255, np.uint8)
    missing = np.array([False, True, False, False, False])
    image = mosaic(frames, missing, 3, SampleStyle(), theme.LIGHT)
    assert (image.width(), image.height()) == (6, 4)
    seen = [[QColor(image.pixelColor(x, y)).alpha() for x in (0, 2, 4)] for y in (0, 2)]
    assert seen == [[255, 0, 255], [255, 255, 0]]
