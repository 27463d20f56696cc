"""`--condition` on the verbs that decode."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aeviz import train
from aeviz.api import load
from tests.cli.conftest import Command

SMALL = {"model.widths": [16], "train.shown": 60}


@pytest.fixture(scope="module")
def conditional(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One epoch of a small conditional model, told the label."""
    out = tmp_path_factory.mktemp("runs") / "conditional"
    train(None, "conditional-vae", epochs=1, options=SMALL, out=out, progress=False)
    return out


@pytest.fixture(scope="module")
def dosed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One told the height of printed digits."""
    out = tmp_path_factory.mktemp("runs") / "height"
    options = {**SMALL, "model.condition": "height", "data.samples": 60}
    train("printed", "conditional-vae", epochs=1, options=options, out=out, progress=False)
    return out


def test_a_choice_is_told_by_its_name(command: Command, conditional: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.npy"
    outcome = command("decode", conditional, "--at", "0,0", "--condition", "7", "-o", out)
    assert (outcome.code, outcome.out) == (0, f"{out}\n")
    np.testing.assert_array_equal(np.load(out), load(conditional).decode([[0, 0]], condition="7"))


def test_a_sweep_is_told_a_choice_or_all(
    command: Command, conditional: Path, tmp_path: Path
) -> None:
    one, every = tmp_path / "one.png", tmp_path / "all.png"
    arguments = ("sweep", conditional, "--grid", "3", "--condition")
    assert command(*arguments, "4", "-o", one).code == 0
    assert command(*arguments, "all", "-o", every).code == 0
    with Image.open(one) as sheet, Image.open(every) as styles:
        assert sheet.size[0] == styles.size[0]
        assert styles.size[1] * 3 == sheet.size[1] * 10


@pytest.mark.parametrize("verb", ["decode", "sweep"])
def test_a_choice_that_is_not_there_is_refused_with_those_that_are(
    command: Command, conditional: Path, tmp_path: Path, verb: str
) -> None:
    places = ("--at", "0,0") if verb == "decode" else ()
    outcome = command(verb, conditional, *places, "--condition", "cat", "-o", tmp_path / "x.png")
    assert outcome.code == 2
    assert "--condition cat: there is none; there are: 0, 1, 2" in outcome.err
    assert not (tmp_path / "x.png").exists()


def test_numbers_are_told_with_their_range(command: Command, dosed: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.npy"
    assert command("decode", dosed, "--at", "0,0", "--condition", "20.5", "-o", out).code == 0
    np.testing.assert_array_equal(np.load(out), load(dosed).decode([[0, 0]], condition=[20.5]))
    for wrong in ("tall", "1,2", "inf"):
        outcome = command("decode", dosed, "--at", "0,0", "--condition", wrong, "-o", out)
        assert outcome.code == 2
        assert "write 1 numbers" not in outcome.err
        assert "in training it was height 16" in outcome.err.replace("\n", " ")


def test_a_model_without_conditions_takes_none(
    command: Command, digits_run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "x.png"
    outcome = command("decode", digits_run, "--at", "0,0", "--condition", "3", "-o", out)
    assert outcome.code == 2
    assert "takes no condition" in outcome.err
    outcome = command("sweep", digits_run, "--condition", "all", "-o", out)
    assert outcome.code == 2
    assert "only a model that is told a choice" in outcome.err
