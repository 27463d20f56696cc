"""Some classes of a data set: the option `only` of every data set with labels."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from aeviz.data.dataset import DataError, Dataset
from aeviz.data.mapped import rows_of


def only(dataset: Dataset, wanted: Any) -> Dataset:
    """The samples of some classes, which are numbered anew in the order of the data set.

    What the samples were drawn from is not known any more. Scaling and all the rest stay.

    Args:
        dataset: With labels.
        wanted: Names of classes, or numbers of unnamed ones, with commas between them, or a list
            of them; nothing keeps all.

    Raises:
        DataError: If a class is not there, or the data set has no labels.
    """
    words = _words(wanted)
    if not words:
        return dataset
    if dataset.labels is None:
        raise DataError(f"data.only={wanted}: {dataset.title} has no labels to choose by")
    names = _names(dataset)
    words = _joined(words, names)
    for word in words:
        if word not in names:
            raise DataError(
                f"data.only={wanted}: {dataset.title} has no class {word!r}; it has: "
                + ", ".join(names)
            )
    kept = [label for label, name in enumerate(names) if name in words]
    rows = np.flatnonzero(np.isin(dataset.labels, kept))
    if not rows.size:
        raise DataError(f"data.only={wanted}: {dataset.title} has no sample of these classes")
    return replace(
        dataset,
        title=f"{dataset.title} {', '.join(names[label] for label in kept)}",
        samples=rows_of(dataset.samples, rows),
        labels=np.searchsorted(kept, dataset.labels[rows]).astype(np.int64),
        class_names=tuple(names[label] for label in kept),
        columns=tuple(replace(column, values=column.values[rows]) for column in dataset.columns),
        density=None,
        sample_names=tuple(np.array(dataset.sample_names, object)[rows])
        if dataset.sample_names
        else (),
    )


def _words(wanted: Any) -> list[str]:
    parts = wanted if isinstance(wanted, Sequence) and not isinstance(wanted, str) else [wanted]
    words = [word.strip() for part in parts for word in str(part).split(",")]
    return [word for word in words if word]


def _joined(words: list[str], names: list[str]) -> list[str]:
    """Words that were cut out of a name with a comma, together again.

    Example:
        >>> _joined(["row 1", "cell 2", "x"], ["x", "row 1, cell 2"])
        ['row 1, cell 2', 'x']
    """
    joined: list[str] = []
    while words:
        lengths = range(len(words), 0, -1)
        fitting = (length for length in lengths if ", ".join(words[:length]) in names)
        length = next(fitting, 1)
        joined.append(", ".join(words[:length]))
        words = words[length:]
    return joined


def _names(dataset: Dataset) -> list[str]:
    """A name for every label; its number where it has none."""
    assert dataset.labels is not None
    count = max(len(dataset.class_names), int(dataset.labels.max(initial=-1)) + 1)
    return [*dataset.class_names, *map(str, range(len(dataset.class_names), count))]
