"""New samples: latents that are drawn, decoded in a sheet, and where they lie on the map."""

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from aeviz import messages as m
from aeviz.gui import recipes, saving
from aeviz.gui.captions import tip
from aeviz.gui.dock_title import INSET
from aeviz.gui.drawn import Draws, drawn_of
from aeviz.gui.figure import Figure
from aeviz.gui.figure_words import about_of, title_of
from aeviz.gui.inspectors.base import Inspector, register_inspector
from aeviz.gui.inspectors.cursor import NO_WEIGHTS, WAITING
from aeviz.gui.labels import caption_label
from aeviz.gui.mosaic_view import MosaicView
from aeviz.gui.quiet_button import QuietButton
from aeviz.gui.scroll import scrolled
from aeviz.gui.session import Condition, Session
from aeviz.gui.theme import SPACE
from aeviz.gui.tiles import style_of_run
from aeviz.script import Call, Name, Recipe, assigned

VIEW = "draws"
COUNTS = (16, 36, 64, 100, 225)
NO_RUN = "Open a run or train a model: new samples that it decodes appear here."
NO_PRIOR = "This model has no prior: draw from a density fitted to its latents."
DETERMINISTIC = "This model is deterministic: a sample has one latent and no posterior."
CHOOSE = "Select a sample on the map: draws of its posterior appear here, after the decode of μ."
SOURCES = (
    ("prior", "Prior"),
    ("gmm", "Gaussian mixture"),
    ("flow", "Flow"),
    ("posterior", "Posterior of the sample"),
)
SAID = (
    "The model's prior; a Gaussian mixture or a flow that is fitted to the latents of the shown "
    "epoch; the posterior of the selected sample, z = μ + σ·ε"
)


@register_inspector("draws", title="Draws", area="right", order=103)
class DrawsInspector(Inspector):
    """Draws keep their latents while the timeline moves: each epoch decodes the same ones."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.drawn = drawn_of(session)
        self.source = QComboBox()
        self.number = QComboBox()
        self.redraw = QPushButton("Redraw")
        self.save = QPushButton("Save…")
        self.layer = QuietButton("On the map", has_light=True)
        self.said = caption_label("")
        self.note = caption_label(NO_RUN)
        self.sheet = MosaicView("Decodes of the draws", is_apart=True)
        self.seed = 0
        self._values: NDArray[np.float32] | None = None
        self._is_stale = True
        self._lay_out()
        self._listen()
        self._on_run_changed(session.run)

    def _lay_out(self) -> None:
        for name, title in SOURCES:
            self.source.addItem(title, name)
        self.source.setAccessibleName("What is drawn from")
        self.source.setToolTip(tip(SAID))
        for count in COUNTS:
            self.number.addItem(f"{count}", count)
        self.number.setCurrentIndex(1)
        self.number.setAccessibleName("How many draws")
        self.redraw.setToolTip(tip("Draw others, with the next seed"))
        self.save.setToolTip(
            tip("Save the sheet as PNG, SVG or PDF, or its values as CSV, Parquet or NPZ")
        )
        self.layer.setToolTip(tip("Show on the map where the draws lie"))
        for box, letters in ((self.source, 9), (self.number, 3)):
            box.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            box.setMinimumContentsLength(letters)
        first, second = QHBoxLayout(), QHBoxLayout()
        for row in (first, second):
            row.setSpacing(SPACE // 2)
        first.addWidget(self.source, 1)
        first.addWidget(self.number)
        second.addWidget(self.layer)
        second.addStretch()
        second.addWidget(self.redraw)
        second.addWidget(self.save)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(INSET, SPACE // 2, INSET, SPACE)
        column.setSpacing(SPACE // 2)
        column.addLayout(first)
        column.addLayout(second)
        for widget in (self.said, self.note, self.sheet):
            column.addWidget(widget)
        column.addStretch()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(page, has_pictures=True))

    def _listen(self) -> None:
        session = self.session
        session.run_changed.connect(self._on_run_changed)
        session.epoch_changed.connect(self._on_epoch_changed)
        session.epoch_added.connect(self._on_epoch_added)
        session.selection_changed.connect(self._on_selection_changed)
        session.condition_changed.connect(self._on_condition_changed)
        session.engine_ready.connect(self._on_engine_ready)
        session.answered.connect(self._on_answered)
        session.decoded.connect(self._on_decoded)
        session.layers.changed.connect(self._on_layers_changed)
        self.source.activated.connect(self._on_source_chosen)
        self.number.activated.connect(self._on_number_chosen)
        self.redraw.clicked.connect(self._on_redraw)
        self.layer.toggled.connect(self._on_layer_toggled)
        self.save.clicked.connect(self._on_save)
        self.sheet.cell_chosen.connect(self._on_cell_chosen)
        self.sheet.cell_hovered.connect(self.drawn.hover)

    # ── what is asked ─────────────────────────────────────────────────────────────────────────

    @property
    def using(self) -> str:
        """What is drawn from."""
        return str(self.source.currentData())

    @Slot(object)
    def _on_run_changed(self, run: m.RunOpened | None) -> None:
        abilities = () if run is None else run.abilities
        for place, (name, _) in enumerate(SOURCES):
            item = self.source.model().item(place)  # type: ignore[attr-defined]
            why = {"prior": NO_PRIOR, "posterior": DETERMINISTIC}.get(name, "")
            suits = not why or name in abilities
            item.setEnabled(suits)
            item.setToolTip("" if suits else why)
        if self.using in ("prior", "posterior") and self.using not in abilities:
            self.source.setCurrentIndex(1)
        elif run is not None and "prior" in abilities and self.using == "gmm":
            self.source.setCurrentIndex(0)
        self.seed = 0
        self._draw()

    @Slot(int)
    def _on_source_chosen(self, place: int) -> None:
        self._draw()

    @Slot(int)
    def _on_number_chosen(self, place: int) -> None:
        self._draw()

    @Slot()
    def _on_redraw(self) -> None:
        self.seed += 1
        self._draw()

    @Slot(object)
    def _on_engine_ready(self, message: m.EngineReady) -> None:
        self._draw()

    @Slot(object)
    def _on_selection_changed(self, rows: NDArray[np.int64]) -> None:
        if self.using == "posterior":
            self._draw()

    @Slot(int)
    def _on_epoch_changed(self, epoch: int) -> None:
        self._decode()

    @Slot(int)
    def _on_epoch_added(self, epoch: int) -> None:
        if epoch != self.session.epoch:
            return
        if self.drawn.z is None:
            self._draw()
        else:
            self._decode()

    @Slot(object)
    def _on_condition_changed(self, condition: Condition) -> None:
        self._decode()

    def _draw(self) -> None:
        """Ask for other draws, if somebody can see them."""
        session = self.session
        self._is_stale = not self.isVisible()
        self._values = None
        self._say_state()
        can_draw = session.run is not None and session.can_decode and session.last_epoch >= 0
        lacks_sample = self.using == "posterior" and not session.selection.size
        if not can_draw or lacks_sample or self._is_stale:
            self.drawn.set_draws(None)
            self.sheet.clear()
            return
        row = int(session.selection[0]) if self.using == "posterior" else -1
        count = int(self.number.currentData())
        session.ask(VIEW, "draws", using=self.using, count=count, seed=self.seed, row=row)

    @Slot(object)
    def _on_answered(self, message: m.Answer) -> None:
        if message.view != VIEW or message.question != "draws":
            return
        if "z" not in message.arrays:
            self.said.say(f"A flow is being fitted: {100 * message.values['progress']:.0f} %")
            return
        z = np.asarray(message.arrays["z"], np.float32)
        if "mu" in message.arrays:
            z = np.concatenate([message.arrays["mu"], z])
        self.drawn.set_draws(z, self._draws(message.epoch))
        self._say_what(message.epoch)
        self._decode()

    def _draws(self, epoch: int) -> Draws:
        """How they were drawn."""
        session, sample = self.session, None
        if self.using == "posterior":
            sample = int(recipes.numbers_of(session, session.selection[:1])[0])
        count = int(self.number.currentData())
        return Draws(self.using, count, self.seed, epoch, sample)

    def _say_what(self, epoch: int) -> None:
        fitted = f", fitted at epoch {epoch}" if self.using in ("gmm", "flow") else ""
        words = f"Seed {self.seed}{fitted}"
        if self.using == "posterior":
            run, row = self.session.run, int(self.session.selection[0])
            number = row if run is None else int(run.index[row])
            words = f"#{number}: the decode of μ, then draws; seed {self.seed}, epoch {epoch}"
        self.said.say(words)

    def _decode(self) -> None:
        """Decode the same latents at the shown epoch."""
        z = self.drawn.z
        if z is not None and self.isVisible() and self.session.can_decode:
            self.session.decode(VIEW, z)

    # ── what is shown ─────────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_decoded(self, message: m.Decoded) -> None:
        run, z = self.session.run, self.drawn.z
        if message.view != VIEW or run is None or z is None:
            return
        is_wanted = message.asked == self.session.epoch
        if not is_wanted or message.condition != self.session.condition:
            return
        if not np.array_equal(message.z, z):
            return
        frames = message.values if message.pictures is None else message.pictures
        known = np.isfinite(message.values.reshape(len(z), -1)).all(axis=1)
        columns = math.ceil(math.sqrt(len(z)))
        self._values = message.values
        self.sheet.show_frames(frames, np.asarray(~known), columns, style_of_run(run))
        self._say_state()

    def _say_state(self) -> None:
        run, session = self.session.run, self.session
        if run is None:
            self.note.say(NO_RUN)
        elif not run.decodes:
            self.note.say(NO_WEIGHTS)
        elif session.engine is None:
            self.note.say(WAITING)
        elif self.using == "posterior" and not session.selection.size:
            self.note.say(CHOOSE)
        else:
            self.note.say("")
        has_draws = self._values is not None
        self.said.setVisible(has_draws or self.using == "flow")
        self.save.setEnabled(has_draws)
        self.redraw.setEnabled(run is not None and session.can_decode)

    @Slot(int)
    def _on_cell_chosen(self, cell: int) -> None:
        if self.drawn.z is not None:
            self.session.set_pin(self.drawn.z[cell])

    # ── the layer ─────────────────────────────────────────────────────────────────────────────

    @Slot(bool)
    def _on_layer_toggled(self, is_on: bool) -> None:
        self.session.layers.show("draws", is_on)

    @Slot(str)
    def _on_layers_changed(self, name: str) -> None:
        if name == "draws":
            self.layer.setChecked(name in self.session.layers.shown)

    # ── out ───────────────────────────────────────────────────────────────────────────────────

    @Slot()
    def _on_save(self) -> None:
        run = self.session.run
        if run is None:
            return
        path = saving.ask_where(self, "Save the draws", run.title, "draws", has_values=True)
        if path is None:
            return
        if saving.is_values(path):
            self.save_values(path)
        else:
            self.save_picture(path)

    def save_picture(self, path: Path) -> None:
        """Save the sheet; `noticed` or `failed` of the session says how it went."""
        saving.save_figure(self.session, self.figure(), path)

    def figure(self) -> Figure | None:
        """The decodes of the draws."""
        session, words = self.session, f"draws, seed {self.seed}"
        about = {**about_of(session), "Generated": "yes", "Draw seed": str(self.seed)}
        return self.sheet.figure("draws", title_of(session, words), about)

    def recipe(self) -> Recipe | None:
        """The same draws, decoded in Python."""
        session, draws, z = self.session, self.drawn.draws, self.drawn.z
        if draws is None or z is None or self._values is None:
            return None
        named = {"condition": recipes.told(session)}
        decode = Call("run.decode", [Name("z"), recipes.decoding_epoch(session)], named)
        columns = math.ceil(math.sqrt(len(z)))
        lines = [
            *recipes.draw_lines(draws),
            assigned("x", decode),
            assigned("picture", Call("run.picture", [Name("x"), columns])),
        ]
        return Recipe("draws", lines)

    def save_values(self, path: Path) -> None:
        """Have the draws written as `aeviz draw` writes them, with seed and latents."""
        run, chosen, z = self.session.run, self.session.selection, self.drawn.z
        if run is not None and z is not None and self._values is not None:
            how = f"drawn from {self.using}"
            if self.using == "posterior" and chosen.size:
                how += f" of sample {int(run.index[chosen[0]])}, its mean first"
            saving.save_values(self.session, path, z, how, x=self._values, seed=self.seed)

    # ── Qt ────────────────────────────────────────────────────────────────────────────────────

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for what was not asked while nobody could see it."""
        super().showEvent(event)
        if self._is_stale or self.drawn.z is None:
            self._draw()
        else:
            self._decode()
