"""Exact densities and entropies of planar data that are drawn: mixtures of round Gaussians."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

REACH = 8.0
"""Standard deviations around the outermost centres that an integral covers."""

FINENESS = 2.5
"""Lattice lines per standard deviation. Sums over a lattice converge faster than any power of its
step for functions this smooth: at two lines the entropy is right to 1e-9."""

SLICE = 4096
"""Points whose density is computed at a time."""


@dataclass(frozen=True, eq=False)
class Mixture:
    """A weighted sum of Gaussians with covariance σ²I in the plane.

    Attributes:
        centres: (M, 2).
        weights: (M,), summing to one.
        sigma: Common standard deviation σ.
    """

    centres: Numbers
    weights: Numbers
    sigma: float

    def log_density(self, points: NDArray[np.floating]) -> Numbers:
        """Log density in nats at points (N, 2), (N,)."""
        result = np.empty(len(points))
        constant = np.log(self.weights) - np.log(2 * np.pi * self.sigma**2)
        for first in range(0, len(points), SLICE):
            rows = slice(first, first + SLICE)
            gaps = points[rows, None, :].astype(np.float64) - self.centres
            squares = np.sum(gaps**2, axis=2) / (2 * self.sigma**2)
            result[rows] = log_sum(constant - squares)
        return result

    def entropy(self) -> float:
        """Differential entropy in nats, as a sum over a lattice.

        Each Gaussian is a product of one along x and one along y, so the density on the whole
        lattice is one product of matrices.
        """
        step = self.sigma / FINENESS
        reach = REACH * self.sigma
        low, high = self.centres.min(axis=0) - reach, self.centres.max(axis=0) + reach
        x, y = (np.arange(low[axis], high[axis] + step, step) for axis in (0, 1))
        density = (self._along(x, 0) * self.weights) @ self._along(y, 1).T
        known = density[density > 0]
        return float(-(known * np.log(known)).sum() * step**2)

    def _along(self, places: Numbers, axis: int) -> Numbers:
        """Each Gaussian along one axis at places (K,), (K, M)."""
        gaps = (places[:, None] - self.centres[:, axis]) / self.sigma
        return np.asarray(np.exp(-0.5 * gaps**2) / (np.sqrt(2 * np.pi) * self.sigma))


def on_curves(curves: Sequence[Numbers], weights: Numbers, sigma: float) -> Mixture:
    """Curves (M, 2) blurred by a Gaussian: each point of a curve is the centre of one.

    Args:
        curves: Places on each curve; they should lie closer than σ.
        weights: Of the places of one curve, (M,), summing to one; all curves weigh the same.
        sigma: Of the blur.
    """
    shares = np.tile(weights, len(curves)) / len(curves)
    return Mixture(np.concatenate(list(curves)), shares, sigma)


def log_sum(values: Numbers) -> Numbers:
    """Log of the sum of exponentials of each row, (N, M) to (N,)."""
    most = values.max(axis=1)
    return np.asarray(most + np.log(np.exp(values - most[:, None]).sum(axis=1)))
