"""Samples and labels out of an HDF5 file that follows no convention but usual names."""

from collections.abc import Mapping, Sequence
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from aeviz.data.dataset import DataError
from aeviz.data.hdf.streaming import copy_images, copy_table
from aeviz.data.hdf.tree import Contents, Tree, is_numbers, shown, text
from aeviz.data.reader import Sink
from aeviz.data.tables.layout import unlike
from aeviz.data.tables.scaling import choose_scaling

SAMPLES = ("x", "images", "data", "X", "features", "samples")
LABELS = ("y", "labels", "targets", "Y", "label", "target", "classes")
NOTHING = "none"
MOST_SIDE, MOST_FEATURES, MOST_CLASSES = 4096, 200_000, 2**16
NAMED = 8


def choose(tree: Tree, contents: Contents, wanted: str = "") -> str:
    """The path of the samples.

    Args:
        tree: The file.
        contents: What is in it.
        wanted: A path that a person has named, or nothing.

    Raises:
        DataError: If there is none of that name, or none or several that could be meant.
    """
    if wanted:
        tree.array(wanted)
        return wanted
    for name in SAMPLES:
        if tree.mentions(name) and _could_be(tree, name):  # raises where it is not to be read
            return name
    fitting = [path for path in contents.arrays if _could_be(tree, path)]
    for name in SAMPLES:
        named = [path for path in fitting if path.endswith(f"/{name}")]
        if len(named) == 1:
            return named[0]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise DataError(
            f"none of its data sets is called {', '.join(SAMPLES)}: name one with "
            f"--set data.samples=PATH; it has {_listed(fitting)}"
        )
    for path, why in contents.left.items():
        raise DataError(f"its {shown(path)} {why}")
    raise DataError("it holds no data set of numbers with two to four dimensions")


def sample_shape(array: h5py.Dataset, name: str) -> tuple[int, ...]:
    """(H, W, C) of images or (F,) of a table.

    Raises:
        DataError: If it holds no samples of such a shape.
    """
    shape = array.shape
    if not is_numbers(array):
        raise DataError(f"samples must be numbers, and its {shown(name)} holds {array.dtype}")
    if len(shape) not in (2, 3, 4):
        raise DataError(
            "samples must be a table (N, F) or images (N, H, W) or (N, H, W, C), and its "
            f"{shown(name)} is {shape}"
        )
    if len(shape) == 2:
        if shape[1] > MOST_FEATURES:
            raise DataError(
                f"its {shown(name)} has {shape[1]:,} features, and {MOST_FEATURES:,} can be read"
            )
        return (shape[1],)
    whole = tuple(shape[1:]) if len(shape) == 4 else (*shape[1:], 1)
    if _is_channels_first(shape):
        whole = (*shape[2:], shape[1])
    if whole[2] > 4 or max(whole[:2]) > MOST_SIDE:
        raise DataError(
            f"images must be (N, H, W) or (N, H, W, C) with 1 to 4 channels and at most "
            f"{MOST_SIDE:,} pixels along a side, and its {shown(name)} is {shape}"
        )
    return whole


def read(tree: Tree, options: Mapping[str, Any], sink: Sink) -> dict[str, Any]:
    """Read samples and labels into the arrays that `tables.assembling.assemble` takes.

    Raises:
        DataError: One sentence that names the data set.
    """
    contents = tree.contents()
    path = choose(tree, contents, str(options.get("samples", "")).strip())
    array = tree.array(path)
    remarks = _left(contents, path)
    if path not in SAMPLES:
        remarks.append(f"its samples are those in {shown(path)} (data.samples)")
    shape = sample_shape(array, path)
    if len(shape) == 3:
        _read_images(array, path, shape, sink, remarks)
        facts: dict[str, Any] = {"features": [], "scaling": "divide"}
    else:
        facts = _read_table(tree, array, path, sink, remarks)
    wanted = str(options.get("label", "")).strip()
    classes = _read_labels(tree, path, wanted, len(array), sink, remarks)
    return {**facts, "classes": classes, "columns": [], "sample_names": [], "remarks": remarks}


# ── samples ───────────────────────────────────────────────────────────────────────────────────


def _could_be(tree: Tree, path: str) -> bool:
    if isinstance(tree.at(path), h5py.Group):
        return False
    array = tree.array(path)
    return is_numbers(array) and len(array.shape) in (2, 3, 4) and array.size > 1


def _is_channels_first(shape: Sequence[int]) -> bool:
    """Whether images (N, C, H, W) are meant, as torch has them."""
    return len(shape) == 4 and shape[3] > 4 and shape[1] in (1, 3, 4)


def _read_images(
    array: h5py.Dataset, path: str, shape: tuple[int, ...], sink: Sink, remarks: list[str]
) -> None:
    out = sink.array("samples", (len(array), *shape), np.uint8)
    view: NDArray[np.uint8] = out
    if len(array.shape) == 3:
        view = out[..., 0]
    elif _is_channels_first(array.shape):
        view = np.moveaxis(out, -1, 1)
        remarks.append(f"the {shape[2]} channels in {shown(path)} come before the pixels")
    copy_images(array, path, view, sink)
    sink.put("shift", np.array(0, np.float32))
    sink.put("scale", np.array(255, np.float32))


def _read_table(
    tree: Tree, array: h5py.Dataset, path: str, sink: Sink, remarks: list[str]
) -> dict[str, Any]:
    out = sink.array("samples", tuple(array.shape), np.float32)
    copy_table(array, path, out, sink)
    names = _names(tree, _beside(path, "feature_names"), array.shape[1])
    features = names or [f"x{number}" for number in range(1, array.shape[1] + 1)]
    scaling = choose_scaling(out, features, "auto", remarks)
    sink.put("shift", scaling.shift)
    sink.put("scale", scaling.scale)
    return {"features": features, "scaling": scaling.kind}


def _names(tree: Tree, path: str, count: int) -> list[str]:
    """Words under a path, if there are as many as wanted."""
    if not tree.has(path):
        return []
    array = tree.array(path)
    if array.shape != (count,) or array.dtype.kind not in "OSU":
        return []
    return unlike([text(word) for word in array[...]])[0]


# ── labels ────────────────────────────────────────────────────────────────────────────────────


def _read_labels(
    tree: Tree, samples: str, wanted: str, count: int, sink: Sink, remarks: list[str]
) -> list[str]:
    """Put the labels into the sink; returns the names of the classes."""
    if wanted == NOTHING:
        return []
    path = wanted or _usual(tree, samples)
    if not path:
        return []
    try:
        values, names = as_labels(tree.array(path), path, count)
    except DataError as error:
        if wanted:
            raise
        remarks.append(f"no labels: {error}")
        return []
    given = _names(tree, _beside(path, "class_names"), max(len(names), 1))
    sink.put("labels", values)
    return given or names


def _usual(tree: Tree, samples: str) -> str:
    """The path of labels under a usual name beside the samples."""
    beside = (_beside(samples, name) for name in LABELS)
    return next((path for path in beside if path != samples and tree.mentions(path)), "")


def as_labels(array: h5py.Dataset, path: str, count: int) -> tuple[NDArray[np.int64], list[str]]:
    """Labels as numbers, and their names; words are numbered in their order.

    Raises:
        DataError: If they are not one whole number or word for each sample.
    """
    shape = array.shape[:1] if array.shape[1:] == (1,) else array.shape
    if shape != (count,) or array.dtype.kind not in "uibfOS":
        raise DataError(
            f"{shown(path)} must be one whole number or word for each of the {count:,} samples, "
            f"and it is {array.dtype} of shape {array.shape}"
        )
    found = array[...].reshape(-1)
    if array.dtype.kind in "OS":
        words, numbers = np.unique(np.array([text(word) for word in found]), return_inverse=True)
        return numbers.astype(np.int64), [str(word) for word in words]
    if not (np.isfinite(found).all() and (found == np.rint(found)).all()):
        raise DataError(f"{shown(path)} has values that are no whole numbers")
    labels = np.maximum(found.astype(np.float64), -1).astype(np.int64)
    if labels.max() >= MOST_CLASSES:
        raise DataError(f"{shown(path)} goes up to {labels.max():,}; 65,535 is the largest label")
    named = h5py.check_enum_dtype(array.dtype) or {}
    words_of = {number: text(word) for word, number in named.items()}
    return labels, [words_of.get(number, str(number)) for number in range(int(labels.max()) + 1)]


def _beside(path: str, name: str) -> str:
    group, slash, _ = path.rpartition("/")
    return f"{group}{slash}{name}"


def _left(contents: Contents, samples: str) -> list[str]:
    """What was not read, in sentences."""
    return [
        f"its {shown(path)} {why}; it was left out"
        for path, why in list(contents.left.items())[:NAMED]
        if path != samples
    ]


def _listed(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - NAMED:,} more" if len(paths) > NAMED else ""
    return ", ".join(shown(path) for path in paths[:NAMED]) + more
