"""Whether a decode is a memory of a training sample: the nearest samples of both parts.

A decode that lies nearer to training samples than held-out samples do, compared with how near both
lie to samples that the model never saw, may be a copy. Distances are Euclidean over the features as
the model sees them.
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from aeviz.analysis.fits import Fits, mark_of
from aeviz.analysis.questions import Findings, Subject, register_question
from aeviz.messages import FloatArray, IntArray

JUDGED = 128
"""Held-out samples at most whose own ratios a decode is compared with."""

VALUES = 2**20
"""Values of samples that are read in a slice of about 8 ms."""

PRODUCTS = 2**26
"""Products of a slice, where many samples are compared with many."""

Read = Callable[[IntArray], FloatArray]
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Nearest:
    """The nearest sample of a part for each of some queries.

    Attributes:
        rows: Of the samples, (Q,).
        distances: To them, (Q,).
    """

    rows: IntArray
    distances: Numbers


@register_question("memorised")
def memorised(subject: Subject, arguments: Mapping[str, Any]) -> Iterator[Findings | None]:
    """The nearest training and held-out samples of a decode, and how usual their ratio is.

    Only kept samples are looked at. Arguments: `z`, D numbers; `condition` as messages name it;
    `asked`, which comes back. Arrays: `z`; `x`, the decode in its own units; `nearest`, rows of the
    nearest training and the nearest held-out sample. Values: `distance_train`,
    `distance_validation` and their `ratio`; `percentile`: the share, in percent, of `judged`
    held-out samples whose own ratio (the nearest held-out one being another one) is at most that,
    None until it is known; `usual_train` and `usual_ratio`, the medians of theirs; `train`,
    `validation`: how many samples of each part there are.

    Raises:
        ValueError: If the run keeps no samples, or none of one part.
    """
    train, held = _parts(subject)
    z = np.asarray(arguments["z"], np.float32)
    query, own = _decoded(subject, z, arguments.get("condition"))
    yield None
    read = subject.samples
    assert read is not None
    near = yield from nearest(read, train, query)
    far = yield from nearest(read, held, query)
    found = float(ratio(near.distances, far.distances)[0])
    values: dict[str, Any] = {
        "asked": arguments.get("asked"),
        "distance_train": float(near.distances[0]),
        "distance_validation": float(far.distances[0]),
        "ratio": found,
        "percentile": None,
        "train": len(train),
        "validation": len(held),
    }
    arrays = {"z": z, "x": own, "nearest": np.array([near.rows[0], far.rows[0]])}
    yield Findings(arrays, dict(values))
    if len(held) > 1:
        key = (mark_of(read(held[:32]).reshape(min(len(held), 32), -1)), len(train), len(held))
        usual = yield from _usual.follow(key, lambda: _measured(read, train, held))
        ratios = usual[0]
        values |= {
            "percentile": 100.0 * float(np.mean(ratios <= found)),
            "judged": len(ratios),
            "usual_ratio": float(np.median(ratios)),
            "usual_train": float(np.median(usual[1])),
        }
    yield Findings(arrays, values)


def _parts(subject: Subject) -> tuple[IntArray, IntArray]:
    """Rows of the kept samples that were trained on, and of those held out."""
    if subject.samples is None or not subject.kept or subject.parts is None:
        raise ValueError("this run keeps no samples, so nothing can be compared with them")
    parts = np.asarray(subject.parts[: subject.kept])
    train, held = np.flatnonzero(parts == 0), np.flatnonzero(parts != 0)
    if not len(held):
        raise ValueError(
            "all kept samples were trained on: a decode can only be judged beside samples that "
            "were held out"
        )
    if not len(train):
        raise ValueError("none of the kept samples was trained on")
    return train.astype(np.int64), held.astype(np.int64)


@torch.no_grad()
def _decoded(subject: Subject, z: FloatArray, condition: Any) -> tuple[FloatArray, FloatArray]:
    """A decode as the model sees samples, (1, F), and channels last in its own units."""
    assert subject.model is not None
    told = None if subject.condition is None else subject.condition(condition, 1)
    x = subject.model.decode(torch.from_numpy(z[np.newaxis].copy()), told).float()
    last = (x.movedim(1, -1) if x.ndim == 4 else x).numpy()
    own = last if subject.own_units is None else subject.own_units(last)
    return x.flatten(1).numpy(), np.ascontiguousarray(own[0], np.float32)


def nearest(
    read: Read, rows: IntArray, queries: FloatArray, selves: IntArray | None = None
) -> Generator[None, None, Nearest]:
    """The nearest of some samples to each query (Q, F), in slices.

    Args:
        read: Returns samples by rows, float32 (K, …).
        rows: Of the samples.
        queries: What they are compared with.
        selves: Rows of the queries where they are samples: none is its own nearest one, (Q,).
    """
    count, features = queries.shape
    best, at = np.full(count, np.inf), np.full(count, -1, np.int64)
    size = max(1, min(VALUES // features, PRODUCTS // (features * count)))
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        x = np.asarray(read(part), np.float32).reshape(len(part), features)
        squares = _squares(x, queries)
        if selves is not None:
            squares[part[:, np.newaxis] == selves] = np.inf
        place = np.nanargmin(np.where(np.isnan(squares), np.inf, squares), axis=0)
        found = squares[place, np.arange(count)]
        better = found < best
        best[better], at[better] = found[better], part[place[better]]
        yield
    return Nearest(at, np.sqrt(best))


def _squares(x: FloatArray, queries: FloatArray) -> Numbers:
    """Squared distances of samples (K, F) to queries (Q, F), (K, Q)."""
    if len(queries) == 1:
        away = x - queries
        return np.asarray(np.einsum("kf,kf->k", away, away)[:, np.newaxis], np.float64)
    norms = [np.einsum("nf,nf->n", each, each).astype(np.float64) for each in (x, queries)]
    squares = norms[0][:, np.newaxis] + norms[1] - 2.0 * (x @ queries.T)
    return np.asarray(np.maximum(squares, 0.0))


def ratio(near: Numbers, far: Numbers) -> Numbers:
    """Distance to the training samples over that to held-out ones; 1 where both are none."""
    both = (near == 0) & (far == 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(both, 1.0, near / far))


def _measured(
    read: Read, train: IntArray, held: IntArray
) -> Generator[None, None, tuple[Numbers, Numbers]]:
    """Ratios of held-out samples, and how far they lie from the training samples."""
    chosen = np.sort(np.random.default_rng(0).permutation(held)[:JUDGED])
    queries = np.asarray(read(chosen), np.float32).reshape(len(chosen), -1)
    near = yield from nearest(read, train, queries)
    far = yield from nearest(read, held, queries, selves=chosen)
    return ratio(near.distances, far.distances), near.distances


_usual: Fits[None, tuple[Numbers, Numbers]] = Fits(4)
