"""Mixed precision: matrix products in 16 bits, everything else, the loss above all, in 32."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.optim import Optimizer
from torch.overrides import TorchFunctionMode

from aeviz.compute.settings import SettingsError

TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}
PRODUCTS = frozenset(
    {
        functional.linear,
        *(functional.conv1d, functional.conv2d, functional.conv3d),
        *(functional.conv_transpose1d, functional.conv_transpose2d, functional.conv_transpose3d),
    }
)
"""What layers compute in 16 bits. Products of the loss itself, such as distances of samples, are
not among them: they stay in 32."""

SMALLEST_SCALE = 2.0**-20
"""A loss that has been scaled down so far has no finite gradient at all."""


class _ReducedProducts(TorchFunctionMode):
    """Runs the products of layers under `torch.autocast`, and goes on in 32 bits after each."""

    def __init__(self, device: torch.device, dtype: torch.dtype) -> None:
        super().__init__()
        self._device = device.type
        self._dtype = dtype

    def __torch_function__(
        self,
        func: Any,
        types: Sequence[Any],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if func not in PRODUCTS:
            return func(*args, **(kwargs or {}))
        with torch.autocast(self._device, self._dtype):
            return func(*args, **(kwargs or {})).float()


class Precision:
    """How a step computes its loss and takes its gradient.

    Args:
        word: "32", "bf16" or "fp16".
        device: Where it computes.

    Raises:
        SettingsError: For fp16 where there is no CUDA device.
    """

    def __init__(self, word: str, device: torch.device) -> None:
        if word == "fp16" and device.type != "cuda":
            raise SettingsError(
                f"train.precision=fp16: it needs a CUDA device, and this is {device.type}; use "
                "bf16 or 32"
            )
        self.is_mixed = word in TYPES
        self._dtype = TYPES.get(word, torch.float32)
        self._device = device
        self._scaler = torch.amp.GradScaler(device.type) if word == "fp16" else None

    @property
    def is_scaled(self) -> bool:
        """Whether gradients are scaled; a step whose gradient is not finite is left out then."""
        return self._scaler is not None

    def products(self) -> AbstractContextManager[Any]:
        """Within it the layers of a model compute in the chosen precision."""
        return _ReducedProducts(self._device, self._dtype) if self.is_mixed else nullcontext()

    def scaled(self, loss: Tensor) -> Tensor:
        """The loss whose gradient 16 bits can hold."""
        return loss if self._scaler is None else self._scaler.scale(loss)

    def unscale(self, optimiser: Optimizer) -> None:
        """Bring the gradients back to their size, to be looked at or clipped."""
        if self._scaler is not None:
            self._scaler.unscale_(optimiser)

    def step(self, optimiser: Optimizer) -> None:
        """Do the optimiser step."""
        if self._scaler is None:
            optimiser.step()
        else:
            self._scaler.step(optimiser)
            self._scaler.update()

    @property
    def has_lost_gradient(self) -> bool:
        """Whether no scale is small enough for a finite gradient. Waits for the device."""
        return self._scaler is not None and self._scaler.get_scale() < SMALLEST_SCALE

    def state(self) -> dict[str, Any]:
        """Of the scaler, as JSON keeps it."""
        return {} if self._scaler is None else dict(self._scaler.state_dict())

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take what `state` returned."""
        if self._scaler is not None and state:
            self._scaler.load_state_dict(dict(state))
