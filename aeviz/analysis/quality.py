"""How well a latent keeps neighbours, distances and densities of the data.

Every figure is computed row by row of the distance matrix, a slice at a time: no matrix of all
distances is ever held.

References:
    | Neighborhood preservation in nonlinear projection methods (Venna & Kaski, 2001)
    | Rank-based quality assessment of nonlinear dimensionality reduction (Lee & Verleysen, 2008)
    | Topological Autoencoders (Moor, Horn, Rieck & Borgwardt, 2020), https://arxiv.org/abs/1906.00722
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import torch
from numpy.typing import NDArray

from aeviz.analysis.measures import Case, Measured, NotApplicable, register_measure

NEIGHBOURS = 10
"""The k of the measures; published tables average over several."""

BENCHMARK_NEIGHBOURS = tuple(range(10, 201, 10))
"""The k that the table of the topological autoencoder averages over."""

SIGMAS = (0.01, 0.1, 1.0)
"""Widths of the density's kernel, on distances whose largest is 1."""

MOST = 2000
"""Samples at most that a measure compares; of more, a random choice."""

SLICE_VALUES = 2**22
"""Distances that are held at once."""

Matrix = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Quality:
    """What a comparison of data and latent found; the first four have one value per k.

    Attributes:
        neighbours: The k.
        trustworthiness: 1 where every neighbour in the latent is one in the data, (K,).
        continuity: 1 where every neighbour in the data is one in the latent, (K,).
        rank_error_latent: Mean relative rank error of the neighbours in the latent, (K,).
        rank_error_data: Mean relative rank error of the neighbours in the data, (K,).
        density_kl: KL divergence of the densities in nats, by the kernel's width σ.
        distance_rmse: Root of the mean squared difference of all distances.
        trustworthiness_each: That of every sample, mean over the k, (N,).
        continuity_each: The same of continuity, (N,).
    """

    neighbours: tuple[int, ...]
    trustworthiness: Matrix
    continuity: Matrix
    rank_error_latent: Matrix
    rank_error_data: Matrix
    density_kl: dict[float, float]
    distance_rmse: float
    trustworthiness_each: Matrix
    continuity_each: Matrix

    @property
    def rank_error(self) -> float:
        """Mean relative rank error, mean over both directions and the k."""
        return float(self.rank_error_latent.mean() + self.rank_error_data.mean()) / 2


def quality(
    x: Matrix,
    z: Matrix,
    neighbours: Sequence[int] = (NEIGHBOURS,),
    report: Callable[[float], None] | None = None,
) -> Quality:
    """Compare samples (N, F) with their latents (N, D).

    Trustworthiness and continuity at k are 1 - 2 / (N k (2N - 3k - 1)) · Σ (r - k) over the
    neighbours of one space whose rank r in the other is beyond k. The relative rank error is
    Σ |r - s| / s over the k neighbours of rank s, divided by its largest possible value. The
    density at a sample is Σ exp(-d² / σ) over all samples, itself included, with distances
    divided by the largest; densities are normalised to sum 1, KL is that of the data's from the
    latent's. `report` is told the share that is done.

    Raises:
        ValueError: If some k is not below N/2.
    """
    count = len(x)
    if max(neighbours) >= count / 2:
        raise ValueError(f"{max(neighbours)} neighbours need more than {2 * max(neighbours)} rows")
    ranks = _Ranks(count, tuple(neighbours))
    largest, squares = _extent(x, z)
    densities = np.zeros((2, len(SIGMAS), count))
    for rows in _slices(count):
        of_x, of_z = _distances(x, rows), _distances(z, rows)
        ranks.add(of_x, of_z, rows)
        for space, distances in enumerate((of_x, of_z)):
            scaled = np.square(distances / max(largest[space], np.finfo(float).tiny))
            for number, sigma in enumerate(SIGMAS):
                densities[space, number, rows] = np.exp(-scaled / sigma).sum(axis=1)
        if report is not None:
            report(min(1.0, rows.stop / count))
    each = ranks.each()
    return Quality(
        tuple(neighbours),
        *ranks.results(),
        density_kl={sigma: _kl(*densities[:, number]) for number, sigma in enumerate(SIGMAS)},
        distance_rmse=float(np.sqrt(squares / count**2)),
        trustworthiness_each=each[0],
        continuity_each=each[1],
    )


class _Ranks:
    """Sums over the neighbours of all samples, row by row."""

    def __init__(self, count: int, neighbours: tuple[int, ...]) -> None:
        self._count, self._neighbours = count, neighbours
        self._intruders = np.zeros((2, len(neighbours)))
        self._each = np.zeros((2, count))
        self._errors = np.zeros((2, max(neighbours)))

    def add(self, of_x: Matrix, of_z: Matrix, rows: slice) -> None:
        """Take a slice of the rows of both distance matrices."""
        own = np.arange(self._count)[rows, np.newaxis]
        order_x, ranks_x = _order(of_x, own)
        order_z, ranks_z = _order(of_z, own)
        most = max(self._neighbours)
        places = np.arange(1, most + 1)
        # neighbours of the latent with their ranks in the data, then the other way round
        for way, (order, ranks) in enumerate(((order_z, ranks_x), (order_x, ranks_z))):
            found = np.take_along_axis(ranks, order[:, 1 : most + 1], axis=1)
            self._errors[way] += (np.abs(found - places) / places).sum(axis=0)
            for number, k in enumerate(self._neighbours):
                beyond = np.maximum(found[:, :k] - k, 0).sum(axis=1)
                self._intruders[way, number] += beyond.sum()
                self._each[way, rows] += beyond * self._weight(k)

    def _weight(self, k: int) -> float:
        """What a sample's places beyond k count, so that all of them at the worst make 1."""
        return 2 / (k * (2 * self._count - 3 * k - 1))

    def each(self) -> Matrix:
        """Trustworthiness and continuity of every sample, mean over the k, (2, N)."""
        return 1 - self._each / len(self._neighbours)

    def results(self) -> tuple[Matrix, Matrix, Matrix, Matrix]:
        """Trustworthiness, continuity and both rank errors, (K,) each."""
        n, k = self._count, np.array(self._neighbours)
        kept = 1 - 2 / (n * k * (2 * n - 3 * k - 1)) * self._intruders
        places = np.arange(1, k.max() + 1)
        largest = n * np.cumsum(np.abs(2 * places - n - 1) / places)
        errors = np.cumsum(self._errors, axis=1) / largest
        return kept[0], kept[1], errors[0, k - 1], errors[1, k - 1]


def _order(distances: Matrix, own: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Samples by distance with oneself first, and the rank of every sample, both (B, N)."""
    np.put_along_axis(distances, own, -1.0, axis=1)
    order = _sorted_places(distances)
    np.put_along_axis(distances, own, 0.0, axis=1)
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(order.shape[1])[np.newaxis], axis=1)
    return order, ranks


def _sorted_places(distances: Matrix) -> NDArray[np.intp]:
    """A stable sort of every row: of four times the speed where no two distances are equal."""
    order = np.argsort(distances, axis=1)
    ordered = np.take_along_axis(distances, order, axis=1)
    ties = np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(axis=1))
    order[ties] = np.argsort(distances[ties], axis=1, kind="stable")
    return order


def _extent(x: Matrix, z: Matrix) -> tuple[tuple[float, float], float]:
    """The largest distance of both spaces, and the sum of squared differences of distances."""
    largest, squares = (0.0, 0.0), 0.0
    for rows in _slices(len(x)):
        of_x, of_z = _distances(x, rows), _distances(z, rows)
        largest = max(largest[0], float(of_x.max())), max(largest[1], float(of_z.max()))
        squares += float(np.square(of_x - of_z).sum())
    return largest, squares


def _slices(count: int) -> Iterator[slice]:
    size = max(1, SLICE_VALUES // count)
    for first in range(0, count, size):
        yield slice(first, first + size)


def _distances(points: Matrix, rows: slice) -> Matrix:
    """Euclidean distances of some points to all, (B, N)."""
    lengths = np.square(points).sum(axis=1)
    squares = lengths[rows, np.newaxis] + lengths - 2 * (points[rows] @ points.T)
    return np.asarray(np.sqrt(np.maximum(squares, 0.0)))


def _kl(of_x: Matrix, of_z: Matrix) -> float:
    """KL divergence in nats of densities that need not be normalised."""
    p, q = of_x / of_x.sum(), of_z / of_z.sum()
    return float((p * (np.log(p) - np.log(q))).sum())


# ── measures of a model ───────────────────────────────────────────────────────────────────────

_found: WeakKeyDictionary[Case, Quality] = WeakKeyDictionary()
"""One comparison gives all measures of a case."""


def of_case(case: Case) -> Quality:
    """The comparison of a case, computed once; of more than 2,000 samples, of a random choice.

    Raises:
        NotApplicable: If there are too few samples.
    """
    if len(case) <= 2 * NEIGHBOURS:
        raise NotApplicable(f"{NEIGHBOURS} neighbours need more than {2 * NEIGHBOURS} samples")
    if case not in _found:
        order = torch.randperm(len(case), generator=case.generator())
        rows = order[:MOST].sort().values
        x = case.x[rows].flatten(1).double().cpu().numpy()
        _found[case] = quality(x, case.latents[rows.numpy()].astype(np.float64))
    return _found[case]


@register_measure(
    "trustworthiness",
    title="Trustworthiness",
    definition="Whether the 10 nearest in the latent are near in the data: 1 is perfect, about 0.5 "
    "is chance; on at most 2,000 samples.",
)
def _trustworthiness(case: Case) -> Measured:
    return Measured(float(of_case(case).trustworthiness[0]))


@register_measure(
    "continuity",
    title="Continuity",
    definition="Whether the 10 nearest in the data are near in the latent: 1 is perfect, about 0.5 "
    "is chance; on at most 2,000 samples.",
)
def _continuity(case: Case) -> Measured:
    return Measured(float(of_case(case).continuity[0]))


@register_measure(
    "mrre",
    title="Mean relative rank error",
    definition="How far the ranks of the 10 nearest differ between data and latent, relative to "
    "the largest possible, mean of both directions: 0 is perfect; on at most 2,000 samples.",
)
def _rank_error(case: Case) -> Measured:
    found = of_case(case)
    return Measured(float(found.rank_error_latent[0] + found.rank_error_data[0]) / 2)


def _register_density(sigma: float) -> None:
    @register_measure(
        f"kl_{sigma:g}",
        title=f"Density divergence, σ = {sigma:g}",
        unit="nats",
        definition="KL divergence of the densities of data and latent at the samples, from kernels "
        f"exp(-d²/{sigma:g}) on distances whose largest is 1; on at most 2,000 samples.",
    )
    def _density_kl(case: Case) -> Measured:
        return Measured(of_case(case).density_kl[sigma])


for _sigma in SIGMAS:
    _register_density(_sigma)


@register_measure(
    "rmse",
    title="Error of distances",
    unit="distance of scaled samples",
    definition="Root of the mean squared difference between distances in the data, as the model "
    "sees them, and in the latent; on at most 2,000 samples.",
)
def _distance_rmse(case: Case) -> Measured:
    return Measured(of_case(case).distance_rmse)
