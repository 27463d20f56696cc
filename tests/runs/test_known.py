"""A run keeps what else is known of its samples, and their names."""

from pathlib import Path

import numpy as np
import pytest

import aeviz
from aeviz.compute.contents import Contents
from aeviz.runs.reading import RunError
from aeviz.runs.run import RunFolder
from aeviz.runs.schema import COLUMNS, NAMES
from aeviz.runs.writer import names_array

TABLE = """name,length,width,tissue,age,kind
Zoë,1.0,2.0,skin,31,a
"x, y",1.5,2.5,liver,,b
c,2.0,1.0,skin,40,a
d,2.5,1.5,liver,44,b
e,3.0,0.5,,52,a
f,3.5,3.5,skin,60,b
"""


@pytest.fixture
def run(tmp_path: Path) -> Path:
    file = tmp_path / "own.csv"
    file.write_text(TABLE, encoding="utf-8")
    options = {
        "data.features": "length,width",
        "data.colours": "tissue,age",
        "data.label": "kind",
        "train.validation": 0.0,
    }
    out = tmp_path / "run"
    aeviz.train(str(file), "linear", epochs=1, options=options, out=out, progress=False)
    return out


def test_columns_and_names_come_back(run: Path) -> None:
    folder = RunFolder.open(run)
    tissue, age = Contents(folder).known
    assert (tissue.name, tissue.names) == ("tissue", ("liver", "skin"))
    assert tissue.values.tolist() == [1, 0, 1, 0, -1, 1]
    assert (age.name, age.names) == ("age", ())
    assert np.array_equal(age.values, np.float32([31, np.nan, 40, 44, 52, 60]), equal_nan=True)
    assert folder.names == ("Zoë", "x, y", "c", "d", "e", "f")


def test_latents_leave_with_the_names_of_the_samples(run: Path, tmp_path: Path) -> None:
    opened = aeviz.load(run)
    opened.encode_data().save(tmp_path / "z.csv")
    assert (tmp_path / "z.csv").read_text(encoding="utf-8").splitlines()[2].endswith('"x, y"')
    opened.projector(tmp_path / "projector")
    assert "Zoë" in (tmp_path / "projector" / "metadata.tsv").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [COLUMNS, NAMES])
def test_what_is_damaged_is_refused_by_name(name: str, run: Path) -> None:
    file = run / name
    content = bytearray(file.read_bytes())
    content[-3] ^= 1
    file.write_bytes(bytes(content))
    with pytest.raises(RunError, match=name.partition("/")[2]):
        _ = RunFolder.open(run).names


def test_choices_without_a_name_are_refused(run: Path) -> None:
    text = (run / "run.json").read_text()
    (run / "run.json").write_text(text.replace('"liver",', ""))
    with pytest.raises(RunError, match=r"run\.json"):
        Contents(RunFolder.open(run))


def test_names_that_take_too_much_room_are_left_out() -> None:
    assert names_array([]) is None
    assert names_array(["a"] * 3 + ["b" * 2**24]) is None
