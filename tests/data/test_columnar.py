"""Parquet and Feather: the same table as in CSV, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import feather, parquet

from aeviz import data
from aeviz.data.dataset import DataError
from aeviz.data.formats import columnar
from aeviz.data.previewing import preview

COLUMNS: dict[str, Any] = {
    "u": [1.5, 2.5, None, 1.5],
    "v": [1, 2, 3, 4],
    "site": pa.array(["A", "B", "A", "A"]).dictionary_encode(),
    "kind": ["x", "y", None, "x"],
    "parts": [[1.0], [2.0], [3.0], [4.0]],
}


def stored(folder: Path, ending: str, columns: dict[str, Any] = COLUMNS) -> Path:
    path = folder / f"own{ending}"
    table = pa.table(columns)
    if ending == ".parquet":
        parquet.write_table(table, path)
    else:
        feather.write_feather(table, path)
    return path


@pytest.mark.parametrize("ending", [".parquet", ".feather"])
def test_a_table_stored_by_column_is_read_as_a_text_is(ending: str, tmp_path: Path) -> None:
    path = stored(tmp_path, ending)
    with pytest.raises(DataError, match=r"1 value is missing.*first row 3, column 'u'"):
        data.load(str(path), tmp_path)
    found = data.load(str(path), tmp_path, {"missing": "mean"})
    assert found.feature_names == ("u", "v")
    assert np.allclose(found.samples[2], [np.mean([1.5, 2.5, 1.5]), 3])
    assert found.class_names == ("x", "y")
    assert found.labels is not None
    assert found.labels.tolist() == [0, 1, -1, 0]
    assert found.columns[0].names == ("A", "B")
    assert any("'parts'" in remark for remark in found.remarks)


def test_its_first_rows_are_looked_at(tmp_path: Path) -> None:
    path = stored(tmp_path, ".parquet")
    found = preview(str(path), {"missing": "drop"}, lambda share, phrase: None)
    assert found["format"] == "table (Parquet, Feather)"
    assert found["roles"] == ["feature", "feature", "colour", "label"]
    assert found["rows"][2] == ["", "3", "A", ""]
    assert (found["samples"], found["sentence"]) == (4, "")


def test_samples_may_be_columns_there_too(tmp_path: Path) -> None:
    path = stored(tmp_path, ".parquet", {"gene": ["a", "b"], "S1": [1, 2], "S2": [3, 5]})
    found = data.load(str(path), tmp_path)
    assert found.samples.tolist() == [[1, 2], [3, 5]]
    assert found.feature_names == ("a", "b")
    assert found.sample_names == ("S1", "S2")


@pytest.mark.parametrize("ending", [".parquet", ".feather"])
def test_a_damaged_file_is_a_sentence(ending: str, tmp_path: Path) -> None:
    path = stored(tmp_path, ending)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match="damaged"):
        data.load(str(path), tmp_path)


def test_without_pyarrow_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = stored(tmp_path, ".parquet")
    monkeypatch.setattr(columnar.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DataError, match=r"pip install 'aeviz\[table\]'"):
        data.entry(str(path))
