"""Linear autoencoders beside PCA: error and subspace on full MNIST."""

import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import torch

from aeviz.compute.runner import train
from aeviz.messages import Failed
from aeviz.runs.run import RunFolder
from tests.numbers.frame import Figure, figures

PUBLISHED = {1: 0.060725, 2: 0.055953, 3: 0.051804, 5: 0.044905, 10: 0.034423, 32: 0.017243}
WITHOUT_BIAS = 0.057817
SOURCE = "Baldi & Hornik, 1989; PCA of the 60,000 training images"


@figures("pca", title="Linear autoencoder and PCA, MNIST")
def measure(quick: bool) -> Iterator[Figure]:
    """Error against the exact optimum of the very samples, and the largest principal angle."""
    epochs = 2 if quick else 50
    for components, published in PUBLISHED.items():
        yield from compared(f"k = {components}", components, published, epochs, bias=True)
    yield from compared("k = 2, no biases", 2, WITHOUT_BIAS, epochs, bias=False)


def compared(
    name: str, components: int, published: float, epochs: int, *, bias: bool
) -> Iterator[Figure]:
    """Train one model, compare its error and its plane with those of PCA."""
    with tempfile.TemporaryDirectory() as folder:
        run = trained(Path(folder) / "run", components, epochs, bias=bias)
        error = run.epochs[-1].metrics["reconstruction_mse"]
        (truth,) = [row["value"] for row in run.info.model["truths"]]
        angle = largest_angle(run, components, centred=bias)
    excess = error / truth - 1
    yield Figure(
        name,
        error,
        f"{truth:.6f} (published {published:.6f})",
        holds=bool(-1e-6 <= excess <= 0.005 and abs(truth - published) < 2e-6),
        unit="mse per pixel",
        source=SOURCE,
        note=f"{100 * excess:.3f} % above the optimum of the samples trained on.",
    )
    yield Figure(
        f"{name}: largest principal angle",
        angle,
        "< 1",
        holds=angle < 1,
        unit="degrees",
        source=SOURCE,
    )


def trained(path: Path, components: int, epochs: int, *, bias: bool) -> RunFolder:
    """A linear autoencoder on all training images of MNIST."""
    settings: dict[str, Any] = {
        "data": {"name": "mnist"},
        "model": {"name": "linear", "latent_dim": components, "bias": bias},
        "train": {
            "epochs": epochs,
            "batch_size": 256,
            "lr": 0.01,
            "schedule": "cosine",
            "validation": 0.0,
        },
    }
    with closing(train(settings, out=path, runs_dir=path.parent)) as messages:
        for message in messages:
            if isinstance(message, Failed):
                raise RuntimeError(message.summary)
    return RunFolder.open(path)


def largest_angle(run: RunFolder, components: int, *, centred: bool) -> float:
    """Between the decoder's column space and the principal axes, in degrees."""
    samples = run.samples
    if samples is None or len(samples) < len(run.index):
        raise RuntimeError("the run keeps only a part of its samples")
    x = torch.from_numpy(np.array(samples)).flatten(1).double() / 255
    if centred:
        x -= x.mean(dim=0)
    axes = torch.linalg.eigh(x.T @ x)[1][:, -components:]
    decoder = torch.from_numpy(run.weights(run.epochs[-1].epoch)["decoder.weight"]).double()
    basis = torch.linalg.qr(decoder)[0]
    # the sine of the angle: its cosine is too flat near 1 to tell small angles
    rest = basis - axes @ (axes.T @ basis)
    return float(torch.rad2deg(torch.asin(torch.linalg.matrix_norm(rest, 2).clamp(max=1.0))))
