"""Find the files of a data set on this computer, and read labels that belong to images."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aeviz.data.dataset import DataError, DataMissing


def find_files(title: str, folder: Path, names: Sequence[str]) -> tuple[Path, ...]:
    """The files of a data set, each unpacked before packed with `.gz`.

    Raises:
        DataMissing: If one is not there; the message says which to put where.
        DataError: If the folder may not be searched.
    """
    found = [first_of(folder / name, folder / f"{name}.gz") for name in names]
    missing = [name for name, file in zip(names, found, strict=True) if file is None]
    if missing:
        files = " and ".join(f"{name}.gz" for name in missing)
        raise DataMissing(
            f"{title} is not on this computer: download it, or put {files} (or unpacked) "
            f"into {folder}"
        )
    return tuple(file for file in found if file is not None)


def first_of(*paths: Path) -> Path | None:
    """The first path that exists."""
    try:
        return next((path for path in paths if path.exists()), None)
    except OSError as error:  # a parent folder that may not be searched
        raise DataError(f"{paths[0]} cannot be read: {error.strerror}") from error


def check_labels(
    labels: NDArray[np.integer], path: Path, images: Path, count: int, classes: int, lowest: int = 0
) -> NDArray[np.int64]:
    """Labels from 0, one per image, as int64.

    Args:
        labels: As the file has them, (N,).
        path: Their file.
        images: The file of the images.
        count: How many images there are.
        classes: How many classes there are.
        lowest: What the file calls the first class.

    Raises:
        DataError: If their number or one of them is wrong; the message names the file.
    """
    if len(labels) != count:
        raise DataError(f"{path} holds {len(labels):,} labels, but {images} {count:,} images")
    last = lowest + classes - 1
    wrong = labels[(labels < lowest) | (labels > last)]
    if wrong.size:
        raise DataError(f"{path} holds the label {wrong.max()}, expected {lowest} to {last}")
    return labels.astype(np.int64) - lowest
