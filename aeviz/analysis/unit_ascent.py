"""The input that excites a hidden unit most, found by gradient ascent from noise."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from aeviz.analysis.questions import Findings, Subject, register_question
from aeviz.analysis.units import (
    activations,
    channels_last,
    layer_of,
    layers_of,
    model_of,
    samples_of,
)
from aeviz.models.base import LatentModel

SLICE = 0.008
"""Seconds of work between two yields."""

SHOW_EVERY = 0.15
"""Seconds at least between two partial answers."""

STEPS = 200
"""Steps of the ascent."""

REFERENCE = 256
"""Samples whose mean and distance from it bound the ascent."""


@register_question("unit-ascent")
def _ascent(subject: Subject, arguments: Mapping[str, Any]) -> Iterator[Findings | None]:
    """The input that excites the unit `unit` of the layer `layer` most, from noise by `seed`."""
    goal = Goal(model_of(subject), int(arguments.get("layer", -1)), int(arguments.get("unit", 0)))
    seed = int(arguments.get("seed", 0))
    ball = Ball(samples_of(subject, 0, min(REFERENCE, subject.kept)))
    shown = began = time.perf_counter()
    for x, step in climb(goal, ball, seed):
        now = time.perf_counter()
        if step == STEPS:
            yield _found(subject, goal, x, step, seed)
        elif now - shown > SHOW_EVERY:
            shown = began = now
            yield _found(subject, goal, x, step, seed)
        elif now - began > SLICE:
            began = now
            yield None


@dataclass(frozen=True, eq=False)
class Goal:
    """Whose activation is to grow: a unit of a layer, -1 for the latents."""

    model: LatentModel
    layer: int
    unit: int

    def gradient(self, x: Tensor) -> tuple[Tensor, float]:
        """Gradient of the unit with respect to its input (1, …), and its activation.

        The gradient is of the unit before its activation function where it has one: a unit that
        is off would have none. The model's parameters get no gradient.

        Raises:
            ValueError: If there is no such unit.
        """
        with torch.enable_grad():
            variable = x.detach().clone().requires_grad_(True)
            layer = layer_of(layers_of(self.model, variable), self.layer)
            if not 0 <= self.unit < layer.units:
                raise ValueError(f"this layer has {layer.units} units: there is no {self.unit}")
            driven = activations(layer.before)[0, self.unit]
            value = float(activations(layer.output)[0, self.unit].detach())
            if not driven.requires_grad:  # such as a code, which does not move with its input
                return torch.zeros_like(x), value
            (gradient,) = torch.autograd.grad(driven, variable)
        return gradient, value


def climb(goal: Goal, ball: "Ball", seed: int) -> Iterator[tuple[Tensor, int]]:
    """Inputs (1, …) on the way up with the number of steps done; the last is after `STEPS`.

    Where nothing leads up the first input is the last.
    """
    x = ball.start(seed)
    for step in range(STEPS):
        gradient = goal.gradient(x)[0]
        size = float(gradient.norm())
        if not size > 0:
            break
        x = ball.inside(x + ball.radius * step_length(step) * gradient / size)
        if step + 1 < STEPS:
            yield x, step + 1
    yield x, STEPS


class Ball:
    """Inputs as far from the mean sample as samples are, and in the range of the data.

    Without such a bound the ascent has no end: twice the input excites a unit twice as much.

    References:
        | Visualizing higher-layer features of a deep network (Erhan et al., 2009), section 3
    """

    def __init__(self, samples: Tensor) -> None:
        self.centre = samples.mean(dim=0, keepdim=True)
        distances = (samples - self.centre).flatten(1).norm(dim=1)
        self.radius = max(float(distances.median()), 1e-3)
        self._low, self._high = float(samples.min()), float(samples.max())

    def start(self, seed: int) -> Tensor:
        """Noise around the mean sample, a tenth of the radius away, (1, …)."""
        generator = torch.Generator().manual_seed(seed)
        noise = torch.randn(self.centre.shape, generator=generator)
        return self.inside(self.centre + 0.1 * self.radius * noise / noise.norm())

    def inside(self, x: Tensor) -> Tensor:
        """The nearest input within the radius, then within the range of the data."""
        away = x - self.centre
        away = away * min(1.0, self.radius / max(float(away.norm()), 1e-12))
        return (self.centre + away).clamp(self._low, self._high)


def step_length(step: int) -> float:
    """Share of the radius that a step goes: long at first, then shorter to settle."""
    return 0.1 * (1.0 - step / STEPS) + 0.002


def _found(subject: Subject, goal: Goal, x: Tensor, step: int, seed: int) -> Findings:
    scaled = channels_last(x) if x.ndim == 4 else np.array(x.float().numpy())
    own = scaled if subject.own_units is None else subject.own_units(scaled)
    gradient, value = goal.gradient(x)
    values = {
        "activation": value,
        "is_flat": not float(gradient.norm()) > 0,
        "step": step,
        "steps": STEPS,
        "layer": goal.layer,
        "unit": goal.unit,
        "seed": seed,
    }
    return Findings({"x": own[0]}, values)
