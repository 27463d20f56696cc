"""Small run folders for the tests, written by the real writer, with random weights per epoch."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz import messages as m
from aeviz.compute.building import new_model
from aeviz.compute.device import choose
from aeviz.compute.history import copied
from aeviz.compute.info import run_info
from aeviz.compute.samples import data_spec
from aeviz.compute.settings import complete
from aeviz.data.dataset import Dataset, divide, standardise
from aeviz.mailbox import Mailbox
from aeviz.models.base import LatentModel
from aeviz.runs.writer import RunWriter

Arrays = dict[str, NDArray[Any]]


def images(count: int = 20, side: int = 4) -> Dataset:
    samples = np.random.default_rng(0).integers(0, 17, (count, side, side, 1)).astype(np.uint8)
    return Dataset("digits", "Digits", samples, divide(16), np.arange(count) % 3, ("a", "b", "c"))


def table(count: int = 20) -> Dataset:
    samples = np.random.default_rng(0).normal(50.0, 7.0, (count, 5)).astype(np.float32)
    return Dataset("wine", "Wine", samples, standardise(samples), feature_names=tuple("abcde"))


def model_of(dataset: Dataset, seed: int = 0, **options: Any) -> LatentModel:
    """A linear autoencoder with the weights of that seed."""
    settings = settings_of(dataset, **options)
    return new_model(settings["model"], data_spec(dataset, len(dataset)), seed).eval()


def settings_of(dataset: Dataset, epochs: int = 3, **options: Any) -> dict[str, Any]:
    return complete(
        {
            "data": {"name": dataset.name},
            "model": {"name": "linear", **options},
            "train": {"epochs": epochs},
        }
    )


def arrays_of(model: LatentModel) -> Arrays:
    return {name: tensor.numpy() for name, tensor in copied(model).items()}


def begin_run(path: Path, dataset: Dataset, *, epochs: int = 3, **options: Any) -> RunWriter:
    """A run folder without an epoch, its writer still open."""
    settings = settings_of(dataset, epochs, **options)
    model = model_of(dataset, **options)
    spec = data_spec(dataset, len(dataset))
    count = len(dataset)
    return RunWriter.create(
        path,
        run_info(settings, dataset, model, spec, (), choose("cpu")),
        index=np.arange(count),
        labels=dataset.labels,
        parts=np.zeros(count, np.uint8),
        samples=dataset.samples,
    )


def write_epoch(writer: RunWriter, dataset: Dataset, epoch: int, **options: Any) -> None:
    """One epoch whose weights are those of the seed `epoch`."""
    model = model_of(dataset, epoch, **options)
    latents = np.random.default_rng(epoch).normal(size=(len(dataset), model.latent_dim))
    writer.write_epoch(
        epoch,
        latents=latents.astype(np.float32),
        weights=arrays_of(model),
        metrics={"loss": 1.0 / (epoch + 1)},
        step=10 * epoch,
        seconds=float(epoch),
        lr=1e-3,
    )


def write_run(path: Path, dataset: Dataset, *, epochs: int = 3, **options: Any) -> Path:
    """A finished run with the epochs 0 … `epochs`."""
    with begin_run(path, dataset, epochs=epochs, **options) as writer:
        for epoch in range(epochs + 1):
            write_epoch(writer, dataset, epoch, **options)
        writer.set_status("finished")
    return path


def of_kind(messages: Iterable[m.Message], kind: type[Any]) -> list[Any]:
    return [message for message in messages if isinstance(message, kind)]


def drained(outbox: Mailbox, kind: type[Any]) -> list[Any]:
    return of_kind(outbox.drain(), kind)
