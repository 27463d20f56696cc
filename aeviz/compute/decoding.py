"""A model on the CPU that encodes and decodes with the weights of any epoch."""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from aeviz.analysis.round_trip import RoundTrip
from aeviz.compute.building import build_model
from aeviz.compute.telling import default_condition, to_model
from aeviz.messages import FloatArray
from aeviz.models.base import Invertible, LatentModel
from aeviz.runs.schema import RunInfo

SLICE = 0.008
"""Seconds that the inference thread works on a big request before it looks at its inbox."""

FIRST_ROWS = 8
"""Rows of a model's first slice, when its speed is not known."""


class SliceLength:
    """How many rows of a request fit in one slice, learnt from the slice before."""

    def __init__(self) -> None:
        self.rows = FIRST_ROWS

    def learn(self, rows: int, seconds: float) -> None:
        """Take note that so many rows took so long; at most doubles, since one slice can lie."""
        fitting = int(rows * SLICE / max(seconds, 1e-6))
        self.rows = max(1, min(fitting, 2 * self.rows))


class Decoder:
    """A run's model for the inference thread: always in `eval()`, never with a gradient.

    Args:
        info: What the run folder says of its model.
    """

    def __init__(self, info: RunInfo) -> None:
        self.model: LatentModel = build_model(info).eval().requires_grad_(False)
        self.slice_length = SliceLength()
        self._round_trip = RoundTrip(self.model) if isinstance(self.model, Invertible) else None
        self._loaded: Mapping[str, Tensor] | None = None

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Take these weights, unless they are the ones it has.

        Raises:
            ValueError: If they do not fit the model exactly, or are not finite.
        """
        if tensors is not self._loaded:
            check_weights(self.model.state_dict(), tensors)
            self._loaded = None  # a failure half-way must not leave the old name on mixed weights
            self.model.load_state_dict(tensors)
            if self._round_trip is not None:
                self._round_trip.forget()
            self._loaded = tensors

    def decode(self, z: FloatArray, condition: Any = None) -> FloatArray:
        """Map latents (B, D) to samples as a model sees them: (B, H, W, C) or (B, F), finite.

        `condition` is what `telling.to_model` takes; None for the first choice or the means.
        An invertible model's decodes are NaN where its inverse is wrong beyond repair.
        """
        began = time.perf_counter()
        exact = self._round_trip
        with torch.inference_mode():
            default = default_condition(self.model) if condition is None else condition
            told = to_model(self.model, default, len(z))
            decode = self.model.decode if exact is None else exact.decode
            x_hat = channels_last(decode(torch.tensor(z), told))
        self.slice_length.learn(len(z), time.perf_counter() - began)
        return finite(x_hat, "decode") if exact is None else x_hat

    def encode(self, scaled: FloatArray, condition: Any = None) -> FloatArray:
        """Map scaled samples (B, H, W, C) or (B, F) to latents (B, D), finite.

        `condition` is what `telling.to_model` takes; None where it is not known.
        """
        with torch.inference_mode():
            told = to_model(self.model, condition, len(scaled))
            z = self.model.encode(channels_first(torch.tensor(scaled)), told)
        return finite(z.float().numpy(), "latent")


def channels_first(x: Tensor) -> Tensor:
    """Images (B, H, W, C) as a model sees them, (B, C, H, W); tables as they are."""
    return x.permute(0, 3, 1, 2).contiguous() if x.ndim == 4 else x


def channels_last(x: Tensor) -> FloatArray:
    """Samples of a model as the window wants them: (B, H, W, C), or tables (B, F)."""
    own = x.permute(0, 2, 3, 1) if x.ndim == 4 else x
    return np.ascontiguousarray(own.float().numpy())


def finite(array: FloatArray, what: str) -> FloatArray:
    """The same array; raises ValueError where a value is not finite."""
    if not np.isfinite(array).all():
        raise ValueError(f"the model's {what} is not finite at this point and these weights")
    return array


def tensors_of(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Tensor]:
    """Weights that were read from disk as tensors of their own."""
    return {name: torch.tensor(array) for name, array in arrays.items()}


def check_weights(wanted: Mapping[str, Tensor], tensors: Mapping[str, Tensor]) -> None:
    """Refuse weights of another model: `load_state_dict` alone takes other dtypes and NaN.

    Raises:
        ValueError: One sentence that names the first tensor that does not fit.
    """
    for name in sorted(wanted.keys() ^ tensors.keys()):
        lacking = "lack" if name in wanted else "have an unknown"
        raise ValueError(f"these weights are another model's: they {lacking} {name!r}")
    for name, tensor in tensors.items():
        own = wanted[name]
        if tensor.shape != own.shape or tensor.dtype != own.dtype:
            raise ValueError(
                f"these weights are another model's: {name!r} is {tensor.dtype} "
                f"{tuple(tensor.shape)}, and the model needs {own.dtype} {tuple(own.shape)}"
            )
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise ValueError(f"these weights are damaged: {name!r} is not finite")
