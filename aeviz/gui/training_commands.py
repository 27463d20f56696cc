"""When Train, Pause, Step and Stop can be used, why not, and what they do."""

import math

from PySide6.QtCore import QObject, Slot

from aeviz.gui import wording
from aeviz.gui.commands import Commands
from aeviz.gui.marks import sections
from aeviz.gui.plan import Plan
from aeviz.gui.session import Session


class TrainingCommands(QObject):
    """Keeps the commands of the Training menu true to the session and the plan."""

    def __init__(self, session: Session, plan: Plan, commands: Commands, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._plan = plan
        self._commands = commands
        for signal in (session.training_changed, session.engine_ready, session.run_changed):
            signal.connect(self._on_changed)
        session.epoch_added.connect(self._on_changed)
        plan.changed.connect(self._on_changed)
        commands.connect_to("train.start", self._on_train)
        commands.connect_to("train.pause", self._on_pause)
        commands.connect_to("train.step", self._on_step)
        commands.connect_to("train.stop", self._on_stop)
        commands.connect_to("train.further", self._on_further)
        self._on_changed()

    def why_not_train(self) -> str:
        """Why a training cannot start now, or an empty string."""
        if self._session.trains_here:
            return self.tr("A training is under way: stop it first.")
        if self._session.engine is None:
            return self.tr("PyTorch is still being loaded; this takes a few seconds.")
        if self._plan.problems:
            return self._plan.problems[0]
        return self._plan.unsuited(self._plan.model) or self._plan.refusal

    def why_not_further(self) -> str:
        """Why the shown run cannot be trained further now, or an empty string."""
        if self._session.run is None:
            return self.tr("No run is shown.")
        if wording.is_own(self._session.run):
            return self.tr("It is a model of your own, which is not trained here.")
        if self._session.is_outside:
            return self.tr("It is being trained: stop it first.")
        if self._session.trains_here or self._session.engine is None:
            return self.why_not_train()
        return ""

    @property
    def further(self) -> tuple[int, int]:
        """Where to go on to: what was planned, or as many epochs again once that is reached.

        Returns:
            The last epoch then, and the epochs of a stage that lead there; they are the same where
            the model is trained as a whole.
        """
        run, done = self._session.run, self._session.last_epoch
        if run is None:
            return 0, 0
        each = int(run.settings.get("train", {}).get("epochs", run.epochs))
        begun = sections(self._session, math.inf)
        start = math.floor(begun[-1].start) if begun else 0
        planned = start + (max(len(run.stages), 1) - max(len(begun) - 1, 0)) * each
        if done < planned:
            return planned, each
        return done + max(each, 1), done - start + max(each, 1)

    @Slot()
    def _on_changed(self) -> None:
        state = self._session.training.state
        nothing = "" if self._session.is_training else self.tr("Nothing is being trained.")
        loading = self.tr("The training is being prepared.") if state == "loading" else ""
        allow = self._commands.allow
        allow("train.start", self.why_not_train())
        allow("train.pause", nothing or loading)
        outside = self.tr("Only a training in this window can go step by step.")
        allow("train.step", nothing or loading or (outside if self._session.is_outside else ""))
        allow("train.stop", nothing)
        allow("train.further", self.why_not_further())
        paused = state == "paused"
        self._commands.rename(
            "train.pause",
            self.tr("&Continue") if paused else self.tr("&Pause"),
            "play" if paused else "pause",
        )
        further, _ = self.further
        text = self.tr("Train &further, to epoch {epoch}").format(epoch=further)
        self._commands.rename("train.further", text if further else self.tr("Train &further"))

    @Slot()
    def _on_train(self) -> None:
        if self._plan.place:
            self._session.train_outside(self._plan.settings(), self._plan.place)
        else:
            self._session.train(self._plan.settings())

    @Slot()
    def _on_pause(self) -> None:
        if self._session.training.state == "paused":
            self._session.go_on()
        else:
            self._session.pause()

    @Slot()
    def _on_step(self) -> None:
        self._session.step()

    @Slot()
    def _on_stop(self) -> None:
        self._session.stop()

    @Slot()
    def _on_further(self) -> None:
        _, epochs = self.further
        if self._plan.place:
            self._session.train_outside(self._plan.settings(), self._plan.place, epochs)
        else:
            self._session.train_on(epochs)
