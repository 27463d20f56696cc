"""How far the plane of a linear autoencoder is from that of PCA: the largest principal angle."""

import hashlib
import math
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from aeviz.analysis.fits import Fits, mark_of
from aeviz.analysis.measures import Case, Measured, NotApplicable, register_measure
from aeviz.analysis.questions import Findings, Subject, register_question
from aeviz.messages import IntArray
from aeviz.models.base import LatentModel
from aeviz.models.linear import Linear

MOST_FEATURES = 2048
"""Beyond it the matrix of the features' scatter takes too long."""

FLOPS = 8e7
"""Of a slice of about 8 ms."""

SPARE = 8
"""Axes that are found beside those wanted, which brings these faster."""

STEPS = 200
SETTLED = 1e-9
"""The iteration ends when the plane turns by less than this sine, or after so many steps."""

NOT_LINEAR = "only a linear autoencoder has a plane that PCA's could be compared with"

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Plane:
    """The plane of PCA.

    Attributes:
        axes: The principal axes, orthonormal, (F, D).
        samples: Of how many samples.
    """

    axes: Numbers
    samples: int


@register_question("optimum")
def optimum(subject: Subject, arguments: Mapping[str, Any]) -> Iterator[Findings | None]:
    """The largest principal angle between the decoder's column space and the plane of PCA.

    Without biases PCA is that without centring. Arguments: `rows` of the samples that PCA is of,
    else all kept ones that were trained on. Values: `angle` in degrees; `samples`; `centred`;
    `asked`, which comes back.

    Raises:
        ValueError: If the model is not linear, or the features are too many.
    """
    model = linear_of(subject.model)
    if subject.samples is None or not subject.kept:
        raise ValueError("this run keeps no samples")
    rows = np.asarray(arguments.get("rows", _trained(subject)), np.int64)
    rows = rows[(rows >= 0) & (rows < subject.kept)]
    if len(rows) < 2:
        raise ValueError("PCA needs two samples at least")
    centred = model.encoder.bias is not None
    key = (
        mark_of(subject.samples(rows[:32]).reshape(min(len(rows), 32), -1)),
        hashlib.sha256(rows.tobytes()).hexdigest(),
        (model.latent_dim, centred),
    )
    read = subject.samples
    plane = yield from _planes.follow(
        key, lambda: principal_plane(read, rows, model.latent_dim, centred=centred)
    )
    values = {
        "angle": largest_angle(model, plane.axes),
        "samples": plane.samples,
        "centred": centred,
        "asked": arguments.get("asked"),
    }
    yield Findings({}, values)


def _trained(subject: Subject) -> IntArray:
    """Rows of the kept samples that were trained on; all of them where that is not known."""
    if subject.parts is None:
        return np.arange(subject.kept)
    return np.flatnonzero(np.asarray(subject.parts[: subject.kept]) == 0).astype(np.int64)


def linear_of(model: LatentModel | None) -> Linear:
    """The model, if it is a linear autoencoder with few enough features.

    Raises:
        NotApplicable: If it is not.
    """
    if not isinstance(model, Linear):
        raise NotApplicable(NOT_LINEAR)
    if model.encoder.in_features > MOST_FEATURES:
        raise NotApplicable(f"{model.encoder.in_features:,} features are too many for it")
    return model


def principal_plane(
    read: Any, rows: IntArray, components: int, *, centred: bool
) -> Generator[None, None, Plane]:
    """The first principal axes of samples, in slices; all of them where they are few.

    Args:
        read: Returns scaled samples by their rows, float32 (K, …).
        rows: Of the samples.
        components: How many axes.
        centred: Whether the mean is subtracted first.
    """
    first = np.asarray(read(rows[:512]), np.float32)
    features = first[0].size
    # about the mean, so that no large sums are taken from one another: then float32 will do
    shift = first.reshape(len(first), features).mean(axis=0)
    scatter, total = np.zeros((features, features)), np.zeros(features)
    size = max(16, int(FLOPS / (2 * features**2)))
    for start in range(0, len(rows), size):
        x = read(rows[start : start + size]).reshape(-1, features) - shift
        scatter += x.T @ x
        total += x.sum(axis=0, dtype=np.float64)
        yield
    scatter -= np.outer(total, total / len(rows))
    if not centred:
        mean = total / len(rows) + shift
        scatter += len(rows) * np.outer(mean, mean)
    axes = yield from _axes(scatter, min(components, features))
    return Plane(axes, len(rows))


def _axes(scatter: Numbers, components: int) -> Generator[None, None, Numbers]:
    """The eigenvectors of the largest eigenvalues, by orthogonal iteration, (F, D)."""
    features = len(scatter)
    wide = min(features, 2 * components + SPARE)
    basis = np.linalg.qr(np.random.default_rng(0).normal(size=(features, wide)))[0]
    before = basis[:, :components]
    for _ in range(STEPS):
        basis = np.linalg.qr(scatter @ basis)[0]
        turned = np.linalg.eigh(basis.T @ scatter @ basis)[1][:, ::-1]
        now = basis @ turned[:, :components]
        if sine(before, now) < SETTLED:
            break
        before = now
        yield
    return np.asarray(now)


def sine(one: Numbers, other: Numbers) -> float:
    """Sine of the largest principal angle between two planes with orthonormal axes (F, D).

    The sine and not the cosine, which is too flat near 1 to tell small angles.
    """
    rest = one - other @ (other.T @ one)
    return min(1.0, float(np.linalg.norm(rest, 2)))


def largest_angle(model: Linear, axes: Numbers) -> float:
    """Between the decoder's column space and principal axes (F, D), in degrees.

    Example:
        >>> from aeviz.models.base import DataSpec
        >>> from aeviz.models.linear import LinearConfig
        >>> model = Linear(DataSpec((3,), 9), LinearConfig(latent_dim=1))
        >>> _ = model.decoder.weight.data.copy_(torch.tensor([[1.0], [1.0], [0.0]]))
        >>> round(largest_angle(model, np.array([[1.0], [0.0], [0.0]])), 3)
        45.0
    """
    weight = model.decoder.weight.detach().double().cpu().numpy()
    basis = np.linalg.qr(weight)[0]
    return math.degrees(math.asin(sine(basis, axes)))


@register_measure(
    "pca_angle",
    title="Angle to the PCA plane",
    unit="°",
    definition="Largest principal angle between the column space of a linear autoencoder's decoder "
    "and the plane of PCA of these samples with as many components; 0 is the same plane.",
)
@torch.no_grad()
def pca_angle(case: Case) -> Measured:
    """Baldi & Hornik, 1989."""
    model = linear_of(case.model)
    if len(case) < 2:
        raise NotApplicable("PCA needs two samples at least")
    x = case.x.numpy()
    centred = model.encoder.bias is not None
    slices = principal_plane(x.__getitem__, np.arange(len(x)), model.latent_dim, centred=centred)
    return Measured(largest_angle(model, _last(slices).axes))


def _last(slices: Generator[None, None, Plane]) -> Plane:
    """What slices come to."""
    while True:
        try:
            next(slices)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


_planes: Fits[None, Plane] = Fits(4)
