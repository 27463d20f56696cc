"""Models from what a run says: a new one to train, or an empty one to load weights into."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import torch

from aeviz.compute import seeds
from aeviz.compute.own_model import OWN, kept
from aeviz.compute.plugin_needs import provide
from aeviz.compute.settings import model_entry
from aeviz.models.base import DataSpec, LatentModel
from aeviz.runs.reading import RunError
from aeviz.runs.schema import RunInfo


def new_model(settings: Mapping[str, Any], spec: DataSpec, seed: int) -> LatentModel:
    """An initialised model on the CPU; the global generator is left as it was.

    Raises:
        ValueError: If an option does not suit the data; the message names it.
    """
    name, options = _named(settings)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seeds.derive(seed, "initialisation"))
        return model_entry(name).build(spec, options)


def build_model(info: RunInfo) -> LatentModel:
    """The model of a run on the CPU, in `eval()`, with zeros for weights.

    Draws no random number: the global generator belongs to the training thread.

    Raises:
        RunError: If the model cannot be built here; the message says why.
    """
    name, options = _named(info.settings["model"])
    if name == OWN:
        return _own(str(options.get("token", "")))
    provide(info)
    try:
        with torch.device("meta"):
            model = model_entry(name).build(spec_from(info.model["spec"]), options)
    except (ValueError, TypeError, KeyError) as error:
        raise RunError(f"the model of this run cannot be built: {error}") from error
    # Not `to_empty`: its first call on a meta tensor imports sympy, a third of a second.
    zeros = {
        name: torch.zeros(tensor.shape, dtype=tensor.dtype)
        for name, tensor in model.state_dict().items()
    }
    model.load_state_dict(zeros, assign=True)
    return model.eval()


def _own(token: str) -> LatentModel:
    model = kept(token)
    if model is None:
        raise RunError(
            "the encoder and decoder of this run were a program's own and ended with it: its map "
            "can be looked at, decoding needs the program"
        )
    return model


def spec_from(row: Mapping[str, Any]) -> DataSpec:
    """The `DataSpec` whose fields `run.json` keeps."""
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in row.items()
    }
    return DataSpec(**fields)


def spec_row(spec: DataSpec) -> dict[str, Any]:
    """The fields of a `DataSpec` as JSON keeps them."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in asdict(spec).items()
    }


def live_weights(settings: Mapping[str, Any], live: Mapping[str, Any]) -> dict[str, float]:
    """The options of a model that may be turned, with the values that they begin with."""
    return {name: float(value) for name, value in settings.items() if name in live}


def _named(settings: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The model's name, and its options."""
    options = dict(settings)
    return options.pop("name"), options
