"""Joins tables: the files of a folder by the names of their features. Runs in the child process."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from aeviz.data.dataset import DataError
from aeviz.data.reader import Sink
from aeviz.data.tables import columnar, looking, reading
from aeviz.data.tables.gathering import Table, Words
from aeviz.data.tables.kinds import is_columnar, tables_in
from aeviz.data.tables.layout import listed, unlike
from aeviz.data.tables.options import AFTER_READING, Wishes
from aeviz.data.tables.settling import settle, spans

FILE = "file"
"""What the column is called that says which file a sample comes from."""


def read(folder: Path, options: Mapping[str, Any], sink: Sink) -> dict[str, Any]:
    """Read all tables of a folder into the arrays of `settling.settle`, whose facts it returns.

    Raises:
        DataError: With file, line and column; if no feature stands in all of them.
    """
    wishes = Wishes.of(options)
    paths = tables_in(folder)
    parts = [read_part(path, wishes, sink, f"part-{n}") for n, path in enumerate(paths)]
    names = [path.name.split(".")[0] for path in paths]
    return settle(join(parts, unlike(names)[0], wishes, sink), wishes, sink)


def look(folder: Path, options: Mapping[str, Any], sink: Sink) -> dict[str, Any]:
    """As `looking.look`, of the first table; the others are counted."""
    paths = tables_in(folder)
    first = columnar.look if is_columnar(paths[0]) else looking.look
    facts = first(paths[0], options, sink)
    if len(paths) > 1:
        facts["remarks"] = [
            f"{len(paths):,} tables are joined by the names of their features; {paths[0].name} is "
            "shown",
            *facts.get("remarks", []),
        ]
        facts |= {"samples": 0, "features": 0}
    if len(paths) > 1 and not options.get("label"):
        facts["remarks"][0] += ", and the name of the file is the label"
    return facts


def read_part(path: Path, wishes: Wishes, sink: Sink, name: str) -> Table:
    """One of several tables; what is wrong with it is said with its name."""
    try:
        if is_columnar(path):
            plain = {option.name: getattr(wishes, option.name) for option in AFTER_READING}
            return columnar.read_table(path, Wishes.of(plain), sink, name)
        return reading.read_table(path, wishes, sink, name)
    except DataError as error:
        raise DataError(f"{path.name}: {error}") from error


def join(parts: Sequence[Table], names: Sequence[str], wishes: Wishes, sink: Sink) -> Table:
    """One table of several, by the names of their features.

    Args:
        parts: The tables.
        names: What they are called.
        wishes: Whether a column of theirs is the label; else it is the table.
        sink: Where the joined samples go.

    Raises:
        DataError: If no feature stands in all of them.
    """
    if len(parts) == 1:
        return parts[0]
    every = [unlike(part.features)[0] for part in parts]
    common = [name for name in every[0] if all(name in set(other) for other in every[1:])]
    if not common:
        raise DataError(
            f"no feature stands in all its tables; {names[0]} has {listed(every[0][:5])}, "
            f"{names[1]} has {listed(every[1][:5])}"
        )
    dropped = sorted({name for each in every for name in each} - set(common))
    remarks = [f"{names[n]}: {text}" for n, part in enumerate(parts) for text in part.remarks]
    if dropped:
        remarks.insert(
            0, f"features that do not stand in every table are left out: {listed(dropped)}"
        )
    return Table(
        samples=_samples(parts, every, common, sink),
        features=common,
        remarks=list(dict.fromkeys(remarks)),
        names=_names(parts),
        numbers=_numbers(parts),
        first=_first(parts, names),
        **_spoken(parts, names, wishes),
    )


def _samples(
    parts: Sequence[Table], every: Sequence[Sequence[str]], common: Sequence[str], sink: Sink
) -> Any:
    rows = sum(len(part.samples) for part in parts)
    joined = sink.array("joined", (rows, len(common)), np.float32)
    first = 0
    for part, features in zip(parts, every, strict=True):
        places = {name: place for place, name in enumerate(features)}
        order = [places[name] for name in common]
        for span in spans(*part.samples.shape):
            joined[first + span.start : first + span.stop] = part.samples[span][:, order]
        first += len(part.samples)
    return joined


def _spoken(parts: Sequence[Table], names: Sequence[str], wishes: Wishes) -> dict[str, Any]:
    """Label and columns of words: of the tables, and which table a sample is from."""
    counts = [len(part.samples) for part in parts]
    origin = Words(FILE)
    for name, count in zip(names, counts, strict=True):
        origin.add([name] * count)
    columns: dict[str, Words] = {}
    for part in parts:
        for column in [*part.words, *([] if part.label is None else [part.label])]:
            columns.setdefault(column.name, Words(column.name))
    for name, whole in columns.items():
        for part, count in zip(parts, counts, strict=True):
            whole.add(_cells(part, name, count))
    label = columns.pop(wishes.label, None) if wishes.label else origin
    words = [*columns.values(), *([origin] if label is not origin else [])]
    return {"label": label, "words": words}


def _cells(part: Table, name: str, count: int) -> list[str]:
    """A column of words of one table again as words, "" where it has none."""
    for column in [*part.words, *([] if part.label is None else [part.label])]:
        if column.name == name:
            values, words = column.sorted()
            return ["" if value < 0 else words[value] for value in values.tolist()]
    return [""] * count


def _numbers(parts: Sequence[Table]) -> dict[str, Any]:
    found = {}
    for name in dict.fromkeys(name for part in parts for name in part.numbers):
        missing = np.float32("nan")
        found[name] = np.concatenate(
            [
                part.numbers.get(name, np.full(len(part.samples), missing, np.float32))
                for part in parts
            ]
        )
    return found


def _names(parts: Sequence[Table]) -> list[str]:
    if not all(part.names for part in parts):
        return []
    return [name for part in parts for name in part.names]


def _first(parts: Sequence[Table], names: Sequence[str]) -> dict[str, str]:
    """Where the first odd values stand, with the name of the table."""
    found: dict[str, str] = {}
    for part, name in zip(parts, names, strict=True):
        for what, where in part.first.items():
            found.setdefault(what, f"{name}, {where}")
    return found


def with_metadata(vectors: Table, metadata: Table) -> Table:
    """Samples of one table with labels, columns and names of another one, row by row."""
    return replace(
        vectors,
        label=metadata.label,
        words=metadata.words,
        numbers=metadata.numbers,
        names=metadata.names,
        remarks=[*vectors.remarks, *metadata.remarks],
    )
