"""Summarise a data set for the data page: counts, attributes with their ranges, some samples."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz import data
from aeviz.data.dataset import DATASETS, Column, DataError, Dataset, Reporter
from aeviz.data.mapped import IN_MEMORY, rows_of
from aeviz.messages import Attribute

LOOKED_AT = 2**26
"""Bytes of a large data set whose numbers are told."""

THUMBNAILS = 100
"""Samples at most that a description shows."""


def describe(
    name: str, data_dir: Path, options: Mapping[str, Any], report: Reporter
) -> dict[str, Any]:
    """Read a data set and put it in numbers.

    Args:
        name: A registered name.
        data_dir: Where torchvision's files lie.
        options: Its options; those left out have their defaults.
        report: Told how far the reading is.

    Returns:
        The fields of `DataDescribed`, without `view`. Where the data set cannot be read,
        `available` is False and `sentence` says what to do.
    """
    try:
        dataset = data.load(name, data_dir, options, report)
    except DataError as error:
        return unavailable(name, str(error))
    return {
        "name": name,
        "title": dataset.title,
        "available": True,
        "sentence": _origin(name, data_dir),
        "source": dataset.source,
        "licence": dataset.licence,
        "remarks": dataset.remarks,
        "samples": len(dataset),
        "sample_shape": dataset.sample_shape,
        "white": dataset.white if dataset.is_image else 255.0,
        "class_names": dataset.class_names,
        "counts": _counts(dataset),
        "feature_names": dataset.feature_names,
        "attributes": (
            *_attributes(dataset),
            *_label_attribute(dataset),
            *(_known(column) for column in dataset.columns),
            *_names(dataset),
        ),
        **_thumbnails(dataset),
    }


def unavailable(name: str, sentence: str) -> dict[str, Any]:
    """The fields of `DataDescribed` for a data set that cannot be read."""
    entry = DATASETS.get(name)
    return {
        "name": name,
        "title": name if entry is None else entry.title,
        "available": False,
        "sentence": sentence,
        "source": "" if entry is None else entry.source,
    }


def _origin(name: str, data_dir: Path) -> str:
    """One sentence about where on this computer the samples come from."""
    if name not in DATASETS:
        return ""  # the source says it
    if not DATASETS[name].needs_files:
        return "Comes with aeviz: nothing has to be downloaded."
    return f"Read from the files in {data_dir}."


def _counts(dataset: Dataset) -> tuple[int, ...]:
    """Samples per class; those without a label count nowhere."""
    if dataset.labels is None:
        return ()
    labelled = dataset.labels[dataset.labels >= 0]
    counts = np.bincount(labelled, minlength=len(dataset.class_names))
    return tuple(int(count) for count in counts)


def _attributes(dataset: Dataset) -> tuple[Attribute, ...]:
    """The pixels of images, or every column of a table, with their ranges."""
    samples, of_some = _looked_at(dataset)
    if dataset.is_image:
        height, width, channels = dataset.sample_shape
        colours = "grey" if channels == 1 else f"{channels} channels"
        detail = f"{height} × {width}, {colours}, white is {dataset.white:g}{of_some}"
        low, high = float(samples.min()), float(samples.max())
        return (Attribute("pixels", "image", low, high, detail),)
    columns = samples.T
    names = dataset.feature_names or tuple(f"feature {i + 1}" for i in range(len(columns)))
    found = (_column(name, column) for name, column in zip(names, columns, strict=True))
    return tuple(replace(each, detail=each.detail + of_some) for each in found)


def _looked_at(dataset: Dataset) -> tuple[NDArray[Any], str]:
    """The samples, of very many evenly spread ones; and words that say so."""
    samples = dataset.samples
    most = LOOKED_AT // max(1, samples[:1].nbytes)
    if samples.nbytes <= IN_MEMORY or len(samples) <= most:
        return samples, ""
    rows = _spread(np.arange(len(samples)), max(1, most))
    return rows_of(samples, rows), f", of {len(rows):,} samples evenly spread"


def _column(name: str, column: NDArray[np.float32]) -> Attribute:
    """A column in numbers; cells that are not finite are counted, not averaged."""
    finite = column[np.isfinite(column)]
    if not finite.size:
        return Attribute(name, "number", None, None, "no finite value")
    mean, spread = finite.mean(dtype=np.float64), finite.std(dtype=np.float64)
    detail = f"mean {mean:.4g}, standard deviation {spread:.4g}"
    if missing := column.size - finite.size:
        detail += f", {missing:,} not finite"
    return Attribute(name, "number", _plain(finite.min()), _plain(finite.max()), detail)


def _plain(value: np.float32) -> float:
    """A number as the file says it: 0.74, where the nearest float32 is 0.7400000095."""
    return float(str(value))


def _label_attribute(dataset: Dataset) -> tuple[Attribute, ...]:
    if dataset.labels is None:
        return ()
    detail = f"{len(dataset.class_names)} classes"
    if missing := int(np.count_nonzero(dataset.labels < 0)):
        detail += f", {missing:,} samples without a label"
    return (Attribute("label", "category", None, None, detail),)


def _names(dataset: Dataset) -> tuple[Attribute, ...]:
    """What the samples are called, where they have names."""
    if not dataset.sample_names:
        return ()
    shown = ", ".join(dataset.sample_names[:3])
    more = "…" if len(dataset.sample_names) > 3 else ""
    return (Attribute("name", "category", None, None, f"of every sample: {shown}{more}"),)


def _known(column: Column) -> Attribute:
    """What else is known of every sample: choices, or numbers with their range and unit."""
    what = "factor" if column.is_factor else "known"
    if column.is_choice:
        detail = f"{what}, {len(column.names):,} values"
        return Attribute(column.name, "category", None, None, detail)
    row = _column(column.name, column.values)
    words = [what, column.unit, row.detail]
    return replace(row, detail=", ".join(word for word in words if word))


def _thumbnails(dataset: Dataset) -> dict[str, Any]:
    """Some samples, class by class, the same ones every time."""
    labels = dataset.labels
    if labels is None:
        rows = _spread(np.arange(len(dataset)), THUMBNAILS)
        return {"thumbnails": rows_of(dataset.samples, rows), "thumbnail_labels": None}
    present = np.unique(labels)[:THUMBNAILS]
    each = THUMBNAILS // len(present)
    rows = np.concatenate([_spread(np.flatnonzero(labels == label), each) for label in present])
    return {"thumbnails": rows_of(dataset.samples, rows), "thumbnail_labels": labels[rows]}


def _spread(rows: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """At most `count` of the rows, evenly spread."""
    if len(rows) <= count:
        return rows
    return rows[np.arange(count) * len(rows) // count]
