"""Splits of a probe: folds that validate it, and a test part that is looked at once."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aeviz.analysis.probe_models import Fitted, Kind, Matrix, fitted
from aeviz.messages import IntArray

Make = Callable[[], Any]
"""Returns a pipeline that is not fitted."""

Heard = Callable[[], None]
"""Called after every fit."""


class Split(NamedTuple):
    """Places among the samples of a probe.

    Attributes:
        folds: Of each fold those to fit and those to validate on, all of the development part.
        development: What the folds cut.
        test: What is held out and looked at once; empty for none.
    """

    folds: tuple[tuple[IntArray, IntArray], ...]
    development: IntArray
    test: IntArray


class Scores(NamedTuple):
    """What a cross-validation found.

    Attributes:
        folds: Score of each fold's validation part: accuracy of classes, R² of numbers, (K,).
        predicted: Of every sample by the fold that did not see it; NaN or -1 of the test part.
        deviation: Standard deviations of a Gaussian process of numbers, else empty.
        chosen: What each fold's grid search chose.
    """

    folds: Matrix
    predicted: NDArray[Any]
    deviation: Matrix
    chosen: tuple[dict[str, Any], ...]

    @property
    def mean(self) -> float:
        """Mean over the folds."""
        return float(self.folds.mean())

    @property
    def spread(self) -> float:
        """Standard deviation over the folds."""
        return float(self.folds.std(ddof=1)) if len(self.folds) > 1 else 0.0


def split(y: NDArray[Any], folds: int, test: float, seed: int, *, is_number: bool) -> Split:
    """Cut samples at random; those of classes so that every part has its share of each.

    Args:
        y: Targets, (N,).
        folds: How many.
        test: Share that is held out, in [0, 1).
        seed: Of both cuts.
        is_number: Whether targets are numbers, which are not stratified.
    """
    from sklearn.model_selection import KFold, StratifiedKFold, train_test_split

    rows, held = np.arange(len(y)), np.empty(0, np.int64)
    if test > 0:
        shares = None if is_number else y
        rows, held = train_test_split(rows, test_size=test, random_state=seed, stratify=shares)
        rows, held = np.sort(rows), np.sort(held)
    cut = (KFold if is_number else StratifiedKFold)(folds, shuffle=True, random_state=seed)
    parts = tuple((rows[fit], rows[look]) for fit, look in cut.split(rows, y[rows]))
    return Split(parts, rows, held)


def score(kind: Kind, y: NDArray[Any], predicted: NDArray[Any]) -> float:
    """The share that is right; of numbers R², 0 for the mean and 1 for all of it."""
    if not kind.is_number:
        return float(np.mean(y == predicted))
    rest, whole = np.square(y - predicted).sum(), np.square(y - y.mean()).sum()
    return float(1 - rest / whole) if whole > 0 else math.nan


def validated(
    kind: Kind,
    make: Make,
    x: Matrix,
    y: NDArray[Any],
    cut: Split,
    *,
    search: bool = False,
    heard: Heard | None = None,
) -> Scores:
    """Fit on each fold's training part and look at its validation part."""
    found, chosen = [], []
    predicted = np.full(len(y), np.nan) if kind.is_number else np.full(len(y), -1, np.int64)
    is_sure = kind.is_number and kind.probe == "gaussian"
    deviation = np.full(len(y) if is_sure else 0, np.nan)
    for fit, look in cut.folds:
        probe = fitted(kind, make(), x[fit], y[fit], search=search)
        predicted[look] = probe.predict(x[look])
        if is_sure:
            deviation[look] = probe.deviation(x[look])
        found.append(score(kind, y[look], predicted[look]))
        chosen.append(probe.chosen)
        if heard is not None:
            heard()
    return Scores(np.array(found), predicted, deviation, tuple(chosen))


def tested(
    kind: Kind, make: Make, x: Matrix, y: NDArray[Any], cut: Split, *, search: bool
) -> tuple[Fitted, float]:
    """A probe fitted on the whole development part, and its score on the test part."""
    probe = fitted(kind, make(), x[cut.development], y[cut.development], search=search)
    if not len(cut.test):
        return probe, math.nan
    return probe, score(kind, y[cut.test], probe.predict(x[cut.test]))


def error_of(kind: Kind, scores: Scores, count: int) -> float:
    """Standard error: of a share of `count` samples; of R² that of the mean over the folds."""
    if kind.is_number:
        return scores.spread / math.sqrt(len(scores.folds))
    return binomial_error(scores.mean, count)


def binomial_error(share: float, count: int) -> float:
    """Standard error of a share of so many samples."""
    return math.sqrt(share * (1 - share) / count) if count else math.nan
