"""CelebA: faces with forty attributes, from files in torchvision's layout.

`DATA_DIR/celeba/img_align_celeba/000001.jpg` and so on, with `list_attr_celeba.txt` and
`list_eval_partition.txt` beside the folder. The full data set is large: as many of the training
images as are asked for are read, reduced to squares of 64 pixels, and held in memory.
"""

import itertools
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz.catalogue import Option
from aeviz.data.dataset import (
    Column,
    DataError,
    Dataset,
    Reporter,
    divide,
    register_dataset,
)
from aeviz.data.files import first_of
from aeviz.data.options import BINARISE, choice, number

SOURCE = "Liu, Luo, Wang & Tang, 2015, Deep Learning Face Attributes in the Wild, arXiv:1411.7766"
WIDTH, HEIGHT = 178, 218
FACE = (15, 35, 163, 183)
"""The middle 148 × 148 pixels: left, top, right, bottom; hair and background lie around it."""

SIDE = 64
TRAINING = 162_770
AT_ONCE = 256
"""Images that are decoded before the progress is told."""

LINE = 2000
"""Characters of a line at most."""

ATTRIBUTES = (
    *("5_o_Clock_Shadow", "Arched_Eyebrows", "Attractive", "Bags_Under_Eyes", "Bald", "Bangs"),
    *("Big_Lips", "Big_Nose", "Black_Hair", "Blond_Hair", "Blurry", "Brown_Hair"),
    *("Bushy_Eyebrows", "Chubby", "Double_Chin", "Eyeglasses", "Goatee", "Gray_Hair"),
    *("Heavy_Makeup", "High_Cheekbones", "Male", "Mouth_Slightly_Open", "Mustache"),
    *("Narrow_Eyes", "No_Beard", "Oval_Face", "Pale_Skin", "Pointy_Nose", "Receding_Hairline"),
    *("Rosy_Cheeks", "Sideburns", "Smiling", "Straight_Hair", "Wavy_Hair", "Wearing_Earrings"),
    *("Wearing_Hat", "Wearing_Lipstick", "Wearing_Necklace", "Wearing_Necktie", "Young"),
)
"""In the order of the file."""

SAMPLES = Option(
    name="samples",
    title="Samples",
    description="How many of the 162,770 training images are read, the first ones; 12 kB of memory "
    "each",
    kind="int",
    default=20_000,
    low=2,
    high=TRAINING,
)
LABEL = Option(
    name="label",
    title="Label",
    description="The attribute that colours the map; all forty are columns",
    kind="choice",
    default="Smiling",
    choices=ATTRIBUTES,
)


@dataclass(frozen=True)
class _Files:
    """Where the files of CelebA lie."""

    folder: Path

    @property
    def images(self) -> Path:
        return self.folder / "img_align_celeba"

    @property
    def attributes(self) -> Path:
        return self.folder / "list_attr_celeba.txt"

    @property
    def parts(self) -> Path:
        return self.folder / "list_eval_partition.txt"


@register_dataset(
    "celeba",
    title="CelebA",
    summary="Photographs of faces with 40 attributes, 64 × 64 pixels in colour: the first 20,000 "
    "of 162,770 unless more are asked for.",
    source=SOURCE,
    kind="image",
    shape=(SIDE, SIDE, 3),
    options=(SAMPLES, LABEL, BINARISE),
    needs_files=True,
)
def load_celeba(data_dir: Path, report: Reporter, options: Mapping[str, Any]) -> Dataset:
    """Read the first training images: uint8 (N, 64, 64, 3).

    The middle 148 × 148 pixels of the aligned images are averaged down to 64 × 64.
    """
    files = _find(data_dir)
    names, values = _attributes(files, int(number(options, SAMPLES)))
    label = choice(options, LABEL)
    return Dataset(
        name="celeba",
        title="CelebA",
        samples=_images(files, names, report),
        scaling=divide(255),
        labels=values[:, ATTRIBUTES.index(label)],
        class_names=(f"not {_words(label)}", _words(label)),
        source=SOURCE,
        licence="Non-commercial research only",
        columns=tuple(
            Column(_words(name), column.copy(), names=("no", "yes"))
            for name, column in zip(ATTRIBUTES, values.T, strict=True)
        ),
    )


def _words(attribute: str) -> str:
    return attribute.replace("_", " ").lower()


def _find(data_dir: Path) -> _Files:
    files = _Files(data_dir / "celeba")
    for path in (files.images, files.attributes, files.parts):
        if first_of(path) is None:
            # Not DataMissing: torchvision cannot fetch it without a further package.
            raise DataError(
                f"CelebA is not on this computer: get it from its authors, accept their terms, and "
                f"put the folder img_align_celeba, {files.attributes.name} and {files.parts.name} "
                f"into {files.folder}"
            )
    return files


def _attributes(files: _Files, count: int) -> tuple[list[str], NDArray[np.int64]]:
    """Names of the first training images, and 0 or 1 for every attribute, (N, 40)."""
    attributes, parts = _lines(files.attributes), _lines(files.parts)
    head = [next(attributes, [])[:1], next(attributes, [])]
    if head[1] != list(ATTRIBUTES):
        raise DataError(f"{files.attributes} names other attributes than CelebA's; replace it")
    names, rows = [], []
    lines = itertools.zip_longest(attributes, parts, fillvalue=["nothing"])
    for (name, *values), (named, *part) in lines:
        is_whole = part in (["0"], ["1"], ["2"]) and len(values) == len(ATTRIBUTES)
        if name != named or not _is_image_name(name) or not is_whole:
            raise DataError(
                f"{files.attributes} and {files.parts} differ at {name!r}; replace them"
            )
        if part == ["0"]:
            names.append(name)
            rows.append([value == "1" for value in values])
        if len(names) == count:
            break
    if not names:
        raise DataError(f"{files.parts} names no training image; replace it")
    return names, np.array(rows, np.int64)


def _is_image_name(name: str) -> bool:
    """Whether it is what an image of the data set is called, and not a path elsewhere."""
    return name.removesuffix(".jpg").isdecimal() and name.isascii() and name.endswith(".jpg")


def _lines(path: Path) -> Iterator[list[str]]:
    """The words of every line that has some."""
    try:
        with path.open(encoding="ascii", errors="replace") as file:
            while line := file.readline(LINE):
                if words := line.split():
                    yield words
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error


def _images(files: _Files, names: list[str], report: Reporter) -> NDArray[np.uint8]:
    """Decode the images, some at a time beside each other, (N, 64, 64, 3)."""
    images = np.empty((len(names), SIDE, SIDE, 3), np.uint8)
    with ThreadPoolExecutor(thread_name_prefix="aeviz-decoding") as pool:
        for first in range(0, len(names), AT_ONCE):
            some = itertools.islice(names, first, first + AT_ONCE)
            for place, image in enumerate(pool.map(partial(_face, files.images), some), first):
                images[place] = image
            report(min(1.0, (first + AT_ONCE) / len(names)), "Reading the faces")
    return images


def _face(folder: Path, name: str) -> NDArray[np.uint8]:
    """One image, cut and reduced, (64, 64, 3); its size is looked at before it is decoded."""
    from PIL import Image

    path = folder / name
    try:
        with Image.open(path, formats=("JPEG",)) as image:
            if image.size != (WIDTH, HEIGHT):
                size = f"{image.size[0]} × {image.size[1]}"
                raise DataError(f"{path} has {size} pixels, expected {WIDTH} × {HEIGHT}")
            colours = image.convert("RGB")
    except DataError:
        raise
    except (OSError, ValueError, SyntaxError) as error:
        raise DataError(f"{path} is missing or damaged ({error}); replace it") from error
    return np.asarray(colours.resize((SIDE, SIDE), Image.Resampling.BOX, box=FACE))
