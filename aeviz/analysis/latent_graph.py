"""The latents as a graph of neighbours, and the ways through it that prefer dense regions.

References:
    | Weighted geodesic distance following Fermat's principle (Groisman, Jonckheere, Sapienza,
    | 2018), https://arxiv.org/abs/1810.09398
"""

import hashlib
import heapq
from collections import OrderedDict
from collections.abc import Generator
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray

from aeviz import curves
from aeviz.messages import FloatArray

NEIGHBOURS = 12
"""Edges from every latent."""

POWER = 3.0
"""Of a distance in the costs: above 1 many short edges cost less than one long one."""

MOST_LATENTS = 5000
"""Latents in the graph at most, chosen at random with seed 0."""

ROWS = 128
"""Latents whose neighbours are looked for in a slice."""

POPS = 2000
"""Nodes that a search settles in a slice."""

KEPT = 4
"""Graphs that are remembered: another path through the same latents costs a search alone."""

_START, _END = -1, -2

Way = Generator[None, None, NDArray[np.float64]]


class LatentGraph:
    """Latents (N, D) and, for every one, its neighbours with their distances."""

    def __init__(self, nodes: NDArray[np.float64]) -> None:
        self.nodes = nodes
        self._places = torch.from_numpy(nodes)
        self._edges: list[dict[int, float]] = [{} for _ in nodes]

    def link(self) -> Generator[None, None, None]:
        """Find the neighbours, slice by slice; edges go both ways."""
        for start in range(0, len(self.nodes), ROWS):
            for row, near in enumerate(self._near(self._places[start : start + ROWS]), start):
                for other, distance in near.items():
                    if other != row:
                        self._edges[row][other] = distance
                        self._edges[other][row] = distance
            yield

    def _near(self, places: torch.Tensor) -> list[dict[int, float]]:
        count = min(NEIGHBOURS + 1, len(self.nodes))
        distances, found = torch.cdist(places, self._places).topk(count, dim=1, largest=False)
        pairs = zip(found.tolist(), distances.tolist(), strict=True)
        return [dict(zip(rows, near, strict=True)) for rows, near in pairs]

    def way(self, start: NDArray[np.float64], end: NDArray[np.float64]) -> Way:
        """The cheapest way between two latents (Dijkstra), with both ends, (P, D).

        The costs |edge|³ are those of Fermat distances. Straight on where nothing is cheaper.
        """
        first, last = self._near(torch.from_numpy(np.stack([start, end])))
        direct = float(np.linalg.norm(end - start)) ** POWER
        costs = {_END: direct} | {node: far**POWER for node, far in first.items()}
        came_from = dict.fromkeys(costs, _START)
        queue = [(cost, node) for node, cost in costs.items()]
        heapq.heapify(queue)
        settled = 0
        while queue:
            cost, node = heapq.heappop(queue)
            if node == _END:
                break
            if cost > costs[node]:
                continue
            edges = self._edges[node]
            further = edges if node not in last else edges | {_END: last[node]}
            for other, distance in further.items():
                total = cost + distance**POWER
                if total < costs.get(other, np.inf):
                    costs[other], came_from[other] = total, node
                    heapq.heappush(queue, (total, other))
            settled += 1
            if settled % POPS == 0:
                yield
        rows: list[int] = []
        node = came_from[_END]
        while node != _START:
            rows.append(node)
            node = came_from[node]
        return np.concatenate([start[np.newaxis], self.nodes[rows[::-1]], end[np.newaxis]])


def through_density(points: NDArray[np.float64], latents: FloatArray | None) -> Way:
    """A polyline from anchor to anchor (A, D) through the latents (N, D), slice by slice.

    Raises:
        ValueError: If there are fewer than two latents.
    """
    if latents is None or len(latents) < 2:
        raise ValueError("a path along the density needs the latents of the data")
    graph = yield from graph_of(latents)
    legs = []
    for start, end in pairwise(points):
        way = yield from graph.way(start, end)
        legs.append(_smoothed(way))
    return np.concatenate([*(leg[:-1] for leg in legs), legs[-1][-1:]])


_graphs: OrderedDict[str, LatentGraph] = OrderedDict()


def graph_of(latents: FloatArray) -> Generator[None, None, LatentGraph]:
    """The graph of these latents, built in slices or remembered."""
    key = told_apart(latents)
    if key not in _graphs:
        rows = latents[np.isfinite(latents).all(axis=1)]
        if len(rows) > MOST_LATENTS:
            rows = rows[np.random.default_rng(0).choice(len(rows), MOST_LATENTS, replace=False)]
        graph = LatentGraph(np.asarray(rows, np.float64))
        yield from graph.link()
        _graphs[key] = graph
        while len(_graphs) > KEPT:
            _graphs.popitem(last=False)
    _graphs.move_to_end(key)
    return _graphs[key]


def told_apart(latents: FloatArray) -> str:
    """A key that other latents do not have: of an epoch all of them move."""
    some = np.ascontiguousarray(latents[:: max(1, len(latents) // MOST_LATENTS)])
    return f"{hashlib.sha256(some.tobytes()).hexdigest()} {latents.shape}"


def _smoothed(curve: NDArray[np.float64], rounds: int = 20) -> NDArray[np.float64]:
    """A polyline without the zigzag from node to node; its ends stay."""
    if len(curve) < 3:
        return curve
    fine = curves.evenly(curve, max(64, len(curve)))
    for _ in range(rounds):
        fine[1:-1] = fine[1:-1] / 2 + (fine[:-2] + fine[2:]) / 4
    return fine
