"""When a training ends before its last planned epoch, and with which weights."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from torch import Tensor, nn

from aeviz.runs.schema import TrainConfig

MONITORED = ("validation_loss", "loss")
"""The first of them that an epoch has decides."""


def monitored(metrics: Mapping[str, float]) -> tuple[str, float] | None:
    """Name and value of the loss that decides; None where an epoch has none."""
    for name in MONITORED:
        if name in metrics:
            return name.replace("_", " "), metrics[name]
    return None


@dataclass
class Watch:
    """The smallest loss so far.

    Attributes:
        best: The smallest value; None before the first.
        epoch: Whose it is; -1 before the first.
        seen: The last epoch that was looked at: one that is measured again counts once.
        waited: Epochs since the smallest.
    """

    best: float | None = None
    epoch: int = -1
    seen: int = -1
    waited: int = 0

    def is_news(self, epoch: int) -> bool:
        """Whether an epoch was not looked at before."""
        return epoch > self.seen

    def look(self, epoch: int, loss: float, min_change: float) -> bool:
        """Take the loss of an epoch; whether it is smaller by more than `min_change`."""
        self.seen = epoch
        if self.best is not None and not loss < self.best - min_change:
            self.waited += 1
            return False
        self.best, self.epoch, self.waited = loss, epoch, 0
        return True

    def forget(self) -> None:
        """Compare with nothing before: what the loss means has changed."""
        self.best, self.epoch, self.waited = None, -1, 0

    def state(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return asdict(self)

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take what `state` returned."""
        self.best = None if state["best"] is None else float(state["best"])
        self.epoch, self.seen = int(state["epoch"]), int(state["seen"])
        self.waited = int(state["waited"])


class EarlyStopping:
    """Ends a training whose loss no longer falls, and keeps the weights of the best epoch.

    Args:
        config: Patience and smallest change; a patience of 0 never stops and keeps nothing.

    Attributes:
        watch: The smallest loss.
        monitor: Which loss it is, as a person reads it.
        weights: Those of the best epoch, on the device.
        stopped: The epoch after which the patience was over; -1 while it is not.
    """

    def __init__(self, config: TrainConfig) -> None:
        self._patience = config.patience
        self._min_change = config.min_change
        self.watch = Watch()
        self.monitor = MONITORED[1]
        self.weights: dict[str, Tensor] = {}
        self.stopped = -1

    @property
    def is_over(self) -> bool:
        """Whether the training should end."""
        return self.stopped >= 0

    def look(self, epoch: int, name: str, loss: float, model: nn.Module) -> bool:
        """Take the loss of an epoch and, if it is the best, copies of its weights.

        Returns:
            Whether the patience is over with this epoch.
        """
        if self._patience == 0 or not self.watch.is_news(epoch):
            return False
        self.monitor = name
        if self.watch.look(epoch, loss, self._min_change):
            self.weights = {key: value.clone() for key, value in model.state_dict().items()}
        if self.watch.waited < self._patience:
            return False
        self.stopped = epoch
        return True

    def forget(self) -> None:
        """Begin to wait anew."""
        self.watch.forget()
        self.weights = {}
        self.stopped = -1

    @property
    def sentence(self) -> str:
        """Why it stopped."""
        return (
            f"stopped early at epoch {self.stopped}: no smaller {self.monitor} for "
            f"{self._patience} epochs"
        )
