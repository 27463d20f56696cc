"""How fast training is, beside a bare torch loop and beside Lightning with a DataLoader.

Ours and theirs do the same steps in turn, a few at a time, and medians are compared: what
else the computer does meets both. Time is that inside epochs; validating, encoding and saving are
rows of their own.
"""

import logging
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
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
from aeviz.compute.recording import Recorder
from aeviz.compute.samples import SampleStore, data_spec, split
from aeviz.compute.settings import complete, live_options
from aeviz.compute.training import EpochResult, Training, fit
from aeviz.data.dataset import DataMissing, Dataset, divide
from aeviz.data.vision import load_mnist
from aeviz.runs.schema import TrainConfig
from aeviz.runs.writer import RunWriter
from tests.benchmarks.frame import Row, benchmark, row

SAMPLES = 60_000
ROUNDS = 31

LINEAR: Mapping[str, Any] = {"name": "linear", "latent_dim": 2}
VAE: Mapping[str, Any] = {"name": "vae", "latent_dim": 2, "widths": [256]}


@benchmark(
    "training",
    goals={
        "training, linear, batch 64": "ratio >= 0.85",
        "training, VAE, batch 128": "ratio >= 0.85",
    },
)
def measure_training(full: bool) -> Iterator[Row]:
    """Steps beside a bare loop, then what an epoch costs besides."""
    dataset = mnist()
    pixels = pixels_of(dataset)
    for name, model, bare, size, lr in (
        ("training, linear, batch 64", LINEAR, BareLinear, 64, 0.01),
        ("training, VAE, batch 128", VAE, BareVAE, 128, 0.001),
    ):
        steps = len(dataset) // size // (ROUNDS + 1)
        for fused in (False, True):
            ours = our_steps(make_training(dataset, model, size, lr))
            theirs = bare_steps(bare(), pixels, size, lr, fused=fused)
            speed, reference = compare(ours, theirs, steps)
            suffix = " (bare loop with fused Adam)" if fused else ""
            yield row(f"{name}{suffix}", speed * size, "samples/s", reference=reference * size)
    yield from measure_rest(dataset)


@benchmark("lightning", goals={"training, linear, batch 64, beside Lightning": "ratio >= 4"})
def measure_lightning(full: bool) -> Iterator[Row]:
    """The linear model beside Lightning's Trainer with a DataLoader over torchvision's MNIST."""
    dataset = mnist()
    batches = 100 if full else 40
    with tempfile.TemporaryDirectory() as folder:
        epoch = lightning_epoch(dataset, Path(folder), batches)
        job = our_steps(make_training(dataset, LINEAR, 64, 0.01))
        epoch()
        job(30)
        pairs = [(time_of(job, batches), epoch() / batches) for _ in range(11)]
    ours, theirs = (statistics.median(times) for times in zip(*pairs, strict=True))
    name = "training, linear, batch 64, beside Lightning"
    yield row(name, 64 / ours, "samples/s", reference=64 / theirs)


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

Steps = Callable[[int], None]
"""Does so many optimiser steps."""


def make_training(
    dataset: Dataset,
    model: Mapping[str, Any],
    batch_size: int,
    lr: float,
    *,
    validation: float = 0.0,
    shown: int = 1,
    epochs: int = 30,
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


def our_steps(training: Training) -> Steps:
    """Steps of `fit`, with all that it does between them."""
    job = fit(training)
    while training.epoch == 0:
        next(job)

    def advance(count: int) -> None:
        until = training.step + count
        while training.step < until:
            next(job)

    return advance


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

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 4))
        self.decoder = nn.Sequential(nn.Linear(2, 256), nn.ReLU(), nn.Linear(256, 784))

    def forward(self, x: Tensor) -> Tensor:
        mu, log_var = self.encoder(x).chunk(2, dim=1)
        z = mu + torch.exp(0.5 * log_var) * torch.randn_like(mu)
        logits = self.decoder(z)
        nll = functional.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
        kl = -0.5 * (1 + log_var - mu.pow(2) - log_var.exp()).sum(dim=1).mean()
        return nll + kl


def bare_steps(model: nn.Module, pixels: Tensor, size: int, lr: float, *, fused: bool) -> Steps:
    """The loop that everybody writes: shuffled float32 tensors in memory, Adam."""
    optimiser = torch.optim.Adam(model.parameters(), lr, fused=fused)
    order = torch.randperm(len(pixels))
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        for _ in range(count):
            x = pixels[order[done : done + size]]
            loss = model(x)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            done = (done + size) % (len(pixels) - size)

    return advance


def compare(ours: Steps, theirs: Steps, steps: int) -> tuple[float, float]:
    """Steps per second of both, in turns: medians over the rounds."""
    ours(steps // 2)
    theirs(steps // 2)
    pairs = [(time_of(ours, steps), time_of(theirs, steps)) for _ in range(ROUNDS)]
    mine, bare = (statistics.median(times) for times in zip(*pairs, strict=True))
    return 1 / mine, 1 / bare


def time_of(steps: Steps, count: int) -> float:
    """Seconds per step."""
    began = time.perf_counter()
    steps(count)
    return (time.perf_counter() - began) / count


# ── Lightning ─────────────────────────────────────────────────────────────────────────────────


def lightning_epoch(dataset: Dataset, folder: Path, batches: int) -> Callable[[], float]:
    """A function that trains so many batches and returns the seconds inside the epoch."""
    torchvision = import_torchvision()
    lightning = import_lightning()
    write_idx(dataset, folder)
    transform = torchvision.transforms.ToTensor()
    samples = torchvision.datasets.MNIST(str(folder), train=True, transform=transform)
    loader = torch.utils.data.DataLoader(samples, batch_size=64, shuffle=True)

    class Module(lightning.LightningModule):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.net = BareLinear()

        def training_step(self, batch: tuple[Tensor, Tensor], number: int) -> Tensor:
            return self.net(batch[0].flatten(1))

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.Adam(self.parameters(), 0.01)

    class Stopwatch(lightning.Callback):  # type: ignore[misc, name-defined]
        began = seconds = 0.0

        def on_train_epoch_start(self, trainer: Any, module: Any) -> None:
            self.began = time.perf_counter()

        def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
            self.seconds = time.perf_counter() - self.began

    module, stopwatch = Module(), Stopwatch()

    def epoch() -> float:
        trainer = lightning.Trainer(
            max_epochs=1,
            limit_train_batches=batches,
            accelerator="cpu",
            devices=1,
            logger=False,
            callbacks=[stopwatch],
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trainer.fit(module, loader)
        return stopwatch.seconds

    return epoch


def import_lightning() -> Any:
    """Lightning without its advertisements."""
    import lightning.pytorch

    for name in ("lightning", "lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    return lightning.pytorch


def import_torchvision() -> Any:
    """torchvision, also beside a torch for the CPU, where its compiled operators are missing."""
    try:
        import torchvision
    except RuntimeError:
        for name in [name for name in sys.modules if name.startswith("torchvision")]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        import torchvision

        torchvision.declared_here = library  # kept alive as long as the module
    import torchvision.datasets
    import torchvision.transforms

    return torchvision


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


def write_idx(dataset: Dataset, folder: Path) -> None:
    """The data set as the files that torchvision looks for."""
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    labels = dataset.labels if dataset.labels is not None else np.zeros(len(dataset))
    for part in ("train", "t10k"):
        images = b"\x00\x00\x08\x03" + header(len(dataset), 28, 28) + dataset.samples.tobytes()
        numbers = b"\x00\x00\x08\x01" + header(len(dataset)) + labels.astype(np.uint8).tobytes()
        for name, content in (("images-idx3", images), ("labels-idx1", numbers)):
            (raw / f"{part}-{name}-ubyte").write_bytes(content)


def header(*lengths: int) -> bytes:
    """Lengths as an IDX file states them."""
    return np.array(lengths, ">u4").tobytes()
