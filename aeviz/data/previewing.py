"""Look at a person's own file before it is read: what kind it is, its columns, its first rows."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aeviz.catalogue import Entry
from aeviz.data.apart import Limits, read_apart
from aeviz.data.dataset import DataError, DatasetEntry, Reporter
from aeviz.data.own import format_of

QUICK = Limits(memory=2 * 2**30, cpu_seconds=60, seconds=30.0, output=2**26)
"""A look takes less than reading does."""


def preview(name: str, options: Mapping[str, Any], report: Reporter) -> dict[str, Any]:
    """What a file is and how it would be read.

    Args:
        name: Its path.
        options: Those of its data set that a person has set.
        report: Told how far the look is.

    Returns:
        The fields of `DataPreviewed` without `path` and `options`. What is wrong with the file is
        their `sentence`.
    """
    path = Path(name)
    kind = ""
    try:
        found = format_of(path)
        kind = found.name
        entry = found.entry(path)
        fields = {"format": kind, "entry": asdict(as_row(entry))}
        if not found.look:
            return {**fields, "features": entry.shape[0] if len(entry.shape) == 1 else 0}
        facts = read_apart(found.look, path, options, report, QUICK).facts
        return {**fields, **facts}
    except DataError as error:
        return {"format": kind, "entry": {}, "sentence": str(error)}


def as_row(entry: DatasetEntry) -> Entry:
    """A data set as a row of the catalogue."""
    return Entry(
        name=entry.name,
        title=entry.title,
        summary=entry.summary,
        source=entry.source,
        data=(entry.kind,),
        options=entry.options,
    )
