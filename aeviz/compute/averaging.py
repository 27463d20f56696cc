"""A running average of the weights: steadier than the weights that are trained."""

import copy
from collections.abc import Mapping

import torch
from torch import Tensor

from aeviz.models.base import LatentModel

WARM_STEPS = 10
"""The average forgets its beginning faster: after t steps the decay is at most (1 + t) / (10 + t),
so that it does not hang on the random weights before training."""


class Average:
    """An exponential moving average of a model's weights, as a model of its own.

    Args:
        model: Whose weights are averaged; copied.
        decay: Share of the average that stays at a step, in (0, 1).

    Attributes:
        model: With the averaged weights; never trained, so that it has no gradients.
        steps: How many steps were averaged.
    """

    def __init__(self, model: LatentModel, decay: float) -> None:
        self._trained = model
        self._decay = decay
        self.model = copy.deepcopy(model).requires_grad_(False).eval()
        self.steps = 0
        self._pairs = self._matched()

    @torch.no_grad()
    def step(self) -> None:
        """Move towards the weights as they stand after a step."""
        self.steps += 1
        decay = min(self._decay, (1 + self.steps) / (WARM_STEPS + self.steps))
        averaged, trained = self._pairs
        torch._foreach_lerp_(averaged, trained, 1 - decay)
        for mine, theirs in self._counters:
            mine.copy_(theirs)

    def follow(self) -> None:
        """Stand exactly where the trained weights do."""
        self.model.load_state_dict(self._trained.state_dict())
        self.steps = 0

    def restore(self, tensors: Mapping[str, Tensor], steps: int) -> None:
        """Take the average of a checkpoint."""
        self.model.load_state_dict(dict(tensors))
        self.steps = steps

    def _matched(self) -> tuple[list[Tensor], list[Tensor]]:
        """The tensors of both models in one order; what is no float is copied, not averaged."""
        mine, theirs = self.model.state_dict(), self._trained.state_dict()
        floats = [name for name, value in mine.items() if value.is_floating_point()]
        self._counters = [(mine[name], theirs[name]) for name in mine if name not in floats]
        return [mine[name] for name in floats], [theirs[name] for name in floats]
