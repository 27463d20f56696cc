"""The path in decodes: a strip to play and scrub, density, distance and change under it."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QVariantAnimation, Slot
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QVBoxLayout, QWidget

from aeviz import messages as m
from aeviz.gui import recipes, saving
from aeviz.gui.captions import Tone
from aeviz.gui.dock_title import INSET
from aeviz.gui.figure import Figure
from aeviz.gui.figure_words import about_of, title_of
from aeviz.gui.inspectors.base import Inspector, register_inspector
from aeviz.gui.inspectors.cursor import INEXACT, NO_WEIGHTS, WAITING
from aeviz.gui.labels import caption_label
from aeviz.gui.noise_strip import picture_of
from aeviz.gui.path_bar import PathBar
from aeviz.gui.path_drawing import Row, Scene, scene_figure
from aeviz.gui.path_sheet import PathSheet
from aeviz.gui.picture_sheet import PictureSheet
from aeviz.gui.scroll import scrolled
from aeviz.gui.session import Session
from aeviz.gui.theme import SPACE
from aeviz.gui.tiles import style_of_run
from aeviz.script import Name, Recipe, in_line, laid

HERE = "path.here"
SECONDS = 4.0
"""How long the whole path plays."""

_SIDE = 96
_NARROW = 460
NO_RUN = "Open a run: a path through its latents appears here as a strip of decodes."
HINT = (
    "Take the tool Path (P) and click on two samples or places of the map, or drag to draw a path. "
    "Samples that are selected, or the pin, become anchors by Add."
)
ONE = "One more anchor makes a path."


@register_inspector("path", title="Path", area="bottom", order=110)
class PathInspector(Inspector):
    """Strip and curves of the session's route; decodes are asked for only while it is seen."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.bar = PathBar(session)
        self.note = caption_label(NO_RUN)
        self.sheet = PathSheet()
        self.here = PictureSheet("Decode at the shown place of the path", side=_SIDE)
        self._rows: dict[str, Row] = {}
        self._facts: dict[str, Any] = {}
        self._z: NDArray[np.float32] | None = None
        self._animation = QVariantAnimation(self)
        self._was_path = False
        self._lay_out()
        self._listen()
        self._on_run_changed(session.run)

    # ── layout ────────────────────────────────────────────────────────────────────────────────

    def _lay_out(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, SPACE // 2)
        column.setSpacing(SPACE // 2)
        column.addWidget(self.sheet, 1)
        self._area = scrolled(page, has_pictures=True)
        self._beside = QWidget()
        beside = QVBoxLayout(self._beside)
        beside.setContentsMargins(0, 0, INSET, 0)
        beside.addWidget(self.here)
        beside.addStretch()
        self._beside.setFixedWidth(_SIDE + 2 * SPACE)
        below = QHBoxLayout()
        below.setSpacing(SPACE // 2)
        below.addWidget(self._area, 1)
        below.addWidget(self._beside)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 2, 0, 0)
        outer.setSpacing(2)
        outer.addWidget(self.bar)
        note = QHBoxLayout()
        note.setContentsMargins(INSET, 0, INSET, 0)
        note.addWidget(self.note)
        outer.addLayout(note)
        outer.addLayout(below, 1)
        outer.addStretch()

    def _listen(self) -> None:
        session, route, walk = self.session, self.session.route, self.session.walk
        session.run_changed.connect(self._on_run_changed)
        session.tool_changed.connect(self._on_tool_changed)
        session.engine_ready.connect(self._on_engine_ready)
        session.decoded.connect(self._on_decoded)
        session.failed.connect(self._on_failed)
        route.method_changed.connect(self._on_method_changed)
        route.steps_changed.connect(self._on_steps_changed)
        route.at_changed.connect(self._on_at_changed)
        walk.asked.connect(self._on_asked)
        walk.found.connect(self._on_found)
        self.bar.played.connect(self._on_play)
        self.bar.save_asked.connect(self._on_save)
        self._animation.valueChanged.connect(self._on_played)
        self._animation.finished.connect(self._on_play_ended)
        self.sheet.scrubbed.connect(self._on_scrubbed)
        self.sheet.cell_chosen.connect(self._on_cell_chosen)
        self.sheet.row_chosen.connect(self._on_row_chosen)

    # ── what the person chooses ───────────────────────────────────────────────────────────────

    @Slot(float)
    def _on_scrubbed(self, at: float) -> None:
        self._animation.stop()
        self._say_play()
        self.session.route.set_at(at)

    @Slot(int)
    def _on_row_chosen(self, number: int) -> None:
        self.session.route.set_method(self.session.route.wanted[number])

    @Slot(int, int)
    def _on_cell_chosen(self, number: int, step: int) -> None:
        """Stand at a decode and pin its latent."""
        route = self.session.route
        self._on_row_chosen(number)
        self._on_scrubbed(step / (route.steps - 1))
        z = self.session.walk.place(route.at)
        if z is not None:
            self.session.set_pin(z)

    # ── playing ───────────────────────────────────────────────────────────────────────────────

    @property
    def is_playing(self) -> bool:
        """Whether the path plays."""
        return self._animation.state() == QVariantAnimation.State.Running

    @Slot()
    def _on_play(self) -> None:
        """Play from the shown place on, from the start when it is at the end; or stop."""
        if self.is_playing:
            self._animation.stop()
        elif self.session.route.is_path:
            start = self.session.route.at
            self._play_from(0.0 if start >= 1 else start)
        self._say_play()

    def _play_from(self, start: float) -> None:
        self._animation.setStartValue(start)
        self._animation.setEndValue(1.0)
        self._animation.setDuration(round(1000 * SECONDS * (1 - start)))
        self._animation.start()

    @Slot("QVariant")
    def _on_played(self, at: float) -> None:
        self.session.route.set_at(at)

    @Slot()
    def _on_play_ended(self) -> None:
        if self.session.route.is_closed and self.session.route.is_path and self.isVisible():
            self._play_from(0.0)
        self._say_play()

    def _say_play(self) -> None:
        self.bar.show_playing(self.is_playing)

    # ── what is shown ─────────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_run_changed(self, run: m.RunOpened | None) -> None:
        self._animation.stop()
        self._rows, self._facts, self._z = {}, {}, None
        if run is not None:
            self.here.set_kind(style_of_run(run), run.sample_shape)
        self.here.set_pictures([])
        self._refresh()

    @Slot(str)
    def _on_tool_changed(self, tool: str) -> None:
        if tool == "path":
            self._come_forward()

    def _come_forward(self) -> None:
        """Be the tab on top, unless the person has closed the panel."""
        dock = self.parentWidget()
        if isinstance(dock, QDockWidget) and not dock.isHidden():
            dock.raise_()

    @Slot(object)
    def _on_engine_ready(self, message: m.EngineReady) -> None:
        self._refresh()

    @Slot(str)
    def _on_method_changed(self, method: str) -> None:
        self._refresh()
        self._decode_here()

    @Slot(int)
    def _on_steps_changed(self, steps: int) -> None:
        self._rows = {}
        self._refresh()

    @Slot(float)
    def _on_at_changed(self, at: float) -> None:
        self.sheet.show_at(at)
        self._decode_here()

    @Slot()
    def _on_asked(self) -> None:
        """Something else is asked for: what takes long to be found is told to be on its way."""
        route, walk = self.session.route, self.session.walk
        if not route.is_path:
            self._animation.stop()
            self._rows, self._facts, self._z = {}, {}, None
            self.here.set_pictures([])
        elif not self._was_path:
            self._come_forward()
        self._was_path = route.is_path
        kept = {name: row for name, row in self._rows.items() if name in route.wanted}
        if not walk.is_current:
            for name in kept.keys() & {"density", "geodesic"}:
                kept[name] = replace(kept[name], length=math.nan)
        self._rows = kept
        self._refresh()

    @Slot()
    def _on_found(self) -> None:
        answer = self.session.walk.answer
        if answer is None or not answer.values["density"]:
            return
        self._facts = dict(answer.values)
        for number, name in enumerate(answer.values["methods"]):
            if answer.values["done"][name] and name in self.session.route.wanted:
                row = row_of(answer, number)
                if len(row.change) == self.session.route.steps - 1:
                    self._rows[name] = row
        self._refresh()
        self._decode_here()

    def _scene(self) -> Scene | None:
        run, route, facts = self.session.run, self.session.route, self._facts
        if run is None or not route.is_path or not self.session.can_decode:
            return None
        return Scene(
            [self._rows.get(name, Row(name)) for name in route.wanted],
            route.wanted.index(route.method),
            route.steps,
            facts.get("low", math.nan),
            facts.get("far", math.nan),
            facts.get("neighbour", 0),
            style_of_run(run),
            run.sample_shape,
        )

    def _refresh(self) -> None:
        """Show everything that is known."""
        route, scene = self.session.route, self._scene()
        self.sheet.density = str(self._facts.get("density", ""))
        self.sheet.show_scene(scene, route.at)
        self._area.setVisible(scene is not None)
        self._show_beside()
        self._say_play()
        self.note.say(*self._state())

    def _show_beside(self) -> None:
        self._beside.setVisible(self._area.isVisibleTo(self) and self.width() >= _NARROW)

    def _state(self) -> tuple[str, Tone]:
        """What has to be said, and its tone; nothing where a path is shown as it should be."""
        session, route = self.session, self.session.route
        run = session.run
        if run is None:
            return NO_RUN, "muted"
        if not run.decodes:
            return NO_WEIGHTS, "muted"
        if not route.is_path:
            return (ONE if route.anchors else HINT), "muted"
        if session.engine is None:
            return WAITING, "muted"
        row = self._rows.get(route.method)
        if row is not None and row.why:
            return f"No path: {row.why}", "warning"
        answer = session.walk.answer
        if row is not None and any(frame is None for frame in row.frames):
            return INEXACT, "warning"
        if answer is not None and session.walk.is_current and answer.epoch != session.epoch:
            told = f"Epoch {session.epoch} keeps no weights: epoch {answer.epoch} decodes"
            return told, "warning"
        return "", "muted"

    # ── the decode at the shown place ─────────────────────────────────────────────────────────

    def _decode_here(self) -> None:
        """Ask for the decode at the shown place, while somebody can see it."""
        route = self.session.route
        if not route.is_path or not self.isVisible() or not self.session.can_decode:
            return
        z = self.session.walk.place(route.at)
        if z is not None:
            self._z = z
            self.session.decode(HERE, z)

    @Slot(object)
    def _on_decoded(self, message: m.Decoded) -> None:
        is_wanted = message.view == HERE and message.asked == self.session.epoch
        if not is_wanted or self._z is None or not np.array_equal(message.z[0], self._z):
            return
        route = self.session.route
        values = message.values[0]
        known = bool(np.isfinite(values).all())
        frame = values if message.pictures is None else message.pictures[0]
        caption = f"{1 + route.at * (route.steps - 1):.1f} of {route.steps}"
        self.here.set_pictures([frame if known else None], [caption])

    @Slot(object)
    def _on_failed(self, message: m.Failed) -> None:
        waits = self.session.route.is_path and not self.session.walk.is_current
        if message.where == "question" and waits and self.isVisible():
            self.note.say(message.summary, "error")

    # ── out ───────────────────────────────────────────────────────────────────────────────────

    @Slot()
    def _on_save(self) -> None:
        run = self.session.run
        if run is None:
            return
        path = saving.ask_where(self, "Save the path", run.title, "path", has_values=True)
        if path is None:
            return
        if saving.is_values(path):
            self.save_values(path)
        else:
            self.save_picture(path)

    def save_values(self, path: Path) -> None:
        """Have the decodes of the chosen path written with their latents."""
        route, walk = self.session.route, self.session.walk
        shares = np.linspace(0, 1, route.steps)
        z = [found for share in shares if (found := walk.place(float(share))) is not None]
        if len(z) == route.steps:
            how = f"decoded along a path ({route.method})"
            columns = {"step": np.arange(route.steps), "share": shares}
            saving.save_values(self.session, path, np.stack(z), how, columns=columns)

    def save_picture(self, path: Path) -> None:
        """Save strips and curves; `noticed` or `failed` of the session says how it went."""
        saving.save_figure(self.session, self.figure(), path)

    def figure(self) -> Figure | None:
        """The strips of the path with the curves under them."""
        session, scene = self.session, self._scene()
        if session.run is None or scene is None:
            return None
        title = title_of(session, "path")
        return scene_figure(scene, title, self.font(), session.route.at, about_of(session))

    def recipe(self) -> Recipe | None:
        """The same decodes in Python, one row for every method that is shown."""
        session, route = self.session, self.session.route
        shown = [name for name in route.wanted if self._has_decodes(name)]
        if self._scene() is None or not shown:
            return None
        methods = list(shown)
        call = recipes.path_call(session, Name("method"), route.steps)
        lines = [
            *recipes.path_lines(session),
            "paths = []",
            f"for method in {in_line(methods)}:",
            f"    path = {laid(call, 4, 7)}",
            "    paths.append(path)",
            '    print(f"{method}: length {path.length:.4g}")',
            "picture = run.picture(np.stack([path.x for path in paths]))",
        ]
        return Recipe("path", lines)

    def _has_decodes(self, method: str) -> bool:
        row = self._rows.get(method)
        return row is not None and not row.why and any(frame is not None for frame in row.frames)

    # ── Qt ────────────────────────────────────────────────────────────────────────────────────

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for decodes, which nobody could see before."""
        super().showEvent(event)
        self.session.walk.watch(True)
        self._decode_here()

    def hideEvent(self, event: QHideEvent) -> None:
        """Play for nobody no more."""
        super().hideEvent(event)
        self._animation.stop()
        self._say_play()
        self.session.walk.watch(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the large decode out where there is no room."""
        super().resizeEvent(event)
        self._show_beside()


def row_of(answer: m.Answer, number: int) -> Row:
    """What the answer says of one of its methods."""
    arrays, values = answer.arrays, answer.values
    name = values["methods"][number]
    steps = len(arrays["change"][number]) + 1
    frames: list[NDArray[Any] | None] = [None] * steps
    if "x" in arrays:
        for step, decode in enumerate(arrays["x"][number]):
            if np.isfinite(decode).all():
                frames[step] = picture_of(decode) if decode.ndim == 3 else decode
    return Row(
        name,
        frames,
        arrays["log_density"][number],
        arrays["distance"][number],
        arrays["change"][number],
        values["length"][number],
        values["why"].get(name, ""),
    )
