"""The grid sweep as a sheet: over what the map shows, or over the quantiles of the prior."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from aeviz import messages as m
from aeviz.geometry import prior_quantiles
from aeviz.gui import recipes, saving
from aeviz.gui.captions import tip
from aeviz.gui.dock_title import INSET
from aeviz.gui.figure import Figure
from aeviz.gui.figure_words import about_of, title_of
from aeviz.gui.inspectors.base import Inspector, register_inspector
from aeviz.gui.inspectors.cursor import INEXACT, NO_WEIGHTS, WAITING
from aeviz.gui.labels import caption_label
from aeviz.gui.mosaic_view import MosaicView
from aeviz.gui.quiet_button import QuietButton
from aeviz.gui.scroll import scrolled
from aeviz.gui.session import Condition, Session
from aeviz.gui.sweep import SIDES, sweep_call, sweep_of
from aeviz.gui.theme import SPACE
from aeviz.gui.tiles import style_of_run
from aeviz.script import Call, Name, Recipe, assigned

VIEW = "grid.prior"
OVER_VIEW, OVER_PRIOR = "view", "prior"
NO_RUN = "Open a run or train a model: what it decodes all over the map appears here."
ONE = "A grid needs two latent dimensions, and this run has one."
NO_PRIOR = "Only a model of two dimensions with a standard normal prior has these quantiles."


@register_inspector("grid", title="Grid", area="right", order=101)
class GridInspector(Inspector):
    """A sheet of decodes; a click goes to the latent of its cell."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.sweep = sweep_of(session)
        self.over = QComboBox()
        self.side = QComboBox()
        self.layer = QuietButton("On the map", has_light=True)
        self.save = QPushButton("Save…")
        self.note = caption_label(NO_RUN)
        self.sheet = MosaicView("Grid of decodes")
        self._z: NDArray[np.float32] | None = None
        self._lay_out()
        self._listen()
        self._on_run_changed(session.run)

    def _lay_out(self) -> None:
        self.over.addItem("Visible region", OVER_VIEW)
        self.over.addItem("Prior quantiles", OVER_PRIOR)
        self.over.setAccessibleName("What the grid covers")
        self.over.setToolTip(tip("The visible region, or equally likely cells of the prior"))
        for side in SIDES:
            self.side.addItem(f"{side}", side)
        self.side.setCurrentIndex(SIDES.index(self.sweep.count))
        self.side.setAccessibleName("Cells along the longer side")
        self.side.setToolTip(tip("Cells along the longer side"))
        self.layer.setToolTip(tip("Show the decodes under the points of the map too"))
        self.save.setToolTip(
            tip("Save the grid as PNG, SVG or PDF, or its values as CSV, Parquet or NPZ")
        )
        for box in (self.over, self.side):
            box.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
        self.over.setMinimumContentsLength(9)
        self.side.setMinimumContentsLength(2)
        top = QHBoxLayout()
        top.setSpacing(SPACE // 2)
        top.addWidget(self.over, 1)
        for widget in (self.side, self.save):
            top.addWidget(widget)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(INSET, SPACE // 2, INSET, SPACE)
        column.setSpacing(SPACE // 2)
        column.addLayout(top)
        second = QHBoxLayout()
        second.addWidget(self.layer)
        second.addStretch()
        column.addLayout(second)
        column.addWidget(self.note)
        column.addWidget(self.sheet)
        column.addStretch()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(page, has_pictures=True))

    def _listen(self) -> None:
        session = self.session
        session.run_changed.connect(self._on_run_changed)
        session.epoch_changed.connect(self._on_epoch_changed)
        session.epoch_added.connect(self._on_epoch_added)
        session.condition_changed.connect(self._on_condition_changed)
        session.engine_ready.connect(self._on_engine_ready)
        session.decoded.connect(self._on_decoded)
        session.layers.changed.connect(self._on_layers_changed)
        self.sweep.changed.connect(self._on_sweep_changed)
        self.over.activated.connect(self._on_over_chosen)
        self.side.activated.connect(self._on_side_chosen)
        self.layer.toggled.connect(self._on_layer_toggled)
        self.save.clicked.connect(self._on_save)
        self.sheet.cell_chosen.connect(self._on_cell_chosen)

    # ── what is asked ─────────────────────────────────────────────────────────────────────────

    @property
    def _is_over_prior(self) -> bool:
        return bool(self.over.currentData() == OVER_PRIOR)

    @Slot(object)
    def _on_run_changed(self, run: m.RunOpened | None) -> None:
        has_prior = run is not None and run.latent_dim == 2 and "prior" in run.abilities
        item = self.over.model().item(1)  # type: ignore[attr-defined]
        item.setEnabled(has_prior)
        item.setToolTip("" if has_prior else NO_PRIOR)
        if not has_prior:
            self.over.setCurrentIndex(0)
        self._refresh()

    @Slot(int)
    def _on_epoch_changed(self, epoch: int) -> None:
        self._refresh()

    @Slot(int)
    def _on_epoch_added(self, epoch: int) -> None:
        if epoch == self.session.epoch:
            self._refresh()

    @Slot(object)
    def _on_condition_changed(self, condition: Condition) -> None:
        self._refresh()

    @Slot(object)
    def _on_engine_ready(self, message: m.EngineReady) -> None:
        self._refresh()

    @Slot(int)
    def _on_over_chosen(self, place: int) -> None:
        self.sheet.clear()
        self._refresh()
        self._on_sweep_changed()

    @Slot(int)
    def _on_side_chosen(self, place: int) -> None:
        self.sweep.set_count(SIDES[place])
        self._refresh()

    def _refresh(self) -> None:
        """Ask for the quantiles, or let the sweep ask for the region."""
        run, session = self.session.run, self.session
        can_show = run is not None and run.latent_dim > 1 and session.last_epoch >= 0
        is_seen = self.isVisible() and can_show
        self.sweep.use("panel", is_seen and not self._is_over_prior)
        self._say_state()
        if not (can_show and session.can_decode):
            self._z = None
            self.sheet.clear()
            self.save.setEnabled(False)
        elif is_seen and self._is_over_prior:
            self._z = prior_quantiles(self.sweep.count, self.sweep.count)
            session.decode(VIEW, self._z)

    def _say_state(self) -> None:
        run = self.session.run
        if run is None:
            self.note.say(NO_RUN)
        elif run.latent_dim < 2:
            self.note.say(ONE)
        elif not run.decodes:
            self.note.say(NO_WEIGHTS)
        elif self.session.engine is None:
            self.note.say(WAITING)
        else:
            self.note.say("")

    # ── what is shown ─────────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_decoded(self, message: m.Decoded) -> None:
        run, is_wanted = self.session.run, message.view == VIEW and self._is_over_prior
        if run is None or self._z is None or not is_wanted:
            return
        if message.asked != self.session.epoch or message.condition != self.session.condition:
            return
        if np.array_equal(message.z, self._z):
            frames = message.values if message.pictures is None else message.pictures
            missing = ~np.isfinite(message.values.reshape(len(message.z), -1)).all(axis=1)
            self._show(run, frames, np.asarray(missing), self.sweep.count)

    @Slot()
    def _on_sweep_changed(self) -> None:
        run, cells, frames = self.session.run, self.sweep.cells, self.sweep.frames
        if self._is_over_prior or run is None or not self.isVisible():
            return
        if cells is None or frames is None:
            self.sheet.clear()
            return
        self._show(run, frames, self.sweep.missing, cells.columns)

    def _show(
        self, run: m.RunOpened, frames: NDArray[Any], missing: NDArray[np.bool_], wide: int
    ) -> None:
        self.sheet.show_frames(frames, missing, wide, style_of_run(run))
        self.save.setEnabled(True)
        is_flow = "invertible" in run.abilities
        self.note.say(f"Empty cells: {INEXACT[0].lower()}{INEXACT[1:]}." if is_flow else "")

    @Slot(int)
    def _on_cell_chosen(self, cell: int) -> None:
        z = self.sweep.latent_of(cell) if not self._is_over_prior else None
        if self._is_over_prior and self._z is not None:
            z = self._z[cell]
        if z is not None:
            self.session.set_pin(z)

    # ── the layer ─────────────────────────────────────────────────────────────────────────────

    @Slot(bool)
    def _on_layer_toggled(self, is_on: bool) -> None:
        self.session.layers.show("grid", is_on)

    @Slot(str)
    def _on_layers_changed(self, name: str) -> None:
        if name == "grid":
            self.layer.setChecked(name in self.session.layers.shown)

    # ── out ───────────────────────────────────────────────────────────────────────────────────

    @Slot()
    def _on_save(self) -> None:
        run = self.session.run
        if run is None:
            return
        path = saving.ask_where(self, "Save the grid", run.title, "grid", has_values=True)
        if path is None:
            return
        if saving.is_values(path):
            self.save_values(path)
        else:
            self.save_picture(path)

    def save_values(self, path: Path) -> None:
        """Have the decodes of the grid written with their latents, the upper left one first."""
        cells = self.sweep.cells
        z = self._z if self._is_over_prior else self.sweep.latents
        wide = self.sweep.count if self._is_over_prior or cells is None else cells.columns
        if z is not None:
            places = np.arange(len(z))
            columns = {"row": places // wide, "column": places % wide}
            saving.save_values(self.session, path, z, "decoded over a grid", columns=columns)

    def save_picture(self, path: Path) -> None:
        """Save the grid; `noticed` or `failed` of the session says how it went."""
        saving.save_figure(self.session, self.figure(), path)

    def figure(self) -> Figure | None:
        """The grid, in its order on the map."""
        session = self.session
        return self.sheet.figure("grid", title_of(session, "grid of decodes"), about_of(session))

    def recipe(self) -> Recipe | None:
        """The same decodes in Python."""
        session, cells = self.session, self.sweep.cells
        if self.sheet.image.isNull():
            return None
        if self._is_over_prior:
            named = {"over": "prior", "condition": recipes.told(session)}
            count = [self.sweep.count, recipes.decoding_epoch(session)]
            call = Call("run.sweep", count, named)
        elif cells is not None:
            call = sweep_call(session, cells)
        else:
            return None
        picture = Call("run.picture", [Name("sweep.x")])
        return Recipe("grid", [assigned("sweep", call), assigned("picture", picture)])

    # ── Qt ────────────────────────────────────────────────────────────────────────────────────

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for what was not asked while nobody could see it."""
        super().showEvent(event)
        self._refresh()
        self._on_sweep_changed()

    def hideEvent(self, event: QHideEvent) -> None:
        """Ask for nothing more."""
        super().hideEvent(event)
        self.sweep.use("panel", False)
