"""Figures: the same drawing as pixels, SVG and PDF, and what it was made from in every file."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as Tree

import numpy as np
import pytest
from PySide6.QtCore import QBuffer, QByteArray, QPointF, QRectF, QSize
from PySide6.QtGui import QColor, QGuiApplication, QImage, QImageReader, QPainter, QPen
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aeviz.gui import theme
from aeviz.gui.exporting import ExportError
from aeviz.gui.figure import EDGE, HEAD, Figure, bytes_of, pdf_of, png_of, svg_of, to_image
from aeviz.gui.figure_dialog import FigureDialog
from aeviz.gui.figure_words import about_of, title_of
from aeviz.gui.latent_view import LatentView
from aeviz.gui.plot_figures import map_figure
from aeviz.gui.session import Session
from aeviz.gui.svg_strokes import with_plain_strokes
from aeviz.script import Recipe
from tests.gui.map_scene import session_with

ABOUT = {"Run": "demo", "Epoch": "4", "Model": "name=vae, beta=4.0"}


def pixels(image: QImage) -> np.ndarray:
    plain = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), -1)
    return rows[:, : 3 * plain.width()].reshape(plain.height(), plain.width(), 3).astype(int)


def from_png(content: bytes) -> QImage:
    return QImage.fromData(QByteArray(content), "PNG")


def from_svg(content: bytes, size: QSize) -> QImage:
    renderer = QSvgRenderer(QByteArray(content))
    assert renderer.isValid()
    image = QImage(size, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    renderer.render(painter, QRectF(0, 0, size.width(), size.height()))
    painter.end()
    return image


@pytest.fixture
def square(qapp: QApplication) -> Figure:
    """A blue square of 50 in a figure of 200 x 100, with a title."""

    def draw(painter: QPainter) -> None:
        painter.fillRect(QRectF(20, 30, 50, 50), QColor("#0000ff"))

    return Figure("square", "A square", 200, 100, draw, qapp.font(), ABOUT)


@pytest.fixture
def view(qapp: QApplication, qtbot: QtBot) -> Iterator[LatentView]:
    """The map of 60 points in the dark theme."""
    palette, font, style = qapp.palette(), qapp.font(), qapp.style().objectName()
    theme.apply(qapp, "dark")
    session, _ = session_with(epochs=4)
    session.set_playhead(4)
    made = LatentView(session)
    qtbot.addWidget(made)
    made.resize(700, 500)
    made.show()
    QApplication.processEvents()
    yield made
    qapp.setStyle(style)
    qapp.setPalette(palette)
    qapp.setFont(font)


def test_pixels_svg_and_pdf_show_the_same(square: Figure) -> None:
    size = square.size.toSize()
    assert size == QSize(round(200 + 2 * EDGE), round(100 + 2 * EDGE + HEAD))
    one, two = from_png(png_of(square, 1.0)), from_png(png_of(square, 2.0))
    assert (two.width(), two.height()) == (2 * one.width(), 2 * one.height())
    drawn = from_svg(svg_of(square), size)
    for image in (one, drawn):
        inside = image.pixelColor(round(EDGE + 45), round(EDGE + HEAD + 55))
        assert inside == QColor("#0000ff")
        assert image.pixelColor(round(EDGE + 10), round(EDGE + HEAD + 55)) == QColor("white")
        title = pixels(image)[: round(EDGE + HEAD)]
        assert title.min() < 120
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf_of(square))
    assert box is not None
    assert float(box[1]) == pytest.approx(square.size.width() * 0.75, abs=1)
    assert float(box[2]) == pytest.approx(square.size.height() * 0.75, abs=1)


@pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="nothing here draws a PDF")
def test_a_pdf_drawn_by_another_program_shows_the_square(square: Figure, tmp_path: Path) -> None:
    (tmp_path / "square.pdf").write_bytes(pdf_of(square))
    command = ["pdftoppm", "-r", "96", "-png", "-singlefile", "square.pdf", "page"]
    subprocess.run(command, cwd=tmp_path, check=True)
    page = QImage(str(tmp_path / "page.png"))
    assert page.pixelColor(round(EDGE + 45), round(EDGE + HEAD + 55)) == QColor("#0000ff")


def test_every_file_says_what_it_was_made_from(square: Figure) -> None:
    content = QByteArray(png_of(square))
    buffer = QBuffer(content)
    buffer.open(QBuffer.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, QByteArray(b"png"))
    for name, words in {**ABOUT, "Title": "A square", "Software": "aeviz"}.items():
        assert reader.text(name) == words
    text = svg_of(square).decode()
    assert "<title>A square</title>" in text
    assert "Model: name=vae, beta=4.0" in text
    document = pdf_of(square)
    told = document.replace(b"\x00", b"").decode("latin-1")
    assert "Model: name=vae, beta=4.0" in told


def test_a_title_is_never_cut_off(square: Figure) -> None:
    long = Figure("x", "A title " * 20, 50, 50, square.draw, square.font)
    right = pixels(to_image(long, 1.0))[: round(EDGE + HEAD)]
    columns = np.flatnonzero((right < 120).any(axis=(0, 2)))
    assert columns[-1] < right.shape[1] - EDGE + 2
    assert columns[-1] > 400


def test_what_is_too_large_is_refused_with_a_way_out(square: Figure) -> None:
    huge = Figure("x", "", 90_000, 10, square.draw, square.font)
    with pytest.raises(ExportError, match="choose a smaller scale"):
        png_of(huge)
    with pytest.raises(ExportError, match=r"square.tiff: figures are written as .png, .svg, .pdf"):
        bytes_of(square, Path("square.tiff"))


# ── the map ───────────────────────────────────────────────────────────────────────────────────


def test_the_map_is_drawn_light_with_every_point_as_a_circle(view: LatentView) -> None:
    before = view.palette().window().color()
    figure = map_figure(view, "Map", {}, has_legend=True)
    content = svg_of(figure)
    assert content.count(b"<circle") + content.count(b"<ellipse") >= 60 + 3  # the legend's too
    assert b"class 2 (20)" in content
    assert view.palette().window().color() == before
    flat = from_png(png_of(figure, 1.0))
    drawn = from_svg(content, flat.size())
    assert flat.pixelColor(3, 3) == QColor("white")
    scene = view.plot.box.mapViewToScene(QPointF(3, 2))
    place = view.plot.mapFromScene(scene)
    x, y = round(EDGE + place.x()), round(EDGE + HEAD + place.y())
    for image in (flat, drawn):
        assert image.pixelColor(x, y).saturation() > 80
    assert abs(pixels(flat) - pixels(drawn)).mean() < 6  # letters lie a little otherwise


def test_hidden_classes_and_no_legend_take_no_room(view: LatentView) -> None:
    view.session.hide(frozenset({1}))
    with_legend = map_figure(view, "Map", {}, has_legend=True)
    assert b"class 1" not in svg_of(with_legend)
    assert map_figure(view, "Map", {}, has_legend=False).width < with_legend.width - 60


# ── strokes ───────────────────────────────────────────────────────────────────────────────────


def test_curves_keep_their_width_in_programs_that_do_not_know_the_effect(square: Figure) -> None:
    def draw(painter: QPainter) -> None:
        pen = QPen(QColor("red"), 2.0)
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.scale(10, 1)
        painter.drawPolyline([QPointF(1, 20), QPointF(15, 60), QPointF(18, 20)])

    curve = Figure("curve", "", 200, 100, draw, square.font)
    root = Tree.fromstring(svg_of(curve))
    assert not [each for each in root.iter() if each.get("vector-effect")]
    lines = [each for each in root.iter() if each.tag.endswith(("polyline", "path"))]
    assert any("26,36" in (each.get("points") or each.get("d") or "") for each in lines)


def test_other_drawings_stay_as_they_are() -> None:
    turned = b'<g transform="rotate(3)"><path d="M0,0 L1,1"/></g>'
    plain = b'<svg xmlns="http://www.w3.org/2000/svg">' + turned + b"</svg>"
    group = Tree.fromstring(with_plain_strokes(plain))[0]
    assert group.get("transform") == "rotate(3)"
    assert group[0].get("d") == "M0,0 L1,1"


# ── the dialog ────────────────────────────────────────────────────────────────────────────────


class NoScripts:
    """Scripts of the view "Square" alone."""

    def __init__(self) -> None:
        self.copied: list[str] = []

    def recipe(self, title: str) -> Recipe | None:
        return Recipe("square", ["picture = 1"]) if title == "Square" else None

    def copy(self, title: str) -> None:
        self.copied.append(title)


@pytest.fixture
def dialog(square: Figure, qtbot: QtBot) -> Iterator[FigureDialog]:
    session, _ = session_with()
    window = LatentView(session)
    qtbot.addWidget(window)
    makers = {"Square": lambda legend: square, "Empty": lambda legend: None}
    made = FigureDialog(session, makers, NoScripts(), window)
    yield made
    made.close()
    assert window is not None  # it owns the dialog


def test_the_shown_view_is_copied_as_python(dialog: FigureDialog) -> None:
    assert dialog.python.isEnabled()
    dialog.python.click()
    assert isinstance(dialog._scripts, NoScripts)
    assert dialog._scripts.copied == ["Square"]


def test_only_views_that_show_something_are_offered(dialog: FigureDialog) -> None:
    assert [dialog.view.itemText(row) for row in range(dialog.view.count())] == ["Square"]
    assert dialog.title.text() == "A square"
    assert "464 × 324 pixels as PNG; 61 × 43 mm" in dialog.note.text()


def test_it_saves_what_is_chosen(dialog: FigureDialog, tmp_path: Path) -> None:
    dialog.title.setText("Another <title>")
    dialog.scale.setCurrentIndex(3)
    dialog.save_as(tmp_path / "figure")
    assert QImage(str(tmp_path / "figure.png")).width() == 4 * round(200 + 2 * EDGE)
    dialog.save_as(tmp_path / "figure.svg")
    assert "Another &lt;title&gt;" in (tmp_path / "figure.svg").read_text()
    dialog.has_title.setChecked(False)
    dialog.save_as(tmp_path / "plain.svg")
    assert "Another" not in (tmp_path / "plain.svg").read_text()


def test_it_copies_to_the_clipboard(dialog: FigureDialog) -> None:
    dialog.copy.click()
    assert QGuiApplication.clipboard().image().width() == 2 * round(200 + 2 * EDGE)


def test_words_name_run_epoch_and_settings_but_no_folder() -> None:
    settings = {"data": {"name": "/home/anna/own.csv"}, "model": {"name": "vae"}, "seed": 3}
    session, _ = session_with(settings=settings)
    session.set_playhead(2)
    assert title_of(session, "path") == "Demo, epoch 2, path"
    told = about_of(session)
    assert told["Data"] == "name=own.csv"
    assert told["Seed"] == "3"
    assert "anna" not in str(told)
    assert about_of(Session(post=lambda message: None)) == {}
