"""The samples as thumbnails or rows: what is selected, what is near the pin, or all of them."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    Qt,
    Slot,
)
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QListView,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from aeviz import messages as m
from aeviz.gui import theme, wording
from aeviz.gui.captions import Caption
from aeviz.gui.dock_title import INSET
from aeviz.gui.inspectors.base import Inspector, register_inspector
from aeviz.gui.labels import ElidedLabel
from aeviz.gui.nearest import distances
from aeviz.gui.numbers import count
from aeviz.gui.sample_list import SampleDelegate, SampleModel
from aeviz.gui.scroll import SlimScrollBar
from aeviz.gui.session import Session
from aeviz.gui.theme import SPACE

SELECTION, NEAR, ALL = range(3)
NEAR_COUNT = 60
"""How many samples "nearest to the pin" lists."""
_BATCH = 5000
"""Cells that are laid out without a pause."""

_MOST_MARKED = 5000
"""Stretches of selected neighbours in the list that are marked; more would stop the window."""

_TITLES = ("Selection", "Nearest to the pin", "All samples")
NO_RUN = "Open a run or train a model: its samples appear here."
NO_SELECTION = "Nothing is selected. Click a point on the map to select its sample."
NO_PIN = "Nothing is pinned. Click on the map to see the samples nearest to that place."
NO_SAMPLES = "Every sample is hidden. Show labels again in the legend of the map."


class SampleView(QListView):
    """A list in lines of thumbnails; its cells follow font and width."""

    def __init__(self, model: SampleModel) -> None:
        super().__init__()
        self._delegate = SampleDelegate(model, self)
        self.setModel(model)
        self.setItemDelegate(self._delegate)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        # The cells of a million samples are laid out while the window goes on.
        self.setLayoutMode(QListView.LayoutMode.Batched)
        self.setBatchSize(_BATCH)
        self.setMouseTracking(True)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBar(SlimScrollBar())
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setAccessibleName("Samples")
        self.setMinimumSize(80, 60)

    def fit_cells(self) -> None:
        """Give the cells the size that font and width ask for."""
        self.setGridSize(self._delegate.cell(self.fontMetrics(), self.viewport().width() - 1))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Rows of a table span the width."""
        self.fit_cells()
        super().resizeEvent(event)


@register_inspector("samples", title="Samples", area="right", order=10)
class SamplesInspector(Inspector):
    """Pointing at a sample here is pointing at it on the map; a click pins it."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.mode = QComboBox()
        self.mode.addItems(_TITLES)
        self.mode.setAccessibleName("Which samples are listed")
        self.mode.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.mode.setMinimumWidth(80)
        self.model = SampleModel(session, self)
        self.view = SampleView(self.model)
        self.told = ElidedLabel("", "muted")
        self.told.setFont(theme.caption(self.font()))
        self.empty = Caption(NO_RUN)
        self.show_all = QPushButton("Show all samples")
        self._syncing = False
        self._lay_out()
        self._listen()
        self._on_run_changed(session.run)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(INSET, SPACE // 2, INSET, 0)
        top.addWidget(self.mode)
        top.addWidget(self.told, 1)
        nothing = QWidget()
        centre = QVBoxLayout(nothing)
        centre.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, SPACE)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        centre.addStretch(1)
        centre.addWidget(self.empty)
        centre.addWidget(self.show_all, 0, Qt.AlignmentFlag.AlignHCenter)
        centre.addStretch(2)
        self._pages = QStackedLayout()
        self._pages.addWidget(self.view)
        self._pages.addWidget(nothing)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE // 2)
        column.addLayout(top)
        column.addLayout(self._pages, 1)

    def _listen(self) -> None:
        session = self.session
        session.run_changed.connect(self._on_run_changed)
        session.selection_changed.connect(self._on_selection_changed)
        session.pin_changed.connect(self._on_pin_changed)
        session.hidden_changed.connect(self._on_hidden_changed)
        session.masked_changed.connect(self._on_masked_changed)
        session.epoch_changed.connect(self._on_epoch_changed)
        self.mode.currentIndexChanged.connect(self._on_mode_chosen)
        self.show_all.clicked.connect(self._on_show_all)
        self.view.entered.connect(self._on_pointed)
        self.view.clicked.connect(self._on_clicked)
        self.view.activated.connect(self._on_clicked)
        self.view.selectionModel().selectionChanged.connect(self._on_list_selection_changed)
        self.view.selectionModel().currentChanged.connect(self._on_current_changed)
        self.view.viewport().installEventFilter(self)

    # ── what is listed ────────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_run_changed(self, run: m.RunOpened | None) -> None:
        self.model.set_run(run)
        self.view.fit_cells()
        self._refresh()

    @Slot(object)
    def _on_selection_changed(self, rows: NDArray[np.int64]) -> None:
        if self.mode.currentIndex() == SELECTION:
            self._refresh()
        else:
            self._mark_selected()
            self._scroll_to_selected()

    @Slot(object)
    def _on_pin_changed(self, z: NDArray[np.float32] | None) -> None:
        if self.mode.currentIndex() == NEAR:
            self._refresh()

    @Slot(object)
    def _on_hidden_changed(self, hidden: frozenset[int]) -> None:
        if self.mode.currentIndex() != SELECTION:
            self._refresh()

    @Slot(object)
    def _on_masked_changed(self, masked: NDArray[np.bool_] | None) -> None:
        if self.mode.currentIndex() != SELECTION:
            self._refresh()

    @Slot(int)
    def _on_epoch_changed(self, epoch: int) -> None:
        if self.mode.currentIndex() == NEAR:
            self._refresh()

    @Slot(int)
    def _on_mode_chosen(self, mode: int) -> None:
        self._refresh()

    @Slot()
    def _on_show_all(self) -> None:
        self.mode.setCurrentIndex(ALL)

    def _refresh(self) -> None:
        rows, told, empty = self._listed()
        if not np.array_equal(rows, self.model.rows):
            self._syncing = True
            self.model.set_rows(rows)
            self._syncing = False
        self.told.set_text(told)
        self.empty.setText(empty)
        mode = self.mode.currentIndex()
        self.show_all.setVisible(self.session.run is not None and mode != ALL)
        single = mode == SELECTION
        modes = QAbstractItemView.SelectionMode
        self.view.setSelectionMode(modes.SingleSelection if single else modes.ExtendedSelection)
        self._pages.setCurrentIndex(0 if len(rows) else 1)
        self._mark_selected()

    def _listed(self) -> tuple[NDArray[np.int64], str, str]:
        """The rows to list, what is said about them, and what is said where there are none."""
        run, none = self.session.run, np.empty(0, np.int64)
        if run is None:
            return none, "", NO_RUN
        mode, total = self.mode.currentIndex(), len(run.index)
        if mode == SELECTION:
            rows = self.session.selection
            return rows, f"{count(len(rows))} of {count(total)}" if len(rows) else "", NO_SELECTION
        if mode == NEAR:
            rows = self._nearest()
            return rows, f"{len(rows)} of {count(total)}" if len(rows) else "", NO_PIN
        rows = self._visible()
        return rows, wording.several(len(rows), "sample"), NO_SAMPLES

    def _visible(self) -> NDArray[np.int64]:
        """Every row that is hidden neither by its label nor by itself."""
        return np.flatnonzero(self.session.is_shown)

    def _nearest(self) -> NDArray[np.int64]:
        """The rows nearest to the pin on the map, the nearest first."""
        far = None if self.session.pin is None else distances(self.session, self.session.pin)
        if far is None:
            return np.empty(0, np.int64)
        most = min(NEAR_COUNT, int(np.count_nonzero(np.isfinite(far))))
        near = np.argpartition(far, most - 1)[:most] if most else np.empty(0, np.int64)
        return np.asarray(near[np.argsort(far[near], kind="stable")], np.int64)

    # ── links with the map ────────────────────────────────────────────────────────────────────

    def _mark_selected(self) -> None:
        """Mark in the list what the map has selected."""
        if self.mode.currentIndex() == SELECTION:
            return
        chosen = QItemSelection()
        places = np.flatnonzero(np.isin(self.model.rows, self.session.selection))
        stretches = np.split(places, np.flatnonzero(np.diff(places) > 1) + 1) if len(places) else []
        for stretch in stretches[:_MOST_MARKED]:
            first, last = int(stretch[0]), int(stretch[-1])
            chosen.select(self.model.index(first), self.model.index(last))
        self._syncing = True
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect
        self.view.selectionModel().select(chosen, flags)
        self._syncing = False

    def _scroll_to_selected(self) -> None:
        """Show the first selected sample, unless it was selected here."""
        found = np.flatnonzero(np.isin(self.model.rows, self.session.selection))
        if found.size and not self.view.underMouse() and not self.view.hasFocus():
            self.view.scrollTo(self.model.index(int(found[0])))

    @Slot(QItemSelection, QItemSelection)
    def _on_list_selection_changed(self, added: QItemSelection, removed: QItemSelection) -> None:
        if self._syncing or self.mode.currentIndex() == SELECTION:
            return
        places = [index.row() for index in self.view.selectionModel().selectedIndexes()]
        self.session.select(self.model.rows[places])

    @Slot(QModelIndex)
    def _on_clicked(self, index: QModelIndex) -> None:
        position, run = self._position(index), self.session.run
        if position is None or run is None:
            return
        if run.latent_dim <= 2:
            self.session.set_pin(self.session.latent_at(position))
        else:
            # Its latent lies off the plane of the map: its own decode is shown with the selection.
            self.session.select([int(self.model.rows[index.row()])])

    @Slot(QModelIndex)
    def _on_pointed(self, index: QModelIndex) -> None:
        position = self._position(index)
        if position is not None:
            self.session.move_cursor(position, int(self.model.rows[index.row()]))

    @Slot(QModelIndex, QModelIndex)
    def _on_current_changed(self, current: QModelIndex, previous: QModelIndex) -> None:
        if not self._syncing and self.view.hasFocus():
            self._on_pointed(current)

    def _position(self, index: QModelIndex) -> NDArray[np.float32] | None:
        positions = self.session.positions
        if positions is None or not 0 <= index.row() < len(self.model.rows):
            return None
        return np.asarray(positions[int(self.model.rows[index.row()])])

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """When the mouse leaves the list it is nowhere on the map either."""
        if event.type() == QEvent.Type.Leave:
            self.session.move_cursor(None)
        return super().eventFilter(watched, event)
