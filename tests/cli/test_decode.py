"""`aeviz decode` and `aeviz sweep` write what the Python interface returns."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aeviz.api import Run, load
from tests.cli.conftest import Command


def test_negative_numbers_and_repetition_are_read(
    command: Command, digits_run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "x.npy"
    outcome = command("decode", digits_run, "--at", "-1,0", "--at", ".5,-2e-1", "-o", out)
    assert (outcome.code, outcome.out) == (0, f"{out}\n")
    expected = load(digits_run).decode([[-1, 0], [0.5, -0.2]])
    np.testing.assert_array_equal(np.load(out), expected)
    assert expected.shape == (2, 8, 8, 1)


def test_one_point_is_an_array_too(command: Command, digits_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.npz"
    assert command("decode", digits_run, "--at", "0,0", "-o", out).code == 0
    with np.load(out) as arrays:
        assert arrays["z"].tolist() == [[0, 0]]
        assert arrays["x"].shape == (1, 8, 8, 1)


def test_a_table_becomes_a_csv_with_its_feature_names(
    command: Command, wine_run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "x.csv"
    assert command("decode", wine_run, "--at", "0,-1,2", "-o", out).code == 0
    header, row = csv.reader(out.read_text().splitlines())
    run = load(wine_run)
    marks = ["generated", "model", "run", "epoch"]
    assert header == ["z1", "z2", "z3", *run.feature_names, *marks]
    np.testing.assert_array_equal(np.float32(row[3:-4]), run.decode([[0, -1, 2]])[0])
    assert row[-4:-2] == ["decoded", "Linear autoencoder"]
    assert row[-2].startswith(run.title)
    assert row[-1] == "1"


def test_what_was_written_can_be_read_as_points(
    command: Command, wine_run: Path, tmp_path: Path
) -> None:
    points, first, second = tmp_path / "z.npy", tmp_path / "a.csv", tmp_path / "b.csv"
    np.save(points, np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32))
    assert command("decode", wine_run, "--points", points, "-o", first).code == 0
    assert command("decode", wine_run, "--points", first, "-o", second).code == 0
    assert first.read_text() == second.read_text()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("z.csv", "1,2\n3,4\n", "(2, 2)"),
        ("z.csv", "1,2,x\n", "x"),
        ("z.csv", "1,2,inf\n", "finite"),
        ("z.csv", "", "(0,)"),
        ("z.npy", "not an array", "z.npy"),
        ("z.txt", "1,2,3", ".csv"),
    ],
)
def test_wrong_points_are_explained(
    name: str, content: str, said: str, command: Command, wine_run: Path, tmp_path: Path
) -> None:
    points = tmp_path / name
    points.write_text(content)
    outcome = command("decode", wine_run, "--points", points, "-o", tmp_path / "x.npy")
    assert outcome.code == 2
    assert said in outcome.err


def test_the_wrong_count_of_numbers_names_the_right_one(
    command: Command, wine_run: Path, tmp_path: Path
) -> None:
    outcome = command("decode", wine_run, "--at", "0,0", "-o", tmp_path / "x.png")
    assert outcome.code == 2
    assert "this run has 3 dimensions" in outcome.err


def test_an_epoch_that_is_not_there_is_refused(
    command: Command, digits_run: Path, tmp_path: Path
) -> None:
    options = ["--at", "0,0", "-o", tmp_path / "x.npy", "--epoch"]
    outcome = command("decode", digits_run, *options, "7")
    assert outcome.code == 2
    assert "0 to 2" in outcome.err
    assert command("decode", digits_run, *options, "best").code == 0


def test_thinned_weights_name_the_nearest_kept(
    command: Command, wine_run: Path, tmp_path: Path
) -> None:
    import shutil

    thinned = tmp_path / "thinned"
    shutil.copytree(wine_run, thinned)
    (thinned / "weights" / "epoch-00000.safetensors").unlink()
    options = ["--at", "0,0,0", "-o", tmp_path / "x.npy", "--epoch", "0"]
    outcome = command("decode", thinned, *options)
    assert outcome.code == 2
    assert "nearest" in outcome.err


def test_a_sweep_has_the_largest_second_coordinate_in_its_first_row(
    command: Command, digits_run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "sheet.png"
    region = ["--region", "-1,1,-2,2", "--grid", "3"]
    assert command("sweep", digits_run, *region, "-o", out).code == 0
    sheet = np.asarray(Image.open(out))
    cell = sheet.shape[0] // 3
    corner = load(digits_run).decode([[-1, 2]])[0, :, :, 0]
    shown = sheet[: cell : cell // 8, : cell : cell // 8, 0]
    np.testing.assert_array_equal(shown, np.rint(np.clip(corner, 0, 1) * 255).astype(np.uint8))


def test_a_table_with_three_latents_is_swept_over_the_plane_of_the_map(
    command: Command, wine_run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "sheet.png"
    assert command("sweep", wine_run, "--grid", "4", "-o", out).code == 0
    with Image.open(out) as sheet:
        assert sheet.height % 4 == 0


@pytest.mark.parametrize("ending", ["png", "csv"])
def test_what_a_flow_cannot_invert_is_told_and_left_empty(
    command: Command,
    digits_run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ending: str,
) -> None:
    decoded = np.zeros((2, 8, 8, 1), np.float32)
    decoded[1] = np.nan
    monkeypatch.setattr(Run, "decode", lambda *_, **__: decoded)
    out = tmp_path / f"x.{ending}"
    outcome = command("decode", digits_run, "--at", "0,0", "--at", "1,1", "-o", out)
    assert outcome.code == 0
    assert outcome.err.startswith("1 of 2 points lie where the inverse of this flow")
    if ending == "png":
        first, second = np.split(np.asarray(Image.open(out)), 2, axis=1)
        assert not first.any()
        assert (second == 255).all()


def test_a_number_too_large_for_a_latent_is_refused(command: Command, digits_run: Path) -> None:
    outcome = command("decode", digits_run, "--at", "1e39,0", "-o", "x.csv")
    assert outcome.code == 2
    assert outcome.err == "aeviz: --at 1e39,0: every number must be finite\n"
