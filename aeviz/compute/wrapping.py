"""A person's own model and arrays as a run folder of one epoch, which every view can show."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from aeviz.compute.building import spec_row
from aeviz.compute.decoding import channels_first
from aeviz.compute.info import columns_of, data_row, names_of, versions
from aeviz.compute.own_model import OWN, TRIED, Function, OwnModel, OwnModelError, keep, own_model
from aeviz.compute.samples import data_spec, split
from aeviz.data.dataset import Dataset, divide, unscaled
from aeviz.data.mapped import rows_of
from aeviz.messages import FloatArray
from aeviz.models.base import abilities
from aeviz.runs.schema import RunInfo, TrainConfig
from aeviz.runs.writer import RunWriter

AT_ONCE = 256
"""Samples that are encoded at a time."""

Progress = Callable[[float], None]


def wrap(
    path: Path,
    encoder: Function,
    decoder: Function,
    data: ArrayLike,
    labels: ArrayLike | None = None,
    *,
    class_names: Sequence[str] = (),
    feature_names: Sequence[str] = (),
    title: str = "",
    progress: Progress | None = None,
) -> None:
    """Write the run folder of an own model.

    Args:
        path: The folder, new or empty.
        encoder: From torch tensors (N, C, H, W) or (N, F) to latents (N, D), a mean and a log
            variance, or a distribution; images also as (N, H, W, C), (N, H, W) or (N, F).
        decoder: From latents to samples, in one of those shapes.
        data: Images (N, H, W) or (N, H, W, C), bytes or floats in [0, 1]; or rows (N, F).
        labels: Whole numbers or words (N,).
        class_names: One per label.
        feature_names: One per column of a table.
        title: What the window calls it.
        progress: Told the share of the samples that is encoded.

    Raises:
        OwnModelError: If data, labels, encoder or decoder do not fit, with what was tried.
    """
    values = as_samples(data)
    numbers, names = as_labels(labels, len(values), class_names)
    x = channels_first(torch.from_numpy(values))
    dataset = _dataset(values, numbers, names, feature_names, title)
    model = own_model(encoder, decoder, dataset.model_shape, x[:TRIED])
    z = _encoded(model, x, progress)
    token = secrets.token_hex(8)
    keep(token, model)
    _write(path, dataset, model, z, token, title or "Own model")


def as_samples(data: ArrayLike) -> FloatArray:
    """Images (N, H, W, C) in [0, 1] or rows (N, F), float32 and finite.

    Raises:
        OwnModelError: If they are something else.
    """
    values = np.asarray(data)
    if values.dtype.kind not in "uifb" or values.ndim not in (2, 3, 4) or not len(values):
        raise OwnModelError(
            "data: it should be images (N, H, W) or (N, H, W, C), or rows (N, F), and it is "
            f"{values.dtype} {values.shape}"
        )
    is_image = values.ndim > 2
    whole = values[..., np.newaxis] if values.ndim == 3 else values
    made = whole.astype(np.float32) / np.float32(
        255 if is_image and whole.dtype.kind in "ui" else 1
    )
    if not np.isfinite(made).all():
        raise OwnModelError("data: a value is not finite: leave such samples out")
    if is_image and (made.min() < 0 or made.max() > 1):
        raise OwnModelError(
            f"data: images of floats must lie in [0, 1], and these go from {made.min():g} to "
            f"{made.max():g}: scale them, and let the encoder scale them back"
        )
    return np.ascontiguousarray(made)


def as_labels(
    labels: ArrayLike | None, count: int, class_names: Sequence[str]
) -> tuple[NDArray[np.int64] | None, tuple[str, ...]]:
    """Labels as numbers from 0, -1 where missing, and the name of each.

    Raises:
        OwnModelError: If they are not one for each sample.
    """
    if labels is None:
        return None, ()
    values = np.asarray(labels)
    if values.shape != (count,) or values.dtype.kind not in "uibUSO":
        raise OwnModelError(
            f"labels: they should be one whole number or word for each of the {count:,} samples, "
            f"and they are {values.dtype} {values.shape}"
        )
    if values.dtype.kind in "USO":
        words, numbers = np.unique(values.astype(str), return_inverse=True)
        return numbers.astype(np.int64), tuple(words.tolist())
    numbers = np.maximum(values.astype(np.int64), -1)
    most = int(numbers.max(initial=-1)) + 1
    names = tuple(map(str, class_names)) or tuple(str(number) for number in range(most))
    if len(names) < most:
        raise OwnModelError(f"class_names: there are {len(names)} for labels up to {most - 1}")
    return numbers, names


def _dataset(
    values: FloatArray,
    labels: NDArray[np.int64] | None,
    names: tuple[str, ...],
    feature_names: Sequence[str],
    title: str,
) -> Dataset:
    is_image = values.ndim == 4
    features = tuple(map(str, feature_names))
    if is_image and features:
        raise OwnModelError("feature_names: images have none; leave it out")
    if not is_image and features and len(features) != values.shape[1]:
        raise OwnModelError(
            f"feature_names: there are {len(features)} for {values.shape[1]} features"
        )
    samples = np.rint(values * 255).astype(np.uint8) if is_image else values
    return Dataset(
        name=OWN,
        title=title or "Own data",
        samples=samples,
        scaling=divide(255) if is_image else unscaled(),
        labels=labels,
        class_names=names,
        feature_names=()
        if is_image
        else features or tuple(f"x{place}" for place in range(1, values.shape[1] + 1)),
    )


@torch.no_grad()
def _encoded(model: OwnModel, x: torch.Tensor, progress: Progress | None) -> FloatArray:
    parts = []
    for first in range(0, len(x), AT_ONCE):
        parts.append(model.encode(x[first : first + AT_ONCE]).float().numpy())
        if progress is not None:
            progress(min(1.0, (first + AT_ONCE) / len(x)))
    z = np.concatenate(parts)
    if not np.isfinite(z).all():
        rows = int((~np.isfinite(z).all(axis=1)).sum())
        raise OwnModelError(f"encoder: {rows:,} of {len(z):,} latents are not finite")
    return z


def _write(
    path: Path, dataset: Dataset, model: OwnModel, z: FloatArray, token: str, title: str
) -> None:
    config = TrainConfig(epochs=0, validation=0.0)
    parts = split(len(dataset), 0.0, config.shown, 0)
    info = _info(dataset, model, config, token, title)
    labels = None if dataset.labels is None else dataset.labels[parts.shown]
    samples = rows_of(dataset.samples, parts.shown)
    with RunWriter.create(
        path,
        info,
        index=parts.shown,
        labels=labels,
        parts=parts.parts,
        samples=samples,
        columns=columns_of(dataset, config.shown, parts.shown),
        names=names_of(dataset, parts.shown),
    ) as writer:
        writer.write_epoch(
            0, latents=z[parts.shown], weights={}, metrics={}, step=0, seconds=0.0, lr=0.0
        )
        writer.set_status("finished")


def _info(
    dataset: Dataset, model: OwnModel, config: TrainConfig, token: str, title: str
) -> RunInfo:
    return RunInfo(
        settings={
            "data": {"name": OWN},
            "model": {"name": OWN, "token": token},
            "train": asdict(config),
            "seed": 0,
            "device": "cpu",
        },
        title=title,
        data=data_row(dataset, config.shown),
        model={
            "name": OWN,
            "title": title,
            "latent_dim": model.latent_dim,
            "bounded": False,
            "parameters": model.parameter_count,
            "stages": [],
            "abilities": list(abilities(model)),
            "spec": spec_row(data_spec(dataset, len(dataset))),
            "terms": [],
            "truths": [],
        },
        versions=versions(),
    )
