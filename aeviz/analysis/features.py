"""Which features of a table change: at a point, along a path, with a latent dimension."""

import csv
import io
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from aeviz.analysis.fits import Fits, mark_of
from aeviz.analysis.questions import Findings, Subject, register_question
from aeviz.data.tables.formulas import neutral
from aeviz.messages import FloatArray

VALUES = 2**19
"""Values of samples that are read in a slice."""

ROWS = 16
"""Latents that are decoded in a slice."""

QUANTILES = (0.01, 0.99)
"""Of the latents: between which values a dimension is moved."""

ABOUT = ("point", "path", "variation", "dimension")
NO_TABLE = "only the features of a table have names to be ranked: these samples are images"

Numbers = NDArray[np.float64]


class Moments(NamedTuple):
    """Of the kept samples, in their own units.

    Attributes:
        mean: Of every feature, (F,).
        deviation: Its standard deviation, (F,).
        counted: Of how many samples.
    """

    mean: Numbers
    deviation: Numbers
    counted: int


@register_question("features")
def features(subject: Subject, arguments: Mapping[str, Any]) -> Iterator[Findings | None]:
    """How much every feature changes, in its own units and in its standard deviations.

    Arguments: `about`: "point" compares the decode of `z` (D,) with the mean of the samples; "path"
    the last with the first of the latents `z` (P, D); "variation" adds up how far each feature goes
    along them, to and fro; "dimension" compares the 99 % with the 1 % quantile of `dimension`
    (numbered from 0), the others staying as in `z` (D,), or at their medians where `z` is None.
    `condition` as messages name it; `tag`, which comes back; `names` of the features and `csv`,
    whether the answer has them as text.

    Arrays: `change` (F,) in own units; `deviations` (F,), the same over the standard deviation of
    the kept samples, NaN where they do not vary; `order` (F,), the largest in standard deviations
    first; `start` and `end` (F,), what is compared; `low` and `high`, latents of a dimension.
    Values: `counted`, samples that mean and deviation are of; `about`, `tag`, `csv`.

    Raises:
        ValueError: If samples are no rows of features, none are kept, or arguments do not fit.
    """
    about = str(arguments["about"])
    if about not in ABOUT:
        raise ValueError(f"there is no {about!r}; there are: {', '.join(ABOUT)}")
    moments = yield from _moments_of(subject)
    z, ends = yield from _latents(subject, about, arguments)
    x = yield from _decoded(subject, z, arguments.get("condition"))
    start, end = (moments.mean, x[0]) if about == "point" else (x[0], x[-1])
    change = np.abs(np.diff(x, axis=0)).sum(axis=0) if about == "variation" else end - start
    varies = moments.deviation > 0
    deviations = np.where(varies, change / np.where(varies, moments.deviation, 1.0), np.nan)
    # what never varies in the data cannot be compared: last
    order = np.argsort(-np.nan_to_num(np.abs(deviations), nan=-1.0), kind="stable")
    arrays = {
        "change": change,
        "deviations": deviations,
        "start": start,
        "end": end,
        **dict(zip(("low", "high"), ends, strict=False)),
    }
    found = {name: np.asarray(values, np.float32) for name, values in arrays.items()}
    values = {"counted": moments.counted, "about": about, "tag": arguments.get("tag")}
    if arguments.get("csv"):
        values["csv"] = as_csv(arguments["names"], about, order, found)
    yield Findings({**found, "order": order.astype(np.int64)}, values)


def _moments_of(subject: Subject) -> Generator[None, None, Moments]:
    if subject.samples is None or not subject.kept or subject.own_units is None:
        raise ValueError("this run keeps no samples that could say how much a feature varies")
    first = subject.samples(np.arange(min(32, subject.kept)))
    if first.ndim != 2:
        raise ValueError(NO_TABLE)
    key = (mark_of(first), subject.kept)
    found = yield from _moments.follow(key, lambda: _measured(subject))
    return found


def _measured(subject: Subject) -> Generator[None, None, Moments]:
    """Mean and standard deviation of the kept samples, in slices."""
    assert subject.samples is not None
    assert subject.own_units is not None
    count = subject.kept
    features = subject.samples(np.arange(1)).shape[1]
    size = max(1, VALUES // features)
    shift = np.asarray(subject.own_units(subject.samples(np.arange(1)))[0], np.float64)
    total, squares = np.zeros(features), np.zeros(features)
    for first in range(0, count, size):
        rows = np.arange(first, min(first + size, count))
        own = subject.own_units(subject.samples(rows)) - shift
        total += own.sum(axis=0)
        squares += np.einsum("nf,nf->f", own, own)
        yield
    mean = total / count
    spread = np.sqrt(np.maximum(squares / count - mean**2, 0.0))
    # what scaling and back leaves of a constant is not variation
    spread[spread <= 1e-6 * np.maximum(1.0, np.abs(mean + shift))] = 0.0
    return Moments(mean + shift, spread, count)


def _latents(
    subject: Subject, about: str, arguments: Mapping[str, Any]
) -> Generator[None, None, tuple[FloatArray, tuple[FloatArray, ...]]]:
    """What is decoded, (P, D), and of a dimension its two ends."""
    latents = subject.latents
    assert latents is not None
    given = arguments.get("z")
    z = None if given is None else np.atleast_2d(np.asarray(given, np.float32))
    if z is not None and (z.ndim != 2 or z.shape[1] != latents.shape[1] or not len(z)):
        raise ValueError(f"z must be (…, {latents.shape[1]}), got {z.shape}")
    if about != "dimension":
        if z is None or (about != "point" and len(z) < 2):
            raise ValueError(f"a {'point' if about == 'point' else 'path'} is needed")
        return z, ()
    dimension = int(arguments["dimension"])
    if not 0 <= dimension < latents.shape[1]:
        raise ValueError(f"there are {latents.shape[1]} latent dimensions")
    known = latents[np.isfinite(latents).all(axis=1)]
    if not len(known):
        raise ValueError("no latent is finite")
    ends = np.empty((2, latents.shape[1]), np.float32)
    for number, column in enumerate(known.T):
        yield  # 70,000 numbers are sorted in some milliseconds
        ends[:, number] = np.median(column) if z is None else z[0, number]
    ends[:, dimension] = np.quantile(known[:, dimension], QUANTILES)
    return ends, (ends[0], ends[1])


def _decoded(subject: Subject, z: FloatArray, condition: Any) -> Generator[None, None, Numbers]:
    """Decodes in own units, (P, F), in slices."""
    assert subject.model is not None
    assert subject.own_units is not None
    found = []
    for first in range(0, len(z), ROWS):
        part = torch.from_numpy(z[first : first + ROWS].copy())
        told = None if subject.condition is None else subject.condition(condition, len(part))
        with torch.no_grad():
            x = subject.model.decode(part, told).float().numpy()
        found.append(np.asarray(subject.own_units(x), np.float64))
        yield
    return np.concatenate(found)


def as_csv(
    names: Sequence[str], about: str, order: NDArray[np.intp], found: Mapping[str, FloatArray]
) -> str:
    """The ranking as a table that is safe to open in a spreadsheet."""
    words = {"point": ("mean of the samples", "decode"), "dimension": ("at 1 %", "at 99 %")}
    start, end = words.get(about, ("first", "last"))
    change = "total variation" if about == "variation" else "change"
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["rank", "feature", change, f"{change} in standard deviations", start, end])
    for rank, number in enumerate(order.tolist(), start=1):
        row = [found[name][number] for name in ("change", "deviations", "start", "end")]
        name = names[number] if number < len(names) else f"feature {number + 1}"
        writer.writerow([rank, neutral(name), *(f"{float(value):.7g}" for value in row)])
    return buffer.getvalue()


_moments: Fits[None, Moments] = Fits(4)
