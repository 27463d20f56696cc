"""Topological autoencoder, plain autoencoder and PCA on the nested spheres; PCA on MNIST."""

import tempfile
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz import api, data, paths
from aeviz.analysis.quality import BENCHMARK_NEIGHBOURS, Quality, quality
from aeviz.compute.runner import train
from aeviz.data.files import find_files
from aeviz.data.idx import read_idx
from aeviz.messages import Failed
from tests.numbers.frame import Figure, figures

SOURCE = "Moor et al., 2020, table 1 (test part)"
PUBLISHED = {
    "PCA": (0.332, 0.651, 0.0153, 0.294, 0.747, 0.626, 11.8, 0.961),
    "autoencoder": (0.566, 0.746, 0.0166, 0.349, 0.607, 0.588, 13.3, 0.8155),
    "topological": (0.085, 0.326, 0.00694, 0.272, 0.822, 0.658, 13.5, 0.8681),
    "MNIST, PCA": (0.389, 0.163, 0.00160, 0.166, 0.901, 0.745, 13.2, 0.2227),
}
"""KL at σ = 0.01, 0.1 and 1, rank error, continuity, trustworthiness, RMSE of distances, MSE."""

NAMES = ("KL 0.01", "KL 0.1", "KL 1", "rank error", "continuity", "trust", "RMSE", "data MSE")
UNITS = ("nats", "nats", "nats", "", "", "", "distance", "mse per feature")

NETWORK = {"widths": (32, 32), "batch_norm": True}
TRAINING = {
    "topological": {"batch_size": 28, "lr": 2.727e-4, "weight_decay": 1e-5},
    "autoencoder": {"batch_size": 84, "lr": 6.406e-4, "weight_decay": 1e-5},
}
"""The authors' settings; both have 100 epochs and hold a part of the training points out."""

MODELS = {
    "topological": {"name": "topological", "lam": 0.4336, **NETWORK},
    "autoencoder": {"name": "deep", **NETWORK},
}
SEEDS = (0, 1, 2)

Matrix = NDArray[np.float64]


@figures("topological", title="Topological autoencoder, nested spheres; PCA on MNIST")
def measure(quick: bool) -> Iterator[Figure]:
    """What the latents of the test part keep of its neighbours, distances and densities."""
    yield from rows("PCA", np.array([of_plane()]))
    for name in ("autoencoder", "topological"):
        seeds = SEEDS[:1] if quick else SEEDS
        found = np.array([trained(name, seed, 2 if quick else 100) for seed in seeds])
        yield from rows(name, found)
    if not quick:
        yield from rows("MNIST, PCA", np.array([of_images()]))


def rows(name: str, found: Matrix) -> Iterator[Figure]:
    """The figures of one method, of several seeds their mean."""
    exact = {"KL 0.1": 0.001, "rank error": 0.001, "continuity": 0.001, "trust": 0.001}
    holds: dict[tuple[str, str], Any] = {
        ("PCA", "data MSE"): lambda value: abs(value - 0.9612) < 2e-4,
        ("MNIST, PCA", "data MSE"): lambda value: abs(value - 0.2227) < 1e-4,
        ("autoencoder", "KL 0.1"): lambda value: value > 0.6,
        ("topological", "KL 0.1"): lambda value: value < 0.45,
    }
    for number, (what, unit) in enumerate(zip(NAMES, UNITS, strict=True)):
        values = found[:, number]
        check = holds.get((name, what))
        if "PCA" in name and what in exact:
            check = partial(is_near, PUBLISHED[name][number], exact[what])
        yield Figure(
            f"{name}: {what}",
            float(values.mean()),
            f"{PUBLISHED[name][number]:g}",
            holds=None if check is None else bool(check(values.mean())),
            unit=unit,
            source=SOURCE,
            error=float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None,
        )


def is_near(published: float, tolerance: float, value: float) -> bool:
    """Whether a figure without any chance in it is the published one, as far as that is rounded."""
    return abs(value - published) < tolerance


def trained(name: str, seed: int, epochs: int) -> list[float]:
    """Train on the benchmark's training part, compare its test part with the latents."""
    settings: dict[str, Any] = {
        "data": {"name": "spheres"},
        "model": MODELS[name],
        "train": {"epochs": epochs, **TRAINING[name]},
        "seed": seed,
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run"
        with closing(train(settings, out=path, runs_dir=path.parent)) as messages:
            for message in messages:
                if isinstance(message, Failed):
                    raise RuntimeError(message.summary)
        run = api.load(path)
        test = data.load("spheres", Path(), {"part": "test"})
        latents = run.encode(test.samples)
        decoded = test.scaling.apply(run.decode(latents))
        return figures_of(test.scaling.apply(test.samples), latents, decoded)


def of_plane() -> list[float]:
    """The plane of the two largest principal components of the training part."""
    parts = (data.load("spheres", Path(), {"part": name}) for name in ("train", "test"))
    train_x, test_x = (part.scaling.apply(part.samples).astype(np.float64) for part in parts)
    axes = np.linalg.eigh(np.cov(train_x.T))[1][:, -2:]
    return figures_of(test_x, test_x @ axes, test_x @ axes @ axes.T)


def of_images() -> list[float]:
    """The same plane on MNIST's test part; the paper's images lie in [-1, 1]."""
    folder = paths.data_dir() / "MNIST" / "raw"
    train_x, test_x = (
        read_idx(find_files("MNIST", folder, [name])[0], (None, 28, 28)).reshape(-1, 784) / 127.5
        for name in ("train-images-idx3-ubyte", "t10k-images-idx3-ubyte")
    )
    axes = np.linalg.eigh(np.cov(train_x.T))[1][:, -2:]
    centred = test_x - train_x.mean(axis=0)
    return figures_of(centred, centred @ axes, centred @ axes @ axes.T)


def figures_of(x: Any, z: Any, x_hat: Any) -> list[float]:
    """The figures of the table, in the order of `NAMES`."""
    x, z = np.asarray(x, np.float64), np.asarray(z, np.float64)
    found: Quality = quality(x, z, BENCHMARK_NEIGHBOURS)
    rank_error = (found.rank_error_latent.mean() + found.rank_error_data.mean()) / 2
    return [
        *found.density_kl.values(),
        float(rank_error),
        float(found.continuity.mean()),
        float(found.trustworthiness.mean()),
        found.distance_rmse,
        float(np.square(x - x_hat).mean()),
    ]
