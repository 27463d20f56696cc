"""`aeviz draw` and `aeviz traverse` write what the Python interface draws."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aeviz.api import load
from aeviz.cli import main
from tests.cli.conftest import Command


@pytest.fixture(scope="module")
def vae_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One epoch of a small conditional VAE on digits."""
    out = tmp_path_factory.mktemp("runs") / "told"
    options = ["--model", "conditional-vae", "--set", "model.widths=16", "--epochs", "1"]
    assert main(["train", *options, "--out", str(out)]) == 0
    return out


def test_draws_of_a_class_carry_its_label(command: Command, vae_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "draws.npz"
    assert command("draw", vae_run, "-n", "7", "--condition", "4", "-o", out).code == 0
    with np.load(out) as arrays:
        assert arrays["y"].tolist() == [4] * 7
        assert arrays["class_names"][4] == "4"
        expected = load(vae_run).decode(arrays["z"], condition=4)
        np.testing.assert_array_equal(arrays["x"], expected)


@pytest.mark.parametrize("using", ["prior", "gmm", "flow", "posterior"])
def test_every_source_draws(using: str, command: Command, vae_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "draws.csv"
    more = ["--sample", load(vae_run).index[5]] if using == "posterior" else []
    assert command("draw", vae_run, "-n", "4", "--using", using, *more, "-o", out).code == 0
    assert len(list(csv.reader(out.read_text().splitlines()))) == 5


def test_a_folder_has_a_picture_for_every_draw(
    command: Command, vae_run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "draws"
    assert command("draw", vae_run, "-n", "12", "--condition", "3", "-o", out).code == 0
    pictures = sorted((out / "class-3").iterdir())
    assert [file.name for file in pictures][:2] == ["draw-00.png", "draw-01.png"]
    assert len(pictures) == 12
    with Image.open(pictures[0]) as picture:
        assert (picture.size, picture.mode) == ((8, 8), "L")
    assert (out / "latents.csv").read_text().startswith("z1,z2\n")
    again = command("draw", vae_run, "-o", out)
    assert again.code == 2
    assert "not empty" in again.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--using", "luck"], "prior, gmm, flow, posterior"),
        (["--using", "posterior"], "--sample I"),
        (["--using", "posterior", "--sample", "0"], "deterministic"),
        ([], "no prior"),
        (["-n", "0"], "-n 0"),
    ],
)
def test_what_cannot_be_drawn_is_explained(
    words: list[str], said: str, command: Command, digits_run: Path, tmp_path: Path
) -> None:
    words = [str(load(digits_run).index[0]) if word == "0" and "--sample" in words else word
             for word in words]  # fmt: skip
    outcome = command("draw", digits_run, *words, "-o", tmp_path / "draws.png")
    assert outcome.code == 2
    assert said in outcome.err


def test_a_traversal_has_a_row_for_every_dimension(
    command: Command, wine_run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "rows.png"
    outcome = command("traverse", wine_run, "--steps", "5", "-o", out)
    assert (outcome.code, outcome.out) == (0, f"{out}\n")
    with Image.open(out) as sheet:
        assert sheet.size[0] % 5 == 0
        assert sheet.size[1] == 3 * 56
    found = load(wine_run).traverse(5)
    named = [line.split(":")[0] for line in outcome.err.splitlines() if line.startswith("z")]
    assert named == [f"z{dimension + 1}" for dimension in found.order]


def test_a_traversal_goes_through_the_sample(vae_run: Path) -> None:
    run = load(vae_run)
    found = run.traverse(3, sample=int(run.index[9]))
    first, second = found.order
    assert found.z[0, 0, second] == run.latents()[9, second]
    assert found.z[1, 0, first] == run.latents()[9, first]


def test_a_traversal_as_a_film_moves_there_and_back(
    command: Command, vae_run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "rows.gif"
    assert command("traverse", vae_run, "--steps", "4", "-o", out).code == 0
    with Image.open(out) as film:
        assert 1 < film.n_frames <= 6


def test_a_sample_that_is_not_shown_is_named(
    command: Command, wine_run: Path, tmp_path: Path
) -> None:
    outcome = command("traverse", wine_run, "--sample", "9999", "-o", tmp_path / "rows.png")
    assert outcome.code == 2
    assert "--sample 9999" in outcome.err
