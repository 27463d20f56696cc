"""Densities over the map that need no long fit: prior, aggregate posterior, mixture, histogram."""

import math
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from aeviz import geometry
from aeviz.analysis.aggregate_posterior import log_aggregate_posterior
from aeviz.analysis.density import SIDE
from aeviz.analysis.flow_stages import integral
from aeviz.analysis.mixture import mixture_of
from aeviz.analysis.questions import Findings, Subject, register_question
from aeviz.analysis.traversal import ROWS as ENCODED
from aeviz.analysis.traversal import TRAVERSED, posteriors
from aeviz.messages import FloatArray
from aeviz.models.base import Posterior, Prior

WORK = 2**18
"""Pairs of a place and what its density is made of that are computed in a slice."""

FEWEST_CELLS, MOST_CELLS = 8, 96
"""Along each side of a histogram."""

RARE = 0.01
"""Share of the latents that lie at rarer places than `rare`."""

LogDensity = Callable[[FloatArray], NDArray[np.float64]]
Slices = Generator[None, None, tuple[LogDensity, int, dict[str, float]]]


@register_question("density-over-map")
def density_over_map(subject: Subject, arguments: Mapping[str, Any]) -> Iterator[Findings | None]:
    """A density over a `region` of the map.

    Arguments: `region`; `kind`: "prior", "posterior" (the aggregate one, exact over the samples
    that it counts), "gmm" or "histogram"; above two dimensions `mean` and `axes` of the map.
    Arrays: `density`, natural logarithms, the highest row first: (128, 128) on a lattice with its
    corners on the region's, or of a histogram the cells that tile the region, -inf where one is
    empty. Values: `region`; `counted`: how many samples it is made of, 0 for the prior; `mass`:
    the integral over the region, NaN above two dimensions, where a plane holds no mass; of "gmm"
    `rare`: the log density below which 1 % of the latents lie.
    """
    latents, model = subject.latents, subject.model
    if model is None or latents is None or latents.shape[1] < 2:
        raise ValueError("a density over the map needs latents with at least two dimensions")
    region = cast("geometry.Region", tuple(float(end) for end in arguments["region"]))
    mean = np.asarray(arguments.get("mean", np.zeros(2)), np.float32)
    axes = np.asarray(arguments.get("axes", np.eye(2)), np.float32)
    if axes.shape != (latents.shape[1], 2):
        raise ValueError(f"the axes of the map must be ({latents.shape[1]}, 2), got {axes.shape}")
    kind, is_flat = str(arguments.get("kind", "histogram")), latents.shape[1] == 2
    if kind == "histogram":
        found, share = histogram(np.asarray((latents - mean) @ np.linalg.pinv(axes).T), region)
        values = {"region": region, "counted": len(latents), "mass": share if is_flat else math.nan}
        yield Findings({"density": found}, values)
        return
    log_density, counted, more = yield from _log_density(kind, subject)
    z = mean + geometry.lattice(region, SIDE, SIDE).reshape(-1, 2) @ axes.T
    parts, rows = [], max(16, WORK // max(counted, 256))
    for start in range(0, len(z), rows):
        parts.append(log_density(z[start : start + rows]))
        yield None
    found = np.concatenate(parts).reshape(SIDE, SIDE).astype(np.float32)
    mass = integral(found, region) if is_flat else math.nan
    yield Findings({"density": found}, {"region": region, "counted": counted, "mass": mass, **more})


def _log_density(kind: str, subject: Subject) -> Slices:
    """Log density of latents, how many samples it is made of, and what else there is to say."""
    if kind == "prior":
        return _prior(subject.model), 0, {}
    if kind == "gmm":
        assert subject.latents is not None
        mixture = yield from mixture_of(subject.latents)
        return mixture.log_density, len(mixture.own), {"rare": mixture.quantile(RARE)}
    if kind == "posterior":
        return (*(yield from _aggregate(subject)), {})
    raise ValueError(f"there is no density {kind!r}; there are: prior, posterior, gmm, histogram")


def _prior(model: object) -> LogDensity:
    if not isinstance(model, Prior):
        raise ValueError("this model has no prior: look at gmm, flow or histogram instead")

    def log_prior(z: FloatArray) -> NDArray[np.float64]:
        with torch.no_grad():
            return np.asarray(model.log_prior(torch.from_numpy(z)).double().numpy())

    return log_prior


def _aggregate(subject: Subject) -> Generator[None, None, tuple[LogDensity, int]]:
    model: object = subject.model
    if not isinstance(model, Posterior):
        raise ValueError("this model is deterministic: a sample has one latent and no posterior")
    if subject.samples is None or not subject.kept:
        raise ValueError("this run keeps no samples whose posteriors could be added up")
    rows = np.random.default_rng(0).permutation(subject.kept)[:TRAVERSED]
    found = []
    for start in range(0, len(rows), ENCODED):
        part = rows[start : start + ENCODED]
        told = None if subject.told is None else subject.told(part)
        found.append(posteriors(model, torch.from_numpy(subject.samples(part)), told))
        yield None
    mu, log_var = (np.concatenate(each) for each in zip(*found, strict=True))

    def log_aggregate(z: FloatArray) -> NDArray[np.float64]:
        return log_aggregate_posterior(z, mu, log_var)

    return log_aggregate, len(rows)


def histogram(positions: FloatArray, region: geometry.Region) -> tuple[NDArray[np.float32], float]:
    """Log of the share of positions per area in cells that tile a region, and the share in all.

    The more positions are seen, the smaller the cells.

    Returns:
        (cells, cells) with the highest row first, -inf where a cell is empty; and the share.
    """
    left, right, low, high = region
    x, y = positions[:, 0], positions[:, 1]
    seen = int(((x >= left) & (x <= right) & (y >= low) & (y <= high)).sum())
    cells = int(np.clip(0.8 * math.sqrt(seen), FEWEST_CELLS, MOST_CELLS))
    counts, *_ = np.histogram2d(y, x, bins=cells, range=((low, high), (left, right)))
    area = (right - left) * (high - low) / cells**2
    with np.errstate(divide="ignore"):
        found = np.log(counts[::-1] / (len(positions) * area))
    return np.asarray(found, np.float32), seen / max(1, len(positions))
