"""What is on screen: the run, the playhead, the cursor, the selection. Views meet only here."""

# Longer than the limit: every answer arrives here, so that views need to know nothing else.

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

from aeviz import messages as m
from aeviz.gui.groups import Groups
from aeviz.gui.layer_state import LayerState
from aeviz.gui.plane_state import FIT, PlaneState
from aeviz.gui.plugin_state import PluginState
from aeviz.gui.route import Route
from aeviz.gui.session_files import SessionFiles
from aeviz.gui.spoken import as_spoken
from aeviz.gui.walk import Walk
from aeviz.plane import Plane

COLOURS = ("label", "part", "condition")
"""What the map can be coloured by; the last one where `has_own_choice`."""

Condition = int | tuple[float, ...] | None
"""What a conditional model is told: a choice or a row by its number, or numbers."""


def can_colour(run: m.RunOpened | None, colour: str) -> bool:
    """Whether the map of a run can be coloured so: by one of `COLOURS`, or by what is known."""
    if colour == "condition":
        return has_own_choice(run)
    is_known = run is not None and colour in {f"known:{known.name}" for known in run.known}
    return colour in COLOURS or is_known


def has_own_choice(run: m.RunOpened | None) -> bool:
    """Whether a conditional model was told a choice that is not the label."""
    about = None if run is None else run.conditions
    return about is not None and about.kind == "choice" and about.name != "label"


def first_condition(about: m.Conditions | None) -> Condition:
    """What a model is told before a person chooses: the first choice, the means, the first row."""
    if about is None:
        return None
    return about.middles if about.kind == "numbers" else 0


class Session(QObject):
    """The state that views share; they call its verbs and listen to its signals.

    Verbs change the state or post a request and return at once; equal values emit nothing.
    `receive` is called by the bridge with every answer.

    Signals:
        run_changed(RunOpened | None): Another run is shown; everything of the old one is gone.
        epoch_added(int): An epoch came; `positions`, `metrics` have it.
        playhead_changed(float): The shown time, in epochs.
        epoch_changed(int): The whole epoch that map, hover and pins speak of; also told when the
            map shows another plane, and all that was laid on the old one has to be asked again.
        plane_changed(Plane): The map shows another plane; `epochs` has every epoch on it.
        following_changed(bool): Whether the playhead goes along with the training.
        cursor_changed(object): Latent (D,) under the mouse, or None.
        hovered_changed(int): Row of the sample under the mouse, -1 for none.
        pin_changed(object): Latent (D,) that was clicked, or None.
        selection_changed(object): Rows of the selected samples, int64 (K,).
        condition_changed(object): What a conditional model is told when it decodes; see
            `set_condition`.
        hidden_changed(object): Labels that the legend hides, a frozenset.
        masked_changed(object): Which samples are hidden one by one, bool (N,), or None for none.
        colour_changed(str): What the map is coloured by.
        tool_changed(str): Which tool the mouse is on the map.
        decoded(Decoded): An answer to `decode`.
        reconstructed(Reconstructed): An answer to `reconstruct`.
        samples_fetched(SamplesFetched): An answer to `fetch`.
        answered(Answer): An answer to `ask`.
        data_described(DataDescribed): An answer to `describe_data`.
        data_previewed(DataPreviewed): An answer to `preview_data`.
        engine_ready(EngineReady): torch is there.
        training_changed(TrainingChanged): A training began, paused, went on or ended, here or, in
            the shown run, outside.
        progressed(Progress): How far the training is.
        studied(Studied): An answer to `study`.
        known_changed(str): Something with that name is known of the samples now, or differs.
        job_progressed(JobProgress): How far the child process is.
        job_done(JobDone): The child process ended.
        failed(Failed): Something went wrong.
        logged(Logged): A line for the log.
        noticed(str): A sentence for the status bar.
    """

    run_changed = Signal(object)
    epoch_added = Signal(int)
    playhead_changed = Signal(float)
    epoch_changed = Signal(int)
    plane_changed = Signal(object)
    following_changed = Signal(bool)
    cursor_changed = Signal(object)
    hovered_changed = Signal(int)
    pin_changed = Signal(object)
    selection_changed = Signal(object)
    condition_changed = Signal(object)
    hidden_changed = Signal(object)
    masked_changed = Signal(object)
    colour_changed = Signal(str)
    tool_changed = Signal(str)
    decoded = Signal(object)
    reconstructed = Signal(object)
    samples_fetched = Signal(object)
    answered = Signal(object)
    data_described = Signal(object)
    data_previewed = Signal(object)
    engine_ready = Signal(object)
    training_changed = Signal(object)
    progressed = Signal(object)
    studied = Signal(object)
    known_changed = Signal(str)
    job_progressed = Signal(object)
    job_done = Signal(object)
    failed = Signal(object)
    logged = Signal(object)
    noticed = Signal(str)

    def __init__(self, post: Callable[[m.Message], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._post = post
        self.run: m.RunOpened | None = None
        self.engine: m.EngineReady | None = None
        self.epochs: list[m.EpochDone] = []
        self.playhead = 0.0
        self.epoch = 0
        self.following = True
        self.cursor: NDArray[np.float32] | None = None
        self.hovered = -1
        self.pin: NDArray[np.float32] | None = None
        self.selection: NDArray[np.int64] = np.empty(0, np.int64)
        self.condition: Condition = None
        self.hidden: frozenset[int] = frozenset()
        self.masked: NDArray[np.bool_] | None = None
        self.colour = "label"
        self.tool = "inspect"
        self.groups = Groups(post, self)
        self.plugins = PluginState(post, self)
        self.layers = LayerState(self)
        self.files = SessionFiles(post, self)
        self.planes = PlaneState(post, self)
        self.planes.changed.connect(self._on_plane_changed)
        self.route = Route(self)
        self.walk = Walk(self, self.route)
        self.here = m.TrainingChanged(state="idle")
        self._followed = m.TrainingChanged(state="idle")
        self.outside: tuple[str, ...] = ()
        self._handlers = self._answers()

    def _answers(self) -> dict[type[m.Message], Callable[[Any], None]]:
        """What is done about every kind of answer."""
        return {
            m.RunOpened: self._on_run_opened,
            m.EpochDone: self._on_epoch_done,
            m.Projected: self._on_projected,
            m.PlaneFitted: self._on_plane_fitted,
            m.EngineReady: self._on_engine_ready,
            m.TrainingChanged: self._on_training_changed,
            m.Progress: self._relay(self.progressed),
            m.Decoded: self._relay(self.decoded),
            m.Reconstructed: self._relay(self.reconstructed),
            m.SamplesFetched: self._relay(self.samples_fetched),
            m.Answer: self._relay(self.answered),
            m.DataDescribed: self._relay(self.data_described),
            m.DataPreviewed: self._relay(self.data_previewed),
            m.PluginsChanged: self.plugins.take,
            m.PluginSeen: self._relay(self.plugins.seen),
            m.Studied: self._relay(self.studied),
            m.JobProgress: self._relay(self.job_progressed),
            m.JobDone: self._on_job_done,
            m.Failed: self._on_failed,
            m.OutsideChanged: self._on_outside_changed,
            m.NotesSaved: self.groups.take,
            m.Logged: self._relay(self.logged),
            **self.files.answers,
        }

    # ── runs ──────────────────────────────────────────────────────────────────────────────────

    def open_run(self, path: str) -> None:
        """Ask for a run folder; `run_changed` follows when it has been read."""
        self._post(m.OpenRun(run=path, path=path))

    @property
    def last_epoch(self) -> int:
        """The newest whole epoch, -1 before there is one."""
        return len(self.epochs) - 1

    @property
    def positions(self) -> NDArray[np.float32] | None:
        """Positions (N, 2) of the shown whole epoch, None without any."""
        return self.epochs[self.epoch].positions if self.epochs else None

    def metric(self, name: str) -> NDArray[np.float64]:
        """One value per epoch, NaN where an epoch has none; shape (E,)."""
        return np.array([done.metrics.get(name, np.nan) for done in self.epochs], np.float64)

    def latent_at(self, position: Iterable[float]) -> NDArray[np.float32] | None:
        """The latent (D,) under a point (x, y) of the map at the shown epoch."""
        found = self.latents_at(np.asarray([tuple(position)], np.float32))
        return None if found is None else found[0]

    def latents_at(self, positions: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """The latents (K, D) under points (K, 2) of the map at the shown epoch."""
        if not self.epochs:
            return None
        return self.planes.latents_at(self.epochs[self.epoch], positions)

    def position_of(self, z: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """Where a latent (D,) lies on the map of the shown epoch, (2,): the nearest point."""
        if not self.epochs:
            return None
        return self.planes.position_of(self.epochs[self.epoch], z)

    def positions_of(self, z: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """Where latents (K, D) lie on the map of the shown epoch, (K, 2)."""
        if not self.epochs:
            return None
        return self.planes.positions_of(self.epochs[self.epoch], z)

    @property
    def has_plane(self) -> bool:
        """Whether the map is a plane of the latent space: what is laid over it can be exact."""
        return not self.epochs or self.epochs[self.epoch].inverse is None

    def sample(self, row: int) -> NDArray[Any] | None:
        """A shown sample in its own units if the window holds it, else None (then `fetch` it)."""
        run = self.run
        if run is None or run.samples is None or not 0 <= row < len(run.samples):
            return None
        return np.asarray(run.samples[row])

    # ── time ──────────────────────────────────────────────────────────────────────────────────

    def set_playhead(self, time: float) -> None:
        """Show a time between epochs; map, hover and pins speak of its floor."""
        time = float(min(max(time, 0.0), max(self.last_epoch, 0)))
        if time == self.playhead:
            return
        self.playhead = time
        before, self.epoch = self.epoch, int(time)
        self.playhead_changed.emit(time)
        if self.epoch != before:
            self.epoch_changed.emit(self.epoch)

    def set_following(self, following: bool) -> None:
        """Go along with the training, or stay."""
        if following != self.following:
            self.following = following
            self.following_changed.emit(following)

    # ── pointing ──────────────────────────────────────────────────────────────────────────────

    def move_cursor(self, position: Iterable[float] | None, row: int = -1) -> None:
        """The mouse is over a point (x, y) of the map, or nowhere; `row` is the sample under it."""
        self.cursor = None if position is None else self.latent_at(position)
        if row != self.hovered:
            self.hovered = row
            self.hovered_changed.emit(row)
        self.cursor_changed.emit(self.cursor)

    def set_pin(self, z: NDArray[np.float32] | None) -> None:
        """Pin a latent, or take the pin away."""
        if z is None and self.pin is None:
            return
        if z is not None and self.pin is not None and np.array_equal(z, self.pin):
            return
        self.pin = None if z is None else np.asarray(z, np.float32)
        self.pin_changed.emit(self.pin)

    def select(self, rows: Iterable[int]) -> None:
        """Select samples by their rows; none clears."""
        listed = rows if isinstance(rows, np.ndarray) else list(rows)
        chosen = np.asarray(listed, np.int64)
        if not (np.diff(chosen) > 0).all():  # sorting a million that are in order takes a second
            chosen = np.unique(chosen)
        if np.array_equal(chosen, self.selection):
            return
        self.selection = chosen
        self.selection_changed.emit(chosen)
        about = None if self.run is None else self.run.conditions
        if about is not None and about.kind == "sample" and chosen.size:
            self.set_condition(int(chosen[0]))

    def set_condition(self, condition: Condition) -> None:
        """Tell a conditional model something else in every decode from now on.

        Args:
            condition: The number of a choice, a number for every column, or the row of the shown
                sample whose part is told; None for models without conditions.
        """
        if condition != self.condition:
            self.condition = condition
            self.condition_changed.emit(condition)

    def hide(self, labels: Iterable[int]) -> None:
        """Hide exactly these labels."""
        hidden = frozenset(int(label) for label in labels)
        if hidden != self.hidden:
            self.hidden = hidden
            self.hidden_changed.emit(hidden)

    def mask(self, masked: NDArray[np.bool_] | None) -> None:
        """Hide exactly these samples, bool (N,), whatever their labels are; None shows all."""
        masked = None if masked is None or not masked.any() else masked
        if masked is not self.masked:
            self.masked = masked
            self.masked_changed.emit(masked)

    @property
    def is_shown(self) -> NDArray[np.bool_]:
        """Which shown samples are hidden neither by their label nor by themselves, (N,)."""
        shown = np.ones(0 if self.run is None else len(self.run.index), bool)
        if self.hidden and self.run is not None and self.run.labels is not None:
            shown &= ~np.isin(self.run.labels, list(self.hidden))
        return shown if self.masked is None else np.asarray(shown & ~self.masked)

    @Slot(str)
    def set_colour(self, colour: str) -> None:
        """Colour the map by one of `COLOURS`, or by "known:" and the name of what is known."""
        if colour != self.colour and (colour in COLOURS or can_colour(self.run, colour)):
            self.colour = colour
            self.colour_changed.emit(colour)

    def set_tool(self, tool: str) -> None:
        """Take another tool for the map."""
        if tool != self.tool:
            self.tool = tool
            self.tool_changed.emit(tool)

    # ── questions ─────────────────────────────────────────────────────────────────────────────

    @property
    def can_decode(self) -> bool:
        """Whether a decode would be answered: torch is there and the run has weights."""
        return self.engine is not None and self.run is not None and self.run.decodes

    def decode(
        self,
        view: str,
        z: NDArray[np.float32],
        epoch: int | None = None,
        condition: Any = None,
    ) -> None:
        """Decode latents (B, D) for a view at the shown epoch; `decoded` answers.

        A conditional model is told `condition`: one, or an array with one for every latent; without
        it what the session says.
        """
        if self.run is None or not self.run.decodes:
            return
        at = self.epoch if epoch is None else epoch
        latents = np.atleast_2d(np.asarray(z, np.float32))
        told = self.condition if condition is None else condition
        self._post(m.Decode(run=self.run.run, view=view, z=latents, epoch=at, condition=told))

    def reconstruct(
        self, view: str, rows: Iterable[int], epochs: Iterable[int], condition: Any = None
    ) -> None:
        """Encode and decode shown samples; one `reconstructed` per epoch answers.

        A conditional model is told every sample's own condition, when it decodes `condition` where
        that is given: one, or as many as there are rows.
        """
        if self.run is None or not self.run.decodes:
            return
        chosen = np.asarray(list(rows), np.int64)
        self._post(
            m.Reconstruct(
                run=self.run.run, view=view, rows=chosen, epochs=tuple(epochs), condition=condition
            )
        )

    def fetch(self, view: str, rows: Iterable[int]) -> None:
        """Read shown samples; `samples_fetched` answers, at once where the window holds them."""
        if self.run is None:
            return
        chosen = np.asarray(list(rows), np.int64)
        held = self.run.samples
        if held is not None and chosen.size and int(chosen.max()) < len(held):
            samples = np.ascontiguousarray(held[chosen])
            self.samples_fetched.emit(
                m.SamplesFetched(run=self.run.run, view=view, rows=chosen, samples=samples)
            )
        else:
            self._post(m.FetchSamples(run=self.run.run, view=view, rows=chosen))

    def ask(self, view: str, question: str, epoch: int | None = None, **arguments: Any) -> None:
        """Ask a registered question, at the shown epoch unless told; `answered` answers."""
        run, at = "" if self.run is None else self.run.run, self.epoch if epoch is None else epoch
        self._post(m.Ask(run=run, view=view, question=question, arguments=arguments, epoch=at))

    def describe_model(self, view: str, settings: Mapping[str, Any]) -> None:
        """Ask for layers, parameter count and terms of the model that settings would make."""
        self._post(m.Ask(view=view, question="describe", arguments=dict(settings)))

    def describe_data(self, view: str, settings: Mapping[str, Any]) -> None:
        """Ask for the summary of a data set; `data_described` answers."""
        self._post(m.DescribeData(view=view, settings=dict(settings)))

    def preview_data(self, path: str, options: Mapping[str, Any]) -> None:
        """Look at a file of a person's own; `data_previewed` answers."""
        self._post(m.PreviewData(path=path, options=dict(options)))

    def download(self, name: str) -> None:
        """Fetch the files of a data set; `job_progressed` and `job_done` follow."""
        self._post(m.Download(name=name))

    def export(self, what: str, target: str, options: Mapping[str, Any] | None = None) -> None:
        """Write something of the shown run at the shown epoch; `job_done` says how it went."""
        if self.run is not None:
            fields = {"path": self.run.path, "what": what, "target": target, "epoch": self.epoch}
            self._post(m.ExportRun(**fields, options=options or {}))  # type: ignore[arg-type]

    def study(self, view: str, instrument: str, options: Mapping[str, Any]) -> None:
        """Put an instrument to the shown epoch; `job_progressed`, `studied`, `job_done` follow."""
        if self.run is not None:
            self._post(
                m.StudyRun(
                    run=self.run.run,
                    path=self.run.path,
                    view=view,
                    instrument=instrument,
                    epoch=self.epoch,
                    options=dict(options),
                )
            )

    def know(self, known: m.Known) -> None:
        """Take something that was found out about every shown sample: the map can show it.

        It takes the place of what had the same name, and is forgotten with the run.
        """
        if self.run is None or len(known.values) != len(self.run.index):
            return
        others = tuple(other for other in self.run.known if other.name != known.name)
        self.run = replace(self.run, known=(*others, known))
        self.known_changed.emit(known.name)

    def cancel_job(self, job: str) -> None:
        """End the child process of a job."""
        self._post(m.CancelJob(job=job))

    # ── training ──────────────────────────────────────────────────────────────────────────────

    @property
    def training(self) -> m.TrainingChanged:
        """The training that the buttons act on.

        That of the shown run where another process trains it, else the one of this window.
        """
        return self._followed if self.is_outside else self.here

    @property
    def ending(self) -> str:
        """Why the training of the shown run ended, "" where that was not seen."""
        for change in (self._followed, self.here):
            if self.run is not None and change.run == self.run.run and change.reason:
                return change.reason
        return ""

    @property
    def is_training(self) -> bool:
        """Whether a training is under way, paused or not, here or outside in the shown run."""
        return self.training.state != "idle"

    @property
    def trains_here(self) -> bool:
        """Whether this window trains, or prepares a training outside: only one at a time."""
        return self.here.state != "idle"

    @property
    def is_outside(self) -> bool:
        """Whether the shown run is trained by another process."""
        return self._followed.state != "idle"

    @property
    def _steered(self) -> str:
        """The run that requests name: "" means the training of this window."""
        return self._followed.run if self.is_outside else ""

    def train(self, settings: Mapping[str, Any], out: str | None = None) -> None:
        """Start a training; refused with a notice while one is under way."""
        if self.trains_here:
            self.noticed.emit("A training is under way: stop it first.")
            return
        self.set_following(True)
        self._set_training(m.TrainingChanged(state="loading"))
        self._post(m.Train(settings=dict(settings), out=out))

    def train_outside(self, settings: Mapping[str, Any], devices: int, epochs: int = 0) -> None:
        """Start a training as a process of its own; with `epochs` the shown run goes on there."""
        resume = "" if self.run is None or not epochs else self.run.path
        if self.trains_here or (epochs and not resume):
            return
        self.set_following(True)
        self._set_training(m.TrainingChanged(state="loading"))
        self._post(
            m.TrainOutside(settings=dict(settings), devices=devices, resume=resume, epochs=epochs)
        )

    def stop_outside(self) -> None:
        """Stop what this window has started outside, without waiting for the engine."""
        self._post(m.StopOutside())

    def train_on(self, epochs: int) -> None:
        """Go on with the shown run up to `epochs` in total."""
        if self.run is None or self.is_training:
            return
        self.set_following(True)
        self._set_training(m.TrainingChanged(run=self.run.run, state="loading"))
        self._post(m.TrainOn(run=self.run.run, path=self.run.path, epochs=epochs))

    def pause(self) -> None:
        """Pause within one batch; a run that is trained outside, within a second."""
        self._post(m.Pause(run=self._steered))

    def go_on(self) -> None:
        """Go on after a pause."""
        self._post(m.Continue(run=self._steered))

    def step(self) -> None:
        """Do one optimiser step."""
        self._post(m.StepOnce())

    def stop(self) -> None:
        """Stop within one batch; what there is has been saved."""
        self._post(m.Stop(run=self._steered))

    def turn(self, name: str, value: float) -> None:
        """Set a live option while training."""
        self._post(m.Turn(run="" if self.run is None else self.run.run, name=name, value=value))

    # ── answers ───────────────────────────────────────────────────────────────────────────────

    def receive(self, message: m.Message) -> None:
        """Take an answer, in the GUI thread."""
        handler = self._handlers.get(type(message))
        if handler is not None:
            handler(as_spoken(message))

    def _relay(self, signal: Any) -> Callable[[m.Message], None]:
        """A handler that emits a message unless it speaks of a run that is not shown."""

        def relay(message: m.Message) -> None:
            if self._is_current(message):
                signal.emit(message)

        return relay

    def _is_current(self, message: m.Message) -> bool:
        return message.run in ("", "" if self.run is None else self.run.run)

    def _on_run_opened(self, message: m.RunOpened) -> None:
        if self.run is not None:
            # One for every answer, also where the same run was told again: they are counted.
            self._post(m.CloseRun(run=self.run.run))
        self.run = message
        self.epochs = []
        self.planes.reset(message)
        self.playhead, self.epoch = 0.0, 0
        self.cursor, self.hovered, self.pin = None, -1, None
        self.selection = np.empty(0, np.int64)
        self.condition = first_condition(message.conditions)
        if not can_colour(message, self.colour):
            self.colour = "label"
        self.hidden, self.masked = frozenset(), None
        was_outside, self._followed = self.is_outside, m.TrainingChanged(state="idle")
        self.run_changed.emit(message)
        if was_outside:
            self.training_changed.emit(self.training)

    def _on_epoch_done(self, message: m.EpochDone) -> None:
        if self.run is None or message.run != self.run.run:
            return
        if self.planes.tell(message):
            self._show_epoch(message)

    def _show_epoch(self, message: m.EpochDone) -> None:
        """Take an epoch that is new or was told again."""
        self.epochs[message.epoch : message.epoch + 1] = [message]
        self.epoch_added.emit(message.epoch)
        if message.epoch == 0:
            self.playhead_changed.emit(self.playhead)
            self.epoch_changed.emit(self.epoch)

    def _on_projected(self, message: m.Projected) -> None:
        if self._is_current(message):
            for done in self.planes.take(message):
                self._show_epoch(done)

    def _on_plane_fitted(self, message: m.PlaneFitted) -> None:
        if self._is_current(message):
            self.planes.take_inverse(message)

    @Slot(object)
    def _on_plane_changed(self, plane: Plane) -> None:
        shown, self.epochs = len(self.epochs), self.planes.epochs
        self.plane_changed.emit(plane)
        for epoch in range(shown, len(self.epochs)):
            self.epoch_added.emit(epoch)
        self.epoch_changed.emit(self.epoch)

    def _on_job_done(self, message: m.JobDone) -> None:
        if message.job == FIT and message.outcome != "done":
            self.planes.give_up()
        if self._is_current(message):
            self.job_done.emit(message)

    def _on_engine_ready(self, message: m.EngineReady) -> None:
        self.engine = message
        self.engine_ready.emit(message)

    def _on_training_changed(self, message: m.TrainingChanged) -> None:
        if not message.where:
            self._set_training(message)
        elif self.run is not None and message.run == self.run.run:
            self._followed = message
            if message.state == "idle":
                status = "finished" if message.reason == "finished" else "stopped"
                self.run = replace(self.run, status=status)
            self.training_changed.emit(message)

    def _set_training(self, message: m.TrainingChanged) -> None:
        self.here = message
        self.training_changed.emit(message)

    def _on_failed(self, message: m.Failed) -> None:
        """Also of a run that is not shown: it would be lost otherwise."""
        if message.where == "plane" and self._is_current(message):
            self.planes.fail()
        if not self._is_current(message):
            summary = f"{PurePath(message.run).name}: {message.summary}"
            message = replace(message, run="", summary=summary)
        self.failed.emit(message)

    def _on_outside_changed(self, message: m.OutsideChanged) -> None:
        self.outside = message.runs
