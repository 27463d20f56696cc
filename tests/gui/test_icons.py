"""Icons and typeface: they come with the program and follow the palette."""

import gc
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QFontInfo, QIcon
from PySide6.QtWidgets import QApplication

from aeviz import paths
from aeviz.gui import theme
from aeviz.gui.commands import COMMANDS
from aeviz.gui.icons import icon, names

SIZE = QSize(32, 32)


def colour_of(picture: QIcon, mode: QIcon.Mode = QIcon.Mode.Normal) -> tuple[int, int, int]:
    """Mean colour of the opaque pixels."""
    image = (
        picture.pixmap(SIZE, mode)
        .toImage()
        .convertToFormat(picture.pixmap(SIZE).toImage().Format.Format_RGBA8888)
    )
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(-1, 4)
    solid = pixels[pixels[:, 3] == 255]
    assert len(solid)
    return tuple(int(value) for value in solid[:, :3].mean(0))


@pytest.fixture
def app(qapp: Any) -> Any:
    palette, font, style = qapp.palette(), qapp.font(), qapp.style().objectName()
    yield qapp
    qapp.setStyle(style)
    qapp.setPalette(palette)
    qapp.setFont(font)


def test_icons_follow_light_and_dark_and_dim_when_disabled(app: QApplication) -> None:
    theme.apply(app, "light")
    light, disabled = colour_of(icon("play")), colour_of(icon("play"), QIcon.Mode.Disabled)
    theme.apply(app, "dark")
    dark = colour_of(icon("play"))
    assert sum(light) < 150
    assert sum(dark) > 600
    assert sum(light) < sum(disabled) < sum(dark)


def test_a_detached_copy_of_an_icon_outlives_the_garbage_collector(app: QApplication) -> None:
    copy = QIcon(icon("play"))
    copy.setIsMask(True)
    gc.collect()
    assert not copy.pixmap(SIZE).isNull()


def test_every_icon_is_used_and_every_used_one_is_there() -> None:
    package = paths.resources().parent / "aeviz" / "gui"
    source = "".join(path.read_text(encoding="utf-8") for path in package.rglob("*.py"))
    unused = [name for name in names() if f'"{name}"' not in source]
    assert not unused
    missing = [c.icon for c in COMMANDS if c.icon and c.icon not in names()]
    assert not missing


def test_licences_lie_beside_icons_and_fonts() -> None:
    assert "ISC License" in (paths.resources() / "icons/lucide-LICENSE.txt").read_text("utf-8")
    assert "Open Font License" in (paths.resources() / "fonts/Inter-LICENSE.txt").read_text("utf-8")


def test_the_bundled_typeface_is_used(app: QApplication) -> None:
    theme.apply(app, "light")
    assert QFontInfo(app.font()).family() == theme.FAMILY
    assert theme.caption(app.font()).pointSizeF() < app.font().pointSizeF()
    assert theme.heading(app.font()).weight() > app.font().weight()
