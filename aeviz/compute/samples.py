"""The samples of a training: on the device in their own type, scaled as they are taken."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from aeviz.compute import seeds
from aeviz.compute.conditions import Told
from aeviz.compute.device import free_memory
from aeviz.data.dataset import LEAST_COUNT, Dataset
from aeviz.data.mapped import Rows
from aeviz.messages import ByteArray, IntArray
from aeviz.models.base import Batch, DataSpec

Binarise = Literal["no", "fixed", "dynamic"]

SCALED_BYTES = 2**25
"""Samples that take no more of the CPU's memory as float32 are scaled once, not in every batch."""

TRAIN, VALIDATION = 0, 1
"""The numbers of the parts in `part.npy`."""


@dataclass(frozen=True, eq=False)
class Split:
    """Who is trained on, who is held out, who is shown: sorted numbers of the data set's samples.

    Attributes:
        train: int64 (N_train,).
        validation: int64 (N_validation,), possibly empty.
        shown: int64 (N,), of both parts.
        parts: 0 for train, 1 for validation, of the shown samples, uint8 (N,).
    """

    train: IntArray
    validation: IntArray
    shown: IntArray
    parts: ByteArray


def split(count: int, share: float, shown: int, seed: int) -> Split:
    """Divide samples at random by the seed; at least one is trained on.

    Args:
        count: Samples of the data set.
        share: Share that is held out; 0 holds none out, else at least one sample.
        shown: Samples at most that are shown; beyond, a random choice of all.
        seed: Of the run.
    """
    held_out = min(count - 1, max(1, round(count * share))) if share > 0 else 0
    order = seeds.numpy_generator(seed, "split").permutation(count)
    is_validation = np.zeros(count, bool)
    is_validation[order[:held_out]] = True
    everyone = np.arange(count)
    if count > shown:
        chosen = seeds.numpy_generator(seed, "shown").permutation(count)[:shown]
        everyone = np.sort(chosen)
    return Split(
        train=np.flatnonzero(~is_validation).astype(np.int64),
        validation=np.flatnonzero(is_validation).astype(np.int64),
        shown=everyone.astype(np.int64),
        parts=np.where(is_validation[everyone], VALIDATION, TRAIN).astype(np.uint8),
    )


def with_hidden_labels(labels: IntArray, train: IntArray, count: int, seed: int) -> IntArray:
    """Labels of which only `count` of the training part are left, the others are -1.

    They are chosen by the seed, as many of each class as can be; those of other parts stay.

    Args:
        labels: Of all samples, (N,), -1 where missing.
        train: Which samples are trained on.
        count: How many keep their label; 0 hides none.
        seed: Of the run.
    """
    if count <= 0:
        return labels
    order = seeds.numpy_generator(seed, "labels").permutation(train)
    order = order[labels[order] >= 0]
    turn = np.empty(len(order), np.int64)  # of each sample within its class
    for label in np.unique(labels[order]).tolist():
        members = np.flatnonzero(labels[order] == label)
        turn[members] = np.arange(len(members))
    kept = order[np.argsort(turn, kind="stable")[:count]]
    told = labels.copy()
    told[train] = -1
    told[kept] = labels[kept]
    return told


def data_spec(dataset: Dataset, samples: int) -> DataSpec:
    """What a model may know of a data set of which it is trained on `samples` samples."""
    return DataSpec(
        shape=dataset.model_shape,
        samples=samples,
        bounded=dataset.bounded,
        classes=_classes(dataset),
        size=_library_size(dataset),
        step=_step(dataset),
        entropy=_scaled_entropy(dataset),
    )


def _classes(dataset: Dataset) -> int:
    """How many classes the labels tell apart, those without a name too; 0 without labels."""
    if dataset.labels is None:
        return 0
    return max(len(dataset.class_names), int(dataset.labels.max(initial=-1)) + 1)


def _step(dataset: Dataset) -> float:
    """Distance between two values of whole numbers in [0, 1] as a model sees them; else 0."""
    is_whole = dataset.samples.dtype.kind in "bui"
    return float(1 / dataset.scaling.scale.max()) if dataset.bounded and is_whole else 0.0


def _scaled_entropy(dataset: Dataset) -> float | None:
    """Entropy of what the samples were drawn from, in nats, as a model sees them."""
    scaling = dataset.scaling
    if dataset.density is None or scaling.matrix is not None:
        return None
    scales = np.broadcast_to(scaling.scale, dataset.sample_shape)
    return dataset.density.entropy() - float(np.log(scales, dtype=np.float64).sum())


def _library_size(dataset: Dataset) -> float:
    """Median sum of a sample of counts; 0 for other data."""
    if dataset.scaling.kind != "counts":
        return 0.0
    return float(np.median(dataset.samples.sum(axis=1, dtype=np.float64)))


def binarised(dataset: Dataset, seed: int) -> NDArray[np.uint8]:
    """Every pixel white with the probability of its grey, else black, drawn once by the seed."""
    generator = seeds.numpy_generator(seed, "binarise")
    white = np.uint8(dataset.scaling.scale.max())
    result = np.zeros(dataset.samples.shape, np.uint8)
    for number, sample in enumerate(dataset.samples):
        result[number][generator.random(sample.shape) < dataset.scaling.apply(sample)] = white
    return result


class SampleStore:
    """A data set as a training reads it.

    Where a quarter of the device's free memory holds them, the samples lie on the device;
    otherwise, and when they are memory-mapped, every batch is copied there.

    Attributes:
        labels: Of all samples, none hidden, (N,); None without.

    Args:
        dataset: The samples in their own units.
        device: Where batches are wanted.
        dynamic: Whether training batches are binarised anew whenever they are taken.
        told: What a conditional model is told of every sample.
        labels: What batches say of the labels, (N,), where some are hidden from the training.
    """

    def __init__(
        self,
        dataset: Dataset,
        device: torch.device,
        *,
        dynamic: bool = False,
        told: Told | None = None,
        labels: IntArray | None = None,
    ) -> None:
        self.device = device
        self.dynamic = dynamic
        self.shape = dataset.model_shape
        self._host = np.moveaxis(dataset.samples, -1, 1) if dataset.is_image else dataset.samples
        self._rows = Rows(dataset.samples) if Rows.can_read(dataset.samples) else None
        self._is_image = dataset.is_image
        self._coming: tuple[IntArray, Future[NDArray[Any]]] | None = None
        if self._rows is not None:
            self._ahead = ThreadPoolExecutor(1, thread_name_prefix="aeviz-reading")
        self._resident: Tensor | None = None
        if _fits(dataset, device):
            self._resident = torch.from_numpy(np.array(self._host, order="C")).to(device)
        self._labels = None
        if dataset.labels is not None:
            shown = dataset.labels if labels is None else labels
            self._labels = torch.from_numpy(shown.copy()).to(device)
        self.labels = dataset.labels
        self._told = None
        if told is not None and told.values is not None:
            self._told = torch.from_numpy(told.values.copy()).to(device)
        self._tells_sample = told is not None and told.values is None
        self._shift = _factor(dataset.scaling.shift, device)
        self._scale = _factor(dataset.scaling.scale, device)
        self._is_logarithmic = dataset.scaling.is_logarithmic
        self._is_shifted = bool(dataset.scaling.shift.any())
        self._matrix = None if dataset.scaling.matrix is None else _matrix(dataset).to(device)
        self._scaled: Tensor | None = None
        if self._resident is not None and device.type == "cpu" and _is_tiny(self._resident):
            self._scaled = self._scale_of(self._resident)
            self._resident = self._scaled

    @property
    def is_resident(self) -> bool:
        """Whether the samples lie on the device."""
        return self._resident is not None

    def take(self, rows: Tensor) -> Tensor:
        """Scaled samples by their numbers: int64 (B,) on the device to float32 (B, …)."""
        if self._scaled is not None:
            scaled = self._scaled.index_select(0, rows)
        elif self._resident is not None:
            scaled = self._scale_of(self._resident.index_select(0, rows))
        else:
            own = torch.from_numpy(self._gathered(rows.cpu().numpy()))
            scaled = self._scale_of(own.to(self.device))
        if self._matrix is None:
            return scaled
        return (scaled.flatten(1) @ self._matrix).view(scaled.shape)

    def _scale_of(self, own: Tensor) -> Tensor:
        """Samples in their own units to float32, all but the matrix."""
        if self._is_logarithmic:
            own = own.clamp_min(float(LEAST_COUNT)).log1p_()
        if self._is_shifted:
            return torch.sub(own, self._shift).div_(self._scale)
        if own.dtype != torch.float32 and self.device.type == "cpu":
            # Bytes divided by a number become float32 in a temporary beside the result; from 1 MB
            # on both come fresh from the system every time, which takes ten times as long.
            return own.to(torch.float32).div_(self._scale)
        return torch.div(own, self._scale)  # of bytes too: one pass makes float32 of them

    def _gathered(self, rows: IntArray) -> NDArray[Any]:
        """Samples from the host, (B, C, H, W) or (B, F)."""
        if self._rows is None:
            return np.asarray(self._host[rows])
        coming, self._coming = self._coming, None
        if coming is not None and np.array_equal(coming[0], rows):
            found = coming[1].result()
        else:
            found = self._rows.take(rows)
        return np.moveaxis(found, -1, 1) if self._is_image else found

    @property
    def reads_ahead(self) -> bool:
        """Whether samples are read from a file while the batch before is trained on."""
        return self._rows is not None

    def expect(self, rows: Tensor) -> None:
        """Begin to read what will be taken next."""
        if self._rows is not None and len(rows):
            numbers = rows.cpu().numpy()
            self._coming = numbers, self._ahead.submit(self._rows.take, numbers)

    def batch(self, rows: Tensor, generator: torch.Generator | None = None) -> Batch:
        """A batch for the loss; `generator` draws the pixels of a dynamic binarisation."""
        x = self.take(rows)
        if self.dynamic:
            x = torch.bernoulli(x, generator=generator)
        labels = None if self._labels is None else self._labels.index_select(0, rows)
        return Batch(x, labels, rows, self.condition(rows, x))

    def condition(self, rows: Tensor, x: Tensor) -> Tensor | None:
        """Every sample's own condition; `x` are the samples themselves, (B, …)."""
        if self._tells_sample:
            return x
        return None if self._told is None else self._told.index_select(0, rows)


def _fits(dataset: Dataset, device: torch.device) -> bool:
    if isinstance(dataset.samples, np.memmap):
        return device.type != "cpu" and _is_small(dataset.samples.nbytes, device)
    return _is_small(dataset.samples.nbytes, device)


def _is_small(size: int, device: torch.device) -> bool:
    free = free_memory(device)
    return free is None or 4 * size < free


def _is_tiny(samples: Tensor) -> bool:
    return 4 * samples.numel() <= SCALED_BYTES


def _factor(values: NDArray[np.float32], device: torch.device) -> Tensor:
    """A shift or scale; a scalar stays on the host, where every device can use it."""
    tensor = torch.from_numpy(np.array(values, np.float32))
    return tensor if tensor.ndim == 0 else tensor.to(device)


def _matrix(dataset: Dataset) -> Tensor:
    """The matrix of a scaling for samples as a model sees them: (C, H, W) flattened, or (F,)."""
    matrix = torch.from_numpy(np.array(dataset.scaling.matrix, np.float32))
    if not dataset.is_image:
        return matrix
    size = dataset.sample_shape
    return matrix.view(*size, *size).permute(2, 0, 1, 5, 3, 4).reshape(matrix.shape)
