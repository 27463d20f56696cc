"""A data set from what the child process found in a table."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz.data.apart import Found, read_apart
from aeviz.data.dataset import ONLY, Column, Dataset, DatasetEntry, Reporter, Scaling
from aeviz.data.tables.options import OPTIONS, Wishes

IN_MEMORY = 2**28
"""Bytes of samples at most that are held in memory; more stay on the disk."""

PACKED = (".gz",)


def table_entry(path: Path, reader: str, summary: str, options: tuple[Any, ...]) -> DatasetEntry:
    """A table as a data set that can be trained on; it is read when that is asked for.

    Args:
        path: The file or folder.
        reader: What reads it in the child process, as `read_apart` takes it.
        summary: One sentence that says what it is.
        options: Those of its kind.
    """

    def load(data_dir: Path, report: Reporter, given: Mapping[str, Any]) -> Dataset:
        Wishes.of(given)
        known = {option.name for option in OPTIONS}
        wanted = {name: value for name, value in given.items() if name in known}
        return assemble(path, read_apart(reader, path, wanted, report))

    return DatasetEntry(
        name=str(path),
        title=title_of(path),
        summary=summary,
        source=str(path),
        kind="table",
        load=load,
        options=(*options, ONLY),
        needs_files=True,
    )


def title_of(path: Path) -> str:
    """The name of a file without its endings, of a folder as it is."""
    return Path(path.stem).stem if path.suffix.lower() in PACKED else path.stem


def assemble(path: Path, found: Found) -> Dataset:
    """The data set of arrays and facts."""
    facts, arrays = found.facts, found.arrays
    scaling = Scaling(np.array(arrays["shift"]), np.array(arrays["scale"]), str(facts["scaling"]))
    return Dataset(
        name=str(path),
        title=title_of(path),
        samples=_held(arrays["samples"]),
        scaling=scaling,
        labels=np.array(arrays["labels"]) if "labels" in arrays else None,
        class_names=tuple(facts["classes"]),
        feature_names=tuple(facts["features"]),
        source=str(path),
        columns=tuple(
            Column(row["name"], np.array(arrays[f"column-{place}"]), tuple(row["names"]))
            for place, row in enumerate(facts["columns"])
        ),
        sample_names=tuple(facts["sample_names"]),
        remarks=tuple(facts["remarks"]),
    )


def _held(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """In memory where they fit there, else on the disk as they are."""
    return np.array(samples) if samples.nbytes <= IN_MEMORY else samples
