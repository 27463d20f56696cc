"""How far latents lie from the data: a log density in nats and the distance to the k-th latent."""

import math
from collections import OrderedDict
from collections.abc import Generator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from aeviz.analysis.aggregate_posterior import log_aggregate_posterior
from aeviz.analysis.latent_graph import told_apart
from aeviz.analysis.questions import Subject
from aeviz.analysis.traversal import ROWS, TRAVERSED, posteriors
from aeviz.messages import FloatArray
from aeviz.models.base import Posterior

NEIGHBOUR = 5
"""Which nearest latent the distance is to."""

JUDGED = 400
"""Latents of the data at most that say which density and distance are usual."""

NUMBERS = 800_000
"""Coordinates that are compared in a slice."""

AT_LEAST = 64
"""Latents whose density is computed in a slice at least."""

KEPT = 4
"""Epochs that are remembered."""


class Trust(NamedTuple):
    """What latents are measured against.

    Attributes:
        mu: Middles of the Gaussians whose mean is the density, (M, D).
        log_var: Their log-variances, (M, D).
        told: What density that is.
        latents: Of the data, (N, D), finite.
        low: The density that 1 % of the data lie under, in nats.
        far: The distance that 1 % of the data lie beyond.
        neighbour: Which nearest latent the distance is to.
    """

    mu: FloatArray
    log_var: FloatArray
    told: str
    latents: FloatArray
    low: float
    far: float
    neighbour: int

    def log_density(self, z: FloatArray) -> Generator[None, None, NDArray[np.float64]]:
        """In nats, (B,), slice by slice."""
        found = yield from _log_densities(z, self.mu, self.log_var)
        return found

    def distance(self, z: FloatArray) -> Generator[None, None, NDArray[np.float64]]:
        """To the k-th nearest latent of the data, (B,), slice by slice."""
        found = yield from _distances(z, self.latents, self.neighbour)
        return found


_known: OrderedDict[str, Trust] = OrderedDict()


def trust_of(subject: Subject) -> Generator[None, None, Trust]:
    """Density and latents of an epoch, made in slices or remembered.

    A model with a posterior has the exact aggregate posterior over at most 4096 kept samples; for
    others a Gaussian of Scott's width stands around every latent.

    Raises:
        ValueError: If there are fewer than two latents.
    """
    latents = subject.latents
    finite = None if latents is None else latents[np.isfinite(latents).all(axis=1)]
    if finite is None or len(finite) < 2:
        raise ValueError("a density needs at least two latents, all of them finite")
    key = told_apart(finite)
    if key not in _known:
        made = yield from _made(subject, finite)
        _known[key] = made
        while len(_known) > KEPT:
            _known.popitem(last=False)
    _known.move_to_end(key)
    return _known[key]


def _made(subject: Subject, latents: FloatArray) -> Generator[None, None, Trust]:
    order = np.random.default_rng(0).permutation(len(latents))
    judged = latents[order[: min(JUDGED, len(latents) // 2)]]
    neighbour = min(NEIGHBOUR, len(latents) - 1)
    has_posterior = isinstance(subject.model, Posterior)
    if has_posterior and subject.samples is not None and subject.kept:
        mu, log_var = yield from _posteriors(subject)
        others, width = mu, log_var
        told = f"aggregate posterior, exact over {len(mu):,} samples"
    else:
        mu = latents[order[:TRAVERSED]]
        log_var = np.broadcast_to(_scott(mu), mu.shape)
        # a latent must not be judged by the Gaussian around itself
        others = latents[order[len(judged) :][:TRAVERSED]]
        width = np.broadcast_to(_scott(others), others.shape)
        told = f"a Gaussian of Scott's width around each of {len(mu):,} latents"
    yield
    usual = yield from _log_densities(judged, others, width)
    # the nearest latent of a latent is itself
    far = yield from _distances(judged, latents, neighbour + 1)
    low = float(np.quantile(usual, 0.01))
    return Trust(mu, log_var, told, latents, low, float(np.quantile(far, 0.99)), neighbour)


def _posteriors(subject: Subject) -> Generator[None, None, tuple[FloatArray, FloatArray]]:
    model: object = subject.model
    assert isinstance(model, Posterior)
    assert subject.samples is not None
    rows = np.random.default_rng(0).permutation(subject.kept)[:TRAVERSED]
    means, logs = [], []
    for start in range(0, len(rows), ROWS):
        part = rows[start : start + ROWS]
        told = None if subject.told is None else subject.told(part)
        mu, log_var = posteriors(model, torch.from_numpy(subject.samples(part)), told)
        means.append(mu)
        logs.append(log_var)
        yield
    return np.concatenate(means), np.concatenate(logs)


def _scott(latents: FloatArray) -> NDArray[np.float64]:
    """Log-variances of Gaussians of Scott's width, (D,); narrow, not nothing, where all agree."""
    count, dimensions = latents.shape
    spread = latents.std(axis=0, dtype=np.float64)
    spread = np.maximum(spread, 1e-3 * max(float(spread.max()), 1e-6))
    return np.asarray(2 * np.log(spread * count ** (-1 / (dimensions + 4))))


def _log_densities(
    z: FloatArray, mu: FloatArray, log_var: NDArray[np.floating]
) -> Generator[None, None, NDArray[np.float64]]:
    # each call prepares all Gaussians anew: fewer rows at a time would cost more
    parts, rows = [], max(AT_LEAST, _rows(mu))
    for start in range(0, len(z), rows):
        parts.append(log_aggregate_posterior(z[start : start + rows], mu, log_var))
        yield
    return np.concatenate(parts) if parts else np.full(0, math.nan)


def _rows(latents: FloatArray) -> int:
    """How many latents are compared with these in a slice."""
    return max(1, NUMBERS // latents.size)


def _distances(
    z: FloatArray, latents: FloatArray, neighbour: int
) -> Generator[None, None, NDArray[np.float64]]:
    places, parts = torch.from_numpy(latents), []
    rows = _rows(latents)
    for start in range(0, len(z), rows):
        part = torch.from_numpy(np.ascontiguousarray(z[start : start + rows], np.float32))
        exact = torch.cdist(part, places, compute_mode="donot_use_mm_for_euclid_dist")
        parts.append(exact.kthvalue(min(neighbour, len(latents)), dim=1).values.double().numpy())
        yield
    return np.concatenate(parts) if parts else np.full(0, math.nan)
