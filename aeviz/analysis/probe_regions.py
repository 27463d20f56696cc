"""What a probe says of every place of the map."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz.analysis.probe_models import Fitted, Matrix
from aeviz.geometry import Region

SIDE = 160
"""Places of the lattice along each axis."""

MARGIN = 0.05
"""Share of the map's extent that the lattice goes beyond it on every side."""


def region_of(positions: NDArray[np.float32]) -> Region:
    """Left, right, low and high of a lattice over all positions."""
    low, high = positions.min(axis=0).astype(float), positions.max(axis=0).astype(float)
    beyond = MARGIN * np.maximum(high - low, 1e-6)
    (left, bottom), (right, top) = (low - beyond).tolist(), (high + beyond).tolist()
    return left, right, bottom, top


def lattice(region: Region, side: int = SIDE) -> Matrix:
    """Positions of a lattice, the highest row first, (side², 2)."""
    left, right, low, high = region
    x, y = np.meshgrid(np.linspace(left, right, side), np.linspace(high, low, side))
    return np.stack((x.ravel(), y.ravel()), axis=1)


def to_latents(places: Matrix, positions: Matrix, latents: Matrix) -> Matrix:
    """Latents at places of a map of two latent dimensions, which is a turn and a shift of them."""
    ones = np.ones((len(positions), 1))
    turn, *_ = np.linalg.lstsq(np.hstack((positions, ones)), latents, rcond=None)
    return np.asarray(np.hstack((places, np.ones((len(places), 1)))) @ turn)


def regions(probe: Fitted, places: Matrix, *, is_sure: bool) -> dict[str, NDArray[Any]]:
    """What a probe predicts at places of the lattice, and how sure it is of numbers.

    Returns:
        `lattice` (SIDE, SIDE), the highest row first, and `lattice_sd` where it is sure.
    """
    found = {"lattice": probe.predict(places).reshape(SIDE, SIDE)}
    if is_sure:
        found["lattice_sd"] = probe.deviation(places).reshape(SIDE, SIDE).astype(np.float32)
    return found
