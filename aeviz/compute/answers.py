"""Answers to single requests about an opened run, a slice of about 8 ms at each step.

All of it runs in the inference thread.
"""

import time
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from aeviz import messages as m
from aeviz.compute.opened import OpenedRun
from aeviz.messages import ByteArray, FloatArray

WHOLE = 64
"""Rows of a decode at most that is answered once, when all of it is there."""

SHOW_EVERY = 0.05
"""Seconds at least between two answers to a decode that is still under way."""

Array = TypeVar("Array", bound=NDArray[Any])

Steps = Iterator[m.Message | None]
"""What is left to do for a request: each step yields an answer, or None where there is none yet."""


def decode(run: OpenedRun, request: m.Decode) -> Steps:
    """Decode latents of any number.

    Up to `WHOLE` rows there is one answer, with everything. More fill in as they come: each answer
    holds all rows, those that are still to come as NaN in `values` and 0 in `pictures`.

    Raises:
        ValueError: If the latents do not fit the run, or nothing can decode them.
    """
    z = latents_of(run, request.z)
    epoch, tensors = run.weights(request.epoch)
    told, is_each = run.condition(request.condition), isinstance(request.condition, np.ndarray)
    values = np.full((len(z), *run.sample_shape), np.nan, np.float32)
    shown = Intervals()
    for rows in slices(run, len(z)):
        run.decoder.load(tensors)
        each = told[rows] if is_each else told
        values[rows] = run.own_units(run.decoder.decode(z[rows], each))
        if rows.stop < len(z):
            is_shown = len(z) > WHOLE and shown.is_due()
            yield decoded(run, request, epoch, values.copy()) if is_shown else None
    yield decoded(run, request, epoch, values)


def decoded(run: OpenedRun, request: m.Decode, epoch: int, values: FloatArray) -> m.Decoded:
    """The answer to a decode."""
    pictures, clipped = pictures_of(run, values)
    return m.Decoded(
        run=request.run,
        view=request.view,
        z=request.z,
        epoch=epoch,
        asked=request.epoch,
        values=read_only(values),
        pictures=pictures,
        clipped=clipped,
        condition=request.condition,
    )


def reconstruct(run: OpenedRun, request: m.Reconstruct) -> Steps:
    """Encode and decode shown samples; an answer for every epoch, in the order asked for.

    Raises:
        ValueError: If a sample is not kept, or nothing can decode.
    """
    own, told = run.shown(request.rows), run.told(request.rows)
    other = told if request.condition is None else run.conditions(request.condition, len(own))
    for asked in request.epochs:
        epoch, tensors = run.weights(asked)
        z = np.empty((len(own), run.latent_dim), np.float32)
        x_hat = np.empty(own.shape, np.float32)
        for rows in slices(run, len(own)):
            run.decoder.load(tensors)
            x, each = run.contents.scaling.apply(own[rows]), part_of(told, rows)
            z[rows] = run.decoder.encode(x, each)
            x_hat[rows] = run.decoder.decode(z[rows], part_of(other, rows))
            if rows.stop < len(own):
                yield None
        yield reconstructed(run, request, asked, epoch, own, z, x_hat)


def part_of(told: NDArray[Any] | None, rows: slice) -> NDArray[Any] | None:
    """The conditions of some rows."""
    return None if told is None else told[rows]


def reconstructed(
    run: OpenedRun,
    request: m.Reconstruct,
    asked: int,
    epoch: int,
    own: NDArray[Any],
    z: FloatArray,
    x_hat: FloatArray,
) -> m.Reconstructed:
    """The answer for one epoch.

    Args:
        run: The run.
        request: What was asked for.
        asked: The epoch that was asked for.
        epoch: The epoch whose weights answered.
        own: Originals in their own units, (K, …).
        z: Their latents, (K, D).
        x_hat: Reconstructions as the model sees them, (K, …).
    """
    x = run.contents.scaling.apply(own)
    values = run.own_units(x_hat)
    return m.Reconstructed(
        run=request.run,
        view=request.view,
        rows=request.rows,
        epoch=epoch,
        asked=asked,
        z=read_only(z),
        values=read_only(values),
        pictures=pictures_of(run, values)[0],
        difference=read_only(values - run.own_units(x)),
        error=np.mean((x_hat - x) ** 2, axis=tuple(range(1, x.ndim)), dtype=np.float32),
        condition=request.condition,
    )


def fetch(run: OpenedRun, request: m.FetchSamples) -> m.SamplesFetched:
    """Shown samples in their own units. Needs no torch."""
    samples = read_only(run.shown(request.rows))
    return m.SamplesFetched(run=request.run, view=request.view, rows=request.rows, samples=samples)


def ask(run: OpenedRun | None, request: m.Ask) -> Steps:
    """Answer a registered question; a run is what most of them are asked about.

    Raises:
        ValueError: If there is no such question, or it cannot be answered.
    """
    from aeviz.analysis import questions

    if run is None:
        subject, epoch, tensors = questions.Subject(), request.epoch, None
    else:
        epoch, tensors = run.weights(request.epoch)
        subject = questions.Subject(
            model=run.decoder.model,
            latents=run.latents(epoch),
            samples=run.scaled,
            labels=run.folder.labels,
            parts=run.folder.parts,
            kept=0 if run.folder.samples is None else len(run.folder.samples),
            own_units=run.own_units,
            told=run.scaled_condition,
            scale=run.model_units,
            condition=run.model_condition,
        )
        run.decoder.load(tensors)  # what is no generator answers at once
    slices = questions.ask(request.question, subject, request.arguments)
    while True:
        if run is not None and tensors is not None:
            run.decoder.load(tensors)  # between two slices a decode may have taken other weights
        try:
            found = next(slices)
        except StopIteration:
            return
        yield None if found is None else answered(request, epoch, *found)


def answered(
    request: m.Ask, epoch: int, arrays: Mapping[str, NDArray[Any]], values: Mapping[str, Any]
) -> m.Answer:
    """The answer to a question, of the epoch whose weights answered."""
    return m.Answer(
        run=request.run,
        view=request.view,
        question=request.question,
        epoch=epoch,
        arrays=arrays,
        values=values,
        asked=request.epoch,
    )


class Intervals:
    """When a decode under way may be shown again: seldom enough to cost little."""

    def __init__(self) -> None:
        self._last = time.perf_counter()

    def is_due(self) -> bool:
        """Whether enough time went by since it was due last."""
        now = time.perf_counter()
        if now - self._last < SHOW_EVERY:
            return False
        self._last = now
        return True


def slices(run: OpenedRun, count: int) -> Iterator[slice]:
    """Cut rows into slices of about 8 ms, as the decoder's pace stands before each."""
    first = 0
    while first < count:
        last = min(count, first + run.decoder.slice_length.rows)
        yield slice(first, last)
        first = last


def latents_of(run: OpenedRun, z: FloatArray) -> FloatArray:
    """The latents of a request, checked: finite, (B, D)."""
    if z.ndim != 2 or z.shape[1] != run.latent_dim:
        raise ValueError(
            f"this run has {run.latent_dim} latent dimension{'s' if run.latent_dim > 1 else ''}, "
            f"and latents of shape {z.shape} were asked for"
        )
    if not np.isfinite(z).all():
        raise ValueError("a latent that was asked for is not finite")
    return np.ascontiguousarray(z, np.float32)


def pictures_of(run: OpenedRun, values: FloatArray) -> tuple[ByteArray | None, float]:
    """Images as the screen wants them: bytes 0..255, clipped; tables have no picture.

    Args:
        run: The run.
        values: (B, H, W, C), 0 is black and 1 is white; rows not decoded yet are NaN.

    Returns:
        Contiguous bytes of the same shape (NaN is black), and the share of the known values that
        lie outside [0, 1].
    """
    if not run.is_image:
        return None, 0.0
    outside = int(np.count_nonzero((values < 0.0) | (values > 1.0)))
    known = values.size - int(np.count_nonzero(np.isnan(values)))
    levels = np.rint(np.nan_to_num(np.clip(values, 0.0, 1.0)) * 255.0).astype(np.uint8)
    return read_only(levels), outside / known if known else 0.0


def read_only(array: Array) -> Array:
    """The same array, which nobody can write to any more."""
    array.flags.writeable = False
    return array
