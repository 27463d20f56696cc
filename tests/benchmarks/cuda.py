"""How fast models train on a CUDA device: beside the eager loop that everybody writes, and beside
a tight loop around a CUDA graph, written by hand for the one model.

Without a device every row says that it was not measured. All samples lie on the device on both
sides; time is that of steps alone, until the device has done them.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from aeviz.compute.device import choose
from aeviz.compute.preparing import prepare
from aeviz.compute.settings import complete
from aeviz.compute.training import Training, _steps
from aeviz.data.dataset import Dataset
from aeviz.models import MODELS
from aeviz.models.base import Batch
from tests.benchmarks.frame import Row, benchmark, row
from tests.benchmarks.models import Side, bare_steps, dataset_of
from tests.benchmarks.training import VAE, BareLinear, BareVAE, mnist, pixels_of

ROUNDS = 9
SECONDS = 0.15
"""Of a round on each side."""

DONE = object()
"""What comes after the last step of an epoch."""

BATCHES = (64, 128, 512, 4096)


class BareConvolutional(nn.Module):
    """The convolutional autoencoder: our own module in somebody else's loop."""

    def __init__(self, training: Training) -> None:
        super().__init__()
        self.model, self.where = training.model.train(), training.where(training.noise)

    def forward(self, x: Tensor) -> Tensor:
        batch = Batch(x.view(-1, 1, 28, 28), None, torch.empty(0))
        return self.model.loss(batch, self.where).total


GRAPHS = {
    f"cuda, {name}, batch {size}, beside a CUDA graph by hand": (name, size)
    for name in ("linear", "vae", "conv")
    for size in BATCHES
}
EAGER = {f"cuda, {name}, batch 128": name for name in sorted(MODELS)}


GOALS = {**dict.fromkeys(GRAPHS, "ratio >= 0.85"), **dict.fromkeys(EAGER, "ratio >= 0.9")}


@benchmark("cuda", goals=GOALS)
def measure_cuda(full: bool) -> Iterator[Row]:
    """The three models of the lectures beside graphs by hand, then every model beside its loop."""
    if not torch.cuda.is_available():
        return
    dataset = mnist()
    pixels = pixels_of(dataset).cuda()
    for title, (name, size) in GRAPHS.items():
        ours = our_steps(training_of(name, size, dataset))
        theirs = graph_steps(bare_model(name, dataset), pixels, size)
        yield rate(title, ours, of_steps(theirs, size))
    for title, name in EAGER.items():
        theirs = until_done(bare_steps(training_of(name, 128), fused=True))
        yield rate(title, our_steps(training_of(name, 128)), theirs)


Steps = Callable[[int], None]
"""Does so many optimiser steps."""

Timed = Callable[[int], tuple[int, float]]
"""Does about so many steps; returns of how many samples, and the seconds until the device has."""


def rate(title: str, ours: Timed, theirs: Timed) -> Row:
    """Samples per second of both, in turns: medians."""
    ours(60)
    theirs(60)
    count = max(3, round(20 * SECONDS / theirs(20)[1]))
    pairs = [(speed(ours, count), speed(theirs, count)) for _ in range(ROUNDS)]
    mine, other = (statistics.median(speeds) for speeds in zip(*pairs, strict=True))
    return row(title, mine, "samples/s", reference=other)


def speed(timed: Timed, count: int) -> float:
    """Samples per second."""
    samples, seconds = timed(count)
    return samples / seconds


def now() -> float:
    """Seconds on a clock, once the device has done what it was asked."""
    torch.cuda.synchronize()
    return time.perf_counter()


def of_steps(steps: Steps, size: int) -> Timed:
    """The time of steps that all have the same size."""

    def advance(count: int) -> tuple[int, float]:
        began = now()
        steps(count)
        return count * size, now() - began

    return advance


def until_done(side: Side) -> Timed:
    """The time until the device has done what a side has asked of it."""

    def advance(count: int) -> tuple[int, float]:
        began = now()
        samples, _ = side(count)
        return samples, now() - began

    return advance


def our_steps(training: Training) -> Timed:
    """The steps of `fit`, with all that it does between them; nothing between epochs is counted."""
    training.model.train()
    training.begin(1)
    job = _steps(training)

    def advance(count: int) -> tuple[int, float]:
        nonlocal job
        until, samples, seconds = training.step + count, 0, 0.0
        while training.step < until:
            before, began = training.taken, now()
            while training.step < until and next(job, DONE) is not DONE:
                pass
            samples += training.taken - before
            seconds += now() - began
            if not training.left:
                training.begin(training.epoch + 1)
                job = _steps(training)
        return samples, seconds

    return advance


def training_of(name: str, size: int, dataset: Dataset | None = None) -> Training:
    """A training on the device at its start; without a data set on that which suits the model."""
    train: Mapping[str, Any] = {"batch_size": size, "shown": 1, "validation": 0.0}
    chosen: dict[str, Any] = {"model": {"name": name}, "train": train, "device": "cuda"}
    if dataset is not None:
        chosen["data"] = {"name": "mnist"}
        chosen["model"] = VAE if name == "vae" else {"name": name}
    settings = complete(chosen)
    settings["train"]["epochs"] = 1_000_000
    found = dataset_of(settings) if dataset is None else dataset
    return prepare(settings, found, choose("cuda")).training


def bare_model(name: str, dataset: Dataset) -> nn.Module:
    """The module of a script."""
    if name == "linear":
        return BareLinear().cuda()
    if name == "vae":
        return BareVAE().cuda()
    return BareConvolutional(training_of("conv", 64, dataset))


def graph_steps(model: nn.Module, pixels: Tensor, size: int) -> Steps:
    """A tight loop around one CUDA graph: rows are chosen, everything else is played again."""
    optimiser = torch.optim.Adam(model.parameters(), 1e-3, fused=True, capturable=True)
    rows = torch.zeros(size, dtype=torch.int64, device="cuda")

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        model(pixels[rows]).backward()
        optimiser.step()

    graph = recorded(step)
    order, done = torch.randperm(len(pixels), device="cuda"), 0

    def advance(count: int) -> None:
        nonlocal done
        for _ in range(count):
            rows.copy_(order[done : done + size])
            graph.replay()
            done = (done + size) % (len(pixels) - size)

    advance.kept = model, optimiser  # type: ignore[attr-defined]  # the graph has their addresses
    return advance


def recorded(step: Callable[[], None]) -> torch.cuda.CUDAGraph:
    """As torch's documentation says: some steps on another stream, then the recording."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph
