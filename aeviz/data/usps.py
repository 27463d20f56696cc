"""USPS: digits from envelopes, from the file that torchvision downloads.

`DATA_DIR/usps.bz2` is text, one sample a line: its label from 1 to 10, then `1:value` to
`256:value` with values from -1 to 1. It is read line by line, none longer than a sample can be.
"""

import bz2
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz.data.dataset import DataError, DataMissing, Dataset, Reporter, divide, register_dataset
from aeviz.data.fetching import TorchvisionData, fetch_unless_whole
from aeviz.data.files import first_of
from aeviz.data.options import BINARISE, DOWNLOAD

SOURCE = "Hull, 1994, A database for handwritten text recognition research, doi:10.1109/34.291440"
SIDE = 16
PIXELS = SIDE * SIDE
EXPECTED = 7291
MOST = 100_000
"""Lines at most that are read."""

LONGEST = 2**14
"""Bytes of a line at most: 256 pixels of 16 characters are a quarter of that."""

FILES = TorchvisionData("USPS", "USPS", megabytes=6.6, needed=("usps.bz2",), place=".")


def download_usps(data_dir: Path, report: Reporter) -> None:
    """Fetch the training file with torchvision unless it is there already."""
    fetch_unless_whole(FILES, data_dir, report, lambda tell: _load(data_dir, tell))


@register_dataset(
    "usps",
    title="USPS",
    summary="7,291 images of digits from envelopes, 16 × 16 pixels, 10 classes (the training "
    "part).",
    source=SOURCE,
    kind="image",
    shape=(SIDE, SIDE, 1),
    download=download_usps,
    options=(BINARISE, DOWNLOAD),
)
def load_usps(data_dir: Path, report: Reporter, options: Mapping[str, Any]) -> Dataset:
    """Read the training part: uint8 (7291, 16, 16, 1), white digits on black."""
    return _load(data_dir, report)


def _load(data_dir: Path, report: Reporter) -> Dataset:
    path = first_of(data_dir / "usps.bz2")
    if path is None:
        raise DataMissing(
            f"USPS is not on this computer: download it, or put usps.bz2 into {data_dir}"
        )
    try:
        rows = np.array(list(_rows(path, report)))
    except (OSError, EOFError) as error:
        raise DataError(f"{path} is damaged or cannot be read ({error}); replace it") from error
    if not len(rows):
        raise DataError(f"{path} holds no samples; replace it")
    return Dataset(
        name="usps",
        title="USPS",
        samples=_bytes(rows[:, 1:]),
        scaling=divide(255),
        labels=rows[:, 0].astype(np.int64) - 1,
        class_names=tuple("0123456789"),
        source=SOURCE,
        licence="Free for research",
    )


def _rows(path: Path, report: Reporter) -> Iterator[NDArray[np.float32]]:
    """Label and pixels of every line, (257,)."""
    with bz2.open(path, "rb") as file:
        for number in range(1, MOST + 2):
            line = file.readline(LONGEST)
            if not line:
                return
            if number > MOST:
                raise DataError(f"{path} has more than {MOST:,} lines; replace it")
            yield _row(path, number, line)
            if number % 500 == 0:
                report(min(1.0, number / EXPECTED), f"Reading {path.name}")


def _row(path: Path, number: int, line: bytes) -> NDArray[np.float32]:
    try:
        values = np.array(line.replace(b":", b" ").split(), np.float32)
    except ValueError:
        values = np.empty(0, np.float32)
    indices, pixels = values[1::2], values[2::2]
    is_whole = len(values) == 1 + 2 * PIXELS and np.array_equal(indices, np.arange(1, PIXELS + 1))
    is_label = is_whole and values[0] in range(1, 11)
    if not is_label or not (np.abs(pixels) <= 1).all():
        raise DataError(
            f"{path}, line {number}: a label from 1 to 10 and {PIXELS} values from -1 to 1 were "
            f"expected; replace the file"
        )
    return np.concatenate([values[:1], pixels])


def _bytes(pixels: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Values from -1 to 1 as bytes, rounded down as torchvision does, (N, 16, 16, 1)."""
    return ((pixels + 1) / 2 * 255).astype(np.uint8).reshape(-1, SIDE, SIDE, 1)
