"""Losses of an epoch: collected on the device, read seldom, summed in order, checked."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from aeviz.models.base import Losses


class TrainingDiverged(RuntimeError):
    """A number is not finite any more; the weights of the epoch before are the last good ones.

    Attributes:
        epoch: In which it happened.
        step: Optimiser steps until then.
        term: What was not finite: "loss" or a term's name, "latents", a gradient or weight.
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
    precision, so that the sums do not depend on when they were read. A term that the loss of the
    present stage does not have is NaN in the sums, and left out of what is told.

    Args:
        terms: Names of the terms.
    """

    def __init__(self, terms: Sequence[str]) -> None:
        self.names = ("loss", *terms)
        self.sums = [0.0] * len(self.names)
        self.count = 0
        self._unread: list[tuple[int, int, list[Tensor | None]]] = []

    def clear(self) -> None:
        """Begin an epoch."""
        self.sums = [0.0] * len(self.names)
        self.count = 0
        self._unread.clear()

    def add(self, losses: Losses, count: int, step: int) -> None:
        """Note the losses of a batch of `count` samples without waiting for them."""
        total, parts = losses
        values: list[Tensor | None] = [total.detach()]
        values += [parts[name].detach() if name in parts else None for name in self.names[1:]]
        self._unread.append((count, step, values))

    def read(self, epoch: int) -> dict[str, float]:
        """Add what was noted; returns the means over it, by name, empty when there was nothing.

        Raises:
            TrainingDiverged: If a value is not finite.
        """
        if not self._unread:
            return {}
        there = [value for *_, row in self._unread for value in row if value is not None]
        values = iter(torch.stack(there).tolist())
        sums, samples = [0.0] * len(self.names), 0
        for count, step, row in self._unread:
            numbers = [math.nan if value is None else next(values) for value in row]
            self._check(numbers, row, epoch, step)
            for column, value in enumerate(numbers):
                self.sums[column] += value * count
                sums[column] += value * count
            samples += count
        self.count += samples
        self._unread.clear()
        return self._means(sums, samples)

    def means(self, prefix: str = "") -> dict[str, float]:
        """Means over all samples that were read, by name."""
        return self._means(self.sums, self.count, prefix)

    def _means(self, sums: Sequence[float], count: int, prefix: str = "") -> dict[str, float]:
        return {
            f"{prefix}{name}": total / count
            for name, total in zip(self.names, sums, strict=True)
            if count and not math.isnan(total)
        }

    def _check(
        self, numbers: Sequence[float], row: Sequence[Tensor | None], epoch: int, step: int
    ) -> None:
        # the terms first: they say more than their sum
        for name, value, told in [*zip(self.names, numbers, row, strict=True)][::-1]:
            if told is not None and not abs(value) < float("inf"):
                raise TrainingDiverged(epoch, step, name)
