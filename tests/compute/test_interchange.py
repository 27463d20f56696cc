"""Encoder and decoder of every model as files for other programs; tiny models, untrained."""

from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load

from aeviz.compute.interchange import KINDS, write_part
from aeviz.compute.parts import PARTS, PartName, Units, example_of, part_of
from aeviz.data.dataset import Scaling, divide
from aeviz.models.base import DataSpec, LatentModel, ModelEntry
from aeviz.runs.schema import RunInfo
from tests.models.tiny import TABLE, cases, tiny

STANDARDISED = Scaling(
    np.linspace(-1, 1, TABLE.features, dtype=np.float32),
    np.linspace(0.5, 2, TABLE.features, dtype=np.float32),
    "standardise",
)


def sample_shape(spec: DataSpec) -> tuple[int, ...]:
    return (*spec.shape[1:], spec.shape[0]) if spec.is_image else spec.shape


def scaling_of(spec: DataSpec) -> Scaling:
    return divide(255.0) if spec.is_image else STANDARDISED


def info_of(entry: ModelEntry, spec: DataSpec) -> RunInfo:
    return RunInfo(
        settings={"model": {"name": entry.name}, "seed": 0},
        data={
            "sample_shape": list(sample_shape(spec)),
            "scaling": scaling_of(spec).to_json(),
            "feature_names": [],
        },
        model={},
        title=entry.title,
    )


def model_of(entry: ModelEntry, spec: DataSpec) -> LatentModel:
    return tiny(entry, spec).eval().requires_grad_(False)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "safetensors"])
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(("entry", "spec"), list(cases()))
def test_every_model_answers_the_same_elsewhere(
    entry: ModelEntry, spec: DataSpec, part: PartName, kind: str
) -> None:
    written = write_part(model_of(entry, spec), info_of(entry, spec), part, kind)
    assert written.difference < 1e-5


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(("entry", "spec"), list(cases()))
def test_the_weights_of_a_part_are_all_that_it_needs(
    entry: ModelEntry, spec: DataSpec, part: PartName
) -> None:
    model, other = model_of(entry, spec), tiny(entry, spec, seed=1).eval().requires_grad_(False)
    tensors = load(write_part(model, info_of(entry, spec), part, "safetensors").content)
    for name, tensor in other.state_dict().items():
        assert name not in tensors or tensors[name].shape == tensor.shape
    other.load_state_dict(tensors, strict=False)
    np.testing.assert_array_equal(answer(model, spec, part), answer(other, spec, part))


def answer(model: LatentModel, spec: DataSpec, part: PartName) -> np.ndarray[Any, Any]:
    units = Units(scaling_of(spec), 255.0, is_image=spec.is_image)
    with torch.no_grad():
        given = example_of(model, sample_shape(spec), part, 4)
        return np.asarray(part_of(model, units, part)(*given).numpy())
