"""A mixture of Gaussians fitted to latents by expectation maximisation, in slices.

References:
    | Maximum likelihood from incomplete data via the EM algorithm (Dempster, Laird, Rubin, 1977)
    | k-means++: the advantages of careful seeding (Arthur, Vassilvitskii, 2007)
"""

import math
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aeviz.analysis.fits import Fits, mark_of
from aeviz.messages import FloatArray

MOST_COMPONENTS = 20
"""Gaussians that a mixture may have."""

MOST_ROWS = 4096
"""Latents at most that a mixture is fitted to, drawn at random from all."""

ROUNDS = 80
"""Rounds of expectation and maximisation at most."""

TOLERANCE = 1e-3
"""Gain of the mean log density in nats below which a round is the last one."""

FLOOR = 1e-4
"""Smallest variance of a component, of standardised latents."""

LONG = 2**20
"""Multiplications after which a slice ends."""

KEPT = 6
"""Mixtures that are remembered."""

Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Mixture:
    """Σ wₖ N(z; μₖ, Σₖ).

    Attributes:
        weights: (K,), they add up to one.
        means: (K, D).
        whitening: Upper triangles Wₖ with Σₖ⁻¹ = Wₖ Wₖᵀ, (K, D, D).
        own: Log densities of the latents that it was fitted to, ascending.
    """

    weights: Doubles
    means: Doubles
    whitening: Doubles
    own: Doubles

    def log_density(self, z: NDArray[np.floating]) -> Doubles:
        """Log density of latents (N, D) in nats, (N,)."""
        return _log_sum(_log_parts(np.asarray(z, np.float64), self))

    def quantile(self, share: float) -> float:
        """The log density below which that share of the latents it was fitted to lies."""
        return float(np.quantile(self.own, share))

    def percentile(self, log_density: float) -> float:
        """Which percentage of those latents has at most this log density, 0 to 100."""
        return 100 * float(np.searchsorted(self.own, log_density, "right")) / len(self.own)


def fit(latents: FloatArray, seed: int = 0) -> Generator[None, None, Mixture]:
    """Fit a mixture to latents.

    There is at most one Gaussian for 10·D latents: one around a few would draw them again.

    Args:
        latents: (N, D); rows that are not finite are left out.
        seed: Of the rows that are used and of the places where the Gaussians begin.

    Yields:
        Between slices of the work.

    Returns:
        The mixture.

    Raises:
        ValueError: If fewer than two latents are finite.
    """
    random = np.random.default_rng(seed)
    finite = latents[np.isfinite(latents).all(axis=1)]
    if len(finite) < 2:
        raise ValueError("a density needs at least two latents, all of them finite")
    rows = finite[random.permutation(len(finite))[:MOST_ROWS]].astype(np.float64)
    shift, spread = rows.mean(axis=0), rows.std(axis=0)
    scale = np.where(spread > 1e-9, spread, 1.0)
    rows = (rows - shift) / scale
    count = max(1, min(MOST_COMPONENTS, len(rows) // (10 * rows.shape[1])))
    share = yield from _begun(rows, count, random)
    before = -math.inf
    for _ in range(ROUNDS):
        mixture = yield from _maximised(rows, share)
        parts = _log_parts(rows, mixture)
        log_density = _log_sum(parts)
        share = np.exp(parts - log_density)
        yield None
        gained = float(log_density.mean()) - before
        before = float(log_density.mean())
        if gained < TOLERANCE or count == 1:
            break
    return Mixture(
        mixture.weights,
        mixture.means * scale + shift,
        mixture.whitening / scale[:, np.newaxis],
        np.sort(log_density) - float(np.log(scale).sum()),
    )


def _begun(
    rows: Doubles, count: int, random: np.random.Generator
) -> Generator[None, None, Doubles]:
    """Which mean each row lies next to, (K, N) of 0 and 1: k-means++ and a few rounds after it."""
    means = rows[[random.integers(len(rows))]]
    while len(means) < count:
        near = _squares(rows, means).min(axis=0)
        total = float(near.sum())
        weight = near / total if total > 0 else None
        means = np.concatenate([means, rows[[random.choice(len(rows), p=weight)]]])
        yield None
    for _ in range(5):
        share = np.zeros((count, len(rows)))
        share[_squares(rows, means).argmin(axis=0), np.arange(len(rows))] = 1.0
        means = share @ rows / np.maximum(share.sum(axis=1), 1e-9)[:, np.newaxis]
        yield None
    return share


def _squares(rows: Doubles, means: Doubles) -> Doubles:
    """Squared distances of means to rows, (K, N)."""
    far = (rows**2).sum(axis=1) - 2 * means @ rows.T + (means**2).sum(axis=1)[:, np.newaxis]
    return np.asarray(np.maximum(far, 0.0))


def _maximised(rows: Doubles, share: Doubles) -> Generator[None, None, Mixture]:
    """The mixture that explains best that rows are in components to these shares, (K, N)."""
    count, dimensions = len(share), rows.shape[1]
    weights = share.sum(axis=1) + 1e-9
    means = share @ rows / weights[:, np.newaxis]
    whitening = np.empty((count, dimensions, dimensions))
    for number in range(count):
        away = rows - means[number]
        spread = (share[number] * away.T) @ away / weights[number]
        spread[np.diag_indices(dimensions)] += FLOOR
        whitening[number] = np.linalg.inv(np.linalg.cholesky(spread)).T
        if away.size * dimensions > LONG:
            yield None
    return Mixture(weights / weights.sum(), means, whitening, np.empty(0))


def _log_parts(z: Doubles, mixture: Mixture) -> Doubles:
    """Log of wₖ N(z; μₖ, Σₖ), (K, N)."""
    constant = -0.5 * z.shape[1] * math.log(2 * math.pi)
    made = np.empty((len(mixture.weights), len(z)))
    for number, triangle in enumerate(mixture.whitening):
        white = (z - mixture.means[number]) @ triangle
        made[number] = -0.5 * (white**2).sum(axis=1)
        made[number] += np.log(np.diagonal(triangle)).sum() + math.log(mixture.weights[number])
    return np.asarray(made + constant)


def _log_sum(parts: Doubles) -> Doubles:
    top = parts.max(axis=0)
    return np.asarray(top + np.log(np.exp(parts - top).sum(axis=0)))


_mixtures: Fits[None, Mixture] = Fits(KEPT)


def mixture_of(latents: FloatArray) -> Generator[None, None, Mixture]:
    """The mixture of these latents, fitted once: the next question gets it at once."""
    return _mixtures.follow(mark_of(latents), lambda: fit(latents))
