"""How far two groupings of the same samples agree: of clusters with labels.

All of it starts from the contingency table. Vinh, Epps and Bailey, 2010, compare the measures.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from aeviz.messages import IntArray

FloatTable = NDArray[np.float64]


def contingency(labels: IntArray, clusters: IntArray) -> IntArray:
    """How many samples each pair of a label and a cluster has.

    Args:
        labels: Numbers of classes, (N,).
        clusters: Numbers of clusters, (N,), −1 for noise.

    Returns:
        Counts (classes, clusters + 1), int64: a row for each label that occurs, a column for each
        number up to the largest, and the last column for noise.
    """
    rows = np.unique(labels, return_inverse=True)[1]
    width = int(clusters.max(initial=-1)) + 2
    columns = np.where(clusters < 0, width - 1, clusters)
    flat = np.bincount(rows * width + columns, minlength=(int(rows.max()) + 1) * width)
    return flat.reshape(-1, width).astype(np.int64)


def adjusted_rand(table: IntArray) -> float:
    """Adjusted Rand index: 1 for equal groupings, 0 on average for random ones.

    Hubert and Arabie, 1985, equation 5. Noise is a group of its own.
    """
    counts = table.astype(np.float64)
    together = _pairs(counts).sum()
    rows, columns = _pairs(counts.sum(axis=1)).sum(), _pairs(counts.sum(axis=0)).sum()
    everything = _pairs(counts.sum())
    expected = rows * columns / everything if everything else 0.0
    most = (rows + columns) / 2
    return float((together - expected) / (most - expected)) if most != expected else 1.0


def normalised_information(table: IntArray) -> float:
    """Normalised mutual information: 2 I(label; cluster) / (H(label) + H(cluster)), 0 to 1.

    Noise is a group of its own.
    """
    shares = table / table.sum()
    labels, clusters = _entropy(shares.sum(axis=1)), _entropy(shares.sum(axis=0))
    if labels + clusters == 0:
        return 1.0
    shared = labels + clusters - _entropy(shares.ravel())
    return float(max(0.0, 2 * shared / (labels + clusters)))


def purity(table: IntArray) -> float:
    """Share of samples with the most frequent label of their cluster; noise counts as wrong."""
    return float(table[:, :-1].max(axis=0, initial=0).sum() / table.sum())


def matching(table: IntArray) -> float:
    """Accuracy when each cluster stands for one label and no two for the same, at best.

    The assignment is that of Kuhn, 1955 (Hungarian method). Noise, and clusters that are left over,
    count as wrong.
    """
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(table[:, :-1], maximize=True)
    return float(table[rows, columns].sum() / table.sum())


AGREEMENTS: dict[str, Callable[[IntArray], float]] = {
    "ari": adjusted_rand,
    "nmi": normalised_information,
    "purity": purity,
    "matching": matching,
}
"""Every agreement by name: a function of the contingency table."""


def _pairs(counts: FloatTable | np.float64) -> FloatTable:
    return np.asarray(counts * (counts - 1) / 2)


def _entropy(shares: FloatTable) -> float:
    """In nats."""
    there = shares[shares > 0]
    return float(-(there * np.log(there)).sum())
