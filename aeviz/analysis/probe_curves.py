"""How a probe does with fewer labels, and with samples that were generated."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz.analysis.probe_folds import Heard, Make, Split, score
from aeviz.analysis.probe_models import Kind, Matrix, fitted
from aeviz.messages import IntArray


def sizes(most: int, least: int) -> tuple[int, ...]:
    """10, 30, 100, 300 … as far as they lie from `least` up to below `most`.

    Example:
        >>> sizes(700, 10), sizes(90, 26)
        ((10, 30, 100, 300), (30,))
    """
    steps = (factor * 10**power for power in range(1, 7) for factor in (1, 3))
    return tuple(step for step in steps if least <= step < most)


def order_of(y: NDArray[Any], generator: np.random.Generator) -> IntArray:
    """A random order whose every beginning has about each class's share."""
    order = generator.permutation(len(y))
    place = np.empty(len(y))
    for label in np.unique(y):
        own = np.flatnonzero(y[order] == label)
        place[own] = (np.arange(len(own)) + 0.5) / len(own)
    return np.asarray(order[np.argsort(place, kind="stable")], np.int64)


def few_labels(
    kind: Kind,
    make: Make,
    x: Matrix,
    y: NDArray[Any],
    cut: Split,
    counts: tuple[int, ...],
    heard: Heard,
    *,
    principal: int = 0,
) -> Matrix:
    """Scores of each fold's validation part, of probes that were told so many labels.

    Args:
        kind: The probe.
        make: Its pipeline.
        x: (N, F).
        y: (N,).
        cut: The folds.
        counts: How many labels of a fold's training part are told, smaller ones nested in larger.
        heard: Called after every fit.
        principal: Axes of a PCA that is fitted without labels to the fold's whole training part,
            as an encoder is; 0 for none.

    Returns:
        (len(counts), K).
    """
    found = np.empty((len(counts), len(cut.folds)))
    for fold, (fit, look) in enumerate(cut.folds):
        seen = _principal(x, fit, principal, kind.seed) if principal else x
        generator = np.random.default_rng([kind.seed, fold])
        order = fit[
            generator.permutation(len(fit)) if kind.is_number else order_of(y[fit], generator)
        ]
        for number, count in enumerate(counts):
            some = order[:count]
            probe = fitted(kind, make(), seen[some], y[some])
            found[number, fold] = score(kind, y[look], probe.predict(seen[look]))
            heard()
    return found


def _principal(x: Matrix, fit: IntArray, count: int, seed: int) -> Matrix:
    from sklearn.decomposition import PCA

    return np.asarray(PCA(count, random_state=seed).fit(x[fit]).transform(x))


def drawn(
    z: Matrix, y: NDArray[Any], generator: np.random.Generator
) -> tuple[Matrix, NDArray[Any]]:
    """As many latents as there are, from a Gaussian for each class: its mean, its covariance."""
    latents, labels = [], []
    for label in np.unique(y):
        own = z[y == label]
        spread = np.atleast_2d(np.cov(own.T)) if len(own) > 1 else np.zeros((z.shape[1],) * 2)
        latents.append(generator.multivariate_normal(own.mean(axis=0), spread, len(own)))
        labels.append(np.full(len(own), label))
    return np.concatenate(latents), np.concatenate(labels)


def augmented(
    kind: Kind, make: Make, z: Matrix, y: NDArray[Any], cut: Split, counts: tuple[int, ...]
) -> Matrix:
    """Accuracies of each fold without and with drawn latents beside its own, of so many labels.

    Args:
        kind: The probe.
        make: Its pipeline.
        z: Latents, (N, D).
        y: (N,).
        cut: The folds: what is drawn comes from the training part alone.
        counts: How many labels are told.

    Returns:
        (len(counts), 2, K).
    """
    found = np.empty((len(counts), 2, len(cut.folds)))
    for fold, (fit, look) in enumerate(cut.folds):
        generator = np.random.default_rng([kind.seed, fold])
        order = fit[order_of(y[fit], generator)]
        for number, count in enumerate(counts):
            own, labels = z[order[:count]], y[order[:count]]
            more, theirs = drawn(own, labels, generator)
            both = np.concatenate((own, more)), np.concatenate((labels, theirs))
            for with_drawn, (x, told) in enumerate(((own, labels), both)):
                probe = fitted(kind, make(), x, told)
                found[number, with_drawn, fold] = score(kind, y[look], probe.predict(z[look]))
    return found
