"""Directions between two groups of samples, and whether they separate samples not used for them."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz.analysis.questions import Findings, Subject, register_question
from aeviz.messages import FloatArray

PERMUTATIONS = 499
"""Relabellings that the observed separation is compared with."""

MOST = 2000
"""Samples of a side at most that the test looks at, chosen at random."""

FEWEST = 4
"""Samples that a side needs for the test: two to find the direction, two to try it."""

_SLICE = 0.006

Bools = NDArray[np.bool_]


def direction(latents: FloatArray, start: NDArray[np.int64], end: NDArray[np.int64]) -> FloatArray:
    """The mean latent of one group minus that of another, (D,).

    Args:
        latents: Of all samples, (N, D); rows that are not finite do not count.
        start: Rows of the group that it leads from.
        end: Rows of the group that it leads to.

    Raises:
        ValueError: If a group is empty.

    References:
        | Sampling Generative Networks (White, 2016)
        | https://arxiv.org/abs/1609.04468
    """
    means = []
    for rows in (start, end):
        known = latents[rows].astype(np.float64)
        known = known[np.isfinite(known).all(axis=1)]
        if not len(known):
            raise ValueError("a direction needs samples on both sides")
        means.append(known.mean(axis=0))
    return np.asarray(means[1] - means[0], np.float32)


def separation(latents: FloatArray, is_end: Bools, order: NDArray[np.int64]) -> float:
    """How well a direction separates samples that it was not made of: the mean AUC of two halves.

    Every half is projected on the direction of the other half. The halves depend on the labels
    alone, once an order is given, so that relabelled data are treated alike.

    Args:
        latents: (M, D), finite.
        is_end: Which of them are of the group that the direction leads to, (M,).
        order: A permutation of the rows by which each group is dealt to the two halves.

    Returns:
        1 where all are told apart, 0.5 by chance.
    """
    half = np.zeros(len(latents), np.bool_)
    for side in (True, False):
        rows = order[is_end[order] == side]
        half[rows[::2]] = True
    found = []
    for used in (half, ~half):
        towards = latents[used & is_end].mean(axis=0) - latents[used & ~is_end].mean(axis=0)
        along = latents @ towards
        found.append(area_under_curve(along[~used & ~is_end], along[~used & is_end]))
    return float(np.mean(found))


def area_under_curve(low: FloatArray, high: FloatArray) -> float:
    """The share of pairs of which `high` has the larger value; equal ones count half.

    Example:
        >>> import numpy as np
        >>> area_under_curve(np.array([0.0, 1.0]), np.array([1.0, 2.0]))
        0.875
    """
    ranked = np.sort(low)
    below = np.searchsorted(ranked, high, "left") + np.searchsorted(ranked, high, "right")
    return float(below.mean() / (2 * len(low)))


def relabelled(
    latents: FloatArray, is_end: Bools, seed: int, permutations: int = PERMUTATIONS
) -> Iterator[tuple[float, float, int]]:
    """A permutation test of `separation`, one relabelling at a step.

    Yields:
        The observed separation, its p-value so far, (1 + how many relabellings separate as well) /
        (1 + how many there were), and how many there were.
    """
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(latents))
    observed, as_well = separation(latents, is_end, order), 0
    for number in range(1, permutations + 1):
        as_well += separation(latents, generator.permutation(is_end), order) >= observed
        yield observed, (1 + as_well) / (1 + number), number


@register_question("attribute")
def attribute_of_run(subject: Subject, arguments: Mapping[str, Any]) -> Iterator[Findings | None]:
    """The direction between two groups of the shown samples, at once; then whether it separates.

    Arguments: `start` and `end`, rows; `tag`, which comes back. Arrays: `direction`, (D,), the full
    step from the one mean to the other. Values: `tag`; `auc`, `p`, `permutations` and `tested`, the
    samples that were looked at, once the test is done; `why_not` where there can be none.
    """
    latents = subject.latents
    assert latents is not None
    start, end = (np.unique(np.asarray(arguments[side], np.int64)) for side in ("start", "end"))
    for rows in (start, end):
        if len(rows) and not (rows[0] >= 0 and rows[-1] < len(latents)):
            raise ValueError("a group names samples that this run does not show")
    arrays, tag = {"direction": direction(latents, start, end)}, arguments.get("tag")
    yield Findings(arrays, {"tag": tag})
    sides = _apart(latents, start, end)
    if min(len(side) for side in sides) < FEWEST:
        why = f"a test needs {FEWEST} samples on each side that the other has not"
        yield Findings(arrays, {"tag": tag, "why_not": why})
        return
    values = np.concatenate([latents[side] for side in sides]).astype(np.float32)
    is_end = np.arange(len(values)) >= len(sides[0])
    began, (auc, p, count) = time.perf_counter(), (0.5, 1.0, 0)
    for auc, p, count in relabelled(values, is_end, seed=0):  # noqa: B007 - the last one counts
        if time.perf_counter() - began > _SLICE:
            yield None
            began = time.perf_counter()
    told = {"auc": auc, "p": p, "permutations": count, "tested": len(values)}
    yield Findings(arrays, {"tag": tag, **told})


def _apart(
    latents: FloatArray, start: NDArray[np.int64], end: NDArray[np.int64]
) -> list[NDArray[np.int64]]:
    """The finite samples of either side that the other has not, at most `MOST` of them."""
    generator = np.random.default_rng(0)
    sides = []
    for one, other in ((start, end), (end, start)):
        own = np.setdiff1d(one, other)
        own = own[np.isfinite(latents[own]).all(axis=1)]
        sides.append(generator.choice(own, MOST, replace=False) if len(own) > MOST else own)
    return sides
