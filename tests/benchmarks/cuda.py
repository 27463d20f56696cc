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
from aeviz.compute.training import Training
from aeviz.data.dataset import Dataset
from aeviz.models import MODELS
from aeviz.models.base import Batch
from tests.benchmarks.frame import Row, benchmark, row
from tests.benchmarks.models import bare_steps, dataset_of, our_steps
from tests.benchmarks.training import VAE, BareLinear, BareVAE, Steps, mnist, pixels_of

ROUNDS = 9
SECONDS = 0.15
"""Of a round on each side."""

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
        yield rate(title, ours, theirs, size)
    for title, name in EAGER.items():
        ours, bare = our_steps(training_of(name, 128)), bare_steps(training_of(name, 128))
        yield rate(title, ours, bare, 128)


def rate(title: str, ours: Steps, theirs: Steps, size: int) -> Row:
    """Samples per second of both, in turns: medians."""
    for steps in (ours, theirs):
        steps(40)
    count = max(3, round(SECONDS / time_of(theirs, 20)))
    pairs = [(time_of(ours, count), time_of(theirs, count)) for _ in range(ROUNDS)]
    mine, other = (statistics.median(times) for times in zip(*pairs, strict=True))
    return row(title, size / mine, "samples/s", reference=size / other)


def time_of(steps: Steps, count: int) -> float:
    """Seconds per step until the device has done them."""
    torch.cuda.synchronize()
    began = time.perf_counter()
    steps(count)
    torch.cuda.synchronize()
    return (time.perf_counter() - began) / count


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
