"""Digits, wine and two moons against scikit-learn's own."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn import datasets as theirs

from aeviz import data, paths
from aeviz.data.dataset import DataError

NOWHERE = Path("nowhere")


def test_digits_are_scikit_learns() -> None:
    ours, digits = data.load("digits", NOWHERE), theirs.load_digits()
    assert np.array_equal(ours.samples[..., 0], digits.images)
    assert np.array_equal(ours.labels, digits.target)
    assert ours.class_names == tuple(str(name) for name in digits.target_names)
    assert float(ours.scaling.scale) == 16


def test_wine_is_scikit_learns() -> None:
    ours, wine = data.load("wine", NOWHERE), theirs.load_wine()
    assert np.array_equal(ours.samples, wine.data.astype(np.float32))
    assert np.array_equal(ours.labels, wine.target)
    names = [name.replace(" ", "_").lower() for name in ours.feature_names]
    assert names == list(wine.feature_names)


def test_the_built_in_files_carry_their_sources() -> None:
    text = (paths.resources() / "data" / "SOURCES.txt").read_text(encoding="utf-8")
    for name in ("digits", "wine"):
        assert data.entry(name).source.rpartition("doi:")[2] in text


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"noise": 0.0},
        {"samples": 7, "noise": 0},
        {"samples": 1001, "noise": 0.25, "seed": 2**32 - 1},
    ],
)
def test_two_moons_are_scikit_learns_point_by_point(options: dict[str, float]) -> None:
    ours = data.load("two-moons", NOWHERE, options)
    points, labels = theirs.make_moons(
        options.get("samples", 2000),
        noise=options.get("noise", 0.1) or None,
        random_state=options.get("seed", 0),
    )
    assert np.array_equal(ours.samples, points.astype(np.float32))
    assert np.array_equal(ours.labels, labels)


def test_another_seed_draws_other_moons() -> None:
    first, second = (data.load("two-moons", NOWHERE, {"seed": seed}) for seed in (0, 1))
    assert not np.array_equal(first.samples, second.samples)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"noise": -1}, "data.noise must be a number from 0 to 10, got -1"),
        ({"noise": float("nan")}, "data.noise must be a number from 0 to 10, got nan"),
        ({"noise": "much"}, "data.noise must be a number from 0 to 10, got 'much'"),
        ({"samples": 1}, "data.samples must be a whole number from 2 to 1,000,000, got 1"),
        ({"samples": 2.5}, "data.samples must be a whole number from 2 to 1,000,000, got 2.5"),
        ({"samples": True}, "data.samples must be a whole number from 2 to 1,000,000, got True"),
        ({"seed": 2**32}, "data.seed must be a whole number from 0 to 4,294,967,295"),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, object], sentence: str) -> None:
    with pytest.raises(DataError) as caught:
        data.load("two-moons", NOWHERE, options)
    assert str(caught.value).startswith(sentence)


def test_a_missing_file_of_the_installation_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "resources", lambda: tmp_path)
    with pytest.raises(DataError, match=r"not installed whole: .*digits\.npz is missing"):
        data.load("digits", NOWHERE)


def test_reading_needs_neither_torch_nor_scikit_learn() -> None:
    code = (
        "import sys\n"
        "for name in ('torch', 'torchvision', 'sklearn', 'scipy'): sys.modules[name] = None\n"
        "from pathlib import Path\n"
        "from aeviz import data\n"
        "for name in ('digits', 'wine', 'two-moons'): data.load(name, Path('nowhere'))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
