"""How far a decode can be trusted: whether its latent lies where latents of the data are."""

from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from aeviz.analysis.fits import Fits, mark_of
from aeviz.analysis.mixture import mixture_of
from aeviz.analysis.questions import Findings, Subject, register_question
from aeviz.messages import FloatArray, IntArray
from aeviz.models.base import LatentModel

NEIGHBOURS = 5
"""The distance to the fifth nearest latent is told."""

COMPARED = 64
"""Latents at most whose own distances are usual ones."""

ROUND_TRIPS = 32
"""Latents at most whose own round trips are usual ones."""

WORK = 2**19
"""Coordinates that are compared in a slice."""


@dataclass(frozen=True)
class Usual:
    """What the data's own latents have, as medians.

    Attributes:
        distance: From a latent to its k-th nearest other one.
        error: ‖enc(dec(z)) − z‖; NaN where it is not known.
    """

    distance: float
    error: float


@register_question("trust")
def trust(subject: Subject, arguments: Mapping[str, Any]) -> Iterator[Findings | None]:
    """How usual a place of the latent space is.

    Arguments: `z`, D numbers; `condition` as messages name it; `hidden`, labels whose samples are
    not to be named. Arrays: `z` as float32 (D,); `nearest`, rows of the nearest samples, and how
    far their latents are, `away`, both (5,) at most, the nearest first. Values: `percentile`: the
    share of the data's latents, in percent, whose density is at most that of z, by a Gaussian
    mixture fitted to them; `log_density` of z in nats; `distance` to its `k`-th nearest latent of
    the data, and `usual_distance`, the median of that for the data's own; `error`: the round trip
    ‖enc(dec(z)) − z‖, and `usual_error`, the median for the data's own, NaN where it is not known.
    """
    model, latents = subject.model, subject.latents
    assert model is not None
    z = np.asarray(arguments["z"], np.float32)
    if latents is None or latents.shape[1:] != z.shape:
        raise ValueError(f"this run has other latents than {z.shape}")
    rows = latents[np.isfinite(latents).all(axis=1)]
    mixture = yield from mixture_of(latents)
    usual = yield from _usual.follow(mark_of(latents), lambda: _measured(subject))
    k = min(NEIGHBOURS, len(rows) - 1)
    log_density = float(mixture.log_density(z[np.newaxis])[0])
    told = None if subject.condition is None else subject.condition(arguments.get("condition"), 1)
    values = {
        "percentile": mixture.percentile(log_density),
        "log_density": log_density,
        "distance": float(np.sqrt(np.partition(_squares(rows, z), k - 1)[k - 1])),
        "usual_distance": usual.distance,
        "k": k,
        "error": float(round_trip(model, z[np.newaxis], told)[0]),
        "usual_error": usual.error,
    }
    nearest, away = _nearest(subject, z, arguments.get("hidden", ()))
    yield Findings({"z": z, "nearest": nearest, "away": away}, values)


def _nearest(subject: Subject, z: FloatArray, hidden: Iterable[int]) -> tuple[IntArray, FloatArray]:
    """Rows of the nearest samples that are not hidden, and their distances."""
    assert subject.latents is not None
    far = np.nan_to_num(np.sqrt(_squares(subject.latents, z)), nan=np.inf)
    if subject.labels is not None:
        far[np.isin(subject.labels, list(hidden))] = np.inf
    near = np.argpartition(far, min(NEIGHBOURS, len(far)) - 1)[:NEIGHBOURS]
    near = near[np.argsort(far[near], kind="stable")]
    near = near[np.isfinite(far[near])]
    return np.asarray(near, np.int64), np.asarray(far[near], np.float32)


@torch.no_grad()
def round_trip(model: LatentModel, z: FloatArray, told: Tensor | None) -> FloatArray:
    """‖enc(dec(z)) − z‖ of latents (B, D), (B,); NaN where a decode cannot be encoded."""
    places = torch.from_numpy(np.array(z, np.float32))
    again = model.encode(model.decode(places, told), told)
    return np.asarray((again - places).norm(dim=1).float().numpy())


def _measured(subject: Subject) -> Generator[None, None, Usual]:
    model, latents = subject.model, subject.latents
    assert model is not None
    assert latents is not None
    finite = np.flatnonzero(np.isfinite(latents).all(axis=1))
    rows, k = latents[finite], min(NEIGHBOURS, len(finite) - 1)
    chosen = np.random.default_rng(0).permutation(len(rows))
    distances = []
    for number in chosen[:COMPARED]:
        # The nearest one is the latent itself.
        distances.append(np.sqrt(np.partition(_squares(rows, rows[number]), k)[k]))
        if rows.size * (len(distances) % 16) > WORK or len(distances) % 16 == 0:
            yield None
    errors: list[FloatArray] = []
    kept = finite[chosen[finite[chosen] < subject.kept]][:ROUND_TRIPS]
    for start in range(0, len(kept), 8):
        part = kept[start : start + 8]
        told = None if subject.told is None else subject.told(part)
        errors.append(round_trip(model, latents[part], told))
        yield None
    error = float(np.nanmedian(np.concatenate(errors))) if errors else float("nan")
    return Usual(float(np.median(distances)), error)


def _squares(rows: FloatArray, z: FloatArray) -> FloatArray:
    """Squared distances of latents (N, D) to one, (N,)."""
    away = rows - z
    return np.asarray(np.einsum("nd,nd->n", away, away))


_usual: Fits[None, Usual] = Fits(6)
