"""How a flow bends its data into a standard normal, transform by transform, and its density."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from aeviz import geometry
from aeviz.analysis.questions import Findings, Subject, register_question
from aeviz.analysis.round_trip import holds
from aeviz.messages import FloatArray
from aeviz.models.base import Invertible, LatentModel
from aeviz.models.likelihoods import log_standard_normal

MOST_POINTS = 2500
"""Samples at most that are followed through the transforms, evenly chosen beyond."""

LINES, LINE_POINTS = 15, 81
"""Grid lines in each direction, and places on each."""

SIDE = 128
"""Rows and columns of a density."""

ROWS = 4096
"""Places whose density is computed at a time: a few milliseconds."""

MARGIN = 0.12
"""How much wider than the points a density is shown, as a share."""


@register_question("flow-stages")
def flow_stages(subject: Subject, arguments: Mapping[str, Any]) -> Iterator[Findings | None]:
    """Follow samples, grid lines and density through every transform, x first and z last.

    Arrays: `rows` (n,) of the samples, `points` (K + 1, n, 2); with two features also `lines`
    (K + 1, L, P, 2), `regions` (K + 1, 4), `density` (K + 1, 128, 128): log density in nats, row 0
    highest, NaN where it is still to come; `mass` (K + 1,): its integral over the region. Values:
    `transforms` K, `features`: the numbers of the two that are shown. Everything is in standardised
    units.
    """
    model = invertible(subject)
    x, rows = _followed(subject)
    stages = _places(model, model.standardised(x))
    yield None
    shown = _shown_features(subject, x)
    arrays: dict[str, NDArray[Any]] = {"rows": rows, "points": stages[..., shown].numpy()}
    values = {"transforms": len(stages) - 1, "features": shown}
    if stages.shape[-1] != 2:
        yield Findings(arrays, values)
        return
    regions = [geometry.extent(points, MARGIN, cut=0.001) for points in arrays["points"]]
    arrays |= {"regions": np.array(regions, np.float32), "lines": _lines(model, regions[0])}
    density = np.full((len(regions), SIDE, SIDE), np.nan, np.float32)
    mass = np.full(len(regions), np.nan, np.float32)
    for stage, region in enumerate(regions):
        yield Findings({**arrays, "density": density.copy(), "mass": mass.copy()}, values)
        yield from _density(model, region, stage, density[stage])
        mass[stage] = integral(density[stage], region)
    yield Findings({**arrays, "density": density, "mass": mass}, values)


@register_question("flow-at")
def flow_at(subject: Subject, arguments: Mapping[str, Any]) -> Findings:
    """Follow one latent, given as `z`, back to x, in double precision.

    Arrays: `places` (K + 1, 2), x first. Values: `log_base`, `log_det`, `log_density` in nats, of
    standardised x; all NaN where the inverse is too inaccurate to be shown.
    """
    precise = copy.deepcopy(invertible(subject))
    cast("LatentModel", precise).double()
    z = torch.tensor([arguments["z"]], dtype=torch.float64)
    x = cast("LatentModel", precise).decode(z)
    stages = _places(precise, precise.standardised(x))
    places = stages[:, 0, _shown_features(subject, x)].float().numpy()
    values = dict.fromkeys(("log_base", "log_det", "log_density"), np.nan)
    if not holds(z, stages[-1]).all():
        return Findings({"places": np.full_like(places, np.nan)}, values)
    log_base, log_det = (float(part) for part in precise.log_density(x))
    values = {"log_base": log_base, "log_det": log_det, "log_density": log_base + log_det}
    return Findings({"places": places}, values)


@register_question("sample-density")
def sample_density(subject: Subject, arguments: Mapping[str, Any]) -> Iterator[Findings | None]:
    """Density of samples with two features over a `region` (left, right, low, high) of their plane.

    Arrays: `density` (128, 128), log density in nats in the samples' own units, row 0 highest.
    Values: `region`, `mass`: the integral over it.
    """
    model = invertible(subject)
    region = cast("geometry.Region", tuple(float(end) for end in arguments["region"]))
    if subject.own_units is None:
        raise ValueError("a density over samples needs a run that knows their units")
    shift = subject.own_units(np.zeros((1, 2), np.float32))
    scale = subject.own_units(np.ones((1, 2), np.float32)) - shift
    own = geometry.lattice(region, SIDE, SIDE).reshape(-1, 2)
    density = np.empty(SIDE * SIDE, np.float32)
    for first in range(0, len(own), ROWS):
        x = (own[first : first + ROWS] - shift) / scale
        log_base, log_det = model.log_density(torch.from_numpy(x.astype(np.float32)))
        density[first : first + ROWS] = (log_base + log_det).numpy()
        yield None
    density -= np.log(np.abs(scale)).sum()
    square = density.reshape(SIDE, SIDE)
    yield Findings({"density": square}, {"region": region, "mass": integral(square, region)})


def invertible(subject: Subject) -> Invertible:
    """The model of a question, if it has a density of samples; raises ValueError otherwise."""
    model: object = subject.model
    if not isinstance(model, Invertible):
        raise ValueError("this model is no flow: it has no density of samples")
    return model


def integral(density: FloatArray, region: geometry.Region) -> float:
    """∫p over a region from log densities (rows, columns) on a lattice over it, edges included."""
    left, right, low, high = region
    rows, columns = density.shape
    cell = (right - left) / (columns - 1) * (high - low) / (rows - 1)
    weights = np.ones((rows, columns))
    weights[[0, -1]] *= 0.5  # the trapezoidal rule
    weights[:, [0, -1]] *= 0.5
    return float((weights * np.exp(density.astype(np.float64))).sum() * cell)


def _followed(subject: Subject) -> tuple[Tensor, NDArray[np.int64]]:
    """Samples that are followed, (n, …), and their rows."""
    if subject.samples is None or not subject.kept:
        raise ValueError("this run keeps no samples that could be followed through the flow")
    rows = np.arange(subject.kept, dtype=np.int64)[:: subject.kept // MOST_POINTS + 1]
    return torch.from_numpy(subject.samples(rows)), rows


def _shown_features(subject: Subject, x: Tensor) -> list[int]:
    """Two features: the first ones of a table, those that vary most of an image."""
    features = x.flatten(1).shape[1]
    if x.ndim == 2 or subject.samples is None:
        return [0, min(1, features - 1)]
    some = subject.samples(np.arange(min(subject.kept, 500), dtype=np.int64))
    spread = some.reshape(len(some), -1).std(axis=0)
    return sorted(np.argsort(-spread, kind="stable")[:2].tolist())


def _places(model: Invertible, y: Tensor) -> Tensor:
    """Where standardised samples (n, F) are before and after every transform, (K + 1, n, F)."""
    return torch.stack([place for place, _ in model.onwards(y, 0)])


def _lines(model: Invertible, region: geometry.Region) -> FloatArray:
    """Straight lines over the region of x, and what becomes of them, (K + 1, L, P, 2)."""
    left, right, low, high = region
    across, up = np.linspace(left, right, LINES), np.linspace(low, high, LINES)
    fine_across = np.linspace(left, right, LINE_POINTS)
    fine_up = np.linspace(low, high, LINE_POINTS)
    standing = np.stack(np.meshgrid(across, fine_up, indexing="ij"), axis=-1)
    lying = np.stack(np.meshgrid(up, fine_across, indexing="ij"), axis=-1)[..., ::-1]
    lines = np.concatenate([standing, lying]).astype(np.float32)
    stages = _places(model, torch.from_numpy(lines.reshape(-1, 2)))
    return np.asarray(stages.numpy()).reshape(len(stages), *lines.shape)


def _density(
    model: Invertible, region: geometry.Region, stage: int, into: FloatArray
) -> Iterator[None]:
    """Fill in the log density after so many transforms, (128, 128)."""
    places = torch.from_numpy(geometry.lattice(region, SIDE, SIDE).reshape(-1, 2))
    flat = into.reshape(-1)
    for first in range(0, len(places), ROWS):
        z, log_det = model.onwards(places[first : first + ROWS], stage)[-1]
        flat[first : first + ROWS] = log_standard_normal(z) + log_det
        yield None
