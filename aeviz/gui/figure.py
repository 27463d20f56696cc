"""A figure for paper: one drawing as PNG, SVG or PDF, with what it shows in the metadata."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QImageWriter,
    QPageLayout,
    QPageSize,
    QPaintEngine,
    QPainter,
    QPdfWriter,
)
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

from aeviz.gui import theme
from aeviz.gui.exporting import ExportError
from aeviz.gui.svg_strokes import with_plain_strokes

EDGE, HEAD = 16.0, 30.0
"""Pixels of white around a drawing, and for its title."""

POINTS_PER_PIXEL = 0.75
"""A logical pixel is 1/96 inch, a point of PDF 1/72."""

MOST_SIDE = 20_000
"""Pixels along a side of a picture at most: beyond, Qt makes none."""

SUFFIXES = (".png", ".svg", ".pdf")
FILTERS = "PNG picture (*.png);;SVG drawing (*.svg);;PDF document (*.pdf)"

_VECTORS = (QPaintEngine.Type.SVG, QPaintEngine.Type.Pdf, QPaintEngine.Type.Picture)


@dataclass(frozen=True)
class Figure:
    """What a view shows, ready to be drawn.

    Attributes:
        name: What it is, such as "map"; the proposed file ends with it.
        title: Written above it; "" for none.
        width: Of the drawing without title and edge, in logical pixels (1/96 inch).
        height: Of the drawing.
        draw: Draws it into (0, 0, width, height), in the light theme.
        font: Of the title.
        about: What it was made from, name → words; goes into the file's metadata.
    """

    name: str
    title: str
    width: float
    height: float
    draw: Callable[[QPainter], None]
    font: QFont
    about: Mapping[str, str] = field(default_factory=dict)

    @property
    def size(self) -> QSizeF:
        """With edge and title, in logical pixels."""
        if not self.title:
            return QSizeF(self.width + 2 * EDGE, self.height + 2 * EDGE)
        wide = max(self.width, self._title_width)
        return QSizeF(wide + 2 * EDGE, self.height + 2 * EDGE + HEAD)

    @property
    def _title_width(self) -> float:
        return QFontMetricsF(theme.heading(self.font)).horizontalAdvance(self.title) + 2

    def paint(self, painter: QPainter) -> None:
        """Draw everything with its corner at (0, 0)."""
        painter.save()
        painter.translate(EDGE, EDGE)
        if self.title:
            painter.setFont(theme.heading(self.font))
            painter.setPen(QColor(theme.LIGHT.text))
            flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
            painter.drawText(QRectF(0, 0, self._title_width, HEAD), flags, self.title)
            painter.translate(0, HEAD)
        self.draw(painter)
        painter.restore()


def is_vector(painter: QPainter) -> bool:
    """Whether what is drawn stays lines and text, rather than becoming pixels."""
    engine = painter.paintEngine()
    return engine is not None and engine.type() in _VECTORS


@contextmanager
def on_paper(widget: QWidget) -> Iterator[None]:
    """Dress a widget in the light theme while it is drawn; the screen shows nothing of it."""
    before = widget.palette()
    widget.setUpdatesEnabled(False)
    widget.setPalette(theme.palette(theme.LIGHT))
    try:
        yield
    finally:
        widget.setPalette(before)
        widget.setUpdatesEnabled(True)


# ── files ─────────────────────────────────────────────────────────────────────────────────────


def to_image(figure: Figure, scale: float) -> QImage:
    """The figure as pixels, `scale` for every logical one.

    Raises:
        ExportError: If it would be too large.
    """
    size = figure.size
    wide, high = math.ceil(size.width() * scale), math.ceil(size.height() * scale)
    image = QImage()
    if max(wide, high) <= MOST_SIDE:
        image = QImage(QSize(wide, high), QImage.Format.Format_RGB32)
    if image.isNull():
        raise ExportError(
            f"A picture of {wide:,} × {high:,} pixels cannot be made: choose a smaller scale."
        )
    image.setDevicePixelRatio(scale)
    image.fill(QColor(theme.LIGHT.surface))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    figure.paint(painter)
    painter.end()
    return image


def png_of(figure: Figure, scale: float = 2.0) -> bytes:
    """The content of a PNG file; what the figure is about is in its text chunks."""
    image = to_image(figure, scale)
    image.setDotsPerMeterX(round(96 * scale / 0.0254))
    image.setDotsPerMeterY(round(96 * scale / 0.0254))
    for name, words in _metadata(figure).items():
        image.setText(name, words)
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    is_written = QImageWriter(buffer, QByteArray(b"png")).write(image)
    buffer.close()
    if not is_written:
        raise ExportError("The picture could not be made: choose a smaller scale.")
    return bytes(content.data())


def svg_of(figure: Figure) -> bytes:
    """The content of an SVG file: text and lines stay what they are."""
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator, size = QSvgGenerator(), figure.size
    generator.setOutputDevice(buffer)
    generator.setResolution(96)
    generator.setSize(QSize(math.ceil(size.width()), math.ceil(size.height())))
    generator.setViewBox(QRectF(0, 0, size.width(), size.height()))
    about = _metadata(figure)
    generator.setTitle(about.pop("Title"))
    generator.setDescription("\n".join(f"{name}: {words}" for name, words in about.items()))
    painter = QPainter(generator)
    painter.fillRect(QRectF(0, 0, size.width(), size.height()), QColor(theme.LIGHT.surface))
    figure.paint(painter)
    painter.end()
    buffer.close()
    return with_plain_strokes(bytes(content.data()))


def pdf_of(figure: Figure) -> bytes:
    """The content of a PDF file of one page as large as the figure."""
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer, size = QPdfWriter(buffer), figure.size
    points = QSizeF(size.width() * POINTS_PER_PIXEL, size.height() * POINTS_PER_PIXEL)
    exact = QPageSize.SizeMatchPolicy.ExactMatch
    page = QPageSize(points, QPageSize.Unit.Point, figure.name, exact)
    writer.setPageLayout(
        QPageLayout(page, QPageLayout.Orientation.Portrait, QMarginsF(), QPageLayout.Unit.Point)
    )
    writer.setResolution(96)
    about = _metadata(figure)
    writer.setTitle(f"{about.pop('Title')} ({'; '.join(f'{k}: {v}' for k, v in about.items())})")
    writer.setCreator("aeviz")
    painter = QPainter(writer)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    figure.paint(painter)
    painter.end()
    buffer.close()
    return bytes(content.data())


def bytes_of(figure: Figure, path: Path, scale: float = 2.0) -> bytes:
    """The content of a file, by the ending of its name.

    Raises:
        ExportError: If figures are not written with that ending.
    """
    suffix = path.suffix.lower()
    if suffix == ".png":
        return png_of(figure, scale)
    if suffix in (".svg", ".pdf"):
        return svg_of(figure) if suffix == ".svg" else pdf_of(figure)
    raise ExportError(f"{path.name}: figures are written as {', '.join(SUFFIXES)}.")


def _metadata(figure: Figure) -> dict[str, str]:
    return {"Title": figure.title or figure.name, "Software": "aeviz", **figure.about}
