"""Data sets: one file per source, found by walking this package. Nothing here needs torch."""

import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aeviz.data.dataset import DATASETS, ONLY, DataError, Dataset, DatasetEntry, Reporter
from aeviz.data.own import is_path, own_entry
from aeviz.data.selection import only

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")


def _quiet(fraction: float, phrase: str) -> None:
    """Report to nobody."""


def load(
    name: str, data_dir: Path, options: Mapping[str, Any] | None = None, report: Reporter = _quiet
) -> Dataset:
    """Read a data set by its registered name.

    Raises:
        DataMissing: If its files are not on this computer.
        DataError: If there is no such data set, or its files are damaged.
    """
    others = dict(options or {})
    wanted = others.pop(ONLY.name, "")
    return only(entry(name).load(data_dir, report, others), wanted)


def download(name: str, data_dir: Path, report: Reporter) -> dict[str, Any]:
    """Fetch the files of a data set, unless they are there or it has none; `report` may cancel.

    Raises:
        DataError: If there is no such data set, or the files do not arrive.
    """
    fetch = entry(name).download
    if fetch is not None:
        fetch(data_dir, report)
    return {}


def entry(name: str) -> DatasetEntry:
    """The data set of a name, or of a person's own file or folder by its path.

    Raises:
        DataError: If there is none.
    """
    if name in DATASETS:
        return DATASETS[name]
    if is_path(name):
        return own_entry(name)
    names = ", ".join(sorted(DATASETS))
    raise DataError(f"there is no data set {name!r}; there are: {names}")
