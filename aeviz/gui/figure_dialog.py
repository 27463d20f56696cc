"""Save a figure: which view, with title and legend or without, looked at before it is written."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QSize, Slot
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from aeviz.gui import saving
from aeviz.gui.captions import tip
from aeviz.gui.exporting import ExportError
from aeviz.gui.figure import Figure, to_image
from aeviz.gui.labels import caption_label
from aeviz.gui.session import Session
from aeviz.gui.theme import SPACE
from aeviz.messages import Failed
from aeviz.script import Recipe

Maker = Callable[[bool], Figure | None]
"""Makes the figure of a view, with a legend or without; None where it shows nothing."""

SCALES = (1, 2, 3, 4)
WITH_LEGEND = ("map", "losses")
"""Figures that can do without their legend."""

SCRIPT = "Copy a script that makes it again without the window"
NO_SCRIPT = "There is no script for this panel"

NOTHING = "No view shows anything that could be saved: open a run first."


class Preview(QWidget):
    """The figure as large as there is room, on white."""

    def __init__(self) -> None:
        super().__init__()
        self.figure: Figure | None = None
        self._drawn = QPixmap()
        self.setMinimumSize(420, 300)
        self.setAccessibleName(self.tr("Preview of the figure"))

    def show_figure(self, figure: Figure | None) -> None:
        """Show another one."""
        self.figure = figure
        self._draw()

    def _draw(self) -> None:
        self._drawn = QPixmap()
        if self.figure is not None:
            size, ratio = self.figure.size, self.devicePixelRatioF()
            scale = min(self.width() / size.width(), self.height() / size.height(), 1.0) * ratio
            image = to_image(self.figure, max(scale, 0.05))
            image.setDevicePixelRatio(ratio)
            self._drawn = QPixmap.fromImage(image)
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Draw it for the new room."""
        super().resizeEvent(event)
        self._draw()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Lay it into the middle."""
        painter = QPainter(self)
        size = self._drawn.deviceIndependentSize()
        left, top = (self.width() - size.width()) / 2, (self.height() - size.height()) / 2
        painter.drawPixmap(round(left), round(top), self._drawn)
        painter.end()

    def sizeHint(self) -> QSize:
        """Room to look at it."""
        return QSize(640, 440)


class Scripts(Protocol):
    """What writes the scripts of views, by their titles."""

    def recipe(self, title: str) -> Recipe | None:
        """How a view is made again, None where that cannot be."""
        ...

    def copy(self, title: str) -> None:
        """Put its script on the clipboard."""
        ...


class FigureDialog(QDialog):
    """Chooses, shows, copies and saves figures.

    Args:
        session: Told how the saving went.
        makers: Title of a view → what makes its figure.
        scripts: What makes them again in Python.
        parent: The window.
    """

    def __init__(
        self,
        session: Session,
        makers: Mapping[str, Maker],
        scripts: Scripts,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._scripts = scripts
        self._makers = {name: make for name, make in makers.items() if make(True) is not None}
        self.view, self.title = QComboBox(), QLineEdit()
        self.has_title, self.has_legend = QCheckBox(self.tr("Title")), QCheckBox(self.tr("Legend"))
        self.scale = QComboBox()
        self.preview = Preview()
        self.note = caption_label("")
        self.copy, self.save = QPushButton(self.tr("Copy")), QPushButton(self.tr("Save…"))
        self.python = QPushButton(self.tr("Copy as Python"))
        self.setWindowTitle(self.tr("Save a figure"))
        self._lay_out()
        self._connect()
        self._on_view_chosen()

    def _lay_out(self) -> None:
        self.view.addItems(list(self._makers))
        for scale in SCALES:
            self.scale.addItem(f"{scale}×", scale)
        self.scale.setCurrentIndex(1)
        self.scale.setToolTip(tip("Pixels of a PNG picture; SVG and PDF need none"))
        self.copy.setToolTip(tip("Copy the picture to the clipboard"))
        self.has_title.setChecked(True)
        self.has_legend.setChecked(True)
        form = QFormLayout()
        form.addRow(self.tr("View"), self.view)
        form.addRow(self.tr("Title"), self.title)
        form.addRow("", self.has_title)
        form.addRow("", self.has_legend)
        form.addRow(self.tr("Scale"), self.scale)
        buttons = QHBoxLayout()
        buttons.addStretch()
        buttons.addWidget(self.python)
        buttons.addWidget(self.copy)
        buttons.addWidget(self.save)
        self.save.setDefault(True)
        self.title.setMinimumWidth(250)
        column = QVBoxLayout()
        column.addLayout(form)
        column.addWidget(self.note)
        column.addStretch()
        column.addLayout(buttons)
        row = QHBoxLayout(self)
        row.setSpacing(2 * SPACE)
        row.addWidget(self.preview, 1)
        row.addLayout(column)

    def _connect(self) -> None:
        self.view.currentIndexChanged.connect(self._on_view_chosen)
        self.title.textChanged.connect(self._on_changed)
        self.has_title.toggled.connect(self._on_changed)
        self.has_legend.toggled.connect(self._on_changed)
        self.scale.currentIndexChanged.connect(self._on_changed)
        self.copy.clicked.connect(self._on_copy)
        self.save.clicked.connect(self._on_save)
        self.python.clicked.connect(self._on_python)

    @property
    def figure(self) -> Figure | None:
        """As it is chosen now."""
        make = self._makers.get(self.view.currentText())
        figure = None if make is None else make(self.has_legend.isChecked())
        if figure is None:
            return None
        return replace(figure, title=self.title.text() if self.has_title.isChecked() else "")

    @Slot()
    def _on_view_chosen(self) -> None:
        make = self._makers.get(self.view.currentText())
        figure = None if make is None else make(True)
        self.title.setText("" if figure is None else figure.title)
        has_script = self._scripts.recipe(self.view.currentText()) is not None
        self.python.setEnabled(has_script)
        self.python.setToolTip(tip(SCRIPT if has_script else NO_SCRIPT))
        self._on_changed()

    @Slot()
    def _on_changed(self) -> None:
        figure = self.figure
        self.title.setEnabled(self.has_title.isChecked())
        self.has_legend.setEnabled(figure is not None and figure.name in WITH_LEGEND)
        for button in (self.copy, self.save):
            button.setEnabled(figure is not None)
        self.preview.show_figure(figure)
        self.note.say(NOTHING if figure is None else self._size_words(figure))

    def _size_words(self, figure: Figure) -> str:
        scale, size = int(self.scale.currentData()), figure.size
        millimetres = f"{size.width() / 96 * 25.4:.0f} × {size.height() / 96 * 25.4:.0f} mm"
        pixels = f"{size.width() * scale:,.0f} × {size.height() * scale:,.0f} pixels"
        return self.tr("{pixels} as PNG; {size} as SVG or PDF").format(
            pixels=pixels, size=millimetres
        )

    @Slot()
    def _on_copy(self) -> None:
        figure = self.figure
        if figure is not None:
            copy_figure(self._session, figure, float(self.scale.currentData()))

    @Slot()
    def _on_python(self) -> None:
        self._scripts.copy(self.view.currentText())

    @Slot()
    def _on_save(self) -> None:
        run, figure = self._session.run, self.figure
        if run is None or figure is None:
            return
        path = saving.ask_where(self, self.tr("Save the figure"), run.title, figure.name)
        if path is not None:
            self.save_as(path)
            self.accept()

    def save_as(self, path: Path) -> None:
        """Write the figure as it is chosen now."""
        saving.save_figure(self._session, self.figure, path, float(self.scale.currentData()))


def copy_figure(session: Session, figure: Figure, scale: float = 2.0) -> None:
    """Put a figure on the clipboard as a picture; `noticed` or `failed` says how it went."""
    try:
        image = to_image(figure, scale)
    except ExportError as error:
        session.receive(Failed(where="export", summary=str(error)))
        return
    image.setDevicePixelRatio(1.0)
    QGuiApplication.clipboard().setImage(image)
    session.noticed.emit("Copied the picture")
