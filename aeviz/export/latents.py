"""Latents of samples as CSV, NPZ, Parquet or AnnData, with labels and names."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aeviz.data.tables.formulas import neutral
from aeviz.export.tables import number
from aeviz.messages import FloatArray, IntArray
from aeviz.runs.atomic import write_bytes

if TYPE_CHECKING:
    import h5py


class ExportError(ValueError):
    """Something cannot be written as asked; the message says why and what to do."""


@dataclass(frozen=True, eq=False)
class Encoded:
    """Latents of samples, and what is known of them.

    Attributes:
        z: float32 (N, D).
        index: Numbers of the samples in their data set, (N,).
        labels: int64 (N,), -1 where missing; None without labels.
        class_names: One per label.
        names: Of the samples, one each or none at all.
        epoch: Whose weights have encoded them.
    """

    z: FloatArray
    index: IntArray
    labels: IntArray | None = None
    class_names: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    epoch: int = -1

    def words(self) -> list[str]:
        """The label of every sample as a word, "" where it is missing."""
        if self.labels is None:
            return [""] * len(self.z)
        return [self._word(int(label)) for label in self.labels]

    def _word(self, label: int) -> str:
        if label < 0:
            return ""
        return self.class_names[label] if label < len(self.class_names) else str(label)

    def save(self, path: Path | str) -> None:
        """Write them, by the ending of the name: .csv, .npz, .parquet or .h5ad.

        Raises:
            ExportError: If there is no such format here.
            SaveError: If the file cannot be written.
        """
        target = Path(path)
        writer = WRITERS.get(target.suffix.lower().removeprefix("."))
        if writer is None:
            known = ", ".join(f".{each}" for each in WRITERS)
            raise ExportError(f"{target.name}: latents are written as {known}")
        write_bytes(target, writer(self))


def csv_of(found: Encoded) -> bytes:
    """`index,label,z1,…`, and the samples' names last where they have some."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    columns = [f"z{place + 1}" for place in range(found.z.shape[1])]
    writer.writerow(["index", "label", *columns, *(["name"] if found.names else [])])
    for row, (place, word, z) in enumerate(zip(found.index, found.words(), found.z, strict=True)):
        name = [neutral(found.names[row])] if found.names else []
        writer.writerow([int(place), neutral(word), *map(number, z), *name])
    return buffer.getvalue().encode()


def npz_of(found: Encoded) -> bytes:
    """`z`, `index`, `epoch`; `y` and `class_names`, `names` where there are any."""
    arrays = {"z": found.z, "index": found.index, "epoch": np.array(found.epoch)}
    if found.labels is not None:
        arrays |= {"y": found.labels, "class_names": np.array(found.class_names, np.str_)}
    if found.names:
        arrays["names"] = np.array(found.names, np.str_)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def parquet_of(found: Encoded) -> bytes:
    """The columns of the CSV with their types; the label is missing where the sample has none.

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
    columns = {"index": found.index, "label": [word or None for word in found.words()]}
    table = pyarrow.table(
        {
            **columns,
            **{f"z{place + 1}": found.z[:, place] for place in range(found.z.shape[1])},
            **({"name": list(found.names)} if found.names else {}),
        }
    )
    table = table.replace_schema_metadata({"aeviz": f"latents of epoch {found.epoch}"})
    buffer = io.BytesIO()
    parquet.write_table(table, buffer)
    return buffer.getvalue()


def h5ad_of(found: Encoded) -> bytes:
    """An AnnData file with the latents in `obsm["X_aeviz"]`, labels and names in `obs`.

    It is written as its documentation says (on-disk format of AnnData, 0.1.0), with h5py alone.
    """
    import h5py

    buffer = io.BytesIO()
    names = found.names or tuple(str(place) for place in found.index)
    with h5py.File(buffer, "w") as file:
        _mark(file, "anndata", "0.1.0")
        for group in ("layers", "obsm", "obsp", "uns", "varm", "varp"):
            _mark(file.create_group(group), "dict", "0.1.0")
        _array(file, "X", np.zeros((len(found.z), 0), np.float32))
        _array(file, "obsm/X_aeviz", found.z)
        columns = ["sample"] if found.labels is None else ["sample", "label"]
        rows = _frame(file, "obs", names, columns)
        _array(rows, "sample", found.index)
        if found.labels is not None:
            _categorical(rows, "label", found.labels, found.class_names)
        _frame(file, "var", (), [])
    return buffer.getvalue()


def _mark(place: "h5py.Group | h5py.Dataset", kind: str, version: str) -> None:
    place.attrs["encoding-type"], place.attrs["encoding-version"] = kind, version


def _array(place: "h5py.Group", name: str, values: NDArray[Any]) -> None:
    _mark(place.create_dataset(name, data=values), "array", "0.2.0")


def _strings(place: "h5py.Group", name: str, words: Sequence[str]) -> None:
    import h5py

    kind = h5py.string_dtype("utf-8")
    _mark(place.create_dataset(name, data=list(words), dtype=kind), "string-array", "0.2.0")


def _frame(
    file: "h5py.File", name: str, index: Sequence[str], columns: Sequence[str]
) -> "h5py.Group":
    import h5py

    frame = file.create_group(name)
    _mark(frame, "dataframe", "0.2.0")
    frame.attrs["_index"] = "_index"
    frame.attrs.create("column-order", list(columns), dtype=h5py.string_dtype("utf-8"))
    _strings(frame, "_index", index)
    return frame


def _categorical(
    place: "h5py.Group", name: str, labels: IntArray, class_names: Sequence[str]
) -> None:
    most = int(labels.max(initial=-1)) + 1
    words = [*class_names, *(str(label) for label in range(len(class_names), most))]
    group = place.create_group(name)
    _mark(group, "categorical", "0.2.0")
    group.attrs["ordered"] = False
    _array(group, "codes", labels.astype(np.int32))
    _strings(group, "categories", words)


WRITERS: dict[str, Callable[[Encoded], bytes]] = {
    "csv": csv_of,
    "npz": npz_of,
    "parquet": parquet_of,
    "h5ad": h5ad_of,
}
"""What writes latents, by the ending of the file."""
