"""Icons as line drawings that take the palette's colours, so they follow light, dark, disabled."""

from functools import cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPalette, QPixmap, QPixmapCache
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from aeviz import paths

_CURRENT = b"currentColor"
_clones: list[QIconEngine] = []


@cache
def icon(name: str) -> QIcon:
    """The icon of that name in `resources/icons`, such as "play".

    Raises:
        FileNotFoundError: If there is no such icon.
    """
    return QIcon(LineIconEngine(name))


def names() -> tuple[str, ...]:
    """Every icon that the program carries."""
    return tuple(sorted(path.stem for path in _folder().glob("*.svg")))


def _folder() -> Path:
    return paths.resources() / "icons"


@cache
def _drawing(name: str) -> bytes:
    return (_folder() / f"{name}.svg").read_bytes()


class LineIconEngine(QIconEngine):
    """Draws one SVG file in the colour that the application's palette has at that moment."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self._drawing = _drawing(name)

    def _renderer(self, mode: QIcon.Mode) -> QSvgRenderer:
        colour = colour_of(mode).name().encode()
        return QSvgRenderer(QByteArray(self._drawing.replace(_CURRENT, colour)))

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        """Draw the icon in the middle of a rectangle, as large a square as fits."""
        side = min(rect.width(), rect.height())
        square = QRectF(0, 0, side, side)
        square.moveCenter(QRectF(rect).center())
        self._renderer(mode).render(painter, square)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """The icon at a scale of 1."""
        return self.scaledPixmap(size, mode, state, 1.0)

    def scaledPixmap(
        self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float
    ) -> QPixmap:
        """The icon in device pixels, kept in Qt's cache."""
        colour = colour_of(mode).name()
        key = f"aeviz-icon/{self.name}/{size.width()}x{size.height()}/{colour}"
        kept = QPixmap()
        if QPixmapCache.find(key, kept):
            return kept
        drawn = QPixmap(size)
        drawn.fill(Qt.GlobalColor.transparent)
        painter = QPainter(drawn)
        self.paint(painter, QRect(QPointF(0, 0).toPoint(), size), mode, state)
        painter.end()
        QPixmapCache.insert(key, drawn)
        return drawn

    def clone(self) -> QIconEngine:
        """A second engine for a detached copy of the icon."""
        engine = LineIconEngine(self.name)
        # Qt takes the engine without telling Python, which would delete it at once.
        _clones.append(engine)
        return engine


def colour_of(mode: QIcon.Mode) -> QColor:
    """The colour of lines in a mode: button text, dimmed when disabled."""
    palette = QApplication.palette()
    if mode == QIcon.Mode.Disabled:
        return palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText)
    if mode == QIcon.Mode.Selected:
        return palette.color(QPalette.ColorRole.HighlightedText)
    return palette.color(QPalette.ColorRole.ButtonText)
