"""What a model has decoded, as CSV, Parquet or NPZ that say so: nobody takes it for data.

Every row carries its latent; every file says how it was made, by which model of which run at which
epoch, with which seed, and what a conditional model was told.
"""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from aeviz.data.tables.formulas import neutral
from aeviz.export.latents import ExportError
from aeviz.export.tables import number, value_names
from aeviz.messages import Conditions, FloatArray
from aeviz.runs.schema import RunInfo


@dataclass(frozen=True, eq=False)
class Generated:
    """Decodes with their latents and where they come from.

    Attributes:
        z: float32 (B, D).
        x: float32 (B, …), images with 0 black and 1 white, rows of a table in their own units.
        marks: How they were made: `generated`, `model`, `run`, `epoch`; `seed` and `told` where
            there are any.
        feature_names: One per feature of a table.
        label: The number in `class_names` of the label that was told; None where none was.
        class_names: One per label.
        columns: What else is known of each, such as its step along a path, (B,) each.
    """

    z: FloatArray
    x: FloatArray
    marks: Mapping[str, str | int]
    feature_names: tuple[str, ...] = ()
    label: int | None = None
    class_names: tuple[str, ...] = ()
    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def as_bytes(self, kind: str) -> bytes:
        """The content of a file.

        Args:
            kind: "csv", "parquet" or "npz".

        Raises:
            ExportError: If there is no such format here.
        """
        if kind not in WRITERS:
            known = ", ".join(f".{each}" for each in WRITERS)
            raise ExportError(f"generated values are written as {known}, not as .{kind}")
        return WRITERS[kind](self)


def marked(
    info: RunInfo,
    z: FloatArray,
    x: FloatArray,
    how: str,
    epoch: int,
    *,
    seed: int | None = None,
    told: Any = None,
    columns: Mapping[str, NDArray[Any]] | None = None,
) -> Generated:
    """Decodes of a run with what is to be said of them.

    Args:
        info: Of the run.
        z: Latents (B, D).
        x: Their decodes (B, …).
        how: Such as "decoded" or "drawn from prior".
        epoch: Whose weights have decoded them.
        seed: Of the draw.
        told: What a conditional model was told, as in `Run.decode`.
        columns: What else is known of each.
    """
    row, names = info.model.get("conditions"), tuple(info.data.get("class_names", ()))
    about = None if row is None else TypeAdapter(Conditions).validate_python(row)
    marks: dict[str, str | int] = {"generated": how, "model": info.model.get("title", "")}
    marks |= {"run": ", ".join(part for part in (info.title, info.created) if part)}
    marks["epoch"] = epoch
    if seed is not None:
        marks["seed"] = seed
    if about is not None:
        marks["told"] = _told(about, told)
    is_label = about is not None and about.kind == "choice" and about.names == names
    features = tuple(info.data.get("feature_names", ()))
    marks = {f"aeviz_{name}" if name in features else name: marks[name] for name in marks}
    return Generated(z, x, marks, features, (told or 0) if is_label else None, names, columns or {})


def _told(about: Conditions, told: Any) -> str:
    """A condition in words: a choice by its name, numbers by theirs, a sample by its number."""
    if about.kind == "choice":
        return told if isinstance(told, str) else about.names[int(told or 0)]
    if about.kind == "numbers":
        values = np.ravel(about.middles if told is None else told)
        pairs = zip(about.names, values, strict=False)
        return ", ".join(f"{name}={value:.6g}" for name, value in pairs)
    return "the first sample" if told is None else f"{about.names[0]} of sample {told}"


def csv_of(found: Generated) -> bytes:
    """`z1,…`, the features or pixels `p0,…`, further columns, then the marks in every row."""
    flat = found.x.reshape(len(found.x), -1)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    names = value_names(flat.shape[1], found.feature_names)
    latents = [f"z{place + 1}" for place in range(found.z.shape[1])]
    writer.writerow([*latents, *map(neutral, names), *found.columns, *found.marks])
    marks = [neutral(value) if isinstance(value, str) else value for value in found.marks.values()]
    for row, (z, x) in enumerate(zip(found.z, flat, strict=True)):
        beside = [_cell(values[row]) for values in found.columns.values()]
        writer.writerow([*map(number, z), *map(number, x), *beside, *marks])
    return buffer.getvalue().encode()


def _cell(value: Any) -> Any:
    return neutral(str(value)) if isinstance(value, str) else value


def npz_of(found: Generated) -> bytes:
    """`z`, `x` and the marks; `y` and `class_names` where a label was told."""
    arrays: dict[str, Any] = {"z": found.z, "x": found.x, "drawn": np.array(True)}
    arrays |= {name: np.asarray(values) for name, values in found.columns.items()}
    arrays |= {name: np.array(value) for name, value in found.marks.items()}
    if found.feature_names:
        arrays["feature_names"] = np.array(found.feature_names, np.str_)
    if found.label is not None:
        arrays["y"] = np.full(len(found.z), found.label, np.int64)
        arrays["class_names"] = np.array(found.class_names, np.str_)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def parquet_of(found: Generated) -> bytes:
    """The columns of the CSV with their types, the marks in the metadata of the file too.

    Raises:
        ExportError: If pyarrow is not installed.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise ExportError(
            "Parquet files need pyarrow: install it with pip install 'aeviz[table]'"
        ) from error
    flat = found.x.reshape(len(found.x), -1)
    columns = [(f"z{place + 1}", found.z[:, place]) for place in range(found.z.shape[1])]
    names = value_names(flat.shape[1], found.feature_names)
    columns += [(name, flat[:, place]) for place, name in enumerate(names)]
    columns += list(found.columns.items())
    table = pyarrow.table(
        [pyarrow.array(values) for _, values in columns], names=[name for name, _ in columns]
    )
    for name, value in found.marks.items():
        table = table.append_column(name, pyarrow.array([value] * len(flat)))
    table = table.replace_schema_metadata({"aeviz": json.dumps(dict(found.marks))})
    buffer = io.BytesIO()
    parquet.write_table(table, buffer)
    return buffer.getvalue()


WRITERS: dict[str, Callable[[Generated], bytes]] = {
    "csv": csv_of,
    "parquet": parquet_of,
    "npz": npz_of,
}
"""What writes them, by the ending of the file."""

KINDS: Sequence[str] = tuple(WRITERS)
