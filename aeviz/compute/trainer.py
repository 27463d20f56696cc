"""The one training at a time, as the training thread drives it: pull, pause, step, stop."""

from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from aeviz import messages as m
from aeviz.compute.live import LiveEnded, LiveOpened, LiveRun
from aeviz.compute.sentences import sentence
from aeviz.mailbox import Mailbox

if TYPE_CHECKING:
    from aeviz.compute.controls import Controls

Job = Generator[m.Message | None, None, None]
"""A training: each pull is one step, and mostly says nothing."""

Pulling = Literal["on", "once", "off"]
"""Whether the training is pulled: on and on, up to the next optimiser step, or not at all."""

UNDER_WAY = "a training is under way: stop it first, then start another"


class Trainer:
    """A training in progress or none. Lives in the training thread.

    A training is a generator of `aeviz.compute.runner`: not pulling it is pausing, closing it is
    stopping, and both act within one optimiser step.

    Args:
        outbox: Where the window hears of it.
        inference: Where copies of the weights go.
        live: What was told of the run, to be told again when the run is opened.
        data_dir: Where torchvision's files lie when a request does not say.
        runs_dir: Where runs go that were given no folder.
        device: Taken when the settings say "auto".
    """

    def __init__(
        self,
        outbox: Mailbox,
        inference: Mailbox,
        live: LiveRun,
        *,
        data_dir: Path | None,
        runs_dir: Path,
        device: str,
    ) -> None:
        self._outbox = outbox
        self._inference = inference
        self._live = live
        self._data_dir = data_dir
        self._runs_dir = runs_dir
        self._device = device
        self._job: Job | None = None
        self._controls: Controls | None = None
        self._pulling: Pulling = "on"
        self._is_measuring = False
        self._changed = m.TrainingChanged(state="idle")
        self._farewell: m.TrainingChanged | None = None
        self._run = ""
        self._epoch = 0
        self._handlers: dict[type[m.Message], Callable[[Any], None]] = {
            m.Train: self._train,
            m.TrainOn: self._train_on,
            m.Pause: self._pause,
            m.Continue: self._continue,
            m.StepOnce: self._step_once,
            m.Stop: self._stop,
            m.Turn: self._turn,
        }

    @property
    def is_training(self) -> bool:
        """Whether a training is under way, paused or not; may be asked from any thread."""
        return self._job is not None

    @property
    def is_waiting(self) -> bool:
        """Whether there is nothing to do until a message comes."""
        return self._job is None or self._pulling == "off"

    @property
    def run(self) -> str:
        """The run that trains, "" before it has a folder."""
        return self._run

    def take(self, message: m.Message) -> None:
        """Do what a message asks.

        Raises:
            ValueError: If it cannot be done now; the message says why.
        """
        try:
            self._handlers[type(message)](message)
        except Exception as error:
            # Who asked for a training shows it as loading: that has to end.
            if self._job is None and isinstance(message, m.Train | m.TrainOn):
                self._change("idle", sentence(error))
            raise

    def advance(self) -> None:
        """Pull the training once: one optimiser step, or a slice of measuring.

        Raises:
            Exception: Whatever went wrong; the training is over then.
        """
        if self._job is None:
            return
        try:
            message = next(self._job)
        except StopIteration:
            self._end("finished")
            return
        except Exception as error:
            self._end(sentence(error))
            raise
        if message is not None:
            self._forward(message)
        if self._pulling == "once" and self._is_step(message):
            self._pause(m.Pause())

    def close(self) -> None:
        """Stop a training that is under way; it saves what it has."""
        if self._job is not None:
            self._stop(m.Stop())

    # ── requests ──────────────────────────────────────────────────────────────────────────────

    def _train(self, request: m.Train) -> None:
        from aeviz.compute import runner

        settings = dict(request.settings)
        if settings.get("device", "auto") == "auto":
            settings["device"] = self._device
        self._begin(
            lambda controls: runner.train(
                settings,
                out=None if request.out is None else Path(request.out),
                data_dir=self._data_of(request),
                controls=controls,
                on_weights=self._inference.post,
                runs_dir=self._runs_dir,
            )
        )

    def _train_on(self, request: m.TrainOn) -> None:
        from aeviz.compute import runner

        self._begin(
            lambda controls: runner.train_on(
                Path(request.path),
                request.epochs,
                data_dir=self._data_of(request),
                controls=controls,
                on_weights=self._inference.post,
            )
        )

    def _begin(self, make: "Callable[[Controls], Job]") -> None:
        from aeviz.compute.controls import Controls

        if self._job is not None:
            raise ValueError(UNDER_WAY)
        self._run, self._epoch, self._farewell = "", 0, None
        self._pulling, self._is_measuring = "on", False
        self._controls = Controls()
        self._job = make(self._controls)
        self._change("loading")

    def _data_of(self, request: m.Train | m.TrainOn) -> Path | None:
        return self._data_dir if request.data_dir is None else Path(request.data_dir)

    def _pause(self, request: m.Pause) -> None:
        if self._job is not None:
            self._pulling = "off"
            self._change("paused")

    def _continue(self, request: m.Continue) -> None:
        if self._controls is None:
            return
        self._controls.pause(False)  # `control.json` may have asked for a pause
        self._controls.is_single = False
        self._pulling = "on"
        self._change("training" if self._run else "loading")

    def _step_once(self, request: m.StepOnce) -> None:
        if self._job is not None and self._controls is not None:
            self._pulling = "once"
            self._controls.is_single = True

    def _is_step(self, message: m.Message | None) -> bool:
        """Whether what was pulled was an optimiser step: loading and measuring are passed over."""
        if isinstance(message, m.Progress):
            self._is_measuring = message.phase != "training"
        elif message is not None:
            self._is_measuring = False
            return False
        return not self._is_measuring and bool(self._run)

    def _stop(self, request: m.Stop) -> None:
        if self._job is None:
            return
        try:
            self._job.close()
        finally:
            self._end(f"stopped at epoch {self._epoch}")

    def _turn(self, request: m.Turn) -> None:
        if self._controls is None or request.run not in ("", self._run):
            raise ValueError(f"{request.name} can be turned only while its run trains")
        self._controls.turn(request.name, request.value)

    # ── what the training says ────────────────────────────────────────────────────────────────

    def _forward(self, message: m.Message) -> None:
        """Pass a message on; the inference thread hears of a new run before the window does."""
        if isinstance(message, m.TrainingChanged):
            self._epoch = message.epoch
            if message.state == "idle":
                self._farewell = message  # told when the next training could begin
            else:
                self._tell_change(message)
            return
        if isinstance(message, m.RunOpened):
            self._run = message.run
            self._inference.post(LiveOpened(run=message.run, path=message.path))
        elif isinstance(message, m.EpochDone):
            self._epoch = message.epoch
        self._live.tell(message)

    def _change(self, state: m.TrainingState, reason: str = "") -> None:
        self._tell_change(
            m.TrainingChanged(run=self._run, state=state, reason=reason, epoch=self._epoch)
        )

    def _tell_change(self, message: m.TrainingChanged) -> None:
        """Tell a state, unless it is the one that was told last."""
        before, self._changed = self._changed, message
        if (before.run, before.state) != (message.run, message.state) or message.reason:
            self._outbox.post(message)

    def _end(self, reason: str) -> None:
        """The training is over: its run becomes one like any other."""
        self._job = self._controls = None
        self._live.end()
        if self._run:
            self._inference.post(LiveEnded(run=self._run))
        if self._farewell is not None:
            self._tell_change(self._farewell)
        else:
            self._change("idle", reason)
