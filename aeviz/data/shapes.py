"""Shapes with known factors: squares, ellipses and hearts of every size, angle and place.

The factors are those of dSprites: what a model may find by itself is known exactly.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz.catalogue import Option
from aeviz.data.dataset import Column, Dataset, Reporter, divide, register_dataset
from aeviz.data.options import BINARISE, SEED, number

SOURCE = "Drawn with the factors of dSprites (Matthey, Higgins, Hassabis & Lerchner, 2017)"
SHAPES = ("square", "ellipse", "heart")
GRID = (3, 6, 40, 32, 32)
"""How many values shape, scale, rotation, x and y have; rows of the grid in that order."""

DISTINCT = (10, 20, 40)
"""How many of the rotations of a shape look different: after them it looks the same again."""

SIDE = 32
"""Pixels of an image's side."""

RADIUS = 8.0
"""Pixels from the centre to the farthest point of every shape at scale 1."""

FIRST, STEP = 8.25, 0.5
"""Where the centre of the first place lies, and the pixels from one place to the next."""

HEART = 1.4255
"""Radius of the circle around the heart (x² + y² - 1)³ = x² y³."""

FINE = 8
"""Points across a pixel that are tested: a grey level is the share of 64 that are inside."""

SPRITE = 17
"""Pixels of a sprite's side: the shape and the half pixel by which it may be shifted."""

AT_ONCE = 4096
"""Images that are put together at a time."""

SAMPLES = Option(
    name="samples",
    title="Samples",
    description="How many of the 737,280 combinations of factors are drawn at random, none twice; "
    "all of them are the whole grid",
    kind="int",
    default=30_000,
    low=2,
    high=int(np.prod(GRID)),
)


@register_dataset(
    "shapes",
    title="Shapes with known factors",
    summary="Squares, ellipses and hearts, 32 × 32 pixels, whose scale, rotation and place are "
    "known.",
    source=SOURCE,
    kind="image",
    shape=(SIDE, SIDE, 1),
    options=(SAMPLES, SEED, BINARISE),
)
def load_shapes(data_dir: Path, report: Reporter, options: Mapping[str, Any]) -> Dataset:
    """Draw the shapes: uint8 (N, 32, 32, 1), two seconds for 30,000.

    Of the grid of 3 shapes, 6 scales from 0.5 to 1, 40 rotations of 9°, 32 places across and 32
    down, `samples` combinations are taken at random, in the order of the grid. At scale 1 every
    shape touches a circle of 8 pixels radius; a place is half a pixel from the next.
    """
    grid = int(np.prod(GRID))
    count = int(number(options, SAMPLES))
    rows = np.arange(grid)
    if count < grid:
        generator = np.random.RandomState(int(number(options, SEED)))
        rows = np.sort(generator.permutation(grid)[:count])
    factors = np.stack(np.unravel_index(rows, GRID), axis=1)
    return Dataset(
        name="shapes",
        title="Shapes with known factors",
        samples=_images(factors, report)[..., np.newaxis],
        scaling=divide(255),
        labels=factors[:, 0].astype(np.int64),
        class_names=SHAPES,
        source=SOURCE,
        licence="None needed: computed",
        columns=_columns(factors),
    )


def _columns(factors: NDArray[np.intp]) -> tuple[Column, ...]:
    """The five factors of every image; places are from 0 to 1, rotations counter-clockwise."""
    shape, scale, rotation, across, down = factors.T
    numbers = (
        ("scale", _scales()[scale], ""),
        ("rotation", rotation * (360 / GRID[2]), "degrees"),
        ("x", across / (GRID[3] - 1), ""),
        ("y", down / (GRID[4] - 1), ""),
    )
    return (
        Column("shape", shape.astype(np.int64), names=SHAPES, is_factor=True),
        *(
            Column(name, values.astype(np.float32), unit=unit, is_factor=True)
            for name, values, unit in numbers
        ),
    )


def _scales() -> NDArray[np.float64]:
    return np.linspace(0.5, 1.0, GRID[1])


def _images(factors: NDArray[np.intp], report: Reporter) -> NDArray[np.uint8]:
    """Place sprites into empty images, (N, 32, 32)."""
    images = np.zeros((len(factors), SIDE, SIDE), np.uint8)
    report(0.0, "Drawing the shapes")
    sprites = _sprites()
    corner, phase = np.divmod(factors[:, 3:], 2)  # two places are a pixel
    inside = np.arange(SPRITE)
    for first in range(0, len(factors), AT_ONCE):
        chosen = slice(first, first + AT_ONCE)
        shape, scale, rotation = factors[chosen, :3].T
        across, down = phase[chosen].T
        left, top = corner[chosen].T
        images[
            np.arange(len(images))[chosen, np.newaxis, np.newaxis],
            (top[:, np.newaxis] + inside)[:, :, np.newaxis],
            (left[:, np.newaxis] + inside)[:, np.newaxis, :],
        ] = sprites[shape, scale, rotation, down, across]
        report(min(1.0, (first + AT_ONCE) / len(factors)), "Placing the shapes")
    return images


@cache
def _sprites() -> NDArray[np.uint8]:
    """Every shape, scale and rotation, each at the four half pixels: (3, 6, 40, 2, 2, 17, 17)."""
    sprites = np.empty((*GRID[:3], 2, 2, SPRITE, SPRITE), np.uint8)
    angles = np.deg2rad(np.arange(GRID[2]) * (360 / GRID[2]))
    for down, across in np.ndindex(2, 2):
        x, y = _points(angles, FIRST + STEP * across, FIRST + STEP * down)
        for shape, size in np.ndindex(GRID[:2]):
            distinct = DISTINCT[shape]
            radius = np.float32(RADIUS * _scales()[size])
            grey = _grey(_is_inside(shape, x[:distinct] / radius, y[:distinct] / radius))
            sprites[shape, size, :, down, across] = np.tile(grey, (GRID[2] // distinct, 1, 1))
    return sprites


def _points(
    angles: NDArray[np.float64], across: float, down: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The tested points of a sprite in the axes of a shape turned by each angle, (A, n, n)."""
    places = (np.arange(SPRITE * FINE, dtype=np.float64) + 0.5) / FINE
    x, y = np.meshgrid(places - across, down - places)  # rows of an image go down
    cosine, sine = np.cos(angles)[:, None, None], np.sin(angles)[:, None, None]
    return (cosine * x + sine * y).astype(np.float32), (cosine * y - sine * x).astype(np.float32)


def _is_inside(shape: int, x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether points are inside a shape that fits the unit circle."""
    if shape == 0:
        inside = np.maximum(np.abs(x), np.abs(y)) <= np.sqrt(0.5)
    elif shape == 1:
        inside = x * x + (2 * y) ** 2 <= 1
    else:
        x, y = HEART * x, HEART * y
        inside = (x * x + y * y - 1) ** 3 <= x * x * y**3
    return np.asarray(inside)


def _grey(inside: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The share of every pixel that is inside, 255 for all of it, (A, 17, 17)."""
    counts = inside.reshape(len(inside), SPRITE, FINE, SPRITE, FINE).sum(axis=(2, 4))
    grey: NDArray[np.uint8] = np.round(counts * (255 / FINE**2)).astype(np.uint8)
    return grey
