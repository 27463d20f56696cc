"""`aeviz path` writes decodes along a path that begins and ends where it was told."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aeviz.api import load
from aeviz.errors import PathError
from tests.cli.conftest import Command

METHODS = ("straight", "slerp", "spline", "density", "geodesic")


@pytest.mark.parametrize("method", METHODS)
def test_every_method_goes_from_sample_to_point(
    method: str, command: Command, digits_run: Path, tmp_path: Path
) -> None:
    out, run = tmp_path / "walk.csv", load(digits_run)
    words = ["--from", run.index[3], "--to", "-1,0.5", "--steps", "5", "--method", method]
    outcome = command("path", digits_run, *words, "-o", out)
    assert (outcome.code, outcome.out) == (0, f"{out}\n")
    header, *rows = csv.reader(out.read_text().splitlines())
    assert header[:3] == ["z1", "z2", "p0"]
    z = np.float32([row[:2] for row in rows])
    np.testing.assert_array_equal(z[[0, -1]], [run.latents()[3], np.float32([-1, 0.5])])
    expected = run.decode(z).reshape(5, -1)
    np.testing.assert_allclose(np.float32([row[2:66] for row in rows]), expected, atol=1e-6)
    assert {row[header.index("generated")] for row in rows} == {f"decoded along a path ({method})"}


def test_a_strip_has_a_cell_for_every_step(
    command: Command, wine_run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "walk.png"
    words = ["--from", "0,0,0", "--via", "1,0,0", "--to", "1,1,-1", "--steps", "7"]
    assert command("path", wine_run, *words, "-o", out).code == 0
    with Image.open(out) as strip:
        width, height = strip.size
    assert width % 7 == 0
    assert height == 56


def test_a_film_has_a_frame_for_every_step(
    command: Command, digits_run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "walk.gif"
    words = ["--from", "-1,0", "--to", "1,0", "--steps", "6"]
    assert command("path", digits_run, *words, "-o", out).code == 0
    with Image.open(out) as film:
        assert film.n_frames == 6
        film.seek(5)
        last = np.asarray(film.convert("RGB"))
    shown = load(digits_run).decode([[1, 0]])[0, :, :, 0]
    side = last.shape[0] // 8
    np.testing.assert_array_equal(
        last[side // 2 :: side, side // 2 :: side, 0],
        np.rint(np.clip(shown, 0, 1) * 255).astype(np.uint8),
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--from", "0", "--to", "99999"], "--to 99999: this run shows no sample"),
        (["--from", "0,0", "--to", "0,0,1"], "--to 0,0,1: this run has 2 dimensions"),
        (["--from", "0", "--to", "1", "--method", "curly"], "straight, slerp"),
        (["--from", "0", "--to", "1", "--steps", "1"], "--steps 1"),
        (["--from", "0,0", "--to", "1,0", "--method", "slerp"], "zero has no direction"),
    ],
)
def test_what_makes_no_path_is_explained(
    words: list[str], said: str, command: Command, digits_run: Path, tmp_path: Path
) -> None:
    outcome = command("path", digits_run, *words, "-o", tmp_path / "walk.png")
    assert outcome.code == 2
    assert said in outcome.err
    assert not (tmp_path / "walk.png").exists()


def test_a_path_of_wrong_anchors_is_refused(digits_run: Path) -> None:
    with pytest.raises(PathError, match=r"\(A, 2\)"):
        load(digits_run).walk([[0.0, 0.0, 0.0]])
