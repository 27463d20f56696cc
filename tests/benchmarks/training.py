"""How fast training is, beside a script, beside Lightning with a DataLoader, and with a window.

Ours and theirs do the same steps in turn, a few at a time, and the ratio is the median over the
turns: what else the computer does meets both. Time is that inside epochs; validating, encoding
and saving are rows of their own.
"""

import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from aeviz import paths
from aeviz.compute.building import live_weights, new_model
from aeviz.compute.device import choose
from aeviz.compute.info import run_info
from aeviz.compute.presets import PRESETS
from aeviz.compute.recording import Recorder
from aeviz.compute.samples import SampleStore, data_spec, split
from aeviz.compute.settings import complete, live_options
from aeviz.compute.training import EpochResult, Training, fit
from aeviz.data.dataset import DataMissing, Dataset, divide
from aeviz.data.vision import load_mnist
from aeviz.runs.schema import TrainConfig
from aeviz.runs.writer import RunWriter
from tests.benchmarks.frame import Row, benchmark, row
from tests.benchmarks.lightning_side import lightning_side
from tests.benchmarks.models import (
    Side,
    epochs_of,
    our_steps,
    pilot,
    rate,
    take_threads,
    take_turns,
)

SAMPLES = 60_000
LIGHTNING = 40
"""Steps of a turn beside Lightning, which begins an epoch for every one."""

ROOT = Path(__file__).resolve().parents[2]

LINEAR: Mapping[str, Any] = {"name": "linear", "latent_dim": 2}
VAE: Mapping[str, Any] = {"name": "vae", "latent_dim": 2, "widths": [256]}


LECTURES: Mapping[str, tuple[str, int, float, float]] = {
    "training, lectures' linear model, beside Lightning": ("linear-784-2", 64, 0.01, 4.5),
    "training, lectures' β-VAE, beside Lightning": ("beta-vae-32", 128, 0.001, 3.5),
}
"""Preset, batch, learning rate, and how many times faster it has to be."""

WINDOWS: Mapping[str, Mapping[str, Any]] = {
    "training, linear, batch 64, a window follows": {"model": LINEAR, "batch_size": 64, "lr": 0.01},
    "training, VAE, batch 128, a window follows": {"model": VAE, "batch_size": 128, "lr": 0.001},
}


@benchmark(
    "training",
    goals={
        "training, linear, batch 64, beside a script": "ratio >= 0.85",
        "training, VAE, batch 128, beside a script": "ratio >= 0.9",
        **{title: f"ratio >= {times}" for title, (_, _, _, times) in LECTURES.items()},
        **dict.fromkeys(WINDOWS, "ratio >= 0.8"),
    },
)
def measure_training(full: bool) -> Iterator[Row]:
    """Beside a script, Lightning, and with a window; then what an epoch costs besides."""
    take_threads()
    dataset = mnist()
    pixels = pixels_of(dataset)
    for name, model, bare, size, lr in (
        ("linear, batch 64", LINEAR, BareLinear, 64, 0.01),
        ("VAE, batch 128", VAE, BareVAE, 128, 0.001),
    ):
        ours = our_steps(make_training(dataset, model, size, lr))
        scripts = [script_steps(bare(), pixels, size, lr, fused=fused) for fused in (True, False)]
        theirs = min(scripts, key=pilot)
        turns = take_turns([ours, theirs], 4 if full else 1)
        yield compared(f"training, {name}, beside a script", turns)
    for title, (preset, size, lr, _) in LECTURES.items():
        yield beside_lightning(title, dataset, preset, size, lr, turns=15 if full else 7)
    for title, options in WINDOWS.items():
        yield with_window(title, options, turns=15 if full else 5)
    yield from measure_rest(dataset)


def compared(title: str, turns: Sequence[Sequence[float]]) -> Row:
    """The row of rates that were measured in turns: medians, and the median of their ratios."""
    mine, other = (statistics.median(rates) for rates in zip(*turns, strict=True))
    ratio = statistics.median(ours / theirs for ours, theirs in turns)
    return replace(row(title, mine, "samples/s", reference=other), ratio=ratio)


def beside_lightning(
    title: str, dataset: Dataset, preset: str, size: int, lr: float, *, turns: int
) -> Row:
    """A preset beside Lightning's Trainer with a DataLoader over torchvision's MNIST."""
    chosen = next(entry for entry in PRESETS if entry.name == preset)
    ours = our_steps(make_training(dataset, chosen.settings["model"], size, lr))
    net = BareLinear() if preset == "linear-784-2" else BareVAE((512, 256), 32, beta=4.0)
    with tempfile.TemporaryDirectory() as folder:
        theirs = lightning_side(dataset, Path(folder), net, lr, size)
        theirs(5)
        ours(5)
        pairs = [(rate(ours, LIGHTNING), rate(theirs, LIGHTNING)) for _ in range(turns)]
    return compared(title, pairs)


def with_window(title: str, options: Mapping[str, Any], *, turns: int) -> Row:
    """A training that a real window follows and animates, in turns with a bare loop."""
    train = {"batch_size": options["batch_size"], "lr": options["lr"], "epochs": 1000}
    settings = {
        "data": {"name": "mnist"},
        "model": dict(options["model"]),
        "train": {**train, "shown": 10_000},
    }
    command = [sys.executable, "-m", "tests.benchmarks.windows.training", json.dumps(settings)]
    done = subprocess.run(
        [*command, str(paths.data_dir()), str(turns)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60 + 15 * turns,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"the window ended with {done.returncode}: {done.stderr[-2000:]}")
    return compared(title, json.loads(done.stdout.strip().splitlines()[-1])["pairs"])


def measure_rest(dataset: Dataset) -> Iterator[Row]:
    """Validation, encoding and saving of one epoch of the VAE."""
    count = len(dataset)
    training = make_training(dataset, VAE, 128, 0.001, validation=0.1, shown=count, epochs=0)
    warm, result = (next(results(training)) for _ in range(2))
    held_out, shown = len(training.split.validation), len(training.split.shown)
    assert warm.epoch == result.epoch
    yield row("validating, VAE", held_out / result.measuring["validating"], "samples/s")
    yield row("encoding and measuring, VAE", shown / result.measuring["encoding"], "samples/s")
    with tempfile.TemporaryDirectory() as folder:
        yield row("saving an epoch, VAE", 1000 * saving_seconds(training, result, folder), "ms")


def results(training: Training) -> Iterator[EpochResult]:
    """The epochs of a training, from epoch 0 again."""
    training.reported = -1
    return (item for item in fit(training) if isinstance(item, EpochResult))


def saving_seconds(training: Training, result: EpochResult, folder: str) -> float:
    """Median seconds to write checkpoint, latents, weights and line of an epoch."""
    dataset, parts = mnist(), training.split
    settings = complete({"data": {"name": "mnist"}, "model": VAE})
    spec = data_spec(dataset, len(parts.train))
    info = run_info(settings, dataset, training.model, spec, (), choose("cpu"))
    times = []
    with RunWriter.create(
        Path(folder) / "run",
        info,
        index=parts.shown,
        labels=None,
        parts=parts.parts,
        samples=dataset.samples[:100],
    ) as writer:
        recorder = Recorder(writer, training)
        for epoch in range(5):
            began = time.perf_counter()
            recorder.tell(replace_epoch(result, epoch))
            times.append(time.perf_counter() - began)
    return statistics.median(times)


def replace_epoch(result: EpochResult, epoch: int) -> EpochResult:
    return EpochResult(**{**vars(result), "epoch": epoch})


# ── ours ──────────────────────────────────────────────────────────────────────────────────────


def make_training(
    dataset: Dataset,
    model: Mapping[str, Any],
    batch_size: int,
    lr: float,
    *,
    validation: float = 0.0,
    shown: int = 1,
    epochs: int = 1_000_000,
) -> Training:
    train = {"batch_size": batch_size, "lr": lr, "validation": validation, "shown": shown}
    train["epochs"] = epochs
    settings = complete({"data": {"name": "mnist"}, "model": model, "train": train})
    config = TrainConfig(**settings["train"])
    parts = split(len(dataset), config.validation, config.shown, 0)
    return Training(
        new_model(settings["model"], data_spec(dataset, len(parts.train)), 0),
        SampleStore(dataset, torch.device("cpu")),
        parts,
        config,
        seed=0,
        weights=live_weights(settings["model"], live_options(settings)),
    )


# ── the bare loop ─────────────────────────────────────────────────────────────────────────────


class BareLinear(nn.Module):
    """The linear autoencoder, written down as one would in a script."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = nn.Linear(784, 2), nn.Linear(2, 784)

    def forward(self, x: Tensor) -> Tensor:
        return ((self.decoder(self.encoder(x)) - x) ** 2).sum(dim=1).mean()


class BareVAE(nn.Module):
    """The VAE, written down as one would in a script."""

    def __init__(
        self, widths: Sequence[int] = (256,), latents: int = 2, *, beta: float = 1.0
    ) -> None:
        super().__init__()
        self.encoder = layers((784, *widths, 2 * latents))
        self.decoder = layers((latents, *reversed(widths), 784))
        self.beta = beta

    def forward(self, x: Tensor) -> Tensor:
        mu, log_var = self.encoder(x).chunk(2, dim=1)
        z = mu + torch.exp(0.5 * log_var) * torch.randn_like(mu)
        logits = self.decoder(z)
        nll = functional.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
        kl = -0.5 * (1 + log_var - mu.pow(2) - log_var.exp()).sum(dim=1).mean()
        return nll + self.beta * kl


def layers(widths: Sequence[int]) -> nn.Sequential:
    """Linear layers with ReLU between them."""
    made: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise(widths):
        made += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*made[:-1])


def script_steps(model: nn.Module, pixels: Tensor, size: int, lr: float, *, fused: bool) -> Side:
    """The loop that everybody writes: shuffled float32 tensors in memory, Adam."""
    optimiser = torch.optim.Adam(model.parameters(), lr, fused=fused)
    batches = epochs_of(len(pixels), size, pixels.device)

    def advance(count: int) -> tuple[int, float]:
        samples, began = 0, time.perf_counter()
        for _ in range(count):
            rows = next(batches)
            loss = model(pixels[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            samples += len(rows)
        return samples, time.perf_counter() - began

    return advance


# ── data ──────────────────────────────────────────────────────────────────────────────────────


def mnist() -> Dataset:
    """MNIST where its files are; else noise of the same size, which costs the same time."""
    try:
        return load_mnist(paths.data_dir(), lambda share, phrase: None, {})
    except DataMissing:
        generator = np.random.default_rng(0)
        images = generator.integers(0, 256, (SAMPLES, 28, 28, 1), np.uint8)
        labels = generator.integers(0, 10, SAMPLES)
        return Dataset("mnist", "Noise", images, divide(255), labels, tuple("0123456789"))


def pixels_of(dataset: Dataset) -> Tensor:
    """float32 (N, 784) in [0, 1]."""
    return torch.from_numpy(dataset.scaling.apply(dataset.samples)).flatten(1)
