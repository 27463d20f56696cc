"""How the features of a table are scaled for a model, chosen by what they are."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aeviz.data.dataset import DataError, Scaling

Numbers = NDArray[np.float64]
PIXELS = re.compile(r"(pixel|px|p)[-_. ]?\d+([-_x]\d+)?|\d+x\d+", re.IGNORECASE)
LARGE_COUNT, MANY_ZEROS = 100.0, 0.1
"""Features that are never negative, reach this and are 0 this often are taken for counts."""


@dataclass(frozen=True, eq=False)
class Extent:
    """Features in numbers; what is missing or infinite counts nowhere.

    Attributes:
        counts: Values of every feature.
        low: The smallest.
        high: The largest.
        means: Their means.
        spreads: Their standard deviations.
        zeros: How many are 0.
        is_whole: Whether all of all features are whole numbers.
    """

    counts: NDArray[np.int64]
    low: Numbers
    high: Numbers
    means: Numbers
    spreads: Numbers
    zeros: NDArray[np.int64]
    is_whole: bool


def extent_of(pieces: Iterable[NDArray[np.float32]]) -> Extent:
    """Put features in numbers, a piece (n, F) at a time.

    Means and spreads of the pieces are joined as in Chan, Golub and LeVeque, "Updating formulae and
    a pairwise algorithm for computing sample variances" (1979), which loses no digits.
    """
    total: Extent | None = None
    for piece in pieces:
        part = _of_piece(piece)
        total = part if total is None else _joined(total, part)
    if total is None:
        raise ValueError("there is no piece")
    return total


def _of_piece(piece: NDArray[np.float32]) -> Extent:
    values = piece.astype(np.float64)
    there = np.isfinite(values)
    counts = there.sum(axis=0)
    sums = np.where(there, values, 0.0).sum(axis=0)
    means = np.divide(sums, counts, out=np.zeros_like(sums), where=counts > 0)
    squares = ((np.where(there, values, means) - means) ** 2).sum(axis=0)
    return Extent(
        counts=counts.astype(np.int64),
        low=np.where(there, values, np.inf).min(axis=0, initial=np.inf),
        high=np.where(there, values, -np.inf).max(axis=0, initial=-np.inf),
        means=means,
        spreads=np.sqrt(np.divide(squares, counts, out=np.zeros_like(sums), where=counts > 0)),
        zeros=(values == 0).sum(axis=0).astype(np.int64),
        is_whole=bool((values[there] == np.rint(values[there])).all()),
    )


def _joined(one: Extent, two: Extent) -> Extent:
    counts = one.counts + two.counts
    whole = np.maximum(counts, 1)
    apart = two.means - one.means
    squares = one.spreads**2 * one.counts + two.spreads**2 * two.counts
    squares += apart**2 * one.counts * two.counts / whole
    return Extent(
        counts=counts,
        low=np.minimum(one.low, two.low),
        high=np.maximum(one.high, two.high),
        means=one.means + apart * two.counts / whole,
        spreads=np.sqrt(squares / whole),
        zeros=one.zeros + two.zeros,
        is_whole=one.is_whole and two.is_whole,
    )


def choose_scaling(
    samples: NDArray[np.float32], names: Sequence[str], wanted: str, remarks: list[str]
) -> Scaling:
    """The scaling that was asked for, or one that suits the samples.

    Args:
        samples: (N, F), all finite.
        names: Of the features.
        wanted: "auto", "none", "unit", "standardise" or "log1p".
        remarks: Gets a sentence where it was chosen here.

    Raises:
        DataError: Where a logarithm was asked for and a value is negative.
    """
    step = max(1, 2**22 // max(1, samples.shape[1]))
    pieces = [slice(first, first + step) for first in range(0, len(samples), step)]
    extent = extent_of(samples[piece] for piece in pieces)
    kind = _suitable(extent, names, remarks) if wanted == "auto" else wanted
    if kind == "none":
        return Scaling(np.array(0, np.float32), np.array(1, np.float32), "none")
    if kind == "pixels":
        highest = np.float32(255 if extent.high.max() > 1 else 1)
        return Scaling(np.array(0, np.float32), np.array(highest, np.float32), "unit")
    if kind == "unit":
        return _scaling(extent.low, extent.high - extent.low, "unit")
    if kind == "log1p":
        if extent.low.min() < 0:
            worst = names[int(extent.low.argmin())]
            raise DataError(
                f"data.scaling=log1p: {worst!r} goes down to {extent.low.min():g}, and counts are "
                "not negative: choose another scaling"
            )
        extent = extent_of(np.log1p(samples[piece]) for piece in pieces)
    floor = 1e-12 * np.maximum(1.0, np.abs(extent.means))
    spreads = np.where(extent.spreads > floor, extent.spreads, 0.0)
    return _scaling(extent.means, spreads, kind)


def _scaling(shift: Numbers, scale: Numbers, kind: str) -> Scaling:
    """In single precision; what does not change has the scale 1."""
    single = scale.astype(np.float32)
    single[~(np.isfinite(single) & (single > np.finfo(np.float32).tiny))] = 1
    return Scaling(shift.astype(np.float32), single, kind)


def _suitable(extent: Extent, names: Sequence[str], remarks: list[str]) -> str:
    low, high = float(extent.low.min()), float(extent.high.max())
    zeros = extent.zeros.sum() / max(1, extent.counts.sum())
    if all(PIXELS.fullmatch(name) for name in names) and low >= 0 and high <= 255:
        remarks.append("its features look like pixels: a model sees them in [0, 1]")
        return "pixels"
    if low >= 0 and high >= LARGE_COUNT and zeros >= MANY_ZEROS:
        remarks.append(
            f"its features look like counts (up to {high:,.6g}, {zeros:.0%} of them 0): a model "
            "sees log(1 + x), standardised (data.scaling)"
        )
        return "log1p"
    return "standardise"
