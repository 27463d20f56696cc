"""Paths through the latent space between anchors, by five methods."""

import heapq
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from aeviz import geometry
from aeviz.analysis.geodesic import Decode, geodesic
from aeviz.messages import FloatArray

Method = Literal["straight", "slerp", "spline", "density", "geodesic"]

METHODS: tuple[Method, ...] = get_args(Method)

NEIGHBOURS = 12
"""Edges from every latent of the graph that a density path follows."""

POWER = 3.0
"""Of a distance in the graph's costs: above 1 many short edges cost less than one long one."""

MOST_LATENTS = 5000
"""Latents in that graph at most, chosen at random with seed 0."""


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
    points = np.array(anchors, np.float64)
    if points.ndim != 2 or len(points) < 2:
        raise ValueError(f"a path needs two anchors or more, (A, D), got {points.shape}")
    if not np.isfinite(points).all():
        raise ValueError("anchors must be finite")
    if steps < 2:
        raise ValueError(f"a path needs at least two steps, got {steps}")
    if method not in METHODS:
        raise ValueError(f"there is no method {method!r}; there are: {', '.join(METHODS)}")
    if method == "geodesic":
        return _along_geodesics(points, steps, decode)
    fine = _through_density(points, latents) if method == "density" else _FINE[method](points)
    return evenly(fine, steps).astype(np.float32)


def evenly(curve: NDArray[np.floating], steps: int) -> NDArray[np.float64]:
    """Points at even distances along a polyline (P, D), its ends kept: (steps, D).

    Example:
        >>> evenly(np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]), 5)[:, 0].tolist()
        [0.0, 0.5, 1.0, 1.0, 1.0]
    """
    lengths = np.concatenate([[0.0], np.linalg.norm(np.diff(curve, axis=0), axis=1).cumsum()])
    wanted = np.linspace(0, lengths[-1], steps)
    columns = [np.interp(wanted, lengths, column) for column in curve.T]
    found = np.stack(columns, axis=1)
    found[0], found[-1] = curve[0], curve[-1]
    return np.asarray(found)


def _spherical(points: NDArray[np.float64]) -> NDArray[np.float64]:
    shares = np.linspace(0, 1, 65)
    legs = [
        np.stack([geometry.slerp(start, end, float(share)) for share in shares[:-1]])
        for start, end in pairwise(points)
    ]
    return np.concatenate([*legs, points[-1:]])


def _spline(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Centripetal Catmull-Rom through the anchors (Yuksel et al., 2011): no loops, no cusps."""
    ends = [2 * points[0] - points[1], *points, 2 * points[-1] - points[-2]]
    shares = np.linspace(0, 1, 65)[:-1, np.newaxis]
    legs = [_catmull_rom(ends[i : i + 4], shares) for i in range(len(points) - 1)]
    return np.concatenate([*legs, points[-1:]])


def _catmull_rom(
    knots: Sequence[NDArray[np.float64]], shares: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The piece between the second and the third of four points, Barry and Goldman's pyramid."""
    gaps = [max(float(np.linalg.norm(b - a)) ** 0.5, 1e-9) for a, b in pairwise(knots)]
    t0, t1, t2, t3 = np.concatenate([[0.0], np.cumsum(gaps)])
    t = t1 + shares * (t2 - t1)
    p0, p1, p2, p3 = knots
    a1 = (t1 - t) / (t1 - t0) * p0 + (t - t0) / (t1 - t0) * p1
    a2 = (t2 - t) / (t2 - t1) * p1 + (t - t1) / (t2 - t1) * p2
    a3 = (t3 - t) / (t3 - t2) * p2 + (t - t2) / (t3 - t2) * p3
    b1 = (t2 - t) / (t2 - t0) * a1 + (t - t0) / (t2 - t0) * a2
    b2 = (t3 - t) / (t3 - t1) * a2 + (t - t1) / (t3 - t1) * a3
    return np.asarray((t2 - t) / (t2 - t1) * b1 + (t - t1) / (t2 - t1) * b2)


def _straight(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return points


_FINE: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "straight": _straight,
    "slerp": _spherical,
    "spline": _spline,
}


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
    return evenly(joined, steps).astype(np.float32)


# ── through the density ───────────────────────────────────────────────────────────────────────


def _through_density(
    points: NDArray[np.float64], latents: FloatArray | None
) -> NDArray[np.float64]:
    """From anchor to anchor over the latents, where short edges between neighbours are cheap.

    The costs |edge|³ are those of Fermat distances, whose shortest paths prefer dense regions
    (Groisman, Jonckheere, Sapienza, 2018, https://arxiv.org/abs/1810.09398).
    """
    if latents is None or len(latents) < 2:
        raise ValueError("a path along the density needs the latents of the data")
    rows = latents[np.isfinite(latents).all(axis=1)]
    if len(rows) > MOST_LATENTS:
        rows = rows[np.random.default_rng(0).choice(len(rows), MOST_LATENTS, replace=False)]
    nodes = np.concatenate([points, np.asarray(rows, np.float64)])
    edges = _neighbours(nodes)
    legs = [_cheapest(nodes, edges, leg, leg + 1) for leg in range(len(points) - 1)]
    curves = [_smoothed(nodes[leg]) for leg in legs]
    return np.concatenate([*(curve[:-1] for curve in curves), curves[-1][-1:]])


def _neighbours(nodes: NDArray[np.float64]) -> list[dict[int, float]]:
    """For every node its nearest ones and their distances; edges go both ways."""
    edges: list[dict[int, float]] = [{} for _ in nodes]
    count = min(NEIGHBOURS, len(nodes) - 1)
    places = torch.from_numpy(nodes)
    for start in range(0, len(nodes), 512):
        far = torch.cdist(places[start : start + 512], places)
        distances, found = far.topk(count + 1, dim=1, largest=False)
        for row, (near, others) in enumerate(
            zip(distances.tolist(), found.tolist(), strict=True), start
        ):
            for distance, other in zip(near, others, strict=True):
                if other != row:
                    edges[row][other] = distance
                    edges[other][row] = distance
    return edges


def _cheapest(
    nodes: NDArray[np.float64], edges: list[dict[int, float]], start: int, end: int
) -> list[int]:
    """The nodes of the cheapest way (Dijkstra); straight on where the graph has none."""
    costs, came_from, queue = {start: 0.0}, {start: start}, [(0.0, start)]
    while queue:
        cost, node = heapq.heappop(queue)
        if node == end:
            break
        if cost > costs[node]:
            continue
        for other, distance in edges[node].items():
            further = cost + distance**POWER
            if further < costs.get(other, np.inf):
                costs[other], came_from[other] = further, node
                heapq.heappush(queue, (further, other))
    if end not in came_from:
        return [start, end]
    way = [end]
    while way[-1] != start:
        way.append(came_from[way[-1]])
    return way[::-1]


def _smoothed(curve: NDArray[np.float64], rounds: int = 20) -> NDArray[np.float64]:
    """A polyline without the zigzag from node to node; its ends stay."""
    if len(curve) < 3:
        return curve
    fine = evenly(curve, max(64, len(curve)))
    for _ in range(rounds):
        fine[1:-1] = fine[1:-1] / 2 + (fine[:-2] + fine[2:]) / 4
    return fine
