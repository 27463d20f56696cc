"""Paths through the latent space between anchors, by five methods."""

from collections.abc import Generator
from itertools import pairwise
from typing import Literal, TypeVar, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aeviz import curves
from aeviz.analysis.geodesic import Decode, geodesic
from aeviz.analysis.latent_graph import through_density
from aeviz.messages import FloatArray

Method = Literal["straight", "slerp", "spline", "density", "geodesic"]

METHODS: tuple[Method, ...] = get_args(Method)

Found = TypeVar("Found")


def path(
    method: Method,
    anchors: ArrayLike,
    steps: int,
    *,
    decode: Decode | None = None,
    latents: FloatArray | None = None,
) -> NDArray[np.float32]:
    """Points along a path through all anchors.

    Args:
        method: How it goes from one anchor to the next.
        anchors: (A, D), at least two.
        steps: Points of the path with its ends.
        decode: Of the model, for "geodesic".
        latents: Of the data, (N, D), for "density".

    Returns:
        (steps, D), with even steps along the path; the ends are the outer anchors exactly. The
        steps of a geodesic are even in the data, not in the latent space.

    Raises:
        ValueError: If the method or the anchors cannot make a path; the message says why.
    """
    points = curves.checked(anchors)
    if steps < 2:
        raise ValueError(f"a path needs at least two steps, got {steps}")
    if method not in METHODS:
        raise ValueError(f"there is no method {method!r}; there are: {', '.join(METHODS)}")
    if method == "geodesic":
        return _along_geodesics(points, steps, decode)
    if method == "density":
        fine = at_once(through_density(points, latents))
    else:
        fine = curves.CURVES[method](points)
    return curves.evenly(fine, steps).astype(np.float32)


def at_once(slices: Generator[object, None, Found]) -> Found:
    """What a generator returns in the end."""
    while True:
        try:
            next(slices)
        except StopIteration as end:
            found: Found = end.value
            return found


def _along_geodesics(
    points: NDArray[np.float64], steps: int, decode: Decode | None
) -> NDArray[np.float32]:
    if decode is None:
        raise ValueError("a geodesic needs a decoder")
    legs = len(points) - 1
    counts = [
        2 + (steps - 2) * (leg + 1) // legs - (steps - 2) * leg // legs for leg in range(legs)
    ]
    found = [
        geodesic(decode, start, end, max(3, count))
        for (start, end), count in zip(pairwise(points), counts, strict=True)
    ]
    if legs == 1 and steps >= 3:
        return found[0]
    joined = np.concatenate([*(leg[:-1] for leg in found), found[-1][-1:]]).astype(np.float64)
    return curves.evenly(joined, steps).astype(np.float32)
