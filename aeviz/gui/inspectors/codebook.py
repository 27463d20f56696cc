"""The codebook of a quantising model: codes in use, a sample's map to be changed, new draws."""

import numpy as np
from PySide6.QtCore import Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from aeviz import messages as m
from aeviz.gui.code_draws import COUNT, CodeDraws
from aeviz.gui.code_editor import CodeEditor
from aeviz.gui.code_usage import CodeUsage
from aeviz.gui.dock_title import INSET
from aeviz.gui.inspectors.base import Inspector, register_inspector
from aeviz.gui.inspectors.cursor import NO_WEIGHTS, WAITING
from aeviz.gui.label_colours import label_of
from aeviz.gui.labels import caption_label
from aeviz.gui.scroll import scrolled
from aeviz.gui.session import Session
from aeviz.gui.theme import SPACE
from aeviz.gui.tiles import style_of_run

BOOK, MAP, DRAWS = "codebook.book", "codebook.map", "codebook.draws"
NO_RUN = "Open a run of a model with a codebook: its codes appear here."
UNTRAINED = "At this epoch the prior has not been trained yet: its draws are noise."


@register_inspector("codebook", title="Codes", area="right", order=110, needs="codebook")
class CodebookInspector(Inspector):
    """Asks for three things, each by a question of its own: the codes, a code map, draws."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.hint = caption_label(NO_RUN)
        self.usage = CodeUsage()
        self.editor = CodeEditor()
        self.draws = CodeDraws()
        self._row = -1
        self._is_stale = True
        self._lay_out()
        self._listen()
        self._on_run_changed(session.run)

    def _lay_out(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(INSET, SPACE // 2, 2, SPACE)
        column.setSpacing(SPACE)
        for widget in (self.hint, self.editor, self.usage, self.draws):
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
        session.engine_ready.connect(self._on_engine_ready)
        session.selection_changed.connect(self._on_selection_changed)
        session.samples_fetched.connect(self._on_samples_fetched)
        session.answered.connect(self._on_answered)
        session.failed.connect(self._on_failed)
        self.usage.level_chosen.connect(self._on_level_chosen)
        self.usage.palette_of_codes.code_chosen.connect(self._on_code_chosen)
        self.editor.edited.connect(self._on_edited)
        self.editor.place_chosen.connect(self._on_place_chosen)
        self.draws.wanted.connect(self._on_draws_wanted)

    # ── what is asked ─────────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_run_changed(self, run: m.RunOpened | None) -> None:
        is_ours = run is not None and "codebook" in run.abilities
        self.usage.clear()
        self.editor.clear()
        self.draws.clear()
        if run is not None:
            style = style_of_run(run)
            self.editor.set_kind(style, run.sample_shape)
            self.draws.set_kind(style, run.sample_shape)
        for widget in (self.usage, self.editor, self.draws):
            widget.setVisible(is_ours)
        self._choose_row()
        self._refresh()

    @Slot(int)
    def _on_epoch_changed(self, epoch: int) -> None:
        self._refresh()

    @Slot(int)
    def _on_epoch_added(self, epoch: int) -> None:
        self._show_perplexity()
        if epoch == self.session.epoch:
            self._refresh()

    @Slot(object)
    def _on_engine_ready(self, message: m.EngineReady) -> None:
        self._refresh()

    @Slot(object)
    def _on_selection_changed(self, rows: object) -> None:
        before = self._row
        self._choose_row()
        if self._row != before and self._can_ask:
            self._ask_map()

    @Slot(int)
    def _on_level_chosen(self, level: int) -> None:
        self._ask_book()

    @Slot(int)
    def _on_code_chosen(self, code: int) -> None:
        self.editor.take_code(self.usage.level, code)

    @Slot()
    def _on_edited(self) -> None:
        if self._can_ask:
            self._ask_map()

    @Slot(int, int)
    def _on_place_chosen(self, level: int, code: int) -> None:
        """The palette shows the codes of the level whose map is worked on."""
        if level != self.usage.level:
            self.usage.set_level(level)
            self._ask_book()
        self.usage.palette_of_codes.mark(code)

    @Slot()
    def _on_draws_wanted(self) -> None:
        if self._can_ask:
            self._ask_draws()

    @property
    def _can_ask(self) -> bool:
        run = self.session.run
        is_ours = run is not None and "codebook" in run.abilities
        return is_ours and self.session.can_decode and self.session.last_epoch >= 0

    def _choose_row(self) -> None:
        """The selected sample; without one the first."""
        run, selection = self.session.run, self.session.selection
        kept = 0 if run is None else len(run.index)
        self._row = int(selection[0]) if selection.size else 0 if kept else -1
        self.editor.begin(self._row)
        if run is None or self._row < 0:
            return
        name, colour = label_of(self.session, self._row)
        number = f"#{int(run.index[self._row])}"
        self.editor.name_sample(f"{name} · {number}" if name else number, colour)
        self.session.fetch(MAP, [self._row])

    def _refresh(self) -> None:
        """Ask anew for everything; later, where nobody looks."""
        self._say_state()
        self._show_perplexity()
        self._is_stale = not self.isVisible()
        if self._is_stale or not self._can_ask:
            return
        self._ask_book()
        self._ask_map()
        self._ask_draws()

    def _ask_book(self) -> None:
        if self._can_ask:
            self.session.ask(BOOK, "codebook", level=self.usage.level)

    def _ask_map(self) -> None:
        if self._row >= 0:
            edits = tuple(self.editor.edits)
            self.session.ask(MAP, "code_map", row=self._row, edits=edits)

    def _ask_draws(self) -> None:
        self.session.ask(DRAWS, "code_draws", count=COUNT, seed=self.draws.seed)

    def _say_state(self) -> None:
        run = self.session.run
        if run is None or "codebook" not in run.abilities:
            self.hint.say(NO_RUN)
        elif not run.decodes:
            self.hint.say(NO_WEIGHTS)
        else:
            self.hint.say("" if self.session.engine is not None else WAITING)
        self.draws.say_note(UNTRAINED if self._is_prior_untrained else "")

    @property
    def _is_prior_untrained(self) -> bool:
        """Whether the prior's stage has not begun at the shown epoch."""
        run = self.session.run
        is_learned = run is not None and any(term.name == "prior" for term in run.terms)
        known = self.session.metric("prior")
        return is_learned and not (
            self.session.epoch < len(known) and bool(np.isfinite(known[self.session.epoch]))
        )

    # ── what is shown ─────────────────────────────────────────────────────────────────────────

    def _show_perplexity(self) -> None:
        name = f"_{self.usage.level_name}" if self.usage.level_name else ""
        values = self.session.metric(f"perplexity{name}")
        self.usage.show_perplexity(values, self.session.epoch)

    @Slot(object)
    def _on_samples_fetched(self, message: m.SamplesFetched) -> None:
        if message.view == MAP and message.rows.tolist() == [self._row]:
            self.editor.show_original(message.samples[0])

    @Slot(object)
    def _on_answered(self, message: m.Answer) -> None:
        if message.view == BOOK and message.values["level"] == self.usage.level:
            run = self.session.run
            self.usage.show_codes(message, 0 if run is None else len(run.index))
            for level in range(len(message.values["levels"])):
                self.editor.set_colours(level, message.arrays[f"colours_{level}"])
            self._show_perplexity()
        elif message.view == MAP and message.values["row"] == self._row:
            levels = message.values["levels"]
            self.usage.set_levels(levels)
            self.editor.show_map(message, levels)
        elif message.view == DRAWS and message.values["seed"] == self.draws.seed:
            self.draws.show_draws(message)

    @Slot(object)
    def _on_failed(self, message: m.Failed) -> None:
        if message.where == "inference" and self.isVisible() and self._can_ask:
            self.hint.say(message.summary, "error")

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for what was not asked while nobody looked."""
        super().showEvent(event)
        if self._is_stale:
            self._refresh()
