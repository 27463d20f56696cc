"""A training on a person's own table: what it says, where it writes, what it decodes to."""

from pathlib import Path

import numpy as np
import pytest

import aeviz
from aeviz.compute.recording import run_name
from aeviz.compute.runner import train
from aeviz.compute.settings import SettingsError, complete
from aeviz.messages import Logged

COUNTS = np.random.default_rng(0).poisson(np.geomspace(0.5, 400, 6), (40, 6))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "own counts.csv"
    rows = [f"{','.join(map(str, row))},{'ab'[number % 2]}" for number, row in enumerate(COUNTS)]
    path.write_text("\n".join(["g1,g2,g3,g4,g5,g6,kind", *rows]))
    return path


def test_a_training_says_once_what_is_odd_and_decodes_to_own_units(
    table: Path, tmp_path: Path
) -> None:
    settings = {
        "data": {"name": str(table), "scaling": "log1p", "features": "g1..g4, g6"},
        "model": {"name": "linear"},
        "train": {"epochs": 1},
    }
    messages = list(train(settings, out=tmp_path / "run", runs_dir=tmp_path))
    said = [message.text for message in messages if isinstance(message, Logged)]
    assert sum("kept beside the features" in text for text in said) == 0
    run = aeviz.load(tmp_path / "run")
    own = COUNTS[:5, [0, 1, 2, 3, 5]].astype(np.float32)
    assert run.decode(run.encode(own)).shape == own.shape
    assert run.folder.info.data["feature_names"] == ["g1", "g2", "g3", "g4", "g6"]
    assert run.folder.info.data["class_names"] == ["a", "b"]
    assert run.folder.info.data["scaling"]["kind"] == "log1p"


def test_remarks_are_said_before_the_training(table: Path, tmp_path: Path) -> None:
    table.write_text("u,v,w\n" + "1,2,3\n4,2,6\n7,2,1\n" * 4)
    settings = {"data": {"name": str(table)}, "train": {"epochs": 1}}
    said = [
        message.text
        for message in train(settings, out=tmp_path / "run", runs_dir=tmp_path)
        if isinstance(message, Logged)
    ]
    assert [text for text in said if "1 feature does not change: 'v'" in text]
    assert [text for text in said if "9 samples equal an earlier one" in text]


def test_the_run_is_named_by_the_file_not_by_its_path(table: Path) -> None:
    assert run_name(complete({"data": {"name": str(table)}})) == "vae-own counts"
    assert run_name(complete({})) == "vae-digits"


def test_a_setting_that_a_table_does_not_have_is_refused(table: Path) -> None:
    with pytest.raises(SettingsError, match=r"data\.missing=maybe"):
        complete({"data": {"name": str(table), "missing": "maybe"}})
    with pytest.raises(SettingsError, match=r"data\.binarise"):
        complete({"data": {"name": str(table), "binarise": "fixed"}})


def test_another_table_is_measured_by_the_names_of_its_features(
    table: Path, tmp_path: Path
) -> None:
    data = {"name": str(table), "features": "g1..g3"}
    settings = {"data": data, "model": {"name": "linear"}, "train": {"epochs": 1}}
    list(train(settings, out=tmp_path / "run", runs_dir=tmp_path))
    other = tmp_path / "other.csv"
    order = [4, 2, 0, 1]
    lines = [",".join(str(row[place]) for place in order) for row in COUNTS]
    other.write_text("\n".join(["g5,g3,g1,g2", *lines]))
    run = aeviz.load(tmp_path / "run")
    found = [run.measure(["reconstruction_mse"], data=str(path)) for path in (table, other)]
    assert found[0][0]["value"] == pytest.approx(found[1][0]["value"])
