"""Natural-image patches: small squares of two photographs, as sparse coding wants them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz import paths
from aeviz.catalogue import Option
from aeviz.data.dataset import Column, DataError, Dataset, Reporter, Scaling, register_dataset
from aeviz.data.options import SEED, number

SIDE = 10
"""Pixels of a patch on each side."""

DEVIATION = 42.5
"""Grey levels of one unit of contrast: three on each side of the middle make 256 levels."""

MIDDLE = 127.5
"""The grey that stands for zero."""

CONTRAST_FLOOR = 10.0
"""Added to a patch's variance, so that the grain of an even sky is not blown up."""

FLAT = 4.0
"""A patch whose grey levels vary less has nothing to show and is not drawn."""

WHITENING_FLOOR = 0.1
"""Added to the variance along every principal axis, so that noise is not blown up."""

PHOTOGRAPHS = ("China", "flower")
SOURCE = (
    "scikit-learn's sample images: china.jpg by danielbuechele, flower.jpg by vultilion, Flickr"
)
LICENCE = "CC BY 2.0"

SAMPLES = Option(
    name="samples",
    title="Samples",
    description="How many patches are cut out, half of them from each photograph",
    kind="int",
    default=10_000,
    low=2,
    high=200_000,
)
WHITEN = Option(
    name="whiten",
    title="Whiten",
    description="Make all pixels uncorrelated before the model sees them (ZCA); pictures are shown "
    "with it undone",
    kind="bool",
    default=True,
)


@register_dataset(
    "patches",
    title="Natural-image patches",
    summary="10 × 10 pixels of two photographs, mean removed and contrast normalised.",
    source=SOURCE,
    kind="image",
    shape=(SIDE, SIDE, 1),
    options=(SAMPLES, WHITEN, SEED),
    bounded=False,
)
def load_patches(data_dir: Path, report: Reporter, options: Mapping[str, Any]) -> Dataset:
    """Cut patches out of the photographs: uint8 (N, 10, 10, 1), grey 127.5 is zero.

    The mean of a patch is removed and its contrast normalised; both are kept as columns, since a
    decode cannot bring them back: it is shown with the same middle grey for zero.

    References:
        | An Analysis of Single-Layer Networks in Unsupervised Feature Learning (Coates, Lee & Ng,
        | 2011), section 3.1: the two floors
    """
    cut, labels = _cut(int(number(options, SAMPLES)), int(number(options, SEED)))
    mean, variance = cut.mean(axis=1), cut.var(axis=1)
    contrast = np.sqrt(variance + CONTRAST_FLOOR)
    levels = MIDDLE + DEVIATION * (cut - mean[:, None]) / contrast[:, None]
    bytes_ = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    return Dataset(
        name="patches",
        title="Natural-image patches",
        samples=bytes_.reshape(-1, SIDE, SIDE, 1),
        scaling=_scaling(bytes_, whiten=bool(options.get(WHITEN.name, WHITEN.default))),
        labels=labels,
        class_names=PHOTOGRAPHS,
        source=SOURCE,
        licence=LICENCE,
        columns=(
            Column("mean grey", mean.astype(np.float32), unit="grey levels"),
            Column("contrast", np.sqrt(variance).astype(np.float32), unit="grey levels"),
        ),
    )


def _cut(count: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Patches (N, 100) in grey levels, shuffled, and which photograph each is of."""
    # The legacy generator: numpy promises that its numbers never change.
    generator = np.random.RandomState(seed)
    halves = (count - count // 2, count // 2)
    photographs = _photographs()
    parts = [_from(photographs[i], halves[i], generator) for i in range(len(halves))]
    order = generator.permutation(count)
    labels = np.repeat(np.arange(len(halves)), halves)
    return np.concatenate(parts)[order], labels[order].astype(np.int64)


def _from(
    photograph: NDArray[np.uint8], count: int, generator: np.random.RandomState
) -> NDArray[np.float64]:
    """Patches (count, 100) at random places of a photograph, flat ones left out."""
    windows = np.lib.stride_tricks.sliding_window_view(photograph, (SIDE, SIDE))
    found: list[NDArray[np.float64]] = []
    missing = count
    while missing > 0:
        rows = generator.randint(0, windows.shape[0], 2 * missing)
        columns = generator.randint(0, windows.shape[1], 2 * missing)
        patches = windows[rows, columns].reshape(-1, SIDE * SIDE).astype(np.float64)
        kept = patches[patches.std(axis=1) > FLAT][:missing]
        found.append(kept)
        missing -= len(kept)
    return np.concatenate(found) if found else np.empty((0, SIDE * SIDE))


def _scaling(levels: NDArray[np.uint8], *, whiten: bool) -> Scaling:
    """One unit of contrast is 1 for the model; whitened, every direction varies about equally."""
    shift, scale = np.array(MIDDLE, np.float32), np.array(DEVIATION, np.float32)
    if not whiten:
        return Scaling(shift, scale, "centre")
    rows = (levels.astype(np.float64) - MIDDLE) / DEVIATION
    variances, axes = np.linalg.eigh(rows.T @ rows / len(rows))
    spread = np.sqrt(np.maximum(variances, 0.0) + WHITENING_FLOOR)
    return Scaling(shift, scale, "whiten", ((axes / spread) @ axes.T).astype(np.float32))


def _photographs() -> tuple[NDArray[np.uint8], ...]:
    """The two photographs in grey, uint8 (H, W)."""
    path = paths.resources() / "data" / "photographs.npz"
    if not path.is_file():
        raise DataError(f"aeviz is not installed whole: {path} is missing; install it again")
    with np.load(path, allow_pickle=False) as arrays:
        return tuple(arrays[name] for name in PHOTOGRAPHS)
