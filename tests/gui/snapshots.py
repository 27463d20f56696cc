"""Compares the pixels of a widget with a stored picture.

The pictures hold for one series of Qt, which is written into them: another one draws text and
curves a little differently, and then they are made anew with `pytest --update-snapshots`.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QFont, QFontDatabase, QFontInfo, QImage
from PySide6.QtWidgets import QApplication, QStyleFactory, QWidget

from aeviz import paths
from aeviz.gui import theme

STORED = Path(__file__).parent / "snapshots"

LEVELS = 1
"""Difference of a channel that counts as none."""

ALIKE = 0.995
"""Share of the pixels that have to be alike."""

TYPE = 13
"""Height of the type in pixels: points would depend on the screen."""

SERIES = ".".join(qVersion().split(".")[:2])


@contextmanager
def dressed(app: QApplication, tokens: theme.Tokens) -> Iterator[None]:
    """The application in a look that depends on no desktop: bundled type, no hinting, Fusion."""
    before = app.font(), app.palette(), app.style().name()
    app.setStyle(QStyleFactory.create("Fusion"))
    app.setFont(_font())
    app.setPalette(theme.palette(tokens))
    try:
        yield
    finally:
        app.setStyle(QStyleFactory.create(before[2]))
        app.setFont(before[0])
        app.setPalette(before[1])


def _font() -> QFont:
    for path in sorted((paths.resources() / "fonts").glob("*.otf")):
        QFontDatabase.addApplicationFont(str(path))
    font = QFont(theme.FAMILY)
    font.setPixelSize(TYPE)
    font.setFeature(QFont.Tag("tnum"), 1)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    # Neither the subpixels of a screen nor the typefaces of a system for what Inter lacks.
    strategy = QFont.StyleStrategy
    font.setStyleStrategy(
        strategy.PreferAntialias | strategy.NoSubpixelAntialias | strategy.NoFontMerging
    )
    assert QFontInfo(font).family() == theme.FAMILY
    return font


def pixels_of(widget: QWidget, width: int, height: int) -> NDArray[np.uint8]:
    """What a widget of that size draws, uint8 (height, width, 3)."""
    widget.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    widget.resize(width, height)
    widget.show()
    for _ in range(5):  # layouts that answer one another, drawings that wait for the next turn
        QApplication.processEvents()
    if widget.devicePixelRatioF() != 1:
        pytest.skip("the pictures hold for a screen of one device pixel per pixel")
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def compare(pixels: NDArray[np.uint8], name: str, *, update: bool, out: Path) -> None:
    """Fail unless the pixels are those of the stored picture; `update` stores them.

    What differs is left in `out`, as the new picture and as one that marks the differences.
    """
    if not sys.platform.startswith("linux"):
        pytest.skip("the stored pictures are those of Linux")
    path = STORED / f"{name}.png"
    if update:
        _save(pixels, path)
        return
    assert path.is_file(), f"{path} is missing: pytest --update-snapshots makes it"
    with Image.open(path) as picture:
        series, stored = picture.info.get("Qt"), np.asarray(picture.convert("RGB"))
    if series != SERIES:
        pytest.skip(f"the stored pictures are those of Qt {series}, this is {SERIES}")
    share = alike(pixels, stored)
    if share < ALIKE:
        _save(pixels, out / f"{name}.png")
        if stored.shape == pixels.shape:
            _save(_marked(pixels, stored), out / f"{name}.differs.png")
        told = f"{share:.2%} of the pixels are those of {path}, {ALIKE:.1%} are wanted"
        raise AssertionError(f"{told}; see {out}")


def alike(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Share of the pixels that differ by at most `LEVELS`; 0 for another size."""
    if one.shape != other.shape:
        return 0.0
    return float(_are_alike(one, other).mean())


def _are_alike(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.bool_]:
    difference = np.abs(one.astype(np.int16) - other.astype(np.int16))
    return np.asarray(difference.max(axis=2) <= LEVELS)


def _marked(pixels: NDArray[np.uint8], stored: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The new picture in pale grey with the differences in red."""
    pale = (128 + pixels.mean(axis=2, keepdims=True) / 2).astype(np.uint8).repeat(3, axis=2)
    pale[~_are_alike(pixels, stored)] = (220, 0, 0)
    return pale


def _save(pixels: NDArray[np.uint8], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    series = PngInfo()
    series.add_text("Qt", SERIES)
    Image.fromarray(pixels).save(path, optimize=True, pnginfo=series)
