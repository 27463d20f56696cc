"""Densities in the plane, drawn anew from a seed: moons, Gaussians, checkerboard, ring, pinwheel.

All but the noiseless moons come with the exact density that they were drawn from, so that what a
model reaches can be compared with the best that any model could.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz.catalogue import Option
from aeviz.data.dataset import Dataset, Density, Reporter, register_dataset, standardise
from aeviz.data.mixtures import Mixture, Numbers, on_curves
from aeviz.data.options import SEED, number

SAMPLES = Option(
    name="samples",
    title="Samples",
    description="How many points are drawn",
    kind="int",
    default=2000,
    low=2,
    high=1_000_000,
)
NOISE = Option(
    name="noise",
    title="Noise",
    description="Standard deviation of the normal noise added to each coordinate",
    kind="float",
    default=0.1,
    low=0.0,
    high=10.0,
)
SIGMA = Option(
    name="sigma",
    title="Sigma",
    description="Standard deviation of each Gaussian, or of the distance from the ring",
    kind="float",
    default=0.2,
    low=0.01,
    high=0.5,
)

RADIUS = 2.0
"""Of the ring, and of the circle that the Gaussians lie on."""

CELLS = 4
"""The checkerboard has four times four cells of side 2; every second one is full."""

ARMS, SPREAD, THICKNESS, TWIST = 5, 0.3, 0.1, 0.25
"""Of the pinwheel: how many arms, their standard deviations along and across, how far it turns."""

LEAST_NOISE = 0.02
"""Of moons whose density is computed; sharper ones would take seconds."""


@register_dataset(
    "two-moons",
    title="Two moons",
    summary="Points of the plane on two interleaving half circles, with normal noise.",
    source="Pedregosa et al., 2011, scikit-learn's make_moons",
    kind="table",
    shape=(2,),
    options=(SAMPLES, NOISE, SEED),
)
def load_two_moons(data_dir: Path, report: Reporter, options: Mapping[str, Any]) -> Dataset:
    """Draw the moons, point by point those of `sklearn.datasets.make_moons` for the same seed.

    The upper half circle has radius 1 around (0, 0), the lower one around (1, 0.5).
    """
    count = int(number(options, SAMPLES))
    # The legacy generator: numpy promises that its numbers never change, and make_moons draws
    # from the same one.
    generator = np.random.RandomState(int(number(options, SEED)))
    points, labels = _half_circles(count)
    order = np.arange(count)
    generator.shuffle(order)
    points = points[order]
    noise = number(options, NOISE)
    if noise > 0:
        points += generator.normal(scale=noise, size=points.shape)
    return _planar(
        "two-moons",
        "Two moons",
        points,
        labels[order],
        ("upper moon", "lower moon"),
        source="Computed as scikit-learn's make_moons (Pedregosa et al., 2011)",
        density=_moons(noise) if noise >= LEAST_NOISE else None,
    )


def _half_circles(count: int) -> tuple[np.ndarray[Any, np.dtype[np.float64]], Any]:
    """Points (count, 2) evenly spaced on the two half circles, and which one each is on."""
    upper, lower = np.linspace(0, np.pi, count // 2), np.linspace(0, np.pi, count - count // 2)
    points = np.vstack(
        [
            np.column_stack([np.cos(upper), np.sin(upper)]),
            np.column_stack([1 - np.cos(lower), 1 - np.sin(lower) - 0.5]),
        ]
    )
    labels = np.repeat(np.array([0, 1], np.int64), [len(upper), len(lower)])
    return points, labels


def _moons(noise: float) -> Density:
    """The half circles blurred by the noise; points are spread evenly along them."""
    places, weights = np.polynomial.legendre.leggauss(max(64, round(8 / noise)))
    angle = np.pi * (places + 1) / 2
    upper = np.column_stack([np.cos(angle), np.sin(angle)])
    lower = np.column_stack([1 - np.cos(angle), 0.5 - np.sin(angle)])
    mixture = on_curves((upper, lower), weights / weights.sum(), noise)
    return Density(mixture.log_density, mixture.entropy)


@register_dataset(
    "eight-gaussians",
    title="Eight Gaussians",
    summary="Points of eight round Gaussians, whose centres lie evenly on a circle of radius 2.",
    source="The usual toy of mixtures and flows",
    kind="table",
    shape=(2,),
    options=(SAMPLES, SIGMA, SEED),
)
def load_eight_gaussians(data_dir: Path, report: Reporter, options: Mapping[str, Any]) -> Dataset:
    """Draw each point from one of the eight, chosen evenly; the first centre is (2, 0)."""
    count, generator = _start(options)
    sigma = number(options, SIGMA)
    centres = RADIUS * _directions(np.arange(8) * np.pi / 4)
    labels = generator.randint(8, size=count)
    points = centres[labels] + generator.normal(scale=sigma, size=(count, 2))
    mixture = Mixture(centres, np.full(8, 1 / 8), sigma)
    return _planar(
        "eight-gaussians",
        "Eight Gaussians",
        points,
        labels,
        [f"Gaussian at {45 * number}°" for number in range(8)],
        density=Density(mixture.log_density, mixture.entropy),
    )


@register_dataset(
    "checkerboard",
    title="Checkerboard",
    summary="Points spread evenly over the eight full cells of a checkerboard, with sharp edges.",
    source="The usual toy of flows",
    kind="table",
    shape=(2,),
    options=(SAMPLES, SEED),
)
def load_checkerboard(data_dir: Path, report: Reporter, options: Mapping[str, Any]) -> Dataset:
    """Draw evenly from the cells of side 2 in [-4, 4]² whose column and row add up to even."""
    count, generator = _start(options)
    labels = generator.randint(2 * CELLS, size=count)
    row, pair = labels // 2, labels % 2
    column = 2 * pair + row % 2
    corners = 2.0 * np.column_stack([column, row]) - CELLS
    points = corners + generator.uniform(0, 2, size=(count, 2))
    return _planar(
        "checkerboard",
        "Checkerboard",
        points,
        labels,
        [f"row {number // 2 + 1}, cell {number % 2 + 1}" for number in range(2 * CELLS)],
        density=Density(_log_checkerboard, partial(float, np.log(32.0))),
    )


def _log_checkerboard(points: NDArray[np.floating]) -> Numbers:
    """−log 32 in full cells, −∞ elsewhere."""
    cell = np.floor((points.astype(np.float64) + CELLS) / 2)
    inside = ((cell >= 0) & (cell < CELLS)).all(axis=1)
    full = inside & (cell.sum(axis=1) % 2 == 0)
    return np.where(full, -np.log(32.0), -np.inf)


@register_dataset(
    "ring",
    title="Ring",
    summary="Points around a circle of radius 2, whose distance from the middle is normal.",
    source="The usual toy of topology and flows",
    kind="table",
    shape=(2,),
    options=(SAMPLES, SIGMA, SEED),
)
def load_ring(data_dir: Path, report: Reporter, options: Mapping[str, Any]) -> Dataset:
    """Draw the radius from N(2, σ²) and the angle evenly; the labels are eighths of the circle."""
    count, generator = _start(options)
    sigma = number(options, SIGMA)
    angle = generator.uniform(0, 2 * np.pi, size=count)
    radius = generator.normal(RADIUS, sigma, size=count)
    return _planar(
        "ring",
        "Ring",
        radius[:, None] * _directions(angle),
        np.minimum((angle * 4 / np.pi).astype(np.int64), 7),
        [f"{45 * number}° to {45 * (number + 1)}°" for number in range(8)],
        density=Density(partial(_log_ring, sigma=sigma), partial(_ring_entropy, sigma)),
    )


def _log_ring(points: NDArray[np.floating], sigma: float) -> Numbers:
    """Log density: that of the radius over the length of its circle.

    Radii below zero lie at least four standard deviations from the ring and are left out; within
    0.001 of the middle, where the circles vanish, the density is that at 0.001.
    """
    radius = np.maximum(np.hypot(*points.T.astype(np.float64)), 1e-3)
    log_normal = -0.5 * ((radius - RADIUS) / sigma) ** 2 - 0.5 * np.log(2 * np.pi * sigma**2)
    return np.asarray(log_normal - np.log(2 * np.pi * radius))


def _ring_entropy(sigma: float) -> float:
    """½ log 2πeσ² + log 2π + the mean of log r, which Gauss and Hermite integrate."""
    places, weights = np.polynomial.hermite_e.hermegauss(64)
    radius = np.abs(RADIUS + sigma * places)
    mean = float(np.sum(weights * np.log(radius)) / weights.sum())
    return float(0.5 * np.log(2 * np.pi * np.e * sigma**2) + np.log(2 * np.pi)) + mean


@register_dataset(
    "pinwheel",
    title="Pinwheel",
    summary="Five bent arms of points around the middle.",
    source="After Johnson et al., 2016",
    kind="table",
    shape=(2,),
    options=(SAMPLES, SEED),
)
def load_pinwheel(data_dir: Path, report: Reporter, options: Mapping[str, Any]) -> Dataset:
    """Draw from five long Gaussians around the middle, then turn each point by its distance.

    The published one turns by the first coordinate alone, which differs little. Turning by the
    distance keeps every area, so the density is that of the Gaussians before they were bent.

    References:
        | Composing graphical models with neural networks (Johnson et al., 2016)
        | https://arxiv.org/abs/1603.06277
    """
    count, generator = _start(options)
    labels = generator.randint(ARMS, size=count)
    along = 1 + SPREAD * generator.normal(size=count)
    across = THICKNESS * generator.normal(size=count)
    distance = np.hypot(along, across)
    angle = labels * 2 * np.pi / ARMS + np.arctan2(across, along) + TWIST * np.exp(distance)
    return _planar(
        "pinwheel",
        "Pinwheel",
        RADIUS * distance[:, None] * _directions(angle),
        labels,
        [f"arm {number + 1}" for number in range(ARMS)],
        density=Density(_log_pinwheel, _pinwheel_entropy),
    )


def _log_pinwheel(points: NDArray[np.floating]) -> Numbers:
    """Log density: the points unbent, under the five Gaussians; the factor 2 scales areas by 4."""
    own = points.astype(np.float64) / RADIUS
    distance = np.hypot(*own.T)
    angle = np.arctan2(own[:, 1], own[:, 0]) - TWIST * np.exp(distance)
    log_arms = []
    for arm in range(ARMS):
        turned = angle - arm * 2 * np.pi / ARMS
        along = (distance * np.cos(turned) - 1) / SPREAD
        across = distance * np.sin(turned) / THICKNESS
        log_arms.append(-0.5 * (along**2 + across**2))
    constant = np.log(2 * np.pi * SPREAD * THICKNESS * ARMS * RADIUS**2)
    return np.asarray(np.logaddexp.reduce(log_arms) - constant)


def _pinwheel_entropy() -> float:
    """Entropy as a sum over one arm's own lattice: all arms are alike, and bending keeps areas."""
    places = np.arange(-8.0, 8.0, 0.08)
    along, across = np.meshgrid(1 + SPREAD * places, THICKNESS * places)
    weights = np.exp(-0.5 * (places[:, None] ** 2 + places**2)).ravel()
    distance, angle = np.hypot(along, across), np.arctan2(across, along)
    bent = angle + TWIST * np.exp(distance)
    points = RADIUS * distance.reshape(-1, 1) * _directions(bent.ravel())
    return float(-np.sum(weights * _log_pinwheel(points)) / weights.sum())


def _start(options: Mapping[str, Any]) -> tuple[int, np.random.RandomState]:
    """How many points are drawn, and from which generator."""
    return int(number(options, SAMPLES)), np.random.RandomState(int(number(options, SEED)))


def _directions(angles: Numbers) -> Numbers:
    """Unit vectors (N, 2) at angles (N,)."""
    return np.column_stack([np.cos(angles), np.sin(angles)])


def _planar(
    name: str,
    title: str,
    points: Numbers,
    labels: NDArray[np.int64],
    class_names: Sequence[str],
    *,
    density: Density | None,
    source: str = "Computed",
) -> Dataset:
    """A data set of points (N, 2)."""
    samples = points.astype(np.float32)
    return Dataset(
        name=name,
        title=title,
        samples=samples,
        scaling=standardise(samples),
        labels=np.asarray(labels, np.int64),
        class_names=tuple(class_names),
        feature_names=("x", "y"),
        source=source,
        licence="None needed: computed",
        density=density,
    )
