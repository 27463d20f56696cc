"""`aeviz train` writes run folders, goes on with them, and stops when it is told to."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aeviz.api import load
from tests.cli.conftest import Command

QUICK = ["--model", "linear", "--epochs", "1"]


def test_only_the_path_goes_to_stdout(command: Command, tmp_path: Path) -> None:
    out = tmp_path / "run"
    outcome = command("train", *QUICK, "--out", out)
    assert outcome.code == 0
    assert outcome.out == f"{out}\n"
    assert "epoch 1/1" in outcome.err


def test_flags_win_over_config_and_config_over_preset(command: Command, tmp_path: Path) -> None:
    config = tmp_path / "settings.toml"
    config.write_text('[data]\nname = "digits"\n[train]\nlr = 0.5\nbatch_size = 99\n')
    out = tmp_path / "run"
    preset = ["--preset", "linear-784-2", "--config", config, "--lr", "0.25"]
    assert command("train", *preset, "--epochs", "1", "--out", out).code == 0
    settings = json.loads((out / "run.json").read_text())["settings"]
    assert settings["model"]["name"] == "linear"
    assert settings["data"]["name"] == "digits"
    assert settings["train"]["lr"] == 0.25
    assert settings["train"]["batch_size"] == 99


def test_the_default_folder_is_numbered(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert command("train", *QUICK).code == 0
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == [
        "linear-digits",
        "linear-digits-2",
    ]


def test_a_used_folder_is_refused(command: Command, digits_run: Path) -> None:
    outcome = command("train", *QUICK, "--out", digits_run)
    assert outcome.code == 2
    assert "--resume" in outcome.err


@pytest.mark.parametrize("flag", ["--latent", "--epochs", "--batch-size", "--seed"])
@pytest.mark.parametrize("word", ["2.5", "1e3", "0x2", "two"])
def test_a_number_that_is_not_whole_is_refused(command: Command, flag: str, word: str) -> None:
    outcome = command("train", *QUICK[:2], flag, word)
    assert outcome.code == 2
    assert outcome.err == f"aeviz: {flag} {word}: write a whole number\n"


def test_an_option_that_does_nothing_is_told(command: Command, tmp_path: Path) -> None:
    options = ["--set", "train.lr_factor=0.5", "--out", tmp_path / "run"]
    outcome = command("train", *QUICK, *options)
    assert outcome.code == 0
    assert "train.lr_factor does nothing while train.schedule=constant" in outcome.err


def test_resuming_goes_on_to_the_total(command: Command, tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert command("train", *QUICK, "--out", out).code == 0
    nothing = command("train", "--resume", out)
    assert (nothing.code, nothing.out) == (0, f"{out}\n")
    assert "nothing left to do" in nothing.err
    assert command("train", "--resume", out, "--epochs", "3").code == 0
    assert load(out).epochs == 3


def test_a_training_that_diverges_ends_with_one(command: Command, tmp_path: Path) -> None:
    out = tmp_path / "run"
    options = ["--set", "train.optimiser=sgd", "--lr", "100", "--out", out]
    outcome = command("train", "--model", "linear", "--epochs", "5", *options)
    assert outcome.code == 1
    assert len(outcome.err.splitlines()) >= 1
    assert load(out).status == "diverged"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_an_interrupted_training_is_saved(number: signal.Signals, tmp_path: Path) -> None:
    out = tmp_path / "run"
    command = [sys.executable, "-m", "aeviz", "train", "--epochs", "100000", "--out", str(out)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    _wait_for_epochs(out, child)
    child.send_signal(number)
    _, complaint = child.communicate(timeout=30)
    assert child.returncode == 128 + number
    run = load(out)
    assert f"saved: {out} at epoch {run.epochs}" in complaint
    assert run.status == "stopped"


def _wait_for_epochs(out: Path, child: subprocess.Popen[str]) -> None:
    lines = out / "metrics.jsonl"
    deadline = time.monotonic() + 30
    while not (lines.exists() and lines.read_text().count("\n") > 2):
        assert time.monotonic() < deadline
        assert child.poll() is None
        time.sleep(0.05)
