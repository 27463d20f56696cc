"""Densities over the map that need no long fit: prior, aggregate posterior, mixture, histogram."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from aeviz import geometry
from aeviz.analysis.aggregate_posterior import log_aggregate_posterior
from aeviz.analysis.density import SIDE
from aeviz.analysis.draws import mixture_of
from aeviz.analysis.flow_stages import integral
from aeviz.analysis.questions import Findings, Subject, register_question
from aeviz.analysis.traversal import TRAVERSED, posteriors
from aeviz.messages import FloatArray
from aeviz.models.base import Posterior, Prior

ROWS = 512
"""Places whose density is computed in a slice."""

LogDensity = Callable[[FloatArray], NDArray[np.float64]]


@register_question("density-over-map")
def density_over_map(subject: Subject, arguments: Mapping[str, Any]) -> Iterator[Findings | None]:
    """A density over a `region` of the map.

    Arguments: `region`; `kind`: "prior", "posterior" (the aggregate one, exact over the samples
    that it counts), "gmm" or "histogram"; above two dimensions `mean` and `axes` of the map.
    Arrays: `density` (128, 128), natural logarithms, the highest row first; -inf where a histogram
    is empty. Values: `region`, `counted`: how many samples it is made of, 0 for the prior; `mass`:
    the integral over the region, NaN above two dimensions, where a plane holds no mass.
    """
    latents, model = subject.latents, subject.model
    if model is None or latents is None or latents.shape[1] < 2:
        raise ValueError("a density over the map needs latents with at least two dimensions")
    region = cast("geometry.Region", tuple(float(end) for end in arguments["region"]))
    mean = np.asarray(arguments.get("mean", np.zeros(2)), np.float32)
    axes = np.asarray(arguments.get("axes", np.eye(2)), np.float32)
    if axes.shape != (latents.shape[1], 2):
        raise ValueError(f"the axes of the map must be ({latents.shape[1]}, 2), got {axes.shape}")
    kind = str(arguments.get("kind", "histogram"))
    if kind == "histogram":
        found, counted = _histogram(np.asarray((latents - mean) @ axes), region), len(latents)
    else:
        log_density, counted = _log_density(kind, subject)
        z = mean + geometry.lattice(region, SIDE, SIDE).reshape(-1, 2) @ axes.T
        parts = []
        for start in range(0, len(z), ROWS):
            parts.append(log_density(z[start : start + ROWS]))
            yield None
        found = np.concatenate(parts).reshape(SIDE, SIDE)
    mass = integral(found.astype(np.float32), region) if latents.shape[1] == 2 else math.nan
    yield Findings({"density": found}, {"region": region, "counted": counted, "mass": mass})


def _log_density(kind: str, subject: Subject) -> tuple[LogDensity, int]:
    """Log density of latents, and how many samples it is made of."""
    model: object = subject.model
    latents = subject.latents
    assert latents is not None
    if kind == "prior":
        if not isinstance(model, Prior):
            raise ValueError("this model has no prior: look at gmm, flow or histogram instead")
        prior = model

        def log_prior(z: FloatArray) -> NDArray[np.float64]:
            with torch.no_grad():
                return np.asarray(prior.log_prior(torch.from_numpy(z)).double().numpy())

        return log_prior, 0
    if kind == "gmm":
        rows = latents[np.isfinite(latents).all(axis=1)]
        if len(rows) < 2:
            raise ValueError("a density needs at least two latents, all of them finite")
        return mixture_of(rows, 0).score_samples, len(rows)
    if kind == "posterior":
        return _aggregate(subject)
    raise ValueError(f"there is no density {kind!r}; there are: prior, posterior, gmm, histogram")


def _aggregate(subject: Subject) -> tuple[LogDensity, int]:
    model: object = subject.model
    if not isinstance(model, Posterior):
        raise ValueError("this model is deterministic: a sample has one latent and no posterior")
    if subject.samples is None or not subject.kept:
        raise ValueError("this run keeps no samples whose posteriors could be added up")
    rows = np.random.default_rng(0).permutation(subject.kept)[:TRAVERSED]
    told = None if subject.told is None else subject.told(rows)
    mu, log_var = posteriors(model, torch.from_numpy(subject.samples(rows)), told)

    def log_aggregate(z: FloatArray) -> NDArray[np.float64]:
        return log_aggregate_posterior(z, mu, log_var)

    return log_aggregate, len(rows)


def _histogram(positions: FloatArray, region: geometry.Region) -> NDArray[np.float64]:
    """Log of the share of positions per area around each place of the lattice, (128, 128)."""
    left, right, low, high = region
    across, up = (right - left) / (SIDE - 1), (high - low) / (SIDE - 1)
    edges = (
        low + (np.arange(SIDE + 1) - 0.5) * up,
        left + (np.arange(SIDE + 1) - 0.5) * across,
    )
    counts, *_ = np.histogram2d(positions[:, 1], positions[:, 0], bins=edges)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(counts[::-1] / (len(positions) * across * up)))
