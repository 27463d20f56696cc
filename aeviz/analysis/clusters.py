"""The instrument of clusters: groups of latents that were found without labels."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass

from aeviz.analysis import cluster_methods as methods
from aeviz.analysis.cluster_agreement import AGREEMENTS, contingency
from aeviz.analysis.instruments import Study, register_instrument
from aeviz.analysis.measures import Case, Measured, NotApplicable, register_measure
from aeviz.analysis.questions import Findings
from aeviz.messages import FloatArray, IntArray
from aeviz.models.options import FORBID_EXTRA

NOISE, ELSEWHERE = -1, -2
"""Numbers of samples in no cluster: noise of HDBSCAN, and those that were not looked at."""

SEEDS = 2**32
"""scikit-learn takes seeds below it; a run's are larger."""

HULL_SHARE = 0.95
"""Share of a cluster's samples that its outline is drawn around: those nearest its middle."""

CRITERIA = {"k-means": "silhouette", "mixture": "bic", "spectral": "silhouette", "hdbscan": "size"}
"""What the curve of each method is of."""


@dataclass(config=FORBID_EXTRA, frozen=True)
class ClustersConfig:
    """Options of the instrument."""

    method: Annotated[
        Literal["k-means", "mixture", "spectral", "hdbscan"],
        Field(
            title="Method",
            description="k-means: round clusters of like width. Mixture: Gaussians, long ones too. "
            "Spectral: any shape that hangs together. HDBSCAN: dense places; the rest is noise",
        ),
    ] = "k-means"
    space: Annotated[
        Literal["latents", "map"],
        Field(
            title="Points",
            description="The latents, or only their positions on the map's own plane",
        ),
    ] = "latents"
    part: Annotated[
        Literal["all", "train", "validation"],
        Field(title="Samples", description="Of which part the samples are"),
    ] = "all"
    number: Annotated[
        Literal["criterion", "classes", "hand"],
        Field(
            title="Number by",
            description="By criterion: the best silhouette (k-means, spectral) or the lowest BIC "
            "(mixture). Classes: as many as there are labels. HDBSCAN finds its own",
        ),
    ] = "criterion"
    clusters: Annotated[
        int,
        Field(
            ge=1,
            le=200,
            title="Clusters",
            description="How many clusters there are",
            json_schema_extra={"when": ["number", "hand"]},
        ),
    ] = 10
    largest: Annotated[
        int,
        Field(
            ge=2,
            le=60,
            title="Up to",
            description="The largest number that is tried; the smallest is 2, of a mixture 1",
            json_schema_extra={"when": ["number", "criterion"]},
        ),
    ] = 15
    smallest: Annotated[
        float,
        Field(
            ge=0.01,
            le=50,
            title="Smallest (%)",
            description="Share of the samples that a cluster of HDBSCAN has at least",
            json_schema_extra={"when": ["method", "hdbscan"]},
        ),
    ] = 1.0
    most: Annotated[
        int,
        Field(
            ge=100,
            le=100_000,
            title="At most",
            description="Samples at most, chosen at random, that the method sees; the rest join "
            "the cluster of the nearest of them. The work grows with their square",
            json_schema_extra={"when": ["method", "spectral", "hdbscan"]},
        ),
    ] = 10_000
    judged: Annotated[
        int,
        Field(
            ge=100,
            le=20_000,
            title="Silhouette of",
            description="Samples at most, chosen at random, that the silhouette is taken on",
            json_schema_extra={"when": ["number", "criterion"], "advanced": True},
        ),
    ] = 3_000


@register_instrument(
    "clusters",
    title="Clusters",
    summary="Groups of latents found without labels, and how far they agree with the labels.",
    source="Lloyd, 1982 (k-means); Schwarz, 1978 (BIC); Ng, Jordan & Weiss, 2001 (spectral); "
    "Campello, Moulavi & Sander, 2013 (HDBSCAN); Rousseeuw, 1987 (silhouette); Hubert & Arabie, "
    "1985 (ARI)",
    config=ClustersConfig,
)
def clustered(study: Study, options: ClustersConfig) -> Findings:
    """Find clusters, the largest first, and compare them with labels.

    Returns:
        Arrays: `clusters` (N,), from 0, −1 for noise, −2 for samples that were not looked at;
        `sizes` (K,); `means` (K, D), mean latents; `middles` (K, 2), mean positions;
        `hulls` (P, 2) and `hull_of` (P,): corners of the outlines one after another, and whose;
        `classes` (K,) and `shares` (K,): the most frequent label, and its share of those that have
        one, −1 and NaN without; `curve_at`, `curve`, `curve_noise` (M,), see `Curve`.
        Values: `found`, `noise`, `samples`, `seen` by the method; `ari`, `nmi`, `purity`,
        `matching`, None without labels;
        `labelled`, how many they are of; `criterion` of the curve, `chosen` on it.

    Raises:
        NotApplicable: If there are too few different samples, or no labels to count.
    """
    rows, points = _points(study, options)
    seen = points
    chosen = rows
    if options.method in ("spectral", "hdbscan"):
        chosen = study.some(rows, options.most)
        seen = points[np.searchsorted(rows, chosen)]
    partition = _partition(study, options, seen)
    numbers = partition.clusters
    if len(chosen) < len(rows):
        study.report(0.92, "the rest joins the nearest")
        numbers = methods.nearest_clusters(points, seen, numbers)
    study.report(0.96, "means and outlines")
    clusters = np.full(len(study), ELSEWHERE, np.int64)
    clusters[rows] = by_size(numbers)
    arrays, found = _described(study, clusters)
    curve = partition.curve or methods.Curve(np.empty(0), np.empty(0), np.empty(0))
    arrays |= {"curve_at": curve.at, "curve": curve.values, "curve_noise": curve.noise}
    values: dict[str, Any] = {
        "found": found,
        "noise": int((clusters == NOISE).sum()),
        "samples": len(rows),
        "seen": len(chosen),
        "part": options.part,
        "criterion": CRITERIA[options.method] if len(curve.at) else "",
        "chosen": options.smallest if options.method == "hdbscan" else _number(numbers),
    }
    return Findings(arrays, values | _agreement(study, clusters))


# ── finding ───────────────────────────────────────────────────────────────────────────────────


def _points(study: Study, options: ClustersConfig) -> tuple[IntArray, methods.Points]:
    """The rows that are looked at and what is grouped of them.

    Raises:
        NotApplicable: If they are fewer than three, all the same, or not finite.
    """
    rows = study.rows(options.part)
    source = study.latents if options.space == "latents" else study.positions
    points = np.asarray(source[rows], np.float64).reshape(len(rows), -1)
    if not np.isfinite(points).all():
        raise NotApplicable("some latents of this epoch are not finite")
    if len(rows) < 3 or not np.ptp(points, axis=0).any():
        raise NotApplicable("clusters need three samples that are not all at the same place")
    return rows, points


def _partition(study: Study, options: ClustersConfig, points: methods.Points) -> methods.Partition:
    """The clusters of the points that the method sees."""

    def report(share: float, phrase: str) -> None:
        study.report(0.02 + 0.88 * share, phrase)

    if options.method == "hdbscan":
        return methods.by_density(points, options.smallest, report)
    judged = study.some(np.arange(len(points)), options.judged)
    task = methods.Task(
        points, counts_of(study, options, points), judged, study.seed % SEEDS, report
    )
    ways: dict[str, Callable[[methods.Task], methods.Partition]] = {
        "k-means": methods.by_means,
        "mixture": methods.by_mixture,
        "spectral": methods.by_graph,
    }
    return ways[options.method](task)


def counts_of(study: Study, options: ClustersConfig, points: methods.Points) -> list[int]:
    """The numbers of clusters to choose from.

    Raises:
        NotApplicable: If there are no labels to count, or fewer different points than clusters.
    """
    different = len(np.unique(points, axis=0))
    if options.number == "criterion":
        least = 1 if options.method == "mixture" else 2
        return list(range(least, min(options.largest, different - 1, len(points) - 2) + 1))
    wanted = options.clusters
    if options.number == "classes":
        everyone = study.labelled(study.rows(options.part))
        wanted = len(np.unique(study.labels[everyone])) if study.labels is not None else 0
    if wanted > min(different, len(points) - 2):
        raise NotApplicable(f"{wanted} clusters need more samples than the {different} there are")
    return [wanted]


def by_size(numbers: IntArray) -> IntArray:
    """Number the clusters anew (N,): the largest is 0; negative ones keep their number."""
    there, first, inverse, sizes = np.unique(
        numbers, return_index=True, return_inverse=True, return_counts=True
    )
    new = np.where(there < 0, there, 0)
    real = np.flatnonzero(there >= 0)
    order = real[np.lexsort((first[real], -sizes[real]))]
    new[order] = np.arange(len(order))
    return np.asarray(new[inverse], np.int64)


def _number(numbers: IntArray) -> int:
    return len(np.unique(numbers[numbers >= 0]))


# ── describing ────────────────────────────────────────────────────────────────────────────────


def _described(study: Study, clusters: IntArray) -> tuple[dict[str, NDArray[Any]], int]:
    """Sizes, means, outlines and most frequent labels of clusters, and how many there are."""
    count = int(clusters.max(initial=-1)) + 1
    members = [np.flatnonzero(clusters == number) for number in range(count)]
    dimensions = study.latents.shape[1]
    outlines = [outline(study.positions[rows]) for rows in members]
    classes = np.full(count, -1, np.int64)
    shares = np.full(count, np.nan)
    for number, rows in enumerate(members):
        own = np.empty(0, np.int64) if study.labels is None else study.labels[rows]
        counts = np.bincount(own[own >= 0])
        if counts.sum():
            classes[number], shares[number] = counts.argmax(), counts.max() / counts.sum()
    arrays: dict[str, NDArray[Any]] = {
        "clusters": clusters,
        "sizes": np.array([len(rows) for rows in members], np.int64),
        "means": _means(study.latents, members, dimensions),
        "middles": _means(study.positions, members, 2),
        "hulls": np.concatenate([np.empty((0, 2), np.float32), *outlines]),
        "hull_of": np.repeat(np.arange(count), [len(corners) for corners in outlines]),
        "classes": classes,
        "shares": shares,
    }
    return arrays, count


def _means(values: FloatArray, members: list[IntArray], width: int) -> FloatArray:
    found = [values[rows].mean(axis=0, dtype=np.float64) for rows in members]
    return np.array(found, np.float32).reshape(len(members), width)


def outline(positions: FloatArray) -> FloatArray:
    """The corners of the convex hull of most of some positions, (P, 2), in order.

    Around `HULL_SHARE` of them, those nearest the mean: one far away would stretch it over others.
    Positions on a line have no hull: (0, 2).
    """
    from scipy.spatial import ConvexHull, QhullError

    away = np.linalg.norm(positions - positions.mean(axis=0), axis=1)
    inner = positions[away <= np.quantile(away, HULL_SHARE)]
    try:
        corners = ConvexHull(inner.astype(np.float64)).vertices
    except (QhullError, ValueError):
        return np.empty((0, 2), np.float32)
    return np.asarray(inner[corners], np.float32)


def _agreement(study: Study, clusters: IntArray) -> dict[str, Any]:
    """The agreements with labels, None without."""
    labels = study.labels
    known = clusters > ELSEWHERE
    if labels is not None:
        known &= labels >= 0
    if labels is None or not known.any():
        return {**dict.fromkeys(AGREEMENTS), "labelled": 0}
    table = contingency(labels[known], clusters[known])
    values: dict[str, Any] = {name: agree(table) for name, agree in AGREEMENTS.items()}
    return values | {"labelled": int(known.sum())}


# ── measures ──────────────────────────────────────────────────────────────────────────────────

_OF_WHAT = "the clusters of k-means on the latents, as many as there are classes"


@register_measure(
    "ari",
    title="Adjusted Rand index",
    definition=f"Agreement of the labels with {_OF_WHAT}: share of pairs of samples that are "
    "together in both or apart in both, adjusted so that chance is 0; 1 is perfect.",
)
def ari(case: Case) -> Measured:
    """Of k-means and labels."""
    return _measured(case, "ari")


@register_measure(
    "nmi",
    title="Normalised mutual information",
    definition=f"Mutual information of the labels and {_OF_WHAT}, over the mean of both entropies; "
    "1 is perfect.",
)
def nmi(case: Case) -> Measured:
    """Of k-means and labels."""
    return _measured(case, "nmi")


@register_measure(
    "purity",
    title="Purity",
    definition=f"Share of samples with the most frequent label of their cluster, of {_OF_WHAT}.",
)
def purity(case: Case) -> Measured:
    """Of k-means and labels."""
    return _measured(case, "purity")


def _measured(case: Case, name: str) -> Measured:
    """An agreement of labels and k-means with as many clusters.

    Raises:
        NotApplicable: If there are no labels, or one class alone.
    """
    if case.labels is None:
        raise NotApplicable("these samples have no labels")
    known = case.labels >= 0
    labels, points = case.labels[known], np.asarray(case.latents[known], np.float64)
    count = len(np.unique(labels))
    if count < 2:
        raise NotApplicable("two classes are needed, and these samples have one at most")
    if not np.isfinite(points).all():
        raise NotApplicable("some latents are not finite")
    clusters = methods.means(points, count, case.seed % SEEDS)
    return Measured(AGREEMENTS[name](contingency(labels, clusters)))
