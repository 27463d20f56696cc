"""What is measured after an epoch, in `eval` mode: validation losses, latents, reconstruction."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from aeviz.compute import seeds
from aeviz.compute.samples import TRAIN, VALIDATION
from aeviz.compute.tally import Tally
from aeviz.messages import ByteArray, FloatArray
from aeviz.models.base import Counting, LatentModel

if TYPE_CHECKING:
    from aeviz.compute.training import Training

SLICE_VALUES = 2**20
"""Values of the samples that are encoded at a time: some milliseconds, so that Stop acts soon."""


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
            figures of a model that is `Counting`.
    """
    shown, parts = training.split.shown, training.split.parts
    features = int(np.prod(training.store.shape))
    size = max(16, SLICE_VALUES // features)
    errors = np.empty(len(shown), np.float64)
    counts = Counts(training.measured)
    with evaluating(training.measured):
        for first in range(0, len(shown), size):
            rows = slice(first, first + size)
            index = torch.from_numpy(shown[rows].copy()).to(training.store.device)
            z, error = _encode(training, index)
            counts.add(z, parts[rows])
            latents[rows] = z.cpu().numpy()
            errors[rows] = error.cpu().numpy()
            yield
    for part, name in ((TRAIN, ""), (VALIDATION, "validation_")):
        if (parts == part).any():
            mean = errors[parts == part].mean() / features
            metrics[f"{name}reconstruction_mse"] = float(mean)
        metrics.update(counts.figures(part, name))


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


@torch.no_grad()
def _encode(training: "Training", index: Tensor) -> tuple[Tensor, Tensor]:
    """Latents (B, D) and squared errors summed over features (B,)."""
    x = training.store.take(index)
    told = training.store.condition(index, x)
    z = training.measured.encode(x, told)
    difference = training.measured.decode(z, told).sub_(x)
    return z, difference.flatten(1).square_().sum(dim=1)
