"""AnnData files: matrices dense and sparse, variable features, labels from obs, embeddings."""

import warnings
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from aeviz import data
from aeviz.data.dataset import DataError, Dataset
from aeviz.data.formats.hdf5 import hdf5_entry
from aeviz.data.hdf import annotated, matrices, reading
from aeviz.data.tables.assembling import assemble
from tests.data.reading_here import read_here

GENERATOR = np.random.default_rng(0)
CELLS, GENES = 30, 12
COUNTS = GENERATOR.poisson(GENERATOR.gamma(0.5, 6, GENES), (CELLS, GENES)).astype(np.float32)
COUNTS[3] = 0  # a cell without a count
TYPES = GENERATOR.integers(0, 3, CELLS)


def write_sparse(group: h5py.Group, kind: str, values: NDArray[np.float32]) -> None:
    """A matrix as anndata stores one that is sparse."""
    turned = values if kind == "csr" else values.T
    group.attrs["encoding-type"] = f"{kind}_matrix"
    group.attrs["encoding-version"] = "0.1.0"
    group.attrs["shape"] = values.shape
    group["data"] = turned[turned != 0]
    group["indices"] = np.nonzero(turned)[1].astype(np.int32)
    group["indptr"] = np.concatenate([[0], np.cumsum((turned != 0).sum(axis=1))]).astype(np.int32)


def write_frame(group: h5py.Group, index: list[str], columns: list[str]) -> None:
    group.attrs["encoding-type"] = "dataframe"
    group.attrs["_index"] = "_index"
    group.attrs["column-order"] = np.array(columns, h5py.string_dtype())
    group["_index"] = np.array(index, h5py.string_dtype())


def write_category(group: h5py.Group, name: str, codes: NDArray[Any], words: list[str]) -> None:
    made = group.create_group(name)
    made.attrs["encoding-type"] = "categorical"
    made["codes"] = codes.astype(np.int8)
    made["categories"] = np.array(words, h5py.string_dtype())


def saved(folder: Path, matrix: NDArray[np.float32] = COUNTS, kind: str = "dense") -> Path:
    """A file with everything a person may have in it."""
    path = folder / "cells.h5ad"
    with h5py.File(path, "w") as file:
        file.attrs["encoding-type"] = "anndata"
        if kind == "dense":
            file["X"] = matrix
        else:
            write_sparse(file.create_group("X"), kind, matrix)
        columns = ["depth", "batch", "leiden", "cell_type", "barcode", "ok", "age"]
        obs = file.create_group("obs")
        write_frame(obs, [f"cell{number}" for number in range(len(matrix))], columns)
        obs["depth"] = matrix.sum(axis=1)
        obs["batch"] = np.array(["b1", "b2"] * (len(matrix) // 2), h5py.string_dtype())
        write_category(obs, "leiden", TYPES % 2, ["0", "1"])
        write_category(obs, "cell_type", np.where(TYPES == 1, -1, TYPES), ["T", "absent", "B"])
        obs["barcode"] = np.array([f"A{number}" for number in range(len(matrix))], "S4")
        obs["ok"] = TYPES > 0
        age = obs.create_group("age")
        age["values"], age["mask"] = np.arange(len(matrix)), np.arange(len(matrix)) == 2
        write_frame(file.create_group("var"), [f"g{n}" for n in range(matrix.shape[1])], [])
        file.create_group("layers")["scaled"] = matrix / 7
        file.create_group("obsm")["X_umap"] = np.stack([TYPES, TYPES + 0.5], 1)
        file["obsm/X_pca"] = matrix[:, :5]
    return path


def load(path: Path, **options: Any) -> Dataset:
    """Read without a process of its own: as the child does it."""
    return assemble(path, read_here(reading.read, path, path.parent / "arrays", **options))


# ── matrices ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["dense", "csr", "csc"])
@pytest.mark.parametrize("features", ["", "5"])
def test_every_kind_of_matrix_gives_the_same_samples(
    kind: str, features: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matrices, "NUMBERS_AT_ONCE", 40)
    monkeypatch.setattr(matrices, "DENSE_AT_ONCE", 4 * 12 * 4)
    found = load(saved(tmp_path, kind=kind), features=features)
    most = np.argsort(-np.log1p(COUNTS.astype(np.float64)).var(axis=0), kind="stable")[:5]
    kept = np.sort(most) if features else np.arange(GENES)
    np.testing.assert_array_equal(found.samples, COUNTS[:, kept])
    assert found.feature_names == tuple(f"g{number}" for number in kept)
    assert found.sample_names[:2] == ("cell0", "cell1")


def test_counts_are_seen_as_logarithms_and_shown_as_counts(tmp_path: Path) -> None:
    found = load(saved(tmp_path))
    assert found.scaling.kind == "log1p"
    seen = found.scaling.apply(found.samples)
    np.testing.assert_allclose(seen.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(found.scaling.undo(seen), COUNTS, atol=1e-3)
    assert any("its values are counts (up to" in remark for remark in found.remarks)
    kept = load(saved(tmp_path), scaling="counts").scaling
    assert kept.kind == "counts"
    np.testing.assert_array_equal(kept.apply(COUNTS), COUNTS)


def test_layers_and_embeddings_are_samples_too(tmp_path: Path) -> None:
    path = saved(tmp_path)
    layer = load(path, samples="layers/scaled")
    np.testing.assert_array_equal(layer.samples, COUNTS / np.float32(7))
    assert layer.scaling.kind == "standardise"
    for name in ("obsm/X_umap", "X_umap"):
        found = load(path, samples=name)
        assert found.feature_names == ("umap1", "umap2")
        assert found.samples.shape == (CELLS, 2)
    with pytest.raises(DataError, match=r"data.scaling=counts: its values go from"):
        load(path, samples="layers/scaled", scaling="counts")


def test_of_many_features_the_most_variable_are_kept_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(annotated, "MANY", 10)
    monkeypatch.setattr(annotated, "KEPT", 4)
    found = load(saved(tmp_path, kind="csr"))
    assert found.samples.shape == (CELLS, 4)
    assert "the 4 of 12 features were kept whose log(1 + x) vary most" in found.remarks[0]
    assert load(saved(tmp_path), features="all").samples.shape == (CELLS, GENES)
    for wrong in ("0", "-3", "most"):
        with pytest.raises(DataError, match=f"data.features={wrong}: it should be"):
            load(saved(tmp_path), features=wrong)


def test_samples_beyond_the_budget_are_refused_with_a_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(annotated, "BUDGET", 4 * CELLS * 7)
    with pytest.raises(DataError, match=r"set data.features to 7 or fewer"):
        load(saved(tmp_path, kind="csr"))
    assert load(saved(tmp_path, kind="csr"), features="7").samples.shape == (CELLS, 7)


def test_familiar_names_of_genes_come_before_their_numbers(tmp_path: Path) -> None:
    path = saved(tmp_path)
    with h5py.File(path, "a") as file:
        names = [f"GENE{number // 2}" for number in range(GENES)]
        file["var/feature_name"] = np.array(names, h5py.string_dtype())
        file["var"].attrs["column-order"] = np.array(["feature_name"], h5py.string_dtype())
    found = load(path)
    assert found.feature_names[0] == "GENE0"
    assert len(set(found.feature_names)) == GENES


# ── cells ─────────────────────────────────────────────────────────────────────────────────────


def test_cell_types_are_labels_and_the_rest_is_beside_them(tmp_path: Path) -> None:
    found = load(saved(tmp_path))
    assert found.class_names == ("T", "B")
    assert found.labels is not None
    assert found.labels.tolist() == [{0: 0, 1: -1, 2: 1}[kind] for kind in TYPES]
    columns = {column.name: column for column in found.columns}
    assert list(columns) == ["depth", "batch", "leiden", "ok", "age"]
    assert columns["batch"].names == ("b1", "b2")
    assert columns["ok"].names == ("False", "True")
    np.testing.assert_array_equal(columns["depth"].values, COUNTS.sum(axis=1))
    assert np.isnan(columns["age"].values[2])
    assert any("left out: 'barcode'" in remark for remark in found.remarks)


def test_another_column_or_none_is_the_label(tmp_path: Path) -> None:
    path = saved(tmp_path)
    assert load(path, label="batch").class_names == ("b1", "b2")
    assert load(path, label="none").labels is None
    with pytest.raises(DataError, match=r"data.label=nix: its obs has no such column; it has"):
        load(path, label="nix")
    with pytest.raises(DataError, match=r"data.label=depth: it holds numbers"):
        load(path, label="depth")


def test_categories_as_anndata_0_7_had_them(tmp_path: Path) -> None:
    path = saved(tmp_path)
    with h5py.File(path, "a") as file:
        del file["obs/cell_type"]
        file["obs/cell_type"] = TYPES.astype(np.int8)
        file["obs/__categories/cell_type"] = np.array(["a", "b", "c"], h5py.string_dtype())
    assert load(path).class_names == ("a", "b", "c")


def test_without_a_readable_obs_the_matrix_is_still_read(tmp_path: Path) -> None:
    path = saved(tmp_path)
    with h5py.File(path, "a") as file:
        del file["obs"]
        file["obs"] = np.zeros(CELLS, [("index", "S4"), ("n", "f4")])
    found = load(path)
    assert found.labels is None
    assert any("as anndata did before 0.7" in remark for remark in found.remarks)


def test_anndata_itself_writes_what_is_read(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        anndata = pytest.importorskip("anndata")
        pandas = pytest.importorskip("pandas")
        sparse = pytest.importorskip("scipy.sparse")
        obs = pandas.DataFrame(
            {"leiden": pandas.Categorical(list("ab") * 15)}, index=[f"c{n}" for n in range(CELLS)]
        )
        made = anndata.AnnData(sparse.csr_matrix(COUNTS), obs=obs)
        made.layers["turned"] = sparse.csc_matrix(COUNTS)
        made.raw = made
        made.write_h5ad(tmp_path / "a.h5ad", compression="gzip")
    for name in ("X", "raw/X", "layers/turned"):
        found = load(tmp_path / "a.h5ad", samples=name)
        np.testing.assert_array_equal(found.samples, COUNTS)
        assert found.class_names == ("a", "b")


def test_it_is_loaded_by_its_path_in_a_process_of_its_own(tmp_path: Path) -> None:
    path = saved(tmp_path, kind="csc")
    entry = hdf5_entry(path)
    assert entry.kind == "table"
    assert [option.name for option in entry.options] == [
        "samples",
        "label",
        "features",
        "scaling",
        "only",
    ]
    found = data.load(str(path), tmp_path, {"only": "B", "features": "3"})
    assert found.samples.shape == (int((TYPES == 2).sum()), 3)
    with pytest.raises(DataError, match=r"cells.h5ad: there is no 'nix' .* there is 'X', 'layers"):
        data.load(str(path), tmp_path, {"samples": "nix"})


# ── what is refused ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("part", "values", "said"),
    [
        ("indptr", np.arange(CELLS), "'X/indptr' does not fit its shape"),
        ("indptr", np.zeros(CELLS + 1, int), "'X/indptr' does not fit its numbers"),
        ("indptr", np.arange(CELLS + 1)[::-1], "'X/indptr' does not fit its numbers"),
        ("indices", np.full(9, 3), "'X/indptr' does not fit its numbers"),
        ("indices", None, "'X/indices' holds 99 where there are 12"),
        ("data", np.array([b"a"] * 9), "'X' must hold numbers"),
        ("shape", (CELLS, 2**40), "such a matrix is not read"),
        ("shape", (2**40, 0), "such a matrix is not read"),
        ("encoding-type", "coo_matrix", "neither a matrix nor a sparse one"),
    ],
)
def test_a_damaged_sparse_matrix_is_refused_by_its_part(
    part: str, values: Any, said: str, tmp_path: Path
) -> None:
    path = saved(tmp_path, kind="csr")
    with h5py.File(path, "a") as file:
        if part in file["X"].attrs:
            file["X"].attrs[part] = values
        else:
            held = file[f"X/{part}"][...]
            del file[f"X/{part}"]
            held[held.size // 2] = 99
            file[f"X/{part}"] = held if values is None else values
    with pytest.raises(DataError, match=said):
        load(path)


def test_values_that_are_not_finite_are_counted(tmp_path: Path) -> None:
    matrix = COUNTS.copy()
    matrix[1, 2] = matrix[4, 4] = np.nan
    for kind in ("dense", "csr"):
        with pytest.raises(DataError, match="2 values in its 'X' are not finite"):
            load(saved(tmp_path, matrix, kind))


def test_frames_of_another_length_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path)
    with h5py.File(path, "a") as file:
        del file["obs/_index"]
        file["obs/_index"] = np.array(["a"], h5py.string_dtype())
    with pytest.raises(DataError, match="its obs names 1 samples, and there are 30"):
        load(path)
    path = saved(tmp_path)
    with h5py.File(path, "a") as file:
        del file["var/_index"]
        file["var/_index"] = np.array(["a"], h5py.string_dtype())
    with pytest.raises(DataError, match="its var names 1 features, and its 'X' has 12"):
        load(path)


def test_an_external_matrix_is_not_followed(tmp_path: Path) -> None:
    path = saved(tmp_path)
    with h5py.File(path, "a") as file:
        del file["X"]
        file["X"] = h5py.ExternalLink("/etc/passwd", "/x")
        file["obs/secret"] = h5py.ExternalLink("/etc/passwd", "/x")
        order = [*file["obs"].attrs["column-order"], "secret"]
        file["obs"].attrs["column-order"] = np.array(order, h5py.string_dtype())
    with pytest.raises(DataError, match="'X' is a link into another file"):
        load(path)
    found = load(path, samples="layers/scaled")
    assert any("left out: 'barcode', 'secret'" in remark for remark in found.remarks)
