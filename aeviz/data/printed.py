"""Printed digits drawn from fonts, alone and beside handwritten ones: two domains of one thing."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz import paths
from aeviz.catalogue import Option
from aeviz.data import builtin, fonts, vision
from aeviz.data.dataset import Column, DataError, Dataset, Reporter, divide, register_dataset
from aeviz.data.fonts import Drawn, Glyphs
from aeviz.data.options import BINARISE, DOWNLOAD, SEED, number

SOURCE = "drawn from the typefaces Inter, DejaVu and Noto Mono"
LICENCE = "drawings, free of rights; of the typefaces see resources/data/SOURCES.txt"
DOMAINS = ("handwritten", "printed")
HEIGHTS_28, HEIGHTS_8 = (0.6, 0.8), (0.8, 1.0)
"""Digits of MNIST have a margin, those of 8 × 8 pixels fill the image."""

SAMPLES = Option(
    name="samples",
    title="Samples",
    description="Digits of each kind",
    kind="int",
    default=1797,
    low=10,
    high=60_000,
)
SYSTEM_FONTS = Option(
    name="system_fonts",
    title="System fonts",
    description="Draw from the fonts of this computer too: more kinds of digits, and others on "
    "another computer",
    kind="bool",
    default=False,
    advanced=True,
)


@register_dataset(
    "printed",
    title="Printed digits",
    summary="Digits drawn from 37 fonts, 28 × 28 pixels, of random size, place, width and tilt.",
    source=SOURCE,
    kind="image",
    shape=(28, 28, 1),
    options=(SAMPLES, SYSTEM_FONTS, BINARISE, SEED),
)
def load_printed(data_dir: Path, report: Reporter, options: Mapping[str, Any]) -> Dataset:
    """Draw the digits: uint8 (N, 28, 28, 1), with columns "font" and "height"."""
    glyphs = all_glyphs(options)
    drawn = _drawn(glyphs, 28, int(number(options, SAMPLES)), options)
    height = Column("height", np.float32(28) * drawn.heights, unit="pixels")
    return Dataset(
        name="printed",
        title="Printed digits",
        samples=in_bytes(drawn.images),
        scaling=divide(255),
        labels=drawn.labels,
        class_names=tuple("0123456789"),
        source=SOURCE,
        licence=LICENCE,
        columns=(Column("font", drawn.fonts, glyphs.names), height),
    )


@register_dataset(
    "hand-and-print",
    title="Handwritten and printed digits",
    summary="1,797 handwritten and as many printed digits, 8 × 8 pixels with 17 grey levels.",
    source=f"{builtin.DIGITS_SOURCE}; {SOURCE}",
    kind="image",
    shape=(8, 8, 1),
    options=(SYSTEM_FONTS, BINARISE, SEED),
)
def load_hand_and_print(data_dir: Path, report: Reporter, options: Mapping[str, Any]) -> Dataset:
    """The built-in digits and printed ones in turns: uint8 (3594, 8, 8, 1), 16 is white.

    Printed digits become 8 × 8 as the handwritten ones did: black and white at 32 × 32 pixels,
    white ones counted in blocks of 4 × 4.
    """
    written = builtin.load_digits(data_dir, report, {})
    drawn = _drawn(all_glyphs(options), 32, len(written), options)
    title = "Handwritten and printed digits"
    return _in_turns("hand-and-print", title, written, counted(drawn.images), drawn.labels)


@register_dataset(
    "mnist-and-print",
    title="MNIST and printed digits",
    summary="The first handwritten digits of MNIST and as many printed ones, 28 × 28 pixels.",
    source=f"{vision.MNIST.source}; {SOURCE}",
    kind="image",
    shape=(28, 28, 1),
    download=vision.download_mnist,
    options=(SAMPLES, SYSTEM_FONTS, BINARISE, SEED, DOWNLOAD),
)
def load_mnist_and_print(data_dir: Path, report: Reporter, options: Mapping[str, Any]) -> Dataset:
    """MNIST's first images and printed ones in turns: uint8 (2 N, 28, 28, 1)."""
    count = int(number(options, SAMPLES))
    written = vision.load_mnist(data_dir, report, {})
    drawn = _drawn(all_glyphs(options), 28, count, options)
    title = "MNIST and printed digits"
    return _in_turns("mnist-and-print", title, written, in_bytes(drawn.images), drawn.labels)


def all_glyphs(options: Mapping[str, Any]) -> Glyphs:
    """The bundled fonts' digits, and those of this computer's fonts where that was asked for.

    Raises:
        DataError: If the bundled file is missing.
    """
    path = paths.resources() / "data" / "printed.npz"
    if not path.is_file():
        raise DataError(f"aeviz is not installed whole: {path} is missing; install it again")
    with np.load(path, allow_pickle=False) as arrays:
        bundled = Glyphs(arrays["x"], tuple(arrays["names"].tolist()))
    if not options.get(SYSTEM_FONTS.name, SYSTEM_FONTS.default):
        return bundled
    found = fonts.glyphs_in(fonts.font_files(font_folders()))
    new = [row for row, name in enumerate(found.names) if name not in bundled.names]
    names = (*bundled.names, *(found.names[row] for row in new))
    return Glyphs(np.concatenate([bundled.bitmaps, found.bitmaps[new]]), names)


def font_folders() -> list[Path]:
    """Where this system keeps its fonts."""
    home = Path.home()
    if sys.platform == "win32":
        return [Path(os.environ.get("WINDIR", r"C:\Windows"), "Fonts")]
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts"]
    return [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".local/share/fonts"]


def in_bytes(ink: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Ink in [0, 1] as bytes (N, side, side, 1)."""
    return np.rint(ink * 255).astype(np.uint8)[..., np.newaxis]


def counted(ink: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Ink of 32 × 32 pixels as numbers of white ones, 0 to 16, in blocks: (N, 8, 8, 1)."""
    blocks = (ink >= 0.5).reshape(-1, 8, 4, 8, 4)
    return np.asarray(blocks.sum(axis=(2, 4)), np.uint8)[..., np.newaxis]


def _drawn(glyphs: Glyphs, side: int, count: int, options: Mapping[str, Any]) -> Drawn:
    heights = HEIGHTS_8 if side == 32 else HEIGHTS_28
    return fonts.draw(glyphs, count, side, int(number(options, SEED)), heights)


def _in_turns(
    name: str,
    title: str,
    written: Dataset,
    printed: NDArray[np.uint8],
    labels: NDArray[np.int64],
) -> Dataset:
    """Handwritten and printed samples in turns, as many of each."""
    assert written.labels is not None
    count = min(len(written), len(printed))
    samples = np.stack([written.samples[:count], printed[:count]], axis=1)
    both = np.stack([written.labels[:count], labels[:count]], axis=1)
    return Dataset(
        name=name,
        title=title,
        samples=samples.reshape(-1, *written.sample_shape),
        scaling=written.scaling,
        labels=both.reshape(-1),
        class_names=written.class_names,
        source=f"{written.source}; {SOURCE}",
        licence=f"{written.licence}; {LICENCE}",
        columns=(Column("domain", np.tile(np.arange(2), count), DOMAINS),),
    )
