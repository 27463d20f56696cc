"""Optimiser steps: those of fused Adam on the CPU without what torch asks itself before each.

At a small model the arithmetic of a step takes less time than torch's way to it: grouping the
parameters by device and type, counting the steps of each, hooks, profiling. Here the lists are
kept, the counts are one tensor, and the same kernel is called with them, so no bit differs.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Adam, AdamW, Optimizer

KERNELS: dict[type[Optimizer], str] = {Adam: "_fused_adam_", AdamW: "_fused_adamw_"}
"""What torch's own fused steps call."""

SPECIAL = ("amsgrad", "maximize", "capturable", "differentiable")
"""Options of a group that are left to torch."""


class Stepper:
    """Does the steps of one optimiser.

    Args:
        optimiser: Keeps state and options, as ever: both can be read and replaced at any time.
        direct: Whether the kernel may be called directly; else the optimiser does its own steps.
    """

    def __init__(self, optimiser: Optimizer, *, direct: bool = True) -> None:
        self._optimiser = optimiser
        self._kernel = _kernel(optimiser) if direct else None
        self._parameters: list[nn.Parameter] = list(optimiser.param_groups[0]["params"])
        self._state: object = None
        self._means: list[Tensor] = []
        self._squares: list[Tensor] = []
        self._counts = torch.empty(0)
        self._each_count: list[Tensor] = []

    def step(self) -> None:
        """Move the parameters along their gradients."""
        if self._kernel is None or not self._is_ready():
            self._optimiser.step()
            return
        gradients = [parameter.grad for parameter in self._parameters]
        for gradient in gradients:
            if gradient is None:
                self._optimiser.step()
                return
        options = self._optimiser.param_groups[0]
        beta1, beta2 = options["betas"]
        with torch.no_grad():
            self._counts.add_(1.0)
            self._kernel(
                *(self._parameters, gradients, self._means, self._squares, [], self._each_count),
                amsgrad=False,
                lr=options["lr"],
                beta1=beta1,
                beta2=beta2,
                weight_decay=options["weight_decay"],
                eps=options["eps"],
                maximize=False,
            )

    def _is_ready(self) -> bool:
        """Whether every parameter has a state; one that was loaded is taken up."""
        state = self._optimiser.state
        if state is self._state:
            return True
        if any(not state.get(parameter) for parameter in self._parameters):
            return False
        each = [state[parameter] for parameter in self._parameters]
        self._means = [own["exp_avg"] for own in each]
        self._squares = [own["exp_avg_sq"] for own in each]
        # views of one tensor: torch's own step, taken where a gradient is missing, counts in it too
        self._counts = torch.stack([own["step"] for own in each])
        self._each_count = list(self._counts.unbind())
        for own, count in zip(each, self._each_count, strict=True):
            own["step"] = count
        self._state = state
        return True


def _kernel(optimiser: Optimizer) -> Callable[..., Any] | None:
    """The kernel of its steps; None where the optimiser is to do them itself."""
    name = KERNELS.get(type(optimiser), "")
    kernel: Callable[..., Any] | None = getattr(torch, name, None) if name else None
    if kernel is None or len(optimiser.param_groups) != 1:
        return None
    options = optimiser.param_groups[0]
    if not options.get("fused") or any(options.get(each) for each in SPECIAL):
        return None
    is_plain = all(
        parameter.device.type == "cpu" and parameter.dtype == torch.float32
        for parameter in options["params"]
    )
    return kernel if is_plain else None
