"""Ways to find clusters of points, and to choose how many: all from a seed.

Points are of shape (N, D) in their own units: a direction that varies more counts more.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz.messages import IntArray

STARTS = 4
"""Times that k-means begins anew; the best one counts."""

GRAPH = 10
"""Neighbours of each point in the graph of spectral clustering."""

DENSE = 10
"""Samples that have to lie around one for HDBSCAN to call the place dense (its `min_samples`)."""

SHARES = (0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 7.5, 10.0)
"""Smallest clusters in per cent at which HDBSCAN's curve is computed."""

Points = NDArray[np.float64]
Report = Callable[[float, str], None]
"""Told the share of a method that is done, and what is done now."""


@dataclass(frozen=True, eq=False)
class Curve:
    """What the number was chosen by, or what HDBSCAN finds at other sizes.

    Attributes:
        at: Numbers of clusters, or smallest clusters in per cent, (M,).
        values: Silhouette, BIC, or the number of clusters, (M,).
        noise: Share of noise of HDBSCAN, (M,); empty for the others.
    """

    at: NDArray[np.float64]
    values: NDArray[np.float64]
    noise: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Partition:
    """Clusters of some points: numbers (N,) from 0, −1 for noise, and the curve if there is one."""

    clusters: IntArray
    curve: Curve | None = None


@dataclass(frozen=True, eq=False)
class Task:
    """What a method is asked.

    Attributes:
        points: What is grouped, finite.
        counts: The numbers of clusters to choose from; one alone is taken.
        judged: Rows that the silhouette is taken on.
        seed: Of every random number.
        report: Told how far it is.
    """

    points: Points
    counts: Sequence[int]
    judged: IntArray
    seed: int
    report: Report


def by_means(task: Task) -> Partition:
    """k-means (Lloyd, 1982) with the start of Arthur and Vassilvitskii, 2007."""
    return _best_silhouette(task, lambda count: means(task.points, count, task.seed))


def means(points: Points, count: int, seed: int) -> IntArray:
    """The clusters of k-means, (N,)."""
    from sklearn.cluster import KMeans

    with _quietly():
        fitted = KMeans(count, n_init=STARTS, random_state=seed).fit(points)
    return np.asarray(fitted.labels_, np.int64)


def by_mixture(task: Task) -> Partition:
    """Gaussian mixture with full covariances by EM; the number by BIC (Schwarz, 1978)."""
    from sklearn.mixture import GaussianMixture

    least = 1e-6 * float(task.points.var(axis=0).mean()) + 1e-12
    found: list[Any] = []
    for done, count in enumerate(task.counts):
        task.report(done / len(task.counts), f"a mixture of {count}")
        with _quietly():
            made = GaussianMixture(count, reg_covar=least, random_state=task.seed)
            found.append(made.fit(task.points))
    scores = [model.bic(task.points) for model in found] if len(found) > 1 else [0.0]
    clusters = found[int(np.argmin(scores))].predict(task.points)
    return Partition(np.asarray(clusters, np.int64), _curve(task.counts, scores))


def by_graph(task: Task) -> Partition:
    """Spectral clustering on the graph of the nearest neighbours (Ng, Jordan and Weiss, 2001)."""
    from sklearn.manifold import spectral_embedding
    from sklearn.neighbors import kneighbors_graph

    task.report(0.0, "the graph of neighbours")
    neighbours = min(GRAPH, len(task.points) - 1)
    graph = kneighbors_graph(task.points, neighbours, include_self=True)
    task.report(0.1, "its eigenvectors")
    with _quietly():
        places = spectral_embedding(
            (graph + graph.T) / 2,
            n_components=max(task.counts),
            drop_first=False,
            random_state=task.seed,
        )
    return _best_silhouette(task, lambda count: means(places[:, :count], count, task.seed))


def by_density(points: Points, share: float, report: Report) -> Partition:
    """HDBSCAN (Campello, Moulavi and Sander, 2013), and what it finds at other sizes.

    Args:
        points: What is grouped, (N, D).
        share: The smallest cluster in per cent of the points.
        report: Told how far it is.
    """
    at = np.array(sorted({*SHARES, share}))
    found = []
    for done, each in enumerate(at.tolist()):
        report(done / len(at), f"HDBSCAN, clusters of {each:g} % at least")
        found.append(dense(points, each))
    counts = np.array([clusters.max() + 1.0 for clusters in found])
    noise = np.array([float((clusters < 0).mean()) for clusters in found])
    return Partition(found[at.tolist().index(share)], Curve(at, counts, noise))


def dense(points: Points, share: float) -> IntArray:
    """The clusters of HDBSCAN, (N,), −1 for noise."""
    from sklearn.cluster import HDBSCAN

    smallest = max(2, round(share / 100 * len(points)))
    around = min(DENSE, len(points))
    made = HDBSCAN(min_cluster_size=smallest, min_samples=around, copy=True)
    return np.asarray(made.fit(points).labels_, np.int64)


def nearest_clusters(points: Points, known: Points, clusters: IntArray) -> IntArray:
    """Each point's cluster is that of the nearest point that has one already, (N,)."""
    from sklearn.neighbors import NearestNeighbors

    found = NearestNeighbors(n_neighbors=1).fit(known)
    return np.asarray(clusters[found.kneighbors(points, return_distance=False)[:, 0]], np.int64)


def silhouettes(points: Points, groupings: Sequence[IntArray]) -> list[float]:
    """The mean silhouette (Rousseeuw, 1987) of each grouping of the same points; NaN of one group.

    The square of the number of points is held in memory.
    """
    from sklearn.metrics import pairwise_distances, silhouette_score

    distances = pairwise_distances(points)
    return [
        float(silhouette_score(distances, each, metric="precomputed"))
        if 1 < len(np.unique(each)) < len(each)
        else float("nan")
        for each in groupings
    ]


def _best_silhouette(task: Task, group: Callable[[int], IntArray]) -> Partition:
    """The number of clusters with the best silhouette."""
    found = []
    for done, count in enumerate(task.counts):
        task.report(0.2 + 0.7 * done / len(task.counts), f"{count} clusters")
        found.append(group(count))
    if len(found) == 1:
        return Partition(found[0])
    task.report(0.9, "silhouettes")
    scores = silhouettes(task.points[task.judged], [each[task.judged] for each in found])
    best = 0 if np.isnan(scores).all() else int(np.nanargmax(scores))
    return Partition(found[best], _curve(task.counts, scores))


def _curve(counts: Sequence[int], scores: Sequence[float]) -> Curve | None:
    if len(counts) == 1:
        return None
    return Curve(np.array(counts, np.float64), np.array(scores, np.float64), np.empty(0))


def _quietly() -> warnings.catch_warnings:
    """No warnings that a method has not converged or a graph is in pieces: a result is a result."""
    return warnings.catch_warnings(action="ignore")
