"""The weights of past epochs in memory, within a budget, and the message that brings them."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aeviz.messages import Message

if TYPE_CHECKING:
    # The inference thread reads its first run before torch is imported.
    from torch import Tensor, nn

    Tensors = Mapping[str, Tensor]

LIVE = -1
"""The epoch of weights that were copied between two whole epochs."""

BUDGET = 512 * 2**20
"""Bytes of weights that a run keeps in memory."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Weights(Message):
    """A copy of a model's weights on its way to the inference thread; never enters the outbox.

    Attributes:
        epoch: The whole epoch that they end, or `LIVE` between epochs.
        tensors: The state dict: tensors on the CPU that nobody writes to any more.
    """

    epoch: int
    tensors: "Tensors"

    @property
    def key(self) -> Hashable | None:
        """Newer live weights replace unread ones; those of a whole epoch are never dropped."""
        return ("weights", self.run) if self.epoch == LIVE else None


def copied(model: "nn.Module") -> "dict[str, Tensor]":
    """The weights of a model as they stand now, on the CPU.

    `copy=True` is essential: `.cpu()` of a tensor on the CPU is the same tensor, and such a
    "copy" follows the training.
    """
    state = model.state_dict()
    return {name: tensor.detach().to("cpu", copy=True) for name, tensor in state.items()}


def byte_count(tensors: "Tensors") -> int:
    """Bytes that the values of some tensors take."""
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())


class History:
    """Weights by epoch. Over budget every second epoch of the older half goes.

    The first and the last epoch always stay, so that going back never ends in nothing.

    Args:
        budget: Bytes that all whole epochs together may take.
    """

    def __init__(self, budget: int = BUDGET) -> None:
        self.budget = budget
        self.size = 0
        self._live: Tensors | None = None
        self._epochs: dict[int, Tensors] = {}

    @property
    def epochs(self) -> frozenset[int]:
        """The whole epochs that are kept."""
        return frozenset(self._epochs)

    @property
    def live(self) -> "Tensors | None":
        """The newest weights when they are newer than every whole epoch, else None."""
        return self._live

    def add(self, epoch: int, tensors: "Tensors") -> None:
        """Keep weights; live ones are replaced by the next that come."""
        if epoch == LIVE:
            self._live = tensors
            return
        self._live = None
        self.remember(epoch, tensors)

    def remember(self, epoch: int, tensors: "Tensors") -> None:
        """Keep the weights of a past epoch, read again from disk: live ones stay the newest."""
        if epoch in self._epochs:
            self.size -= byte_count(self._epochs[epoch])
        self._epochs[epoch] = tensors
        self.size += byte_count(tensors)
        while self.size > self.budget and len(self._epochs) > 2:
            self._thin()

    def get(self, epoch: int) -> "Tensors | None":
        """The weights of exactly that epoch, or None."""
        return self._epochs.get(epoch)

    def _thin(self) -> None:
        """Drop every second epoch of the older half."""
        kept = sorted(self._epochs)
        older = kept[: (len(kept) + 1) // 2]
        for epoch in older[1::2]:
            self.size -= byte_count(self._epochs.pop(epoch))
