"""A small run that the tests of the verbs share, and a way to run a command line."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from aeviz.cli import main


@dataclass(frozen=True)
class Outcome:
    """What a command line did."""

    code: int
    out: str
    err: str


Command = Callable[..., Outcome]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command line in this process."""

    def run(*arguments: object) -> Outcome:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Outcome(code, out, err)

    return run


@pytest.fixture(scope="session")
def digits_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two epochs of a small autoencoder on digits."""
    out = tmp_path_factory.mktemp("runs") / "digits"
    options = ["--model", "deep", "--set", "model.widths=16", "--epochs", "2"]
    assert main(["train", *options, "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="session")
def wine_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One epoch of a linear autoencoder on wine, with three latent dimensions."""
    out = tmp_path_factory.mktemp("runs") / "wine"
    options = ["--data", "wine", "--model", "linear", "--latent", "3", "--epochs", "1"]
    assert main(["train", *options, "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="session")
def told_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One epoch of a conditional VAE on wine, told the cultivar."""
    out = tmp_path_factory.mktemp("runs") / "told"
    options = ["--data", "wine", "--model", "conditional-vae", "--set", "model.widths=8"]
    assert main(["train", *options, "--epochs", "1", "--out", str(out)]) == 0
    return out
