"""What the model decodes under the cursor or at the pin, and how it reconstructs a sample.

While the mouse moves, answers are shown in the order of their questions, also when the mouse has
gone on meanwhile: a slow decoder then lags a little instead of showing nothing until the mouse
rests. The text says of which latent and epoch a picture is, and what was not asked, or was asked
at another epoch, is never shown.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from aeviz import messages as m
from aeviz.gui import recipes, wording
from aeviz.gui.captions import LabelName, tip
from aeviz.gui.comparison import Comparison
from aeviz.gui.condition_switch import ConditionSwitch
from aeviz.gui.decode_view import DecodeView
from aeviz.gui.dock_title import INSET
from aeviz.gui.inspectors.base import Inspector, register_inspector
from aeviz.gui.label_colours import label_of
from aeviz.gui.labels import caption_label, heading_label
from aeviz.gui.nearest import nearest_samples
from aeviz.gui.neighbours import COUNT, Neighbour, Neighbours, same_rows
from aeviz.gui.scroll import scrolled
from aeviz.gui.session import Condition, Session
from aeviz.gui.theme import SPACE
from aeviz.gui.tiles import style_of_run
from aeviz.gui.trust import TrustReadout
from aeviz.script import Call, Name, Recipe, assigned

CURSOR, NEAREST, SELECTED = "cursor", "cursor.nearest", "cursor.selected"
DENSITY, TRUST, NEIGHBOURS = "cursor.density", "cursor.trust", "cursor.neighbours"
_MOST_ASKED = 64
_NARROW = 230
PACE_MS = 150
"""While the mouse moves, what stands around the decode follows it so often: the decode comes first.
"""
WAITING = "Decoding starts as soon as torch is loaded."
NO_PLUGIN = "Its model needs a plug-in that is not loaded; its samples can be explored."
NO_WEIGHTS = "This run keeps no weights that can decode; its samples can be explored."
HINT = "Move the mouse over the map to decode there. A click pins the place."
CLIPPED = (
    "Values of the decode below 0 or above 1: the picture shows them as black or white, "
    "the numbers are kept as they are."
)
INEXACT = "The flow's inverse is too inaccurate here to be shown, also in double precision"
NO_RUN = "Open a run or train a model: what it decodes under the mouse appears here."


@register_inspector("cursor", title="Decoded", area="right", order=0)
class CursorInspector(Inspector):
    """The decode at one latent with its nearest sample, above the selected sample."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.place = heading_label("")
        self.unpin = QToolButton()
        self.hint = caption_label(NO_RUN)
        self.switch = ConditionSwitch(session)
        self.decode = DecodeView()
        self.neighbours = Neighbours()
        self.trust = TrustReadout()
        self.note = caption_label("")
        self.note.setToolTip(tip(CLIPPED))
        self.chosen = LabelName()
        self.chosen_detail = caption_label("")
        self.comparison = Comparison()
        self._z: NDArray[np.float32] | None = None
        self._asked: list[bytes] = []
        self._trust_asked: list[bytes] = []
        self._pace = QTimer(self)
        self._pace.setSingleShot(True)
        self._pace.setInterval(PACE_MS)
        self._pace.timeout.connect(self._on_pace)
        self._is_behind = False
        self._told_apart: tuple[NDArray[np.float32], int] | None = None
        self._nearest = -1
        self._lay_out()
        self._listen()
        self._on_run_changed(session.run)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.place, 1)
        top.addWidget(self.trust.mark)
        top.addWidget(self.unpin)
        self.unpin.setText("Unpin")
        self.unpin.setAutoRaise(True)
        self.unpin.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.unpin.setToolTip("Take the pin away, so that the decode follows the mouse only")
        line = QFrame()
        line.setFrameShape(QFrame.Shape.HLine)
        line.setForegroundRole(line.palette().ColorRole.Mid)
        self._line = line
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(INSET, SPACE // 2, 2, SPACE)
        column.setSpacing(SPACE * 3 // 4)
        column.addLayout(top)
        for widgets in (
            (self.switch, self.hint, self.decode.coordinates, self.note, self.decode),
            (self.trust, self.neighbours),
            (line, self.chosen, self.chosen_detail, self.comparison),
        ):
            for widget in widgets:
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
        session.cursor_changed.connect(self._on_cursor_changed)
        session.pin_changed.connect(self._on_pin_changed)
        session.selection_changed.connect(self._on_selection_changed)
        session.condition_changed.connect(self._on_condition_changed)
        session.hidden_changed.connect(self._on_hidden_changed)
        session.engine_ready.connect(self._on_engine_ready)
        session.decoded.connect(self._on_decoded)
        session.reconstructed.connect(self._on_reconstructed)
        session.samples_fetched.connect(self._on_samples_fetched)
        session.answered.connect(self._on_answered)
        session.failed.connect(self._on_failed)
        self.unpin.clicked.connect(self._on_unpin)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the word of the mark out where there is no room for it."""
        super().resizeEvent(event)
        self.trust.mark.set_compact(self.width() < _NARROW)

    # ── what is asked ─────────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_run_changed(self, run: m.RunOpened | None) -> None:
        self._z, self._nearest = self.session.pin, -1
        self._forget_asked()
        self.trust.clear()
        if run is not None:
            style = style_of_run(run)
            self.neighbours.set_style(style)
            self.decode.set_run(run, style)
            self.comparison.set_run(run, style, spread_of(run))
        self._refresh()
        self._refresh_selected()
        self._ask_density()

    @Slot(int)
    def _on_epoch_changed(self, epoch: int) -> None:
        self._forget_asked()
        self._ask_density()
        self._refresh()
        self._refresh_selected()

    @Slot(int)
    def _on_epoch_added(self, epoch: int) -> None:
        """An epoch that is shown came anew: its weights are others now."""
        if epoch == self.session.epoch and self._z is not None:
            self._on_epoch_changed(epoch)
        elif epoch == self.session.epoch:
            self._ask_density()

    def _ask_density(self) -> None:
        """Ask for the density over the plane of two features, where the model has one."""
        run, region = self.session.run, self.decode.plane.region
        if run is None or region is None or "invertible" not in run.abilities:
            return
        if self.session.can_decode and self.session.last_epoch >= 0:
            self.session.ask(DENSITY, "sample-density", region=region)

    @Slot(object)
    def _on_answered(self, answer: m.Answer) -> None:
        if answer.view == DENSITY and answer.values["region"] == self.decode.plane.region:
            self.decode.plane.set_density(answer.arrays["density"], answer.values["mass"])
        elif answer.view == TRUST:
            self._take_trust(answer)

    def _take_trust(self, answer: m.Answer) -> None:
        """Show how far a place can be trusted, in the order of the questions, as decodes are."""
        asked = answer.arrays["z"].tobytes()
        if asked not in self._trust_asked or answer.asked != self.session.epoch:
            return
        self._trust_asked = self._trust_asked[self._trust_asked.index(asked) :]
        self.trust.show_answer(answer)
        if self._is_off_the_map:
            rows, away = answer.arrays["nearest"].tolist(), answer.arrays["away"].tolist()
            self._show_nearest(list(zip(rows, away, strict=True)))

    @Slot(object)
    def _on_cursor_changed(self, z: NDArray[np.float32] | None) -> None:
        target = self.session.pin if z is None else z
        if target is not None:
            self._point_at(target)
        self._show_place()

    @Slot(object)
    def _on_pin_changed(self, z: NDArray[np.float32] | None) -> None:
        if z is not None and self.session.cursor is None:
            self._point_at(z)
        self._show_place()

    @Slot(object)
    def _on_condition_changed(self, condition: Condition) -> None:
        self._forget_asked()
        self._refresh()

    def _forget_asked(self) -> None:
        """What was asked before is not to be shown any more; all is asked anew at once."""
        self._is_behind = False
        self._asked.clear()
        self._trust_asked.clear()

    def _point_at(self, z: NDArray[np.float32]) -> None:
        if self._z is not None and np.array_equal(z, self._z):
            return
        self._z = z
        self._is_behind = self._pace.isActive()
        self._refresh()
        if not self._is_behind:
            self._pace.start()

    @Slot()
    def _on_pace(self) -> None:
        """The surroundings catch up with the mouse."""
        if self._is_behind:
            self._is_behind = False
            self._refresh_nearest()
            self._ask_trust()
            self._pace.start()

    @Slot(object)
    def _on_engine_ready(self, message: m.EngineReady) -> None:
        self._ask_density()
        self._refresh()
        self._refresh_selected()

    @Slot(object)
    def _on_hidden_changed(self, hidden: frozenset[int]) -> None:
        self.decode.plane.set_hidden(hidden)
        self._refresh_nearest()
        if self._is_off_the_map:
            self._ask_trust()

    @Slot()
    def _on_unpin(self) -> None:
        self.session.set_pin(None)

    def _refresh(self) -> None:
        """Ask anew for everything that belongs to the place."""
        self._show_place()
        self._refresh_nearest()
        if self._z is None or not self.session.can_decode:
            return
        self._asked = [*self._asked[-_MOST_ASKED:], self._z.tobytes()]
        self.session.decode(CURSOR, self._z)
        self._ask_trust()

    def _ask_trust(self) -> None:
        """Ask how usual the place is; decodes do not wait for it."""
        if self._z is None or not self.session.can_decode or self._is_behind:
            return
        self._trust_asked = [*self._trust_asked[-_MOST_ASKED:], self._z.tobytes()]
        told, hidden = self.session.condition, tuple(self.session.hidden)
        self.session.ask(TRUST, "trust", z=self._z.tolist(), condition=told, hidden=hidden)

    @property
    def _is_off_the_map(self) -> bool:
        """Whether the map is a picture of more dimensions, on which near samples may be far."""
        run = self.session.run
        return run is not None and run.latent_dim > 2 and self.session.can_decode

    def _refresh_nearest(self) -> None:
        if self._z is None:
            self._show_nearest([])
        elif not self._is_off_the_map:  # else the answer to "trust" has them
            count = 1 if self._is_behind else 1 + COUNT
            self._show_nearest(nearest_samples(self.session, self._z, count))

    def _show_nearest(self, found: list[tuple[int, float]]) -> None:
        """Name the nearest samples and fetch them; the first one is shown beside the decode."""
        near = tuple(self._neighbour(row, distance) for row, distance in found)
        if not self._is_behind:
            self.neighbours.show_neighbours(near[1:])
        if not near:
            self._nearest = -1
            self.decode.clear_neighbour()
            return
        first, is_named = near[0], near[0].colour is not None
        details = f"{first.number} · {first.away} away" if is_named else f"{first.away} away"
        self.decode.name_neighbour(first.name, first.colour, details)
        rows = [each.row for each in near]
        if rows[0] != self._nearest:
            self._nearest = rows[0]
            self.session.fetch(NEAREST, rows[:1])
        if rows[1:] and not self.neighbours.has_samples:
            self.session.fetch(NEIGHBOURS, rows[1:])

    def _neighbour(self, row: int, distance: float) -> Neighbour:
        run = self.session.run
        assert run is not None
        name, colour = label_of(self.session, row)
        number = f"#{self._number(row)}"
        away = wording.coordinate(distance, self._places())
        part = wording.part_name(int(run.parts[row]))
        return Neighbour(row, name or number, colour if name else None, away, part, number)

    def _places(self) -> int:
        """How many decimals tell places of the shown map apart."""
        positions = self.session.positions
        if positions is None or not len(positions):
            return 2
        if self._told_apart is None or self._told_apart[0] is not positions:
            decimals = wording.decimals(float(np.ptp(positions, axis=0).max()))
            self._told_apart = (positions, decimals)
        return self._told_apart[1]

    def _number(self, row: int) -> int:
        """The sample's number in its data set."""
        run = self.session.run
        return row if run is None else int(run.index[row])

    def recipe(self) -> Recipe | None:
        """The decode at the pin, or where the mouse was last, in Python."""
        session, run = self.session, self.session.run
        z = self._z if session.pin is None else session.pin
        if run is None or z is None or not session.can_decode:
            return None
        named = {"condition": recipes.told(session)}
        decode = Call("run.decode", [Name("z"), recipes.decoding_epoch(session)], named)
        lines = [assigned("z", [z]), assigned("x", decode)]
        if not run.is_image and run.feature_names:
            lines.append("for name, value in zip(run.feature_names, x[0], strict=True):")
            lines.append('    print(f"{name}: {value:.6g}")')
        lines.append("picture = run.picture(x)")
        return Recipe("decode", lines)

    # ── what is shown ─────────────────────────────────────────────────────────────────────────

    def _show_place(self) -> None:
        session = self.session
        pinned = session.pin is not None
        moving = session.cursor is not None
        words = "Under the mouse" if moving else "At the pin" if pinned else "Where the mouse was"
        shown = session.run is not None and self._z is not None
        self.place.say(words if shown else "")
        self.unpin.setVisible(pinned)
        for widget in (self.decode, self.neighbours, self.trust, self.trust.mark):
            widget.setVisible(shown)
        hint = NO_RUN if session.run is None else HINT
        self.hint.say("" if shown else hint)
        if session.run is not None and not session.run.decodes:
            self.note.say(NO_PLUGIN if session.run.needs else NO_WEIGHTS, "muted")
        elif session.run is not None and session.engine is None:
            self.note.say(WAITING, "muted")
        elif self.note.text() in (NO_WEIGHTS, NO_PLUGIN, WAITING) or not shown:
            self.note.say("")

    @Slot(object)
    def _on_decoded(self, message: m.Decoded) -> None:
        if message.view != CURSOR or message.asked != self.session.epoch:
            return
        if message.condition != self.session.condition:
            return
        asked = message.z[0].tobytes()
        if asked not in self._asked:
            return
        self._asked = self._asked[self._asked.index(asked) :]
        z = message.z[0].tolist()
        whole = "z = " + wording.latent(z, 6, most=len(z))
        text = f"z = {wording.latent(z, self._places())}"
        self.decode.show_decode(message, text, whole)
        run = self.session.run
        self.note.say(*note_on(message, run is not None and run.bounded))

    @Slot(object)
    def _on_failed(self, message: m.Failed) -> None:
        if message.where == "inference":
            self.note.say(message.summary, "error")

    @Slot(object)
    def _on_samples_fetched(self, message: m.SamplesFetched) -> None:
        if message.view == NEAREST and message.rows.tolist() == [self._nearest]:
            self.decode.show_neighbour(message.samples[0])
        elif message.view == NEIGHBOURS and same_rows(message.rows, self.neighbours.shown):
            self.neighbours.show_samples(message.samples)
        elif message.view == SELECTED and message.rows.tolist() == [self._selected]:
            self.comparison.show_original(message.samples[0])

    # ── the selected sample ───────────────────────────────────────────────────────────────────

    @property
    def _selected(self) -> int:
        """The row that is compared, -1 for none."""
        selection = self.session.selection
        return int(selection[0]) if selection.size and self.session.run is not None else -1

    @Slot(object)
    def _on_selection_changed(self, rows: NDArray[np.int64]) -> None:
        self.comparison.clear()
        self._refresh_selected()

    def _refresh_selected(self) -> None:
        row = self._selected
        for widget in (self._line, self.chosen, self.chosen_detail, self.comparison):
            widget.setVisible(row >= 0)
        if row < 0:
            return
        self._describe_selected(row)
        self.session.fetch(SELECTED, [row])
        if self.session.can_decode:
            self.session.reconstruct(SELECTED, [row], [self.session.epoch])

    def _describe_selected(self, row: int) -> None:
        run = self.session.run
        if run is None:
            return
        name, colour = label_of(self.session, row)
        number = f"#{self._number(row)}"
        self.chosen.say(f"{name} · {number}" if name else number, colour)
        detail = f"Selected sample, of the {wording.part_name(int(run.parts[row]))} part"
        others = len(self.session.selection) - 1
        self.chosen_detail.say(f"{detail}; first of {others + 1} selected" if others else detail)

    @Slot(object)
    def _on_reconstructed(self, message: m.Reconstructed) -> None:
        wanted = message.rows.tolist() == [self._selected] and message.asked == self.session.epoch
        if message.view == SELECTED and wanted:
            self.comparison.show_reconstruction(message)


def spread_of(run: m.RunOpened) -> NDArray[np.float32] | None:
    """Standard deviation of each feature of a table over the samples that the window holds."""
    if run.is_image or run.samples is None or not len(run.samples):
        return None
    return np.asarray(run.samples.std(axis=0, dtype=np.float64), np.float32)


def note_on(message: m.Decoded, bounded: bool) -> tuple[str, Any]:
    """What has to be said of a decode, and its tone; an empty sentence where nothing has.

    How many pixels are clipped is told for every decode of an unbounded model, also when none is:
    a line that comes and goes would make what stands below it jump.
    """
    notes = []
    if not np.isfinite(message.values[0]).any():
        return INEXACT, "warning"
    if message.epoch != message.asked:
        notes.append(f"Epoch {message.asked} keeps no weights: epoch {message.epoch} decodes")
    if message.pictures is not None and (message.clipped > 0 or not bounded):
        notes.append(f"{wording.share(message.clipped)} of pixels clipped")
    return ". ".join(notes), "warning" if message.epoch != message.asked else "muted"
