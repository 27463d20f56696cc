"""Optimisers by their names."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from aeviz.runs.schema import TrainConfig

FUSED = ("cpu", "cuda")
"""Devices where the whole step is one kernel: at small models several times faster."""

RECORDED = ("adam", "adamw", "sgd")
"""Optimisers that keep all they count on a CUDA device, the learning rate too: their steps can be
part of a CUDA graph."""


def make_optimiser(
    parameters: Iterable[nn.Parameter], config: TrainConfig, device: torch.device
) -> Optimizer:
    """The optimiser that the settings name."""
    optim, momentum = torch.optim, config.momentum
    is_recorded = device.type == "cuda" and config.optimiser in RECORDED
    betas = (momentum, 0.999)
    fused = device.type in FUSED or None
    kinds: dict[str, Callable[..., Optimizer]] = {
        "adam": lambda **rest: optim.Adam(parameters, betas=betas, fused=fused, **rest),
        "adamw": lambda **rest: optim.AdamW(parameters, betas=betas, fused=fused, **rest),
        "nadam": lambda **rest: optim.NAdam(parameters, betas=betas, **rest),
        "radam": lambda **rest: optim.RAdam(parameters, betas=betas, **rest),
        "adamax": lambda **rest: optim.Adamax(parameters, betas=betas, **rest),
        "adagrad": lambda **rest: optim.Adagrad(parameters, **rest),
        "rmsprop": lambda **rest: optim.RMSprop(parameters, momentum=momentum, **rest),
        "sgd": lambda **rest: optim.SGD(parameters, momentum=momentum, fused=fused, **rest),
    }
    rate = torch.tensor(config.lr, device=device) if is_recorded else config.lr
    optimiser = kinds[config.optimiser](lr=rate, weight_decay=config.weight_decay)
    if is_recorded and config.optimiser != "sgd":
        for group in optimiser.param_groups:
            group["capturable"] = True
    set_learning_rate(optimiser, config.lr)
    return optimiser


def can_be_recorded(optimiser: Optimizer) -> bool:
    """Whether its steps can be part of a CUDA graph."""
    return all(isinstance(group["lr"], Tensor) for group in optimiser.param_groups)


def set_learning_rate(optimiser: Optimizer, lr: float) -> None:
    """Give every group of parameters this learning rate."""
    for group in optimiser.param_groups:
        group["rate"] = lr
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(lr)
        else:
            group["lr"] = lr


def learning_rate(optimiser: Optimizer) -> float:
    """What `set_learning_rate` was given last, not rounded as a device may keep it."""
    return float(optimiser.param_groups[0]["rate"])
