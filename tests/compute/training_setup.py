"""Small trainings for the tests: a data set of noise, and a training on it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from aeviz.compute.building import live_weights, new_model
from aeviz.compute.samples import SampleStore, data_spec, split
from aeviz.compute.settings import complete, live_options
from aeviz.compute.training import EpochResult, Training, fit
from aeviz.data.dataset import Dataset, divide
from aeviz.models.base import MODELS
from aeviz.runs.schema import TrainConfig

CLASSES = ("a", "b", "c")


def make_images(count: int = 53, side: int = 5, seed: int = 0) -> Dataset:
    """Images of a bright square at a place that two hidden numbers say, with noise."""
    generator = np.random.default_rng(seed)
    images = generator.integers(0, 60, (count, side, side, 1))
    for image, (row, column) in zip(
        images, generator.integers(0, side - 1, (count, 2)), strict=True
    ):
        image[row : row + 2, column : column + 2] += 190
    labels = generator.integers(0, 3, count)
    return Dataset(
        "squares", "Squares", images.astype(np.uint8), divide(255), labels, ("a", "b", "c")
    )


def make_training(
    model: Mapping[str, Any] | None = None,
    train: Mapping[str, Any] | None = None,
    *,
    dataset: Dataset | None = None,
    seed: int = 0,
    dynamic: bool = False,
) -> Training:
    """A training on the CPU; `model` and `train` are groups of settings."""
    dataset = make_images() if dataset is None else dataset
    model = {"name": "vae", **(model or {})}
    if "widths" in MODELS[model["name"]].config.__pydantic_fields__ and "body" not in model:
        model = {"widths": [8], **model}
    train = {"epochs": 3, "batch_size": 16, **(train or {})}
    settings = complete({"model": model, "train": train, "seed": seed})
    config = TrainConfig(**settings["train"])
    parts = split(len(dataset), config.validation, config.shown, settings["seed"])
    spec = data_spec(dataset, len(parts.train))
    return Training(
        new_model(settings["model"], spec, settings["seed"]),
        SampleStore(dataset, torch.device("cpu"), dynamic=dynamic),
        parts,
        config,
        seed=settings["seed"],
        weights=live_weights(settings["model"], live_options(settings)),
    )


def results(training: Training) -> list[EpochResult]:
    """Train to the end; every epoch's result."""
    return [item for item in fit(training) if isinstance(item, EpochResult)]
