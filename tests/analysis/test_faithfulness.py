"""Faithfulness: the definitions, the error of choosing, and the published table of PCA."""

import shutil
import time
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import aeviz
from aeviz import paths
from aeviz.analysis import faithfulness as f
from aeviz.analysis.measures import NotApplicable
from aeviz.analysis.quality import BENCHMARK_NEIGHBOURS, quality
from aeviz.data.idx import read_idx


def points(count: int, dimensions: int, seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(size=(count, dimensions))


@pytest.fixture
def run(tmp_path: Path) -> aeviz.Run:
    shutil.copytree(paths.resources() / "demo", tmp_path / "demo")
    return aeviz.load(tmp_path / "demo")


def test_the_figures_of_a_run_are_those_of_its_samples_and_latents(run: aeviz.Run) -> None:
    arrays, values = run.study("faithfulness", part="all", most=300, neighbours=7)
    rows = arrays["rows"]
    x = run.samples[rows].reshape(len(rows), -1).astype(np.float64)
    own = quality(x, run.latents()[rows].astype(np.float64), (7,))
    assert values["trustworthiness"] == pytest.approx(own.trustworthiness[0], abs=1e-6)
    assert values["mrre"] == pytest.approx(own.rank_error, abs=1e-6)
    assert values["kl_0.1"] == pytest.approx(own.density_kl[0.1], rel=1e-4)
    assert arrays["continuity"].mean() == pytest.approx(values["continuity"])
    assert (values["samples"], values["neighbours"]) == (300, [7, 7])


def test_of_all_samples_choosing_makes_no_error() -> None:
    x, z = points(400, 4), points(400, 2, seed=1)
    assert set(f.sampling_errors(x, z, (10,), 400).values()) == {0.0}
    assert set(f.sampling_errors(x[:100], z[:100], (10,), 400).values()) == {None}


def test_the_error_is_that_of_choosing_again() -> None:
    """Of 40 samples of one population, the spread is what each of them says of itself."""
    told, found = [], []
    for seed in range(40):
        x = points(400, 4, seed)
        z = x[:, :2] + 0.3 * points(400, 2, seed + 1000)
        found.append(f.figures_of(quality(x, z, (16,)))["trustworthiness"])
        error = f.sampling_errors(x, z, (16,), 10**9)["trustworthiness"]
        assert error is not None
        told.append(error)
    assert 0.5 < np.mean(told) / np.std(found, ddof=1) < 2


def test_the_k_are_the_papers_as_far_as_the_samples_allow() -> None:
    assert f.neighbours_of(5000) == BENCHMARK_NEIGHBOURS
    assert f.neighbours_of(61) == (10, 20, 30)
    assert f.neighbours_of(61, 30) == (30,)
    with pytest.raises(NotApplicable, match="30 neighbours need more than 60 samples"):
        f.neighbours_of(60, 30)


def mnist(folder: Path, kind: str) -> Any:
    raw = folder / "MNIST" / "raw"
    pixels = read_idx(raw / f"{kind}-images-idx3-ubyte.gz", (None, 28, 28))
    return pixels.reshape(len(pixels), -1).astype(np.float32) / 127.5 - 1


PUBLISHED = {
    "kl_0.01": 0.389,
    "kl_0.1": 0.163,
    "kl_1": 0.00160,
    "mrre": 0.166,
    "continuity": 0.901,
    "trustworthiness": 0.745,
}
"""Table 1 of the paper, PCA of MNIST: 10,000 test images, two dimensions, images in [-1, 1]."""


@pytest.mark.slow
def test_the_published_row_of_pca_comes_from_its_definitions(real_mnist: Path) -> None:
    train, x = mnist(real_mnist, "train"), mnist(real_mnist, "t10k")
    mean = train.mean(axis=0, dtype=np.float64)
    covariance = np.cov(train, rowvar=False)
    axes = np.linalg.eigh(covariance)[1][:, :-3:-1]
    z = (x - mean) @ axes
    tracemalloc.start()  # numpy's arrays are traced
    began = time.perf_counter()
    found = f.figures_of(quality(x.astype(np.float64), z, BENCHMARK_NEIGHBOURS))
    seconds = time.perf_counter() - began
    most = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    for name, value in PUBLISHED.items():
        assert found[name] == pytest.approx(value, rel=0.005), name
    assert found["rmse"] == pytest.approx(13.2, abs=0.05)
    error = float(np.square(z @ axes.T + mean - x).mean())
    assert error == pytest.approx(0.2227, abs=5e-5)
    print(found, error, f"{seconds:.0f} s, {most:.0f} MiB at the peak")
    assert seconds < 300
    assert most < 400  # all distances in float64 would be 763
