"""Flows on densities whose entropy is known exactly: no model can be below, a good one comes near.

Each flow trains with its own defaults on 50,000 points; −log p(x) is the mean over 100,000 fresh
ones, in the units of the data.
"""

import math
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from aeviz import data
from aeviz.compute.decoding import Decoder, tensors_of
from aeviz.compute.runner import train
from aeviz.data.dataset import Scaling
from aeviz.messages import Failed
from aeviz.models.base import Invertible
from aeviz.runs.run import RunFolder
from tests.numbers.frame import Figure, figures

MODELS = ("realnvp", "maf", "spline")
DENSITIES = ("two-moons", "eight-gaussians", "ring", "checkerboard")
TRAINED_ON, FRESH, PART = 50_000, 100_000, 10_000
NEAR = 0.05
"""Nats above the entropy at most, for the spline."""


@figures("flows", title="Normalising flows against exact entropies")
def measure(quick: bool) -> Iterator[Figure]:
    """Every flow on every density."""
    for name in DENSITIES:
        for model in MODELS:
            with tempfile.TemporaryDirectory() as folder:
                run = trained(Path(folder) / "run", model, name, 1 if quick else 40)
                nats = negative_log_density(run, name)
            yield compared(model, name, nats)


def compared(model: str, name: str, nats: NDArray[np.float64]) -> Figure:
    """The mean of −log p(x) beside the entropy."""
    density = data.load(name, Path("nowhere")).density
    assert density is not None
    entropy = density.entropy()
    ours, error = float(nats.mean()), float(nats.std() / math.sqrt(len(nats)))
    is_possible = ours >= entropy - 3 * error
    is_near = ours <= entropy + NEAR
    return Figure(
        f"{model} on {name}",
        ours,
        f"≥ {entropy:.4f} (exact entropy)" + (f", within {NEAR:g}" if model == "spline" else ""),
        holds=is_possible and (is_near or model != "spline"),
        unit="nats per point",
        source="Entropy by numerical integration; the checkerboard's is log 32",
        error=error,
        note=f"{ours - entropy:+.4f} above the entropy.",
    )


def negative_log_density(run: RunFolder, name: str) -> NDArray[np.float64]:
    """−log p(x) of fresh points in their own units, (100,000,)."""
    fresh = data.load(name, Path("nowhere"), {"samples": FRESH, "seed": 1}).samples
    scaling = Scaling.from_json(run.info.data["scaling"])
    x = torch.from_numpy(scaling.apply(fresh))
    decoder = Decoder(run.info)
    decoder.load(tensors_of(run.weights(run.epochs[-1].epoch)))
    model: object = decoder.model
    assert isinstance(model, Invertible)
    with torch.inference_mode():
        parts = [model.log_density(part) for part in x.split(PART)]
    log_density = torch.cat([log_base + log_det for log_base, log_det in parts]).double().numpy()
    return np.asarray(-log_density + np.log(scaling.scale, dtype=np.float64).sum())


def trained(path: Path, model: str, name: str, epochs: int) -> RunFolder:
    """A flow with its defaults on a density."""
    settings: dict[str, Any] = {
        "data": {"name": name, "samples": TRAINED_ON},
        "model": {"name": model},
        "train": {"epochs": epochs, "batch_size": 256, "shown": 2000},
    }
    with closing(train(settings, out=path, runs_dir=path.parent)) as messages:
        for message in messages:
            if isinstance(message, Failed):
                raise RuntimeError(message.summary)
    return RunFolder.open(path)
