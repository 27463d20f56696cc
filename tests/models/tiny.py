"""Tiny versions of every registered model, and batches for them."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from aeviz.models import MODELS
from aeviz.models.base import Batch, DataSpec, LatentModel, ModelEntry, Step

TOLD: dict[str, Any] = {"classes": 3, "condition_kind": "choice", "conditions": ("a", "b", "c")}
"""Conditional models are told the label."""

IMAGE = DataSpec((1, 6, 6), samples=64, bounded=True, **TOLD)
TABLE = DataSpec((7,), samples=64, bounded=False, **TOLD)
SPECS = {"image": IMAGE, "table": TABLE}
ODD = DataSpec((2, 5, 6), samples=64, bounded=True, **TOLD)
"""Images that models which have a body see through convolutions."""

SMALL: dict[str, Any] = {"widths": (16,), "channels": (16,), "latent_dim": 2, "transforms": 2}
"""Options that make a model tiny, of those that have them."""


def cases() -> Iterator[Any]:
    """Every model on every kind of data that it takes."""
    for name in sorted(MODELS):
        for kind in MODELS[name].data:
            yield pytest.param(MODELS[name], SPECS[kind], id=f"{name}-{kind}")
        if "body" in MODELS[name].config.__pydantic_fields__:
            yield pytest.param(MODELS[name], ODD, id=f"{name}-conv")


def tiny(entry: ModelEntry, spec: DataSpec, seed: int = 0, **options: Any) -> LatentModel:
    """A tiny model, the same for the same seed."""
    names = entry.config.__pydantic_fields__
    small = {name: value for name, value in SMALL.items() if name in names}
    if spec is ODD:
        small["body"] = "conv"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return entry.build(spec, {**small, **options})


def batch_of(spec: DataSpec, count: int = 8, seed: int = 0, device: str = "cpu") -> Batch:
    """Random samples in the range of the data, each with a condition of its own."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(count, *spec.shape, generator=generator)
    x = x.round() if spec.bounded else 4 * x - 2
    labels = torch.randint(0, spec.classes, (count,), generator=generator)
    index = torch.arange(count)
    condition = {
        "": None,
        "choice": labels,
        "numbers": torch.rand(count, len(spec.conditions), generator=generator),
        "sample": x,
    }[spec.condition_kind]
    told = None if condition is None else condition.to(device)
    return Batch(x.to(device), labels.to(device), index.to(device), told)


def step(seed: int = 0, device: str = "cpu", number: int = 0, **weights: float) -> Step:
    """A step with a generator of its own."""
    generator = None if device == "meta" else torch.Generator(device).manual_seed(seed)
    return Step(1, number, 1000, 64, generator, weights)
