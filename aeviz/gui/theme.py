"""Light and dark: palettes, the colours of labels and curves, spacing, icons."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from aeviz import paths
from aeviz.palettes import label_colours as label_colours
from aeviz.palettes import scale_colours as scale_colours

FAMILY = "Inter"
"""The bundled typeface; its figures are told to be equally wide."""

SPACE = 8
"""Pixels between things that belong apart; half of it between things that belong together."""

ThemeName = Literal["system", "light", "dark"]


@dataclass(frozen=True)
class Tokens:
    """The colours of a theme, as "#rrggbb".

    Attributes:
        window: Behind everything.
        surface: Behind plots, lists and fields.
        raised: Buttons and headers.
        line: Borders, grids, axes.
        text: What is read.
        muted: What is read second: units, captions, axis labels.
        accent: What can be acted on, the playhead, the pin.
        accent_text: Text on the accent.
        good: A training that goes well, a value to trust.
        warning: A notice, a clipped decode.
        error: What went wrong.
        missing: Points without a label.
        series: Curves of charts and terms of formulas, in order.
    """

    window: str
    surface: str
    raised: str
    line: str
    text: str
    muted: str
    accent: str
    accent_text: str
    good: str
    warning: str
    error: str
    missing: str
    series: tuple[str, ...]


LIGHT = Tokens(
    window="#f4f5f7",
    surface="#ffffff",
    raised="#fbfbfc",
    line="#d9dee5",
    text="#1c2128",
    muted="#5d6875",
    accent="#2463d6",
    accent_text="#ffffff",
    good="#1a7f4b",
    warning="#a15c00",
    error="#c0262d",
    missing="#b4bac2",
    series=("#1c2128", "#2463d6", "#d1660a", "#8a3fb8", "#1a8a6a", "#b8336a"),
)
DARK = Tokens(
    window="#15181c",
    surface="#1c2025",
    raised="#252a30",
    line="#343b44",
    text="#e7eaee",
    muted="#9aa5b2",
    accent="#6c9dff",
    accent_text="#0d1420",
    good="#55c78d",
    warning="#f0b357",
    error="#ff7b7f",
    missing="#5a626c",
    series=("#e7eaee", "#6c9dff", "#ffa04d", "#c792f0", "#4fd0a8", "#f57fae"),
)


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


def curve_colours(terms: Sequence[str], colours: Tokens) -> dict[str, str]:
    """Name of a metric → colour of its curve and of its place in the formula.

    The total is neutral, its terms take the colours in order, the mean error has the last one.
    """
    own = colours.series[1:-1]
    made = {"loss": colours.series[0], "reconstruction_mse": colours.series[-1]}
    made |= {name: own[number % len(own)] for number, name in enumerate(terms)}
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
