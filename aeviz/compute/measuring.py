"""What is measured after an epoch, in `eval` mode: validation losses, latents, reconstruction."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from aeviz.compute import seeds
from aeviz.compute.finite import refuse_weights
from aeviz.compute.history import copied
from aeviz.compute.pace import progress
from aeviz.compute.samples import TRAIN, VALIDATION
from aeviz.compute.tally import Tally, TrainingDiverged
from aeviz.messages import ByteArray, FloatArray, IntArray, Progress
from aeviz.models.base import Classifying, Counting, LatentModel

if TYPE_CHECKING:
    from aeviz.compute.training import Training

SLICE_VALUES = 2**20
"""Values of the samples that are encoded at a time: some milliseconds, so that Stop acts soon."""


def _no_latents() -> FloatArray:
    return np.empty((0, 0), np.float32)


@dataclass(frozen=True, eq=False)
class Found:
    """What was measured after an epoch; a rank that does not measure has nothing.

    Attributes:
        metrics: Finite numbers by name.
        latents: Of the shown samples, (N, D).
        weights: Copies on the CPU.
        seconds: That "validating" and "encoding" took.
    """

    metrics: dict[str, float] = field(default_factory=dict)
    latents: FloatArray = field(default_factory=_no_latents)
    weights: dict[str, Tensor] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)


def measure(training: "Training") -> Generator[Progress | None, None, Found]:
    """Measure the epoch in progress, slice by slice.

    What is found is not complete where all ranks are about to stop.

    Raises:
        TrainingDiverged: If a loss, a latent or a weight is not finite.
    """
    metrics = training.tally.means() if training.tally.count else {}
    pace, world = training.pace, training.world
    began = {"validating": pace.seconds}
    latents = np.empty((len(training.split.shown), training.model.latent_dim), np.float32)
    for _ in evaluate(training, metrics):
        yield from _slice_done(training, "validating")
        if world.is_abandoned:
            return Found()
    began["encoding"] = pace.seconds
    for _ in measure_shown(training, latents, metrics):
        yield from _slice_done(training, "encoding")
        if world.is_abandoned:
            return Found()
    if not np.isfinite(latents).all():
        raise TrainingDiverged(training.epoch, training.step, "latents")
    weights = copied(training.measured)
    refuse_weights(weights, training.epoch, training.step)
    seconds = {
        "validating": began["encoding"] - began["validating"],
        "encoding": pace.seconds - began["encoding"],
    }
    return Found(metrics, latents, weights, seconds)


def _slice_done(training: "Training", phase: str) -> Iterator[Progress | None]:
    pace = training.pace
    is_late = training.world.is_late(pace.sliced())
    yield progress(training, phase, {}) if is_late else None
    pace.resume()


@contextmanager
def evaluating(model: LatentModel) -> Iterator[None]:
    """Put a model into `eval` mode and back: the flag belongs to the module, not to a thread."""
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)


def evaluate(training: "Training", metrics: dict[str, float]) -> Iterator[None]:
    """Add "validation_…" losses to the metrics; yields after every batch.

    The generator is seeded anew every time: epochs differ by their weights alone.
    """
    held_out = torch.from_numpy(training.split.validation.copy()).to(training.store.device)
    if not len(held_out):
        return
    generator = seeds.generator(training.seed, "validation", training.store.device)
    tally = Tally(training.tally.names[1:])
    with evaluating(training.measured):
        for rows in torch.split(held_out, training.batch_size):
            with torch.no_grad():
                batch = training.store.batch(rows, generator)
                losses = training.measured.loss(batch, training.where(generator))
                tally.add(losses, len(rows), training.step)
            yield
    tally.read(training.epoch)
    metrics.update(tally.means("validation_"))


def measure_shown(
    training: "Training", latents: FloatArray, metrics: dict[str, float]
) -> Iterator[None]:
    """Fill in the latents of the shown samples and add "reconstruction_mse"; yields slice by slice.

    Args:
        training: What is measured.
        latents: Written to, (N, D).
        metrics: Gets the mean over shown samples and features of (decode(encode(x)) − x)², for the
            training part and, as "validation_reconstruction_mse", for the other; so with the
            figures of a model that is `Counting`, and the accuracy of one that is `Classifying`.
    """
    shown, parts = training.split.shown, training.split.parts
    features = int(np.prod(training.store.shape))
    size = max(16, SLICE_VALUES // features)
    errors = np.empty(len(shown), np.float64)
    counts, hits = Counts(training.measured), Hits(training)
    with evaluating(training.measured):
        for first in range(0, len(shown), size):
            rows = slice(first, first + size)
            index = torch.from_numpy(shown[rows].copy()).to(training.store.device)
            z, error = _encode(training, index)
            counts.add(z, parts[rows])
            hits.add(z, shown[rows], parts[rows])
            latents[rows] = z.cpu().numpy()
            errors[rows] = error.cpu().numpy()
            yield
    for part, name in ((TRAIN, ""), (VALIDATION, "validation_")):
        if (parts == part).any():
            mean = errors[parts == part].mean() / features
            metrics[f"{name}reconstruction_mse"] = float(mean)
        metrics.update(counts.figures(part, name))
        metrics.update(hits.figures(part, name))


class Counts:
    """What a `Counting` model counts in latents, for each part; nothing for other models."""

    def __init__(self, model: LatentModel) -> None:
        self._model = model if isinstance(model, Counting) else None
        self._sums: dict[int, Tensor] = {}

    @torch.no_grad()
    def add(self, z: Tensor, parts: ByteArray) -> None:
        """Count in latents (B, D) of samples of these parts, (B,)."""
        if self._model is None:
            return
        for part in np.unique(parts).tolist():
            rows = torch.from_numpy(np.flatnonzero(parts == part)).to(z.device)
            found = self._model.counts(z[rows])
            self._sums[part] = self._sums[part] + found if part in self._sums else found

    def figures(self, part: int, prefix: str) -> dict[str, float]:
        """The figures of a part by the names of their metrics."""
        if self._model is None or part not in self._sums:
            return {}
        found = self._model.figures(self._sums[part])
        return {f"{prefix}{name}": value for name, value in found.items()}


class Hits:
    """How often a `Classifying` model is right, for each part; nothing for other models.

    Counted are all samples with a label, also those whose label the training did not see. Before
    the last stage there is nothing to count: the head is still as it was drawn.
    """

    def __init__(self, training: "Training") -> None:
        model = training.measured
        is_last = training.stage == len(training.stages) - 1
        can = isinstance(model, Classifying) and model.classes > 0 and is_last
        self._model = model if can and isinstance(model, Classifying) else None
        self._labels = training.store.labels
        self._right: dict[int, int] = {}
        self._all: dict[int, int] = {}

    @torch.no_grad()
    def add(self, z: Tensor, rows: IntArray, parts: ByteArray) -> None:
        """Take latents (B, D) of samples by their numbers and parts, (B,) each."""
        if self._model is None or self._labels is None:
            return
        said, labels = self._model.class_scores(z).argmax(dim=1).cpu().numpy(), self._labels[rows]
        for part in np.unique(parts).tolist():
            known = (parts == part) & (labels >= 0)
            self._right[part] = self._right.get(part, 0) + int((said == labels)[known].sum())
            self._all[part] = self._all.get(part, 0) + int(known.sum())

    def figures(self, part: int, prefix: str) -> dict[str, float]:
        """The accuracy of a part by the name of its metric."""
        count = self._all.get(part, 0)
        return {f"{prefix}accuracy": self._right[part] / count} if count else {}


@torch.no_grad()
def _encode(training: "Training", index: Tensor) -> tuple[Tensor, Tensor]:
    """Latents (B, D) and squared errors summed over features (B,)."""
    x = training.store.take(index)
    told = training.store.condition(index, x)
    z = training.measured.encode(x, told)
    difference = training.measured.decode(z, told).sub_(x)
    return z, difference.flatten(1).square_().sum(dim=1)
