"""IDX files, the format of MNIST, plain or gzipped, as data: images, with the labels beside them.

The labels of `train-images-idx3-ubyte` are those of `train-labels-idx1-ubyte` in the same folder,
either of them packed or not.
"""

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz.data.dataset import ONLY, DataError, Dataset, DatasetEntry, Reporter, divide
from aeviz.data.files import check_labels, first_of
from aeviz.data.idx import GZIP, TYPES, read_idx
from aeviz.data.options import BINARISE
from aeviz.data.own import read_head, register_format

MOST_BYTES = 2**42
"""Bytes of images at most; many of them stay on the disk."""

MOST_SIDE = 4096
IMAGES, LABELS = 3, 1
"""How many dimensions they have in a file."""


def is_idx(path: Path, head: bytes) -> bool:
    """Whether a file begins as IDX files do: two zeros, a known type, one to four dimensions."""
    start = _unpacked(head)
    return start[:2] == b"\0\0" and len(start) == 4 and start[2] in TYPES and 1 <= start[3] <= 4


def _unpacked(head: bytes) -> bytes:
    """The first four bytes, of a gzipped file those of what is in it."""
    if not head.startswith(GZIP):
        return head[:4]
    try:
        return zlib.decompressobj(wbits=31).decompress(head, 4)
    except zlib.error:
        return b""


@register_format("IDX images", recognises=is_idx, order=-10)
def idx_entry(path: Path) -> DatasetEntry:
    """An IDX file of images as a data set that can be trained on.

    Raises:
        DataError: If it holds no images.
    """
    dimensions = _unpacked(read_head(path))[3]
    if dimensions == LABELS:
        raise DataError(
            f"{path} holds labels: open the file of their images, which finds them beside it"
        )
    if dimensions != IMAGES:
        raise DataError(f"{path} has {dimensions} dimensions, and images in an IDX file have 3")

    def load(data_dir: Path, report: Reporter, options: Mapping[str, Any]) -> Dataset:
        return load_idx(path, report)

    return DatasetEntry(
        name=str(path),
        title=_title(path),
        summary="Images of an IDX file.",
        source=str(path),
        kind="image",
        load=load,
        options=(BINARISE, ONLY),
        needs_files=True,
    )


def load_idx(path: Path, report: Reporter) -> Dataset:
    """Read images (N, H, W) of bytes, and their labels where they lie beside them.

    Raises:
        DataError: If a file is damaged, or the labels are not those of the images.
    """
    images = read_idx(
        path,
        (None, None, None),
        budget=MOST_BYTES,
        report=lambda share: report(share, "Reading images"),
    )
    if max(images.shape[1:]) > MOST_SIDE:
        raise DataError(f"{path} holds images of {images.shape[1:]}: {MOST_SIDE} pixels at most")
    file, remarks = labels_beside(path), []
    labels: NDArray[np.int64] | None = None
    names: tuple[str, ...] = ()
    if file is None:
        remarks.append("no file of labels lies beside it: its samples have no classes")
    else:
        found = read_idx(file, (None,))
        labels = check_labels(found, file, path, len(images), int(found.max()) + 1)
        names = tuple(map(str, range(int(labels.max()) + 1)))
        remarks.append(f"its labels are those of {file.name}")
    return Dataset(
        name=str(path),
        title=_title(path),
        samples=images[..., np.newaxis],
        scaling=divide(255),
        labels=labels,
        class_names=names,
        source=str(path),
        remarks=tuple(remarks),
    )


def labels_beside(path: Path) -> Path | None:
    """The file of the labels that belong to a file of images, by their names; None without one."""
    plain = path.name.removesuffix(".gz")
    name = plain.replace("images", "labels").replace("idx3", "idx1")
    if name == plain:
        return None
    return first_of(path.with_name(name), path.with_name(f"{name}.gz"))


def _title(path: Path) -> str:
    return path.name.removesuffix(".gz")
