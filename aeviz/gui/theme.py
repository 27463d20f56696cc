"""Light and dark: palettes, the colours of labels and curves, spacing, icons."""

from functools import cache
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from aeviz import paths
from aeviz.palettes import DARK as DARK
from aeviz.palettes import LIGHT as LIGHT
from aeviz.palettes import Tokens as Tokens
from aeviz.palettes import curve_colours as curve_colours
from aeviz.palettes import label_colours as label_colours
from aeviz.palettes import scale_colours as scale_colours

FAMILY = "Inter"
"""The bundled typeface; its figures are told to be equally wide."""

SPACE = 8
"""Pixels between things that belong apart; half of it between things that belong together."""

ThemeName = Literal["system", "light", "dark"]


def tokens(palette: QPalette) -> Tokens:
    """The colours that go with a palette, light or dark by the lightness of its window."""
    return DARK if is_dark(palette) else LIGHT


def is_dark(palette: QPalette) -> bool:
    """Whether text is lighter than the window behind it."""
    window = palette.color(QPalette.ColorRole.Window).lightness()
    return window < palette.color(QPalette.ColorRole.WindowText).lightness()


def apply(app: QApplication, name: ThemeName) -> None:
    """Dress the whole application; "system" follows the desktop, also when it changes later."""
    app.setStyle(QStyleFactory.create("Fusion"))
    app.setFont(base_font())
    app.setPalette(palette(DARK if wanted_dark(name) else LIGHT))


@cache
def base_font() -> QFont:
    """The typeface of the window, as large as the desktop's own and never tiny."""
    for path in sorted((paths.resources() / "fonts").glob("*.otf")):
        QFontDatabase.addApplicationFont(str(path))
    size = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).pointSizeF()
    font = QFont(FAMILY)
    font.setPointSizeF(max(size, 9.75))
    # Equally wide figures: numbers that change do not make the text beside them dance.
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def caption(font: QFont) -> QFont:
    """The small type of units, axis labels and second lines."""
    return _sized(font, 0.86)


def heading(font: QFont) -> QFont:
    """The type that names a part of a panel."""
    made = _sized(font, 1.0)
    made.setWeight(QFont.Weight.DemiBold)
    return made


def _sized(font: QFont, factor: float) -> QFont:
    made = QFont(font)
    if font.pointSizeF() > 0:
        made.setPointSizeF(font.pointSizeF() * factor)
    else:
        made.setPixelSize(round(font.pixelSize() * factor))
    return made


def wanted_dark(name: ThemeName) -> bool:
    """Whether that choice means dark now."""
    if name == "system":
        return QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
    return name == "dark"


def palette(colours: Tokens) -> QPalette:
    """The Qt palette of a theme; a style sheet would stop palette changes (QTBUG-112966)."""
    role = QPalette.ColorRole
    made = QPalette()
    for which, colour in {
        role.Window: colours.window,
        role.WindowText: colours.text,
        role.Base: colours.surface,
        role.AlternateBase: colours.raised,
        role.Text: colours.text,
        role.PlaceholderText: colours.muted,
        role.Button: colours.raised,
        role.ButtonText: colours.text,
        role.BrightText: colours.error,
        role.ToolTipBase: colours.surface,
        role.ToolTipText: colours.text,
        role.Highlight: colours.accent,
        role.HighlightedText: colours.accent_text,
        role.Accent: colours.accent,
        role.Link: colours.accent,
        role.LinkVisited: colours.accent,
        role.Light: colours.surface,
        role.Midlight: colours.raised,
        role.Mid: colours.line,
        role.Dark: colours.line,
        role.Shadow: colours.line,
    }.items():
        made.setColor(which, QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, which, QColor(colours.missing))
    made.setColor(QPalette.ColorGroup.Disabled, role.Highlight, QColor(colours.line))
    return made
