"""`aeviz measure` and `Run.measure`."""

import json
from pathlib import Path

import numpy as np
import pytest

import aeviz
from aeviz.cli import main
from tests.cli.conftest import Command

NAMES = ["elbo", "kl", "active_units", "reconstruction_mse", "mmd_prior"]


@pytest.fixture(scope="module")
def vae_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "vae"
    options = ["--set", "model.widths=16", "--epochs", "1", "--set", "data.binarise=dynamic"]
    assert main(["train", *options, "--out", str(out)]) == 0
    return out


def chosen(*names: str) -> list[str]:
    return [word for name in names for word in ("--only", name)]


def test_json_has_value_unit_part_epoch_and_definition(command: Command, vae_run: Path) -> None:
    done = command("measure", vae_run, "--json", *chosen(*NAMES))
    assert done.code == 0
    rows = {row["name"]: row for row in json.loads(done.out)}
    assert sorted(rows) == sorted(NAMES)
    elbo = rows["elbo"]
    assert elbo["value"] < 0
    assert elbo["stderr"] > 0
    assert (elbo["unit"], elbo["part"], elbo["epoch"]) == ("nats per sample", "validation", 1)
    assert elbo["definition"].endswith(".")
    assert "reason" not in elbo
    assert "stderr" not in rows["active_units"]


def test_what_does_not_apply_is_null_with_a_reason(command: Command, digits_run: Path) -> None:
    done = command("measure", digits_run, "--json", *chosen("elbo"))
    (row,) = json.loads(done.out)
    assert row["value"] is None
    assert "Gaussian posterior" in row["reason"]


def test_lines_name_every_measure_with_its_unit(command: Command, vae_run: Path) -> None:
    done = command("measure", vae_run, *chosen("kl", "active_units"))
    assert [line.split()[0] for line in done.out.splitlines()] == ["kl", "active_units"]
    assert "nats per sample" in done.out


def test_the_same_command_prints_the_same_numbers(command: Command, vae_run: Path) -> None:
    words = ("measure", vae_run, *chosen("elbo", "mmd_prior"))
    assert command(*words).out == command(*words).out


def test_python_returns_what_the_command_line_prints(command: Command, vae_run: Path) -> None:
    done = command("measure", vae_run, "--json", "--epoch", "0", *chosen("elbo"))
    assert aeviz.load(vae_run).measure(["elbo"], epoch=0) == json.loads(done.out)


def test_parts_are_those_of_the_training(vae_run: Path) -> None:
    run = aeviz.load(vae_run)
    errors = {
        part: run.measure(["reconstruction_mse"], part=part)[0]["value"]
        for part in ("train", "validation", "all")
    }
    train, held_out, both = errors["train"], errors["validation"], errors["all"]
    assert both == pytest.approx((1617 * train + 180 * held_out) / 1797)


def test_the_reconstruction_error_is_that_of_the_training(digits_run: Path) -> None:
    run = aeviz.load(digits_run)
    (row,) = run.measure(["reconstruction_mse"])
    assert row["value"] == pytest.approx(run.metrics["validation_reconstruction_mse"][-1])


def test_a_file_of_samples_can_be_measured(
    command: Command, digits_run: Path, tmp_path: Path
) -> None:
    images = np.random.default_rng(0).integers(0, 17, (20, 8, 8), np.uint8)
    np.savez(tmp_path / "few.npz", x=images, y=np.zeros(20, np.int64))
    name = "reconstruction_mse"
    done = command("measure", digits_run, "--data", tmp_path / "few.npz", "--json", *chosen(name))
    (row,) = json.loads(done.out)
    run = aeviz.load(digits_run)
    difference = run.decode(run.encode(images)) - images[..., None] / 16
    assert row["value"] == pytest.approx(float(np.mean(difference**2)), rel=1e-5)
    assert row["part"] == "few.npz"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--only", "elbow"], "there is no measure 'elbow'; did you mean elbo?"),
        (["--part", "test"], "there is no part 'test' of this run's samples"),
        (["--data", "wine"], "wine: its samples are (13,), this run's are (8, 8, 1)"),
        (["--data", "nothing.npz"], "nothing.npz: there is no such file or data set"),
        (["--data", "digits", "--part", "all"], "--part is of the run's own samples"),
        (["--epoch", "77"], "there is no epoch 77"),
    ],
)
def test_what_is_wrong_is_named(
    command: Command, vae_run: Path, words: list[str], sentence: str
) -> None:
    done = command("measure", vae_run, *words)
    assert done.code == 2
    assert sentence in done.err
    assert not done.out
