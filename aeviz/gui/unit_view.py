"""One hidden unit: what it weighs, the input found by gradient ascent, what excites it most."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QModelIndex, QSize, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QListView, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from aeviz import messages as m
from aeviz.gui.captions import tip
from aeviz.gui.image_label import ImageLabel
from aeviz.gui.labels import caption_label, heading_label
from aeviz.gui.numbers import measure
from aeviz.gui.profile import Profile
from aeviz.gui.sample_list import SampleDelegate, SampleModel
from aeviz.gui.scroll import SlimScrollBar
from aeviz.gui.theme import SPACE
from aeviz.gui.tiles import style_of_run
from aeviz.gui.unit_grid import grey_of

_MOST = 128
"""Largest side of a picture in logical pixels."""

SELECTIVITY = (
    "(μ of the favourite class − μ of all others) / their sum: 0 tells nothing, 1 is a unit that "
    "only one class excites. Activations count from the unit's smallest one. After Morcos et al., "
    "2018."
)
ASCENT = (
    "Starts from noise around the mean sample and follows the gradient of the unit, as far from "
    "the mean as samples are and in their range. After Erhan et al., 2009."
)
NO_PICTURE = "not drawn: this layer does not see the sample itself"


class ExcitingView(QListView):
    """The samples that excite a unit most, in lines; as high as they need."""

    def __init__(self, model: SampleModel) -> None:
        super().__init__()
        self._delegate = SampleDelegate(model, self)
        self.setModel(model)
        self.setItemDelegate(self._delegate)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMouseTracking(True)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setVerticalScrollBar(SlimScrollBar())
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Samples that excite the unit most")
        model.modelReset.connect(self.fit)

    @Slot()
    def fit(self) -> None:
        """Take the height of all lines."""
        cell = self._delegate.cell(self.fontMetrics(), max(self.viewport().width() - 1, 80))
        self.setGridSize(cell)
        each = max(1, self.viewport().width() // max(1, cell.width()))
        rows = -(-self.model().rowCount() // each)
        self.setFixedHeight(max(1, rows) * cell.height() + 2)

    def sizeHint(self) -> QSize:
        """Any width."""
        return QSize(200, self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Break the lines anew."""
        super().resizeEvent(event)
        self.fit()


class UnitView(QWidget):
    """Draws what it is told of a unit; the inspector decides which.

    Signals:
        chosen(int): Row of the exciting sample that was clicked.
        restarted(): Another ascent is wanted, from other noise.
    """

    chosen = Signal(int)
    restarted = Signal()

    def __init__(self, samples: SampleModel) -> None:
        super().__init__()
        self.name = heading_label("")
        self.told = caption_label("")
        self.filter = ImageLabel("Filter", most=_MOST)
        self.ascent = ImageLabel("Input found by gradient ascent", most=_MOST)
        self.filter_note = caption_label("")
        self.ascent_note = caption_label("")
        self.weights = Profile("Weights of the unit")
        self.found = Profile("Input found by gradient ascent")
        self.again = QToolButton()
        self.samples = samples
        self.exciting = ExcitingView(samples)
        self._lay_out()
        self.told.setToolTip(tip(SELECTIVITY))
        self.ascent_note.setToolTip(tip(ASCENT))
        self.again.clicked.connect(self.restarted)
        self.exciting.clicked.connect(self._on_clicked)
        self.exciting.activated.connect(self._on_clicked)

    def _lay_out(self) -> None:
        self.again.setText("From other noise")
        self.again.setToolTip(tip("Climb again from other noise. " + ASCENT))
        self._heads = (heading_label("Filter"), heading_label("Gradient ascent"))
        self._pair = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._pair.setSpacing(SPACE)
        columns: tuple[tuple[QWidget, ...], ...] = (
            (self._heads[0], self.filter, self.weights, self.filter_note),
            (self._heads[1], self.ascent, self.found, self.ascent_note, self.again),
        )
        self._cells = [QWidget() for _ in columns]
        for cell, widgets in zip(self._cells, columns, strict=True):
            stack = QVBoxLayout(cell)
            stack.setContentsMargins(0, 0, 0, 0)
            stack.setSpacing(3)
            for widget in widgets:
                stack.addWidget(widget)
            stack.addStretch()
            self._pair.addWidget(cell, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE // 2)
        column.addWidget(self.name)
        column.addWidget(self.told)
        column.addLayout(self._pair)
        column.addWidget(heading_label("Most exciting samples"))
        column.addWidget(self.exciting)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Enlarge both pictures equally."""
        super().resizeEvent(event)
        side = (self.width() - SPACE) // 2 - 2
        for picture in (self.filter, self.ascent):
            picture.set_most(min(side, _MOST))

    def set_run(self, run: m.RunOpened) -> None:
        """Prepare for the samples of a run."""
        directions = QBoxLayout.Direction
        self._pair.setDirection(directions.LeftToRight if run.is_image else directions.TopToBottom)
        for widget, is_shown in (
            (self.filter, run.is_image),
            (self.ascent, run.is_image),
            (self.weights, not run.is_image),
            (self.found, not run.is_image),
        ):
            widget.setVisible(is_shown)
        if run.is_image:
            self.ascent.set_shape(run.sample_shape[0], run.sample_shape[1])
            self.filter.set_shape(run.sample_shape[0], run.sample_shape[1])
        else:
            style = style_of_run(run)
            self.weights.set_features(run.feature_names, style)
            self.found.set_features(run.feature_names, style)

    def show_filter(self, weights: NDArray[np.float32] | None) -> None:
        """Show the weights (H, W, C) or (F,) of the unit, or that there are none to show."""
        self._cells[0].setVisible(weights is not None)
        if weights is None:
            return
        if weights.ndim == 3:
            self.filter.set_image(grey_of(weights))
        else:
            self.weights.show_weights(weights)
        largest = measure(float(np.abs(weights).max(initial=0.0)), 3)
        self.filter_note.say(f"black −{largest}, white {largest}" if weights.ndim == 3 else "")

    def clear_ascent(self) -> None:
        """Show that an ascent is still to come."""
        self.ascent.set_image(None)
        self.found.clear()
        self.ascent_note.say("climbing…")

    def show_ascent(self, answer: m.Answer) -> None:
        """Show how far an ascent is, or what it found."""
        x, values = answer.arrays["x"], answer.values
        if x.ndim == 3:
            grey = np.rint(np.clip(np.nan_to_num(x), 0.0, 1.0) * 255).astype(np.uint8)
            self.ascent.set_image(grey)
        else:
            self.found.show_values(x)
        if values["is_flat"]:
            self.ascent_note.say("no gradient here: nothing leads up from this noise", "warning")
            return
        done = values["step"] == values["steps"]
        way = "" if done else f", step {values['step']} of {values['steps']}"
        self.ascent_note.say(f"activation {measure(values['activation'], 3)}{way}", "muted")

    @Slot(QModelIndex)
    def _on_clicked(self, index: QModelIndex) -> None:
        if 0 <= index.row() < len(self.samples.rows):
            self.chosen.emit(int(self.samples.rows[index.row()]))
