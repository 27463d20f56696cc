"""Cells out of an AnnData file (.h5ad): a matrix, the most variable features, labels from `obs`."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz.data.dataset import DataError, Scaling, unscaled
from aeviz.data.hdf.frames import Frame, FrameColumn
from aeviz.data.hdf.matrices import Matrix, Moments, matrix
from aeviz.data.hdf.tree import Tree, shown
from aeviz.data.reader import Sink
from aeviz.data.tables.layout import unlike
from aeviz.data.tables.scaling import choose_scaling

MANY, KEPT = 5_000, 2_000
"""With more features than this, only so many of the most variable ones are kept."""

MOST_FEATURES = 200_000
BUDGET = 16 * 2**30
"""Bytes at most that samples take once they are dense."""

NOTHING = "none"
FIRST = ("celltype", "louvain", "leiden")
"""Columns of obs that are labels before others, in small letters without marks between words."""

SYMBOLS = ("feature_name", "gene_symbols", "gene_symbol", "gene_name", "symbol")
"""Columns of var with names that people know, where the index has accession numbers."""

MOST_LABELS, MOST_WORDS, MOST_COLUMNS = 200, 2**16, 64


def is_annotated(tree: Tree) -> bool:
    """Whether a file is what anndata writes."""
    kind = tree.group("/").attrs.get("encoding-type", b"")
    if (kind.decode() if isinstance(kind, bytes) else kind) == "anndata":
        return True
    return all(tree.mentions(name) for name in ("X", "obs", "var"))


def choose(tree: Tree, wanted: str) -> str:
    """The path of the matrix: X, or what a person has named.

    Raises:
        DataError: If there is none; the sentence lists what there is.
    """
    name = wanted or "X"
    for path in (name, f"layers/{name}", f"obsm/{name}"):
        if tree.mentions(path):
            tree.at(path)  # says why it cannot be reached
            return path
    there = [path for path in ("X", "raw/X") if tree.mentions(path)]
    for group in ("layers", "obsm"):
        if tree.has(group):
            there += [f"{group}/{each}" for each in tree.group(group)]
    names = ", ".join(shown(path) for path in there[:12]) or "nothing of the kind"
    raise DataError(f"there is no {shown(name)} in it (data.samples); there is {names}")


def read(tree: Tree, options: Mapping[str, Any], sink: Sink) -> dict[str, Any]:
    """Read a matrix and what is known of its cells, as `tables.assembling.assemble` takes them.

    Raises:
        DataError: One sentence that names the part of the file.
    """
    tree.contents()  # refuses groups that contain themselves
    path = choose(tree, str(options.get("samples", "")).strip())
    found = matrix(tree, path)
    if 0 in found.shape:
        raise DataError(f"its {shown(path)} is {found.shape}: it holds nothing")
    remarks: list[str] = []
    names = _feature_names(tree, path, found.shape[1], remarks)
    moments = found.moments(sink)
    if moments.odd:
        raise DataError(f"{moments.odd:,} values in its {shown(path)} are not finite: mend them")
    kept = _kept(found, moments, str(options.get("features", "")).strip(), remarks)
    samples = _samples(found, kept, sink)
    features = [names[place] for place in kept]
    wanted = str(options.get("scaling", "auto"))
    scaling = _scaling(samples, moments, features, wanted, remarks)
    sink.put("shift", scaling.shift)
    sink.put("scale", scaling.scale)
    label = str(options.get("label", "")).strip()
    return {
        "features": features,
        "scaling": scaling.kind,
        **_of_cells(tree, found.shape[0], label, sink, remarks),
        "remarks": remarks,
    }


# ── features ──────────────────────────────────────────────────────────────────────────────────


def _feature_names(tree: Tree, path: str, count: int, remarks: list[str]) -> list[str]:
    if path.startswith("obsm/"):
        short = path.removeprefix("obsm/").removeprefix("X_")
        return [f"{short}{number}" for number in range(1, count + 1)]
    frame = Frame(tree, "raw/var" if path.startswith("raw/") else "var")
    names = frame.index()
    if len(names) != count:
        raise DataError(
            f"its var names {len(names):,} features, and its {shown(path)} has {count:,}"
        )
    for symbol in SYMBOLS:
        if symbol in frame.names:
            column = frame.column(symbol, count)
            if column.words:
                names = [
                    column.words[number] if number >= 0 else name
                    for number, name in zip(column.values, names, strict=True)
                ]
                remarks.append(f"its features are called as in var/{symbol}")
                break
    return unlike(names)[0]


def _kept(found: Matrix, moments: Moments, wanted: str, remarks: list[str]) -> NDArray[np.int64]:
    """Numbers of the features that are kept, ascending."""
    count = found.shape[1]
    most = _most(wanted, count)
    if most >= count:
        return np.arange(count)
    variances = moments.variances()
    order = np.argsort(-variances, kind="stable")[:most]
    of = "log(1 + x)" if moments.is_counts else "their values"
    remarks.append(
        f"the {most:,} of {count:,} features were kept whose {of} vary most (data.features)"
    )
    return np.sort(order).astype(np.int64)


def _most(wanted: str, count: int) -> int:
    if not wanted:
        return KEPT if count > MANY else count
    if wanted.lower() == "all":
        most = count
    elif re.fullmatch(r"\d{1,9}", wanted) and int(wanted):
        most = int(wanted)
    else:
        raise DataError(f"data.features={wanted}: it should be a number of features, or all")
    if min(most, count) > MOST_FEATURES:
        raise DataError(f"data.features={wanted}: at most {MOST_FEATURES:,} features are kept")
    return most


def _samples(found: Matrix, kept: NDArray[np.int64], sink: Sink) -> NDArray[np.float32]:
    size = 4 * found.shape[0] * len(kept)
    if size > BUDGET:
        raise DataError(
            f"{found.shape[0]:,} samples of {len(kept):,} features take {size / 2**30:,.0f} GB as "
            f"plain numbers, and {BUDGET / 2**30:.0f} GB are allowed: set data.features to "
            f"{max(1, BUDGET // (4 * found.shape[0])):,} or fewer"
        )
    samples = sink.array("samples", (found.shape[0], len(kept)), np.float32)
    found.copy(kept, samples, sink)
    return samples


def _scaling(
    samples: NDArray[np.float32],
    moments: Moments,
    features: list[str],
    wanted: str,
    remarks: list[str],
) -> Scaling:
    """As asked; else of counts their logarithms, of everything else its own units standardised."""
    if max(abs(moments.low), abs(moments.high)) > np.finfo(np.float32).max:
        raise DataError("its values are too large for single precision: divide them in the file")
    if wanted == "counts":
        if not moments.is_counts:
            raise DataError(
                f"data.scaling=counts: its values go from {moments.low:g} to {moments.high:g} and "
                "are no counts, which are whole and not negative"
            )
        return unscaled("counts")
    if wanted == "auto" and moments.is_counts:
        remarks.append(
            f"its values are counts (up to {moments.high:,.6g}): a model sees log(1 + x), "
            "standardised (data.scaling; counts suits a likelihood of counts)"
        )
        wanted = "log1p"
    return choose_scaling(samples, features, "standardise" if wanted == "auto" else wanted, remarks)


# ── cells ─────────────────────────────────────────────────────────────────────────────────────


def _of_cells(
    tree: Tree, count: int, wanted: str, sink: Sink, remarks: list[str]
) -> dict[str, Any]:
    """Labels, columns and names of the cells; the values go to the sink."""
    try:
        frame = Frame(tree, "obs")
        names = frame.index()
    except DataError as error:
        if wanted not in ("", NOTHING):
            raise
        remarks.append(f"nothing is known of its samples: {error}")
        return {"classes": [], "columns": [], "sample_names": []}
    if len(names) != count:
        raise DataError(f"its obs names {len(names):,} samples, and there are {count:,}")
    columns = _columns(frame, count, wanted, remarks)
    label = _label(columns, frame, wanted)
    if label is not None:
        sink.put("labels", label.values.astype(np.int64))
        remarks.append(f"its labels are obs/{label.name} (data.label)")
    rows: list[dict[str, Any]] = []
    for column in columns:
        if column is not label:
            sink.put(f"column-{len(rows)}", column.values)
            rows.append({"name": column.name, "names": list(column.words)})
    classes = [] if label is None else list(label.words)
    return {"classes": classes, "columns": rows, "sample_names": names}


def _columns(frame: Frame, count: int, wanted: str, remarks: list[str]) -> list[FrameColumn]:
    """The columns that say something of the cells."""
    found: list[FrameColumn] = []
    left: list[str] = []
    for name in frame.names:
        if len(found) == MOST_COLUMNS and name != wanted:
            left.append(name)
            continue
        try:
            column = frame.column(name, count)
        except DataError:
            if name == wanted:
                raise
            left.append(name)
            continue
        words = len(column.words)
        is_name = not column.is_category and words > max(20, count // 2)
        is_empty = not words and column.values.dtype == np.int64
        if name != wanted and (is_name or is_empty or words > MOST_WORDS):
            left.append(name)
        else:
            found.append(column)
    if left:
        few = ", ".join(shown(name) for name in left[:5])
        remarks.append(f"columns of obs that were left out: {few}{' …' if len(left) > 5 else ''}")
    return found


def _label(columns: list[FrameColumn], frame: Frame, wanted: str) -> FrameColumn | None:
    if wanted == NOTHING:
        return None
    if wanted:
        column = next((each for each in columns if each.name == wanted), None)
        if column is None:
            names = ", ".join(shown(name) for name in frame.names[:12])
            raise DataError(f"data.label={wanted}: its obs has no such column; it has {names}")
        return _as_label(column)
    words = [each for each in columns if each.words and len(each.words) <= MOST_LABELS]
    for name in FIRST:
        for column in words:
            if re.sub(r"[\W_]", "", column.name.lower()) == name:
                return column
    chosen = [each for each in words if each.is_category and len(each.words) > 1] or [
        each for each in words if len(each.words) > 1
    ]
    return chosen[0] if chosen else None


def _as_label(column: FrameColumn) -> FrameColumn:
    """A column that was chosen as the label, if it can be one."""
    if column.words:
        if len(column.words) > MOST_WORDS:
            raise DataError(f"data.label={column.name}: it has {len(column.words):,} values")
        return column
    raise DataError(f"data.label={column.name}: it holds numbers, and labels are words or choices")
