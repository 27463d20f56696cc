"""What a table that has been read becomes: whole samples, what is odd about them, a scaling.

Runs in the child process, a piece of the samples at a time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz.data.dataset import DataError
from aeviz.data.reader import Sink
from aeviz.data.tables.gathering import MOST_WORDS, Table
from aeviz.data.tables.layout import chosen, listed, unlike
from aeviz.data.tables.options import Wishes
from aeviz.data.tables.scaling import choose_scaling, extent_of

Rows = NDArray[np.bool_]
AT_ONCE = 2**24
"""Bytes of samples that are looked at at a time."""


@dataclass
class Kept:
    """Which samples and features of a table stay, and what stands for missing values.

    Attributes:
        table: As it was read.
        rows: Of every sample, whether it stays.
        columns: Of every feature, whether it stays.
        means: Of every feature, over the values that are there.
    """

    table: Table
    rows: Rows
    columns: NDArray[np.bool_]
    means: NDArray[np.float64]

    def pieces(self) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float32]]]:
        """Numbers of samples that stay, and their values (n, F), nothing missing."""
        samples = self.table.samples
        for span in spans(*samples.shape):
            rows = np.flatnonzero(self.rows[span]) + span.start
            values = np.array(samples[rows][:, self.columns], np.float32)
            odd = ~np.isfinite(values)
            if odd.any():
                values[odd] = np.broadcast_to(self.means[self.columns], values.shape)[odd]
            yield rows, values

    @property
    def shape(self) -> tuple[int, int]:
        """Of the samples that stay."""
        return int(np.count_nonzero(self.rows)), int(np.count_nonzero(self.columns))


def settle(table: Table, wishes: Wishes, sink: Sink) -> dict[str, Any]:
    """Give samples, labels and columns to the parent; returns names, remarks and the scaling.

    Raises:
        DataError: Where values are missing and nobody has said what to do, or nothing is left.
    """
    remarks = list(table.remarks)
    features, doubled = unlike(table.features)
    if doubled:
        remarks.append(doubled.replace("columns of the same name", "features of the same name"))
    kept = _without_missing(table, features, wishes, remarks)
    _without_constant(kept, features, wishes, remarks)
    _without_duplicates(kept, wishes, remarks)
    samples = sink.array("samples", kept.shape, np.float32)
    first = 0
    for _, values in kept.pieces():
        samples[first : first + len(values)] = values
        first += len(values)
        sink.report(first / len(samples), "Scaling")
    names = [name for name, stays in zip(features, kept.columns, strict=True) if stays]
    scaling = choose_scaling(samples, names, wishes.scaling, remarks)
    sink.put("shift", scaling.shift)
    sink.put("scale", scaling.scale)
    return {
        "features": names,
        "scaling": scaling.kind,
        **_label(table, kept.rows, sink, remarks),
        "columns": _columns(table, kept.rows, sink, remarks),
        "sample_names": [
            name for name, stays in zip(table.names, kept.rows, strict=False) if stays
        ],
        "remarks": remarks,
    }


def spans(rows: int, columns: int) -> Iterator[slice]:
    """Rows in pieces of bounded size."""
    step = max(1, AT_ONCE // max(1, 4 * columns))
    for first in range(0, rows, step):
        yield slice(first, min(rows, first + step))


# ── missing values ────────────────────────────────────────────────────────────────────────────


def _without_missing(
    table: Table, features: Sequence[str], wishes: Wishes, remarks: list[str]
) -> Kept:
    """Decide about missing values; raises DataError where that is left to a person."""
    count, width = table.samples.shape
    if not count:
        raise DataError("it holds no samples")
    columns = np.ones(width, np.bool_)
    if table.selects:
        columns[:] = False
        columns[chosen(list(features), table.selects, "features")] = True
    extent = extent_of(table.samples[span] for span in spans(count, width))
    empty = columns & (extent.counts == 0)
    columns &= extent.counts > 0
    if empty.any():
        remarks.append(
            f"without any value and left out: {listed(np.array(features, object)[empty])}"
        )
    if not columns.any():
        raise DataError("none of its features has a value")
    odd = np.concatenate([_odd(table.samples[span], columns) for span in spans(count, width)])
    kept = Kept(table, np.ones(count, np.bool_), columns, extent.means)
    if odd.any():
        _about_missing(kept, odd, count - extent.counts, features, wishes, remarks)
    return kept


def _odd(samples: NDArray[np.float32], columns: NDArray[np.bool_]) -> Rows:
    """Of every sample, whether a value of it is missing or infinite."""
    return np.asarray(~np.isfinite(samples[:, columns]).all(axis=1))


def _about_missing(
    kept: Kept,
    odd: Rows,
    counts: NDArray[np.int64],
    features: Sequence[str],
    wishes: Wishes,
    remarks: list[str],
) -> None:
    counts = np.where(kept.columns, counts, 0)
    order = np.argsort(-counts, kind="stable")[:3]
    worst = ", ".join(
        f"{features[place]!r} ({counts[place]:,})" for place in order if counts[place]
    )
    rows = int(np.count_nonzero(odd))
    told = (
        f"{several(int(counts.sum()), 'value is', 'values are')} missing or not finite, in "
        f"{rows:,} of {len(odd):,} samples, most in {worst}"
    )
    if wishes.missing == "stop":
        first = kept.table.first
        where = f"; first {first['missing']}" if "missing" in first else ""
        where += f"; too large: {first['infinite']}" if "infinite" in first else ""
        raise DataError(
            f"{told}{where}: leave those samples out with --set data.missing=drop, or take the "
            "mean of the feature with --set data.missing=mean"
        )
    if wishes.missing == "drop":
        kept.rows &= ~odd
        remarks.append(f"{told}: those samples were left out")
        if not kept.rows.any():
            raise DataError(
                f"{told}, so that no sample is left: set data.missing=mean, or choose other "
                "columns with --set data.features=NAMES"
            )
        return
    remarks.append(f"{told}: the mean of the feature stands for each")


# ── constant features, duplicates ─────────────────────────────────────────────────────────────


def _without_constant(
    kept: Kept, features: Sequence[str], wishes: Wishes, remarks: list[str]
) -> None:
    if kept.shape[0] < 2:
        return
    extent = extent_of(values for _, values in kept.pieces())
    same = np.zeros(len(kept.columns), np.bool_)
    same[kept.columns] = extent.low == extent.high
    if not same.any():
        return
    told = several(int(same.sum()), "feature does", "features do")
    told += f" not change: {listed(np.array(features, object)[same])}"
    if wishes.constant == "keep":
        remarks.append(f"{told} (data.constant=drop leaves them out)")
        return
    if same[kept.columns].all():
        raise DataError(f"{told}, so that nothing is left with data.constant=drop")
    kept.columns &= ~same
    remarks.append(f"{told}: left out")


def _without_duplicates(kept: Kept, wishes: Wishes, remarks: list[str]) -> None:
    # Compared by a random sum of 64 bits: two different samples never meet in practice.
    factors = np.random.default_rng(0).integers(1, 2**63, kept.shape[1], np.uint64) * 2 + 1
    rows, sums = [], []
    for numbers, values in kept.pieces():
        bits = (values + 0.0).view(np.uint32).astype(np.uint64)  # −0 is 0
        rows.append(numbers)
        sums.append((bits * factors).sum(axis=1, dtype=np.uint64))
    _, first = np.unique(np.concatenate(sums), return_index=True)
    again = np.delete(np.concatenate(rows), first)
    if not again.size:
        return
    told = f"{several(again.size, 'sample equals', 'samples equal')} an earlier one"
    if wishes.duplicates == "keep":
        remarks.append(f"{told} (data.duplicates=drop leaves them out)")
        return
    kept.rows[again] = False
    remarks.append(f"{told}: left out")


# ── labels and columns ────────────────────────────────────────────────────────────────────────


def _label(table: Table, rows: Rows, sink: Sink, remarks: list[str]) -> dict[str, Any]:
    if table.label is None:
        return {"classes": [], "label": ""}
    values, words = _present(*table.label.sorted(), rows)
    if not words:
        remarks.append(f"the column {table.label.name!r} has no value: there are no labels")
        return {"classes": [], "label": ""}
    if len(words) > MOST_WORDS:
        raise DataError(
            f"the labels in {table.label.name!r} have {len(words):,} different values, and "
            f"{MOST_WORDS:,} can be told apart: choose another column with --set data.label=NAME, "
            "or none"
        )
    if missing := int(np.count_nonzero(values < 0)):
        remarks.append(f"{several(missing, 'sample has', 'samples have')} no label")
    sink.put("labels", values)
    return {"classes": words, "label": table.label.name}


def _present(
    values: NDArray[np.int64], words: list[str], rows: Rows
) -> tuple[NDArray[np.int64], list[str]]:
    """Of the samples that stay, and only the words that they have."""
    values = values[rows]
    there = np.unique(values[values >= 0])
    new = np.full(len(words) + 1, -1, np.int64)
    new[there] = np.arange(len(there))
    return new[values], [words[place] for place in there]


def _columns(table: Table, rows: Rows, sink: Sink, remarks: list[str]) -> list[dict[str, Any]]:
    """Names of the further columns, with the words of each; their values go to the sink."""
    found: list[dict[str, Any]] = []
    for column in table.words:
        values, words = _present(*column.sorted(), rows)
        if not words or len(words) > MOST_WORDS:
            remarks.append(
                f"the column {column.name!r} has {len(words):,} different values and is left out"
            )
            continue
        sink.put(f"column-{len(found)}", values)
        found.append({"name": column.name, "names": words})
    for name, numbers in table.numbers.items():
        sink.put(f"column-{len(found)}", numbers[rows])
        found.append({"name": name, "names": []})
    return found


def several(count: int, one: str, many: str) -> str:
    """A count with its noun and verb."""
    return f"{count:,} {one if count == 1 else many}"
