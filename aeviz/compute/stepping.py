"""Gradient and optimiser step on the CPU without what torch asks itself before each.

At a small model the arithmetic of a step takes less time than torch's way to it. Before every step
of Adam torch groups the parameters by device and type, counts the steps of each, looks for hooks
and profilers; before every backward pass it checks shapes, makes a one and copies a context for a
compiler. Here lists, counts and the one are kept, and the same engine and kernel are called with
them: no bit differs. Where a torch does not know these calls, its own way is taken.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Adam, AdamW, Optimizer

KERNELS: dict[type[Optimizer], str] = {Adam: "_fused_adam_", AdamW: "_fused_adamw_"}
"""What torch's own fused steps call."""

SPECIAL = ("amsgrad", "maximize", "capturable", "differentiable")
"""Options of a group that are left to torch."""


def backward(loss: Tensor) -> None:
    """The gradient of a loss, added to what the parameters have."""
    engine = _engine() if loss.device.type == "cpu" else None
    if engine is None or loss.ndim or loss.dtype != torch.float32:
        loss.backward()  # type: ignore[no-untyped-call]
    else:
        engine((loss,), (_one(),), *NOTHING_KEPT)


NOTHING_KEPT = (False, False, (), True, True)
"""No graph is kept or made, all leaves are meant, some may be out of reach, gradients are added."""


@cache
def _one() -> Tensor:
    """What the derivative of a loss by itself is."""
    return torch.ones(())


@cache
def _engine() -> Callable[..., Any] | None:
    """Torch's engine of backward passes, if it can be called like this."""
    trial = torch.ones((), requires_grad=True)
    try:
        found: Callable[..., Any] = torch.autograd.Variable._execution_engine.run_backward
        found((trial * 2.0,), (_one(),), *NOTHING_KEPT)
    except (AttributeError, TypeError, RuntimeError):
        return None
    return found if trial.grad is not None and trial.grad.item() == 2.0 else None


class Stepper:
    """Does the steps of one optimiser.

    Args:
        optimiser: Keeps state and options, as ever: both can be read and replaced at any time.
        direct: Whether the kernel may be called directly; else the optimiser does its own steps.
    """

    def __init__(self, optimiser: Optimizer, *, direct: bool = True) -> None:
        self._optimiser = optimiser
        self._kernel = _kernel_of(optimiser) if direct else None
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
        gradients = []
        for parameter in self._parameters:
            if parameter.grad is None:
                self._optimiser.step()
                return
            gradients.append(parameter.grad)
        with torch.no_grad():
            self._counts.add_(1.0)
            self._kernel(
                *(self._parameters, gradients, self._means, self._squares, [], self._each_count),
                **_options(self._optimiser.param_groups[0]),
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


def _options(group: Mapping[str, Any]) -> dict[str, Any]:
    """What the kernel is told of a group of parameters."""
    beta1, beta2 = group["betas"]
    return {
        "amsgrad": False,
        "lr": group["lr"],
        "beta1": beta1,
        "beta2": beta2,
        "weight_decay": group["weight_decay"],
        "eps": group["eps"],
        "maximize": False,
    }


def _kernel_of(optimiser: Optimizer) -> Callable[..., Any] | None:
    """The kernel of its steps; None where the optimiser is to do them itself."""
    name = KERNELS.get(type(optimiser))
    if name is None or len(optimiser.param_groups) != 1:
        return None
    group = optimiser.param_groups[0]
    if not group.get("fused") or any(group.get(each) for each in SPECIAL):
        return None
    is_plain = all(
        parameter.device.type == "cpu" and parameter.dtype == torch.float32
        for parameter in group["params"]
    )
    return _kernel(name) if is_plain else None


@cache
def _kernel(name: str) -> Callable[..., Any] | None:
    """A kernel of torch, if it can be called like this."""
    kernel: Callable[..., Any] | None = getattr(torch, name, None)
    if kernel is None:
        return None
    group = {"lr": 0.1, "betas": (0.5, 0.5), "weight_decay": 0.0, "eps": 1e-8}
    lists = [[torch.ones(1)] for _ in range(4)]
    try:
        kernel(*lists, [], [torch.ones(())], **_options(group))
    except (TypeError, RuntimeError):
        return None
    return kernel
