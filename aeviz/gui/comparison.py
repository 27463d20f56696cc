"""The selected sample: original, reconstruction, signed difference and squared error."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QTabBar, QVBoxLayout, QWidget

from aeviz.gui import scales, theme, wording
from aeviz.gui.image_label import ImageLabel, draw_frame, to_image
from aeviz.gui.labels import caption_label
from aeviz.gui.numbers import measure
from aeviz.gui.profile import Profile
from aeviz.gui.theme import SPACE
from aeviz.gui.tiles import SampleStyle
from aeviz.messages import ByteArray, FloatArray, Reconstructed, RunOpened

_TITLES = ("Original", "Reconstruction", "Difference", "Squared error")
_VIEWS = ("Values", "Difference", "Error")
_VIEW_TIPS = (
    "Reconstruction and original in their own units",
    "Reconstruction minus original",
    "Squared error of each feature",
)
_MOST = 160
"""Largest side of a picture in logical pixels."""
_FOUR_ABREAST = 380
"""Width in pixels from which the four pictures stand in one row."""


class ScaleBar(QWidget):
    """A strip of the colours of a scale with the values of its ends."""

    def __init__(self, *, signed: bool) -> None:
        super().__init__()
        self._signed = signed
        self._limit = 1.0
        self.setFont(theme.caption(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.set_limit(1.0)

    @property
    def limit(self) -> float:
        """The value of the upper end."""
        return self._limit

    def set_limit(self, limit: float) -> None:
        """Set the value of the upper end; the lower one is its negative, or zero."""
        self._limit = limit
        self.setAccessibleName(f"Colours from {self._low} to {self._high}")
        self.update()

    @property
    def _low(self) -> str:
        return f"−{self._limit:g}" if self._signed else "0"

    @property
    def _high(self) -> str:
        return f"+{self._limit:g}" if self._signed else f"{self._limit:g}"

    def sizeHint(self) -> QSize:
        """One line of small type."""
        return QSize(96, self.fontMetrics().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the strip between its two ends."""
        painter = QPainter(self)
        metrics = self.fontMetrics()
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignVCenter), self._low)
        left = metrics.horizontalAdvance(self._low) + 5
        right = min(self.width() - metrics.horizontalAdvance(self._high) - 5, left + 72)
        strip = QRectF(left, self.height() / 2 - 3.5, max(right - left, 4), 7)
        painter.drawImage(strip, to_image(self._colours()))
        line = self.palette().color(QPalette.ColorRole.Mid)
        draw_frame(painter, strip, QColor(line), self.devicePixelRatioF())
        area = self.rect().adjusted(int(strip.right()) + 5, 0, 0, 0)
        painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), self._high)
        painter.end()

    def _colours(self) -> ByteArray:
        dark = theme.is_dark(self.palette())
        steps = np.linspace(-1 if self._signed else 0, 1, 72, dtype=np.float32)[None]
        paint = scales.diverging if self._signed else scales.sequential
        return paint(steps, 1.0, dark=dark)


class Comparison(QWidget):
    """Draws one sample and its reconstruction; the inspector decides which."""

    def __init__(self) -> None:
        super().__init__()
        self.pictures = tuple(ImageLabel(title, most=_MOST) for title in _TITLES)
        self.difference_scale = ScaleBar(signed=True)
        self.error_scale = ScaleBar(signed=False)
        self.profile = Profile("Selected sample")
        self.views = QTabBar()
        self.summary = caption_label("")
        self._difference: FloatArray | None = None
        self._original: NDArray[np.generic] | None = None
        self._reconstruction: FloatArray | None = None
        self._columns = 0
        self._lay_out()

    def _lay_out(self) -> None:
        self._cells = [self._cell(i) for i in range(4)]
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(SPACE)
        self.views.setDrawBase(False)
        self.views.setElideMode(Qt.TextElideMode.ElideRight)
        self.views.setUsesScrollButtons(False)
        self.views.setAccessibleName("What of the selected sample is shown")
        for title, whole in zip(_VIEWS, _VIEW_TIPS, strict=True):
            self.views.setTabToolTip(self.views.addTab(title), whole)
        self.views.currentChanged.connect(self._on_view_chosen)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(self._grid)
        for widget in (self.views, self.profile, self.summary):
            column.addWidget(widget)
        self._arrange(2)

    def _cell(self, number: int) -> QWidget:
        cell = QWidget()
        column = QVBoxLayout(cell)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(1)
        column.addWidget(self.pictures[number])
        column.addWidget(caption_label(_TITLES[number], "text"))
        for at, scale in ((2, self.difference_scale), (3, self.error_scale)):
            if at == number:
                column.addWidget(scale)
        return cell

    def _arrange(self, columns: int) -> None:
        if columns == self._columns:
            return
        self._columns = columns
        for number, cell in enumerate(self._cells):
            place = (number // columns, number % columns)
            self._grid.addWidget(cell, *place, Qt.AlignmentFlag.AlignTop)
        for column in range(4):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the pictures in one row or in two."""
        super().resizeEvent(event)
        columns = 4 if self.width() >= _FOUR_ABREAST else 2
        self._arrange(columns)
        side = (self.width() - (columns - 1) * SPACE) // columns - 2
        for picture in self.pictures:
            picture.set_most(min(side, _MOST))

    def changeEvent(self, event: QEvent) -> None:
        """Follow light and dark."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._difference is not None:
            self._draw_difference(self._difference)

    def set_run(self, run: RunOpened, style: SampleStyle, spread: FloatArray | None) -> None:
        """Prepare for the samples of a run and show none yet."""
        self._style = style
        self._unit = wording.error_unit(run.settings, is_image=run.is_image)
        for number, cell in enumerate(self._cells):
            cell.setVisible(run.is_image)
            if run.is_image:
                self.pictures[number].set_shape(run.sample_shape[0], run.sample_shape[1])
        self.views.setVisible(not run.is_image)
        self.profile.setVisible(not run.is_image)
        if not run.is_image:
            self.profile.set_features(run.feature_names, style, spread)
        self.clear()

    def clear(self) -> None:
        """Show nothing."""
        self._original = None
        for picture in self.pictures:
            picture.set_image(None)
        self.clear_reconstruction()

    def clear_reconstruction(self) -> None:
        """Keep the original, forget what belongs to an epoch."""
        self._difference = self._reconstruction = None
        for picture in self.pictures[1:]:
            picture.set_image(None)
        self.summary.say("")
        self._draw_profile()

    def show_original(self, sample: NDArray[np.generic]) -> None:
        """Show the sample itself, in its own units."""
        self._original = sample
        if sample.ndim == 3:
            self.pictures[0].set_image(np.asarray(sample, np.uint8), self._style.white)
        self._draw_profile()

    def show_reconstruction(self, message: Reconstructed) -> None:
        """Show the first reconstruction of an answer with its errors."""
        if message.pictures is not None:
            self.pictures[1].set_image(message.pictures[0])
        self._reconstruction, self._difference = message.values[0], message.difference[0]
        self._draw_difference(self._difference)
        self.summary.say(
            f"Mean squared error {measure(float(message.error[0]), 3)} per {self._unit}, "
            f"at epoch {message.epoch}"
        )

    def _draw_difference(self, difference: FloatArray) -> None:
        if difference.ndim != 3:
            self._draw_profile()
            return
        dark = theme.is_dark(self.palette())
        signed = difference.mean(axis=2)
        squares = (difference**2).mean(axis=2)
        self.difference_scale.set_limit(wording.nice_ceiling(wording.largest(signed)))
        self.error_scale.set_limit(wording.nice_ceiling(wording.largest(squares)))
        limit = self.difference_scale.limit
        self.pictures[2].set_image(scales.diverging(signed, limit, dark=dark))
        self.pictures[3].set_image(scales.sequential(squares, self.error_scale.limit, dark=dark))

    @Slot(int)
    def _on_view_chosen(self, view: int) -> None:
        self._draw_profile()

    def _draw_profile(self) -> None:
        view = self.views.currentIndex()
        if self._original is None or self._original.ndim != 1:
            self.profile.clear()
        elif self._difference is None or self._reconstruction is None:
            self.profile.show_values(np.asarray(self._original, np.float32))
        elif view == 1:
            self.profile.show_difference(self._difference)
        elif view == 2:
            self.profile.show_error(self._difference)
        else:
            original = np.asarray(self._original, np.float32)
            self.profile.show_values(self._reconstruction, original, ("reconstruction", "original"))
