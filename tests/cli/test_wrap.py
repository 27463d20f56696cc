"""`aeviz wrap`: somebody's model with data becomes a run."""

from pathlib import Path

import numpy as np
import pytest

from aeviz import load
from tests.cli.conftest import Command

FILE = """
def encode(x):
    return x.flatten(1)[:, :2]

def decode(z):
    return z[:, [0, 1] * 32].clamp(0, 1).reshape(-1, 1, 8, 8)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(FILE)
    return path


def test_a_python_file_and_a_data_set_become_a_run(
    command: Command, file: Path, tmp_path: Path
) -> None:
    samples = np.random.default_rng(0).random((30, 8, 8)).astype(np.float32)
    np.savez(tmp_path / "own.npz", x=samples, y=np.arange(30) % 3)
    out = tmp_path / "run"
    outcome = command("wrap", file, "--data", tmp_path / "own.npz", "--out", out)
    assert (outcome.code, outcome.out) == (0, f"{out}\n")
    run = load(out)
    assert run.title == "mine"
    assert np.allclose(run.latents(), samples.reshape(30, -1)[:, :2], atol=1 / 255)
    assert run.labels is not None
    assert run.labels.tolist() == [n % 3 for n in range(30)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("encode = decode = lambda x: x[:, :0]", "decoder"),
        ("x = 1", "should have functions encode"),
        ("raise ValueError('no')", "line 1"),
    ],
)
def test_what_does_not_fit_is_said_and_leaves_nothing(
    text: str, said: str, command: Command, file: Path, tmp_path: Path
) -> None:
    file.write_text(text)
    outcome = command("wrap", file, "--data", "digits", "--out", tmp_path / "run")
    assert outcome.code == 2
    assert said in outcome.err
    assert not (tmp_path / "run").exists()


def test_a_folder_that_is_there_is_not_written(
    command: Command, file: Path, tmp_path: Path
) -> None:
    outcome = command("wrap", file, "--data", "digits", "--out", tmp_path)
    assert outcome.code == 2
    assert "--out" in outcome.err
