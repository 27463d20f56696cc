"""Samples of a person's own in a NumPy file: NPZ with samples and labels, NPY with samples alone.

Samples are under `x` (or `images`, `data`, `X`, `arr_0`), labels under `y` (or `labels`,
`targets`), names under `feature_names` and `class_names`. Headers are read first; nothing in such a
file is ever unpickled.
"""

import zipfile
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from aeviz.catalogue import Option
from aeviz.data import mapped
from aeviz.data.dataset import (
    ONLY,
    DataError,
    Dataset,
    DatasetEntry,
    Reporter,
    Scaling,
    divide,
    standardise,
)
from aeviz.data.options import BINARISE
from aeviz.data.own import register_format
from aeviz.data.tables.gathering import loses_digits
from aeviz.data.tables.reading import blurred_remarks

SAMPLES, LABELS = ("x", "images", "data", "X", "arr_0"), ("y", "labels", "targets")
MOST_BESIDE = 2**31
"""Bytes of labels at most: they are held in memory."""

MOST_SIDE = 4096
"""Pixels along a side of an image at most."""

MOST_WORDS = 2**26
"""Bytes of names at most."""

MOST_ARRAYS = 10_000
"""Arrays of a file at most, each of which has a header to be read."""

DEFLATE_RATIO = 1032
"""Deflate cannot pack more than 258 bytes into 2 bits: no honest archive declares more."""

BROKEN = (
    OSError, ValueError, EOFError, KeyError, NotImplementedError, MemoryError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What the libraries raise for a damaged archive or header."""

LARGEST = float(np.finfo(np.float32).max)

SAMPLES_OPTION = Option(
    name="samples",
    title="Samples",
    description="Name of the array with the samples; empty for x, images, data, X or arr_0",
    kind="text",
    default="",
    advanced=True,
)
LABEL_OPTION = Option(
    name="label",
    title="Labels",
    description="Name of the array with the labels; empty for y, labels or targets",
    kind="text",
    default="",
    advanced=True,
)


@dataclass(frozen=True)
class Header:
    """What a file says of one array before it is read.

    Attributes:
        shape: As declared.
        dtype: As declared.
        room: Bytes of values that the file can hold at most.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    room: int

    @property
    def bytes(self) -> int:
        """How much memory it takes."""
        return int(np.prod(self.shape, dtype=np.float64)) * self.dtype.itemsize


def _is_numpy(path: Path, head: bytes) -> bool:
    """An NPY file, or a zip archive whose first member is one."""
    if head.startswith(b"\x93NUMPY"):
        return True
    return head.startswith(b"PK") and (path.suffix.lower() == ".npz" or b".npy" in head[:300])


@register_format(
    "NumPy arrays (NPZ, NPY)", recognises=_is_numpy, options=(SAMPLES_OPTION, LABEL_OPTION)
)
def arrays_entry(path: Path) -> DatasetEntry:
    """A file as a data set that can be trained on.

    Raises:
        DataError: If its headers are not those of samples.
    """
    headers = read_headers(path)
    # Without a usual name a person has to say which array is meant: reading asks for it.
    key = _key(path, headers, "", SAMPLES, "samples")
    shape = _shape(path, headers[key]) if key else ()
    is_image = len(shape) == 4

    def load(data_dir: Path, report: Reporter, options: Mapping[str, Any]) -> Dataset:
        return load_arrays(path, options, report)

    return DatasetEntry(
        name=str(path),
        title=path.stem,
        summary="Samples of a NumPy file.",
        source=str(path),
        kind="image" if is_image else "table",
        load=load,
        shape=shape[1:],
        options=(SAMPLES_OPTION, LABEL_OPTION, *((BINARISE,) if is_image else ()), ONLY),
        needs_files=True,
    )


def load_arrays(
    path: Path, options: Mapping[str, Any], report: Reporter = lambda share, phrase: None
) -> Dataset:
    """Read a file; large samples stay on the disk.

    Args:
        path: Ends with .npz or .npy.
        options: `samples` and `label`: names of arrays, where the usual ones are not meant.
        report: Told how far it is.

    Raises:
        DataError: One sentence that names the file and the array.
    """
    headers = read_headers(path)
    key = _samples_key(path, headers, str(options.get("samples", "")))
    shape = _shape(path, headers[key])
    label = _key(path, headers, str(options.get("label", "")), LABELS, "labels")
    others = [*([label] if label else []), "feature_names", "class_names"]
    _check_length(path, key, headers[key])
    for name in (name for name in others if name in headers):
        _check_beside(path, name, headers[name], shape[0] if name == label else None)
    is_large = headers[key].bytes > mapped.IN_MEMORY
    arrays = _read(
        path, [*([] if is_large else [key]), *(each for each in others if each in headers)]
    )
    if is_large:
        samples, scaling, remarks = _map_samples(path, key, shape, report)
    else:
        samples, remarks = _as_samples(path, key, arrays[key].reshape(shape)), ()
        scaling = divide(255) if samples.ndim == 4 else standardise(samples)
    labels, names = None, _names(arrays.get("class_names"))
    if label:
        labels, names = _as_labels(path, label, arrays[label], len(samples), names)
    is_image = samples.ndim == 4
    features = _names(arrays.get("feature_names"))
    if features and (is_image or len(features) != samples.shape[1]):
        raise DataError(f"{path}: {len(features)} feature_names for samples of {samples.shape[1:]}")
    if not is_image:
        features = features or tuple(f"x{number}" for number in range(1, samples.shape[1] + 1))
    return Dataset(
        name=str(path),
        title=path.stem,
        samples=samples,
        scaling=scaling,
        labels=labels,
        class_names=names,
        feature_names=features,
        source=str(path),
        remarks=remarks if is_image or is_large else _remarks(arrays[key], features),
    )


def _remarks(values: NDArray[Any], features: Sequence[str]) -> tuple[str, ...]:
    """What became of a table's numbers that a person should know."""
    lost = np.flatnonzero(loses_digits(values.min(axis=0), values.max(axis=0))).tolist()
    return tuple(blurred_remarks([features[place] for place in lost]))


# ── headers ───────────────────────────────────────────────────────────────────────────────────


def read_headers(path: Path) -> dict[str, Header]:
    """Shape and type of every array of a file, by name; an NPY file has one, `x`.

    Raises:
        DataError: If it is not there or is no such file.
    """
    try:
        if not zipfile.is_zipfile(path):
            with path.open("rb") as file:
                return {"x": _header(file, path.stat().st_size)}
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(".npy")]
            _check_names(path, names)
            headers = {}
            for name in names:
                with archive.open(name) as member:
                    header = _header(member, _most(archive.getinfo(name)))
                headers[name.removesuffix(".npy")] = header
    except FileNotFoundError as error:
        raise DataError(f"{path}: there is no such file or data set") from error
    except Exception as error:
        raise _unreadable(path, error) from error
    if not headers:
        raise DataError(f"{path}: there is no array in it")
    return headers


def _header(file: Any, size: int) -> Header:
    """The header at the beginning of what is so many bytes long."""
    version = npy.read_magic(file)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read(file)
    return Header(tuple(shape), dtype, size - file.tell())


def _check_names(path: Path, names: Sequence[str]) -> None:
    """Refuse more arrays than anybody saves, and names of which nobody knows what they mean."""
    if len(names) > MOST_ARRAYS:
        raise DataError(f"{path} holds {len(names):,} arrays: save the ones that are meant")
    twice = next((name for name, count in Counter(names).items() if count > 1), "")
    if twice:
        raise DataError(f"{path}: {twice} stands twice in it: save it again")


def _most(member: zipfile.ZipInfo) -> int:
    """Bytes that a member can hold at most: what is said of it, as far as that can be true."""
    packed = member.compress_type != zipfile.ZIP_STORED
    return min(member.file_size, member.compress_size * (DEFLATE_RATIO if packed else 1))


def _check_length(path: Path, name: str, header: Header) -> None:
    """Refuse what is shorter than it says, before memory is taken for it."""
    if header.bytes > header.room:
        raise DataError(
            f"{path} is truncated: {name} declares {header.bytes:,} bytes of values, and "
            f"{max(header.room, 0):,} are there; save it again"
        )


def _samples_key(path: Path, headers: Mapping[str, Header], chosen: str) -> str:
    key = _key(path, headers, chosen, SAMPLES, "samples")
    if key:
        return key
    raise DataError(
        f"{path}: none of its arrays is called {', '.join(SAMPLES)}: name one of "
        f"{', '.join(headers)} with --set data.samples=NAME"
    )


def _check_beside(path: Path, name: str, header: Header, count: int | None) -> None:
    """Refuse labels for another number of samples, and names that take more than any do, unread."""
    most = MOST_WORDS if count is None else MOST_BESIDE
    if count is not None and header.shape != (count,):
        raise DataError(_no_labels(path, name, count, header.dtype, header.shape))
    if header.bytes > most:
        raise DataError(
            f"{path}: {name} takes {header.bytes / 2**20:,.0f} MB, and {most / 2**20:,.0f} MB can "
            "be held"
        )
    _check_length(path, name, header)


def _key(
    path: Path, headers: Mapping[str, Header], chosen: str, usual: Sequence[str], option: str
) -> str:
    """The name of an array; "" where none was chosen and none of the usual ones is there."""
    if chosen and chosen not in headers:
        name = "label" if option == "labels" else option
        raise DataError(
            f"data.{name}={chosen}: {path.name} has no such array; it has {', '.join(headers)}"
        )
    return chosen or next((name for name in usual if name in headers), "")


def _shape(path: Path, header: Header) -> tuple[int, ...]:
    """The samples' shape as a data set has it: (N, H, W, C) or (N, F); checked before reading."""
    shape = header.shape
    if header.dtype.kind not in "uifb":
        raise DataError(f"{path}: samples must be numbers, and these are {header.dtype}")
    if len(shape) not in (2, 3, 4) or 0 in shape:
        raise DataError(
            f"{path}: samples must be a table (N, F) or images (N, H, W) or (N, H, W, C), and "
            f"these are {shape}"
        )
    if len(shape) == 2:
        return shape
    whole = shape if len(shape) == 4 else (*shape, 1)
    if whole[3] > 4 or max(whole[1:3]) > MOST_SIDE:
        raise DataError(
            f"{path}: images must be (N, H, W) or (N, H, W, C) with 1 to 4 channels and at most "
            f"{MOST_SIDE} pixels along a side, and these are {shape}"
        )
    return whole


# ── arrays ────────────────────────────────────────────────────────────────────────────────────


def _read(path: Path, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    if not names:
        return {}
    try:
        found = np.load(path, allow_pickle=False)
        if isinstance(found, np.ndarray):
            return {"x": found}
        with found:
            return {name: found[name] for name in names if name in found}
    except Exception as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> DataError:
    """What to raise for whatever a damaged archive or header makes the libraries raise."""
    if isinstance(error, DataError):
        return error
    if isinstance(error, MemoryError):
        return DataError(f"{path} needs more memory than there is: close other programs")
    words = " ".join(str(error).split())[:200] or type(error).__name__
    return DataError(f"{path} cannot be read as NumPy arrays: {words}")


def _map_samples(
    path: Path, key: str, shape: tuple[int, ...], report: Reporter
) -> tuple[NDArray[Any], Scaling, tuple[str, ...]]:
    """Samples that stay on the disk, looked at block by block; also their scaling and remarks."""
    values = _mapped(path, key, lambda share: report(share, "Unpacking")).reshape(shape)
    is_image = len(shape) == 4
    wanted = np.dtype(np.uint8 if is_image else np.float32)

    def convert(block: NDArray[Any]) -> NDArray[Any]:
        return _as_samples(path, key, block)

    if values.dtype != wanted or not values.flags.c_contiguous:
        samples = mapped.converted(
            values, shape, wanted, convert, lambda share: report(share, "Converting")
        )
    else:
        samples = values
        for rows in () if is_image else mapped.spread_blocks(values):
            report(rows.start / len(values), "Looking at values")
            convert(np.asarray(values[rows]))
    scaling = divide(255)
    if not is_image:
        scaling = mapped.standardised(samples, lambda share: report(share, "Looking at values"))
    remarks = [f"its samples take {samples.nbytes / 2**30:.1f} GB and stay on the disk"]
    if not is_image and samples.nbytes > mapped.LOOKED_AT:
        share = mapped.LOOKED_AT / samples.nbytes
        remarks.append(f"its scaling is that of {share:.0%} of the rows, in blocks evenly apart")
    return samples, scaling, tuple(remarks)


def _mapped(path: Path, key: str, tell: mapped.Tell) -> NDArray[Any]:
    try:
        if zipfile.is_zipfile(path):
            return mapped.map_member(path, f"{key}.npy", tell)
        return mapped.map_array(path)
    except BROKEN as error:  # not what `tell` raises
        raise _unreadable(path, error) from error


def _as_samples(path: Path, key: str, values: NDArray[Any]) -> NDArray[Any]:
    """Images as bytes, tables in single precision, all of it finite."""
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        rows = int((~np.isfinite(values.reshape(len(values), -1)).all(axis=1)).sum())
        raise DataError(f"{path}: {rows:,} of the rows of {key} have values that are not finite")
    if values.ndim == 2:
        return _in_single_precision(path, key, values)
    if values.dtype.kind == "f":
        # A decode of a model may leave [0, 1] a little: a picture of it would be clipped too.
        if values.min() < -0.5 or values.max() > 1.5:
            raise DataError(
                f"{path}: images of floats must lie in [0, 1], and {key} goes from "
                f"{values.min():g} to {values.max():g}"
            )
        return np.asarray(np.rint(np.clip(values, 0, 1) * 255), np.uint8)
    if values.dtype.kind != "b" and (values.min() < 0 or values.max() > 255):
        raise DataError(f"{path}: images of whole numbers must lie in 0 to 255: {key} does not")
    scale = 255 if values.dtype.kind == "b" else 1
    return np.asarray(np.array(values, np.uint8) * np.uint8(scale), np.uint8)


def _in_single_precision(path: Path, key: str, values: NDArray[Any]) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):
        found = values.astype(np.float32)
    if not np.isfinite(found).all():
        rows = int((~np.isfinite(found).all(axis=1)).sum())
        raise DataError(
            f"{path}: {rows:,} of the rows of {key} have values beyond {LARGEST:.2g}, the largest "
            "that single precision holds: divide them by a constant"
        )
    return found


def _no_labels(
    path: Path, key: str, count: int, dtype: np.dtype[Any], shape: tuple[int, ...]
) -> str:
    return (
        f"{path}: {key} must be one whole number or word for each of the {count:,} samples, and it "
        f"is {dtype} of shape {shape}"
    )


def _as_labels(
    path: Path, key: str, values: NDArray[Any], count: int, names: tuple[str, ...]
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Labels as numbers; words are numbered in their order."""
    if values.shape != (count,) or values.dtype.kind not in "uibUS":
        raise DataError(_no_labels(path, key, count, values.dtype, values.shape))
    if values.dtype.kind in "US":
        words, labels = np.unique(values.astype(str), return_inverse=True)
        return labels.astype(np.int64), tuple(words.tolist())
    if values.max() >= 2**16:  # before they are turned into int64, which not all of them fit
        raise DataError(f"{path}: labels in {key} go up to {values.max():,}; 65,535 is the largest")
    labels = values.astype(np.int64)
    labels[labels < 0] = -1
    missing = int(labels.max()) + 1 - len(names)
    if names and missing > 0:
        raise DataError(f"{path}: {len(names)} class_names for labels up to {labels.max()}")
    return labels, names or tuple(str(number) for number in range(int(labels.max()) + 1))


def _names(values: NDArray[Any] | None) -> tuple[str, ...]:
    if values is None or values.ndim != 1 or values.dtype.kind not in "US":
        return ()
    return tuple(values.astype(str).tolist())
