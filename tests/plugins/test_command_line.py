"""`--plugin` on the command line, and a run that says what it needs."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from aeviz import trust_store
from aeviz.compute import plugins
from tests.cli.conftest import Command, Outcome, command
from tests.plugins.conftest import DATA, forget

__all__ = ["command"]

TRAIN = ("train", "--epochs", "1")


@pytest.fixture
def run(command: Command, own_model: Path, tmp_path: Path) -> Path:
    """A run whose model and data came from plug-ins; none is loaded any more."""
    out = tmp_path / "run"
    files = ["--plugin", own_model, "--plugin", DATA]
    outcome = command(*TRAIN, *files, "--data", "spiral", "--model", "tied-linear", "--out", out)
    assert outcome.code == 0, outcome.err
    forget()
    return out


def sentence_of(outcome: Outcome) -> str:
    assert outcome.code == 2, outcome.err
    assert len(outcome.err.strip().splitlines()) <= 3
    return outcome.err


def test_a_run_remembers_its_plugins_by_path_and_hash(run: Path, own_model: Path) -> None:
    rows = json.loads((run / "run.json").read_text())["plugins"]
    assert [row.get("models") for row in rows] == [["tied-linear"], None]
    assert [row.get("data") for row in rows] == [None, ["spiral"]]
    assert rows[0]["path"] == str(own_model)
    assert rows[0]["sha256"] == trust_store.fingerprint(own_model)


def test_a_run_of_aeviz_alone_needs_no_plugin(command: Command, tmp_path: Path) -> None:
    assert command(*TRAIN, "--model", "linear", "--out", tmp_path / "plain").code == 0
    assert json.loads((tmp_path / "plain" / "run.json").read_text())["plugins"] == []


def test_without_its_plugin_a_run_is_not_decoded_and_says_why(
    command: Command, run: Path, own_model: Path, tmp_path: Path
) -> None:
    outcome = command("decode", run, "--at", "0,0", "-o", tmp_path / "x.npy")
    said = sentence_of(outcome)
    assert str(own_model) in said
    assert "the model 'tied-linear'" in said
    assert "--plugin FILE.py" in said
    assert not plugins.loaded()


def test_with_its_plugin_named_a_run_decodes(
    command: Command, run: Path, own_model: Path, tmp_path: Path
) -> None:
    file = tmp_path / "x.npy"
    outcome = command("decode", run, "--at", "0,0", "-o", file, "--plugin", own_model)
    assert outcome.code == 0, outcome.err
    assert np.load(file).shape == (1, 3)


def test_a_plugin_that_was_moved_serves_as_well(
    command: Command, run: Path, own_model: Path, tmp_path: Path
) -> None:
    moved = own_model.rename(tmp_path / "moved.py")
    outcome = command("decode", run, "--at", "0,0", "-o", tmp_path / "x.npy", "--plugin", moved)
    assert outcome.code == 0, outcome.err
    assert "changed" not in outcome.err


def test_a_trusted_file_is_used_without_being_named_and_a_changed_one_is_not(
    command: Command, run: Path, own_model: Path, tmp_path: Path
) -> None:
    words = ("decode", run, "--at", "0,0", "-o", tmp_path / "x.npy")
    trust_store.trust(own_model)
    assert command(*words).code == 0
    forget()
    own_model.write_text(own_model.read_text() + "\n# changed\n")
    assert "is not loaded" in sentence_of(command(*words))


def test_a_changed_file_that_is_named_is_taken_and_said(
    command: Command, run: Path, own_model: Path, tmp_path: Path, expect_log: list[str]
) -> None:
    own_model.write_text(own_model.read_text() + "\n# changed\n")
    expect_log += ["mine.py has changed since this run was trained"]
    words = ("decode", run, "--at", "0,0", "-o", tmp_path / "x.npy", "--plugin", own_model)
    assert command(*words).code == 0


def test_a_run_that_names_a_file_never_runs_it(
    command: Command, run: Path, own_model: Path, tmp_path: Path
) -> None:
    mark = tmp_path / "ran"
    evil = tmp_path / "evil.py"
    evil.write_text(f"open({str(mark)!r}, 'w').close()\n")
    info = json.loads((run / "run.json").read_text())
    info["plugins"] = [
        {"path": str(evil), "sha256": trust_store.fingerprint(evil), "models": ["tied-linear"]},
        {"path": ["x"], "sha256": 3, "models": "y", "trusted": True},
    ]
    (run / "run.json").write_text(json.dumps(info))
    (run / "manifest.json").unlink()
    trust_store.trust(own_model)
    outcome = command("decode", run, "--at", "0,0", "-o", tmp_path / "x.npy")
    assert str(evil) in sentence_of(outcome)
    assert not mark.exists()


def test_the_data_of_a_plugin_are_asked_for_where_they_are_needed(
    command: Command, run: Path, own_model: Path
) -> None:
    model = ("--plugin", own_model)
    assert "the data set 'spiral'" in sentence_of(
        command("train", "--resume", run, "--epochs", "2", *model)
    )
    outcome = command("train", "--resume", run, "--epochs", "2", *model, "--plugin", DATA)
    assert outcome.code == 0, outcome.err


@pytest.mark.parametrize("verb", ["encode", "measure", "draw", "sweep", "traverse", "path"])
def test_every_verb_on_a_run_takes_its_plugins(
    verb: str, command: Command, run: Path, own_model: Path, tmp_path: Path
) -> None:
    more = {
        "measure": ["--only", "reconstruction_mse"],
        "draw": ["--using", "gmm", "-n", "3", "-o", tmp_path / "x.csv"],
        "path": ["--from", "0", "--to", "1", "-o", tmp_path / "x.csv"],
    }
    words = more.get(verb, ["-o", tmp_path / ("x.csv" if verb == "encode" else "x.png")])
    outcome = command(verb, run, *words, "--plugin", own_model, "--plugin", DATA)
    assert outcome.code == 0, outcome.err


def test_list_shows_what_a_plugin_brings_and_where_it_comes_from(
    command: Command, own_model: Path
) -> None:
    outcome = command("list", "models", "--plugin", own_model)
    assert "Tied linear. The decoder is the transposed encoder (from mine.py)" in outcome.out
    rows = json.loads(command("list", "models", "--json", "--plugin", own_model).out)
    row = next(row for row in rows if row["name"] == "tied-linear")
    assert row["origin"] == "mine.py"
    assert [option["name"] for option in row["options"]] == ["latent_dim", "decay"]
    assert {row["origin"] for row in rows} == {"", "mine.py"}


def test_the_options_of_a_plugin_can_be_set(
    command: Command, own_model: Path, tmp_path: Path
) -> None:
    words = (*TRAIN, "--model", "tied-linear", "--plugin", own_model, "--out", tmp_path / "run")
    assert command(*words, "--set", "model.decay=0.5").code == 0
    settings = json.loads((tmp_path / "run" / "run.json").read_text())["settings"]
    assert settings["model"] == {"name": "tied-linear", "latent_dim": 2, "decay": 0.5}


def test_a_plugin_with_an_error_ends_the_command_with_its_line(
    command: Command, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("x = (\n")
    out = tmp_path / "run"
    said = sentence_of(command(*TRAIN, "--plugin", broken, "--out", out))
    assert re.search(r"broken\.py, line 1: '\(' was never closed", said)
    assert not out.exists()


def test_a_plugin_that_is_not_there_is_named(command: Command, tmp_path: Path) -> None:
    said = sentence_of(command("list", "models", "--plugin", tmp_path / "none.py"))
    assert "none.py: the plug-in cannot be read: No such file" in said
