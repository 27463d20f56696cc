"""One latent dimension at a time: which dimensions carry anything, and over which range."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from aeviz.analysis.questions import Findings, Subject, register_question
from aeviz.messages import FloatArray
from aeviz.models.base import Posterior

TRAVERSED = 4096
"""Samples at most whose posteriors say what a dimension carries."""

ROWS = 256
"""Samples that are encoded at a time."""

DEAD = 0.01
"""Variance of the posterior means up to which a dimension of a posterior is dead (Burda et al.,
2016, https://arxiv.org/abs/1509.00519, section 4.2)."""


class Traversal(NamedTuple):
    """Latents along every dimension through one base point.

    Attributes:
        order: Numbers of the dimensions, those that carry most first, (D,).
        weight: What each carries, by its number, (D,): the mean KL in nats of a posterior, the
            variance of the latents of other models.
        dead: Which dimensions carry nothing, by number, (D,).
        z: (D, steps, D): row d varies dimension `order[d]` alone.
    """

    order: NDArray[np.intp]
    weight: NDArray[np.float64]
    dead: NDArray[np.bool_]
    z: FloatArray


@torch.no_grad()
def posteriors(
    model: Posterior, x: Tensor, told: Tensor | None = None
) -> tuple[FloatArray, FloatArray]:
    """Means and log-variances of samples' posteriors, each (N, D), slice by slice."""
    means, log_variances = [], []
    for start in range(0, len(x), ROWS):
        part = slice(start, start + ROWS)
        mu, log_var = model.posterior(x[part], None if told is None else told[part])
        means.append(mu.float())
        log_variances.append(log_var.float())
    return torch.cat(means).numpy(), torch.cat(log_variances).numpy()


def traversal(
    mu: FloatArray, log_var: FloatArray | None, steps: int, base: FloatArray | None = None
) -> Traversal:
    """Latents along every dimension, from the 1 % to the 99 % quantile of the aggregate posterior.

    Args:
        mu: Latents of the data, (N, D).
        log_var: Log-variances of their posteriors, (N, D); None of a model without.
        steps: Latents along a dimension.
        base: The point that they go through, (D,); None for the median.
    """
    rows = np.asarray(mu, np.float64)
    spread = rows.var(axis=0)
    if log_var is None:
        weight, dead = spread, spread <= 1e-8 * max(1.0, float(spread.max()))
        drawn = rows
    else:
        variance = np.exp(np.asarray(log_var, np.float64))
        weight = (0.5 * (rows**2 + variance - log_var - 1)).mean(axis=0)
        dead = spread <= DEAD
        noise = np.random.default_rng(0).standard_normal(rows.shape)
        drawn = rows + np.sqrt(variance) * noise
    low, high = np.quantile(drawn, (0.01, 0.99), axis=0)
    middle = np.median(rows, axis=0) if base is None else np.asarray(base, np.float64)
    order = np.argsort(-weight, kind="stable")
    z = np.tile(middle, (len(order), steps, 1))
    for row, dimension in enumerate(order):
        z[row, :, dimension] = np.linspace(low[dimension], high[dimension], steps)
    return Traversal(order, weight, dead, z.astype(np.float32))


@register_question("traversal")
def traversal_of_run(subject: Subject, arguments: Mapping[str, Any]) -> Iterator[Findings | None]:
    """Which dimensions carry anything, over which range, as `traversal` finds it.

    Arrays: `order`, `weight`, `dead`, (D,) each; `low`, `high`: quantiles of the aggregate
    posterior by dimension, (D,); `median`, (D,). Values: `is_kl`: whether `weight` is a KL in nats,
    else a variance; `counted`: samples whose posteriors were counted.
    """
    latents, model, samples = subject.latents, subject.model, subject.samples
    if latents is None or not len(latents):
        raise ValueError("this run shows no samples whose latents could say how far to go")
    mu, log_var = latents, None
    if samples is not None and subject.kept and isinstance(cast("object", model), Posterior):
        rows = np.random.default_rng(0).permutation(subject.kept)[:TRAVERSED]
        parts = []
        for start in range(0, len(rows), ROWS):
            part = rows[start : start + ROWS]
            told = None if subject.told is None else subject.told(part)
            x = torch.from_numpy(samples(part))
            parts.append(posteriors(cast("Posterior", model), x, told))
            yield None
        mu, log_var = (np.concatenate(each) for each in zip(*parts, strict=True))
    made = traversal(mu, log_var, 2)
    ends = np.empty((2, len(made.order)), np.float32)
    for row, dimension in enumerate(made.order):
        ends[:, dimension] = made.z[row, :, dimension]
    median = np.median(latents, axis=0).astype(np.float32)
    arrays = {
        "order": made.order,
        "weight": made.weight,
        "dead": made.dead,
        "low": ends[0],
        "high": ends[1],
        "median": median,
    }
    yield Findings(arrays, {"is_kl": log_var is not None, "counted": len(mu)})
