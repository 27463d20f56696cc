"""Anchors of a likelihood's reconstruction term: a collapsed model, and the least there can be."""

import math

import torch
from torch import Tensor

from aeviz.messages import TruthLine
from aeviz.models.likelihoods import Observation, gaussian_constant

METRIC = "reconstruction"
SLICE = 4096
"""Samples that are converted to float64 at a time."""

NONE = 1e-6
"""Nats below which a floor is that of no entropy at all: no line."""


def anchors(observation: Observation, x: Tensor) -> tuple[TruthLine, ...]:
    """Lines for the reconstruction term, computed on scaled training samples (N, …).

    The first is what a model reaches whose decodes are all the same, the best one that there is:
    its latents say nothing. A model with the second restores every value exactly. Of counts there
    is neither, since a sample's total is told anyway.
    """
    rows = x.flatten(1)
    if observation.is_counts or len(rows) < 2:
        return ()
    mean, spread = rows.mean(dim=0, dtype=torch.float64), torch.zeros(rows.shape[1]).double()
    for part in torch.split(rows, SLICE):
        spread += (part - mean).square().sum(dim=0)
    collapsed = _collapsed(observation, mean, spread / len(rows))
    floor = _floor(observation, rows)
    return tuple(
        TruthLine(METRIC, value, title, text.format(count=f"{len(x):,}"), for_draws)
        for value, title, text, for_draws in (
            (
                collapsed,
                "Collapsed model",
                "Reconstruction term of the best model that decodes the same whatever the latent "
                "is, computed on the {count} training samples: nothing has been learnt of what "
                "tells them apart.",
                observation.kind == "bernoulli",  # the term is linear in the sample
            ),
            (
                floor,
                "Floor",
                "Reconstruction term of a model that restores all {count} training samples "
                "exactly: with this likelihood none is below it.",
                False,
            ),
        )
        if math.isfinite(value)
    )


def _collapsed(observation: Observation, mean: Tensor, variance: Tensor) -> float:
    """The term where every decode is the mean (F,), NaN where it has no limit."""
    if observation.kind == "bernoulli":
        return float(_entropies(mean).sum())
    if observation.kind == "mse":
        return float(variance.sum())
    if observation.variance == "fixed":
        squares = variance / (2.0 * observation.sigma**2)
        return float((squares + gaussian_constant(observation.sigma)).sum())
    if observation.variance == "learned":
        variance = variance.mean().expand_as(variance)
    if not bool((variance > 0).all()):
        return math.nan
    return float((0.5 + 0.5 * torch.log(2.0 * math.pi * variance)).sum())


def _floor(observation: Observation, rows: Tensor) -> float:
    """The term where every value of samples (N, F) is restored, NaN where there is no line."""
    if observation.kind == "bernoulli":
        parts = torch.split(rows, SLICE)
        total = math.fsum(float(_entropies(part).sum(dtype=torch.float64)) for part in parts)
        return total / len(rows) if total > NONE * len(rows) else math.nan
    if observation.kind == "gaussian" and observation.variance == "fixed":
        return rows.shape[1] * gaussian_constant(observation.sigma)
    return math.nan


def _entropies(p: Tensor) -> Tensor:
    """Of coins with these probabilities, in nats."""
    return -(torch.xlogy(p, p) + torch.xlogy(1.0 - p, 1.0 - p))
