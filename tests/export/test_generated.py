"""Generated values say in every format that they are, and how they were made."""

import csv
import io
import json

import numpy as np
import pytest

from aeviz.export.generated import KINDS, Generated, marked
from aeviz.export.latents import ExportError
from aeviz.runs.schema import RunInfo

Z = np.float32([[0, 1], [2, 3], [4, 5]])
X = np.float32([[1.5, -2], [0, 1], [9, 8]])
CONDITIONS = {"name": "label", "kind": "choice", "names": ["cat", "=dog"]}


def info(**model: object) -> RunInfo:
    """Of a conditional run on a table whose names are formulas."""
    return RunInfo(
        settings={"seed": 3},
        data={"feature_names": ["=1+1", "run"], "class_names": ["cat", "=dog"]},
        model={"title": "VAE", "conditions": CONDITIONS, **model},
        title="=A run",
        created="2026-01-01T00:00:00",
    )


@pytest.fixture
def drawn() -> Generated:
    columns = {"step": np.arange(3)}
    return marked(info(), Z, X, "drawn from prior", 7, seed=11, told=1, columns=columns)


def test_a_csv_has_the_marks_in_every_row_and_no_formula(drawn: Generated) -> None:
    text = drawn.as_bytes("csv").decode()
    header, *rows = csv.reader(text.splitlines())
    assert header[:5] == ["z1", "z2", "'=1+1", "run", "step"]
    assert header[5:] == ["generated", "model", "aeviz_run", "epoch", "seed", "told"]
    for number, row in enumerate(rows):
        np.testing.assert_array_equal(np.float32(row[:4]), [*Z[number], *X[number]])
        assert row[4:7] == [str(number), "drawn from prior", "VAE"]
        assert row[7:] == ["'=A run, 2026-01-01T00:00:00", "7", "11", "'=dog"]


def test_arrays_have_the_marks_and_the_label_that_was_told(drawn: Generated) -> None:
    with np.load(io.BytesIO(drawn.as_bytes("npz"))) as arrays:
        assert str(arrays["generated"]) == "drawn from prior"
        assert (int(arrays["epoch"]), int(arrays["seed"])) == (7, 11)
        assert arrays["y"].tolist() == [1, 1, 1]
        assert arrays["class_names"].tolist() == ["cat", "=dog"]
        np.testing.assert_array_equal(arrays["z"], Z)
        np.testing.assert_array_equal(arrays["x"], X)


def test_parquet_has_them_as_columns_and_in_its_metadata(drawn: Generated) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(io.BytesIO(drawn.as_bytes("parquet")))
    assert table.column("epoch").to_pylist() == [7, 7, 7]
    assert table.column("step").to_pylist() == [0, 1, 2]
    np.testing.assert_array_equal(table.column("=1+1").to_numpy(), X[:, 0])
    assert json.loads(table.schema.metadata[b"aeviz"])["generated"] == "drawn from prior"


def test_pixels_have_numbers_for_names() -> None:
    images = np.zeros((3, 2, 2, 1), np.float32)
    text = marked(info(), Z, images, "decoded", 0).as_bytes("csv").decode()
    assert text.startswith("z1,z2,p0,p1,p2,p3,generated,")


@pytest.mark.parametrize(
    ("row", "told", "said"),
    [
        (CONDITIONS, None, "cat"),
        (
            {"name": "a, b", "kind": "numbers", "names": ["a", "b"], "middles": [1, 2]},
            None,
            "a=1, b=2",
        ),
        ({"name": "a", "kind": "numbers", "names": ["a"], "middles": [1]}, [0.5], "a=0.5"),
        (
            {"name": "upper-half", "kind": "sample", "names": ["upper half"]},
            9,
            "upper half of sample 9",
        ),
    ],
)
def test_what_was_told_stands_in_words(row: dict[str, object], told: object, said: str) -> None:
    found = marked(info(conditions=row), Z, X, "decoded", 0, told=told)
    assert found.marks["told"] == said


def test_another_format_is_refused(drawn: Generated) -> None:
    with pytest.raises(ExportError, match=r"\.csv, \.parquet, \.npz, not as \.xlsx"):
        drawn.as_bytes("xlsx")
    assert set(KINDS) == {"csv", "parquet", "npz"}
