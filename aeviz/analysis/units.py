"""The layers of an encoder and their units, of any model, and the filters of the first layer.

A layer is found by watching an encoding: it begins with a module that weighs its inputs and goes up
to the next one, so it includes normalisation and activation. A unit of a convolution is a channel;
its activation is the mean over the map.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from aeviz.analysis.questions import Findings, Subject, register_question
from aeviz.messages import FloatArray
from aeviz.models.base import LatentModel

WEIGHING = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d)
"""Modules that begin a layer."""

MOST_FILTER_VALUES = 2**23
"""Weights at most that are sent to the window: 32 MB."""

LATENTS = "Latents"


@dataclass(eq=False)
class Layer:
    """One layer of an encoder during one encoding.

    Attributes:
        title: What a person reads.
        weighing: The module that it begins with; None for latents that no module gives.
        before: Its units before the activation, (B, U) or (B, U, h, w).
        output: Its units, of the same shape.
    """

    title: str
    weighing: nn.Module | None
    before: Tensor
    output: Tensor

    @property
    def units(self) -> int:
        """U."""
        return int(self.output.shape[1])


def layers_of(model: LatentModel, x: Tensor) -> list[Layer]:
    """The hidden layers of the encoder and, last, the latents, with their values for samples.

    Args:
        model: In `eval()`; it is left as it was.
        x: Scaled samples, (B, C, H, W) or (B, F).
    """
    with watched(model) as layers:
        z = model.encode(x)
    hidden = [layer for layer in layers if layer.output.ndim in (2, 4)]
    last = hidden.pop() if hidden else None
    if last is not None and last.output.ndim != 2:
        hidden.append(last)  # flattened into the latents: a layer like the others
        last = None
    for number, layer in enumerate(hidden, 1):
        layer.title = f"Layer {number}"
    weighing = None if last is None else last.weighing
    return [*hidden, Layer(LATENTS, weighing, z, z)]


@contextmanager
def watched(model: nn.Module) -> Iterator[list[Layer]]:
    """Note the layers that are gone through; the hooks are taken away at the end."""
    layers: list[Layer] = []

    def note(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        if not isinstance(output, Tensor):
            return
        if isinstance(module, WEIGHING):
            layers.append(Layer("", module, output, output))
        elif layers and output.shape == layers[-1].output.shape:
            layers[-1].output = output
            if any(True for _ in module.parameters(recurse=False)):
                layers[-1].before = output  # normalised, still before the activation

    leaves = [module for module in model.modules() if not any(True for _ in module.children())]
    hooks = [leaf.register_forward_hook(note) for leaf in leaves]
    try:
        yield layers
    finally:
        for hook in hooks:
            hook.remove()


def activations(values: Tensor) -> Tensor:
    """One number per sample and unit: (B, U) as it is, (B, U, h, w) averaged over the map."""
    return values if values.ndim == 2 else values.mean(dim=(2, 3))


def filters_of(model: LatentModel, layers: list[Layer], shape: tuple[int, ...]) -> FloatArray:
    """The weights of the units of the first layer, laid out as they look at a sample.

    Args:
        model: Any.
        layers: As `layers_of` found them.
        shape: Of a sample, (C, H, W) or (F,).

    Returns:
        (U, H, W, C) for a dense layer on images, (U, h, w, C) for a convolution, (U, F) for tables;
        no rows where the first layer does not see the sample as it is.
    """
    first = layers[0]
    weight = getattr(first.weighing, "weight", None)
    if not isinstance(weight, Tensor):
        return np.empty((0, 1), np.float32)
    weight = weight.detach()
    if isinstance(first.weighing, nn.Conv2d) and weight.shape[1] == shape[0]:
        return channels_last(weight)
    features = int(np.prod(shape))
    # what is told beside the sample comes after it
    if not isinstance(first.weighing, nn.Linear) or weight.shape[1] < features:
        return np.empty((0, 1), np.float32)
    rows = weight[: first.units, :features].reshape(-1, *shape)
    return channels_last(rows) if len(shape) == 3 else np.array(rows.float().numpy())


def channels_last(x: Tensor) -> FloatArray:
    """Images (B, C, H, W) as (B, H, W, C)."""
    return np.ascontiguousarray(x.permute(0, 2, 3, 1).float().numpy())


@register_question("unit-layers")
def _layers(subject: Subject, arguments: Mapping[str, Any]) -> Findings:
    """The layers of the encoder, their numbers of units, and the filters of the first one."""
    model, x = model_of(subject), samples_of(subject, 0, 2)
    with torch.no_grad():
        layers = layers_of(model, x)
    filters = filters_of(model, layers, tuple(x.shape[1:]))
    most = max(1, MOST_FILTER_VALUES // max(1, filters[:1].size))
    values = {
        "titles": [layer.title for layer in layers],
        "units": [layer.units for layer in layers],
        "filters": len(filters),
        "is_dense": isinstance(layers[0].weighing, nn.Linear),
    }
    return Findings({"filters": filters[:most]}, values)


def model_of(subject: Subject) -> LatentModel:
    """The model of the run; raises ValueError where there is none."""
    if subject.model is None:
        raise ValueError("open a run first: its units are those of its model")
    return subject.model


def samples_of(subject: Subject, first: int, last: int) -> Tensor:
    """Scaled samples by their rows, cut off where no more are kept."""
    if subject.samples is None or not subject.kept:
        raise ValueError("this run keeps no samples, so nothing can be shown to its units")
    return torch.tensor(subject.samples(np.arange(first, min(last, subject.kept))))


def layer_of(layers: list[Layer], number: int) -> Layer:
    """A layer by its number, -1 for the latents."""
    if not -1 <= number < len(layers):
        raise ValueError(f"this model has {len(layers)} layers: there is no layer {number}")
    return layers[number]
