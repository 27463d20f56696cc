"""Losses of an epoch: collected on the device, read seldom, summed in order, checked."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True, eq=False)
class _Noted:
    """Losses on the device.

    Attributes:
        count: Samples of a step.
        first: Number of the step, or of the first of some.
        terms: Names of the terms.
        values: Loss and terms as scalars; of some steps in one, (steps, 1 + terms).
    """

    count: int
    first: int
    terms: tuple[str, ...]
    values: list[Tensor]

    @property
    def steps(self) -> int:
        """How many steps they are of."""
        return 1 if self.values[0].ndim == 0 else len(self.values[0])


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
        self._unread: list[_Noted] = []

    def clear(self) -> None:
        """Begin an epoch."""
        self.sums = [0.0] * len(self.names)
        self.count = 0
        self._unread.clear()

    def add(self, losses: Losses, count: int, step: int) -> None:
        """Note the losses of a batch of `count` samples without waiting for them."""
        values = [losses.total.detach(), *(value.detach() for value in losses.parts.values())]
        self._unread.append(_Noted(count, step, tuple(losses.parts), values))

    def add_played(self, values: Tensor, terms: tuple[str, ...], count: int, first: int) -> None:
        """Note the losses of some steps without waiting for them.

        Args:
            values: Loss and terms of every step, (steps, 1 + terms).
            terms: Names of the terms.
            count: Samples of each step.
            first: Number of the first step.
        """
        self._unread.append(_Noted(count, first, terms, [values]))

    def read(self, epoch: int) -> dict[str, float]:
        """Add what was noted; returns the means over it, by name, empty when there was nothing.

        Raises:
            TrainingDiverged: If a value is not finite.
        """
        if not self._unread:
            return {}
        values = iter(_numbers([value for noted in self._unread for value in noted.values]))
        sums, samples = [0.0] * len(self.names), 0
        for noted in self._unread:
            for step in range(noted.first, noted.first + noted.steps):
                row = {name: next(values) for name in ("loss", *noted.terms)}
                self._check(row, epoch, step)
                for column, name in enumerate(self.names):
                    value = row.get(name, math.nan) * noted.count
                    self.sums[column] += value
                    sums[column] += value
                samples += noted.count
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

    def _check(self, row: Mapping[str, float], epoch: int, step: int) -> None:
        # the terms first: they say more than their sum
        for name in reversed(self.names):
            if not abs(row.get(name, 0.0)) < float("inf"):
                raise TrainingDiverged(epoch, step, name)


def _numbers(values: Sequence[Tensor]) -> list[float]:
    """All values one after the other, with a single wait for the device."""
    is_flat = all(value.ndim == 0 for value in values)
    joined = torch.stack(list(values)) if is_flat else torch.cat([each.view(-1) for each in values])
    found: list[float] = joined.tolist()
    return found
