"""Losses of an epoch: collected on the device, read seldom, summed in order, checked."""

from collections.abc import Sequence

import torch
from torch import Tensor

from aeviz.models.base import Losses


class TrainingDiverged(RuntimeError):
    """A number is not finite any more; the weights of the epoch before are the last good ones.

    Attributes:
        epoch: In which it happened.
        step: Optimiser steps until then.
        term: What was not finite: "loss" or a term's name, "latents".
    """

    def __init__(self, epoch: int, step: int, term: str) -> None:
        super().__init__(
            f"the training diverged in epoch {epoch} at step {step}: {term} is not finite; use a "
            "smaller learning rate (--lr) or clip the gradient (--set train.clip=1)"
        )
        self.epoch = epoch
        self.step = step
        self.term = term


class Tally:
    """Sums of the loss and its terms over the samples of an epoch.

    Values stay on the device until `read`; they are then added one step after the other in double
    precision, so that the sums do not depend on when they were read.

    Args:
        terms: Names of the terms.
    """

    def __init__(self, terms: Sequence[str]) -> None:
        self.names = ("loss", *terms)
        self.sums = [0.0] * len(self.names)
        self.count = 0
        self._unread: list[tuple[int, int, list[Tensor]]] = []

    def clear(self) -> None:
        """Begin an epoch."""
        self.sums = [0.0] * len(self.names)
        self.count = 0
        self._unread.clear()

    def add(self, losses: Losses, count: int, step: int) -> None:
        """Note the losses of a batch of `count` samples without waiting for them."""
        total, parts = losses
        values = [total.detach()]
        values += [parts[name].detach() for name in self.names[1:]]
        self._unread.append((count, step, values))

    def read(self, epoch: int) -> dict[str, float]:
        """Add what was noted; returns the means over it, by name, empty when there was nothing.

        Raises:
            TrainingDiverged: If a value is not finite.
        """
        if not self._unread:
            return {}
        width = len(self.names)
        values = torch.stack([value for *_, row in self._unread for value in row]).tolist()
        sums, samples = [0.0] * width, 0
        for number, (count, step, _) in enumerate(self._unread):
            row = values[number * width : (number + 1) * width]
            self._check(row, epoch, step)
            for column, value in enumerate(row):
                self.sums[column] += value * count
                sums[column] += value * count
            samples += count
        self.count += samples
        self._unread.clear()
        return {name: total / samples for name, total in zip(self.names, sums, strict=True)}

    def means(self, prefix: str = "") -> dict[str, float]:
        """Means over all samples that were read, by name."""
        return {
            f"{prefix}{name}": total / self.count
            for name, total in zip(self.names, self.sums, strict=True)
        }

    def _check(self, row: Sequence[float], epoch: int, step: int) -> None:
        # the terms first: they say more than their sum
        for name, value in [*zip(self.names, row, strict=True)][::-1]:
            if not abs(value) < float("inf"):
                raise TrainingDiverged(epoch, step, name)
