"""Optimisers by their names."""

from collections.abc import Callable, Iterable

import torch
from torch import nn
from torch.optim import Optimizer

from aeviz.runs.schema import TrainConfig

FUSED = ("cpu", "cuda")
"""Devices where the whole step is one kernel: at small models several times faster."""


def make_optimiser(
    parameters: Iterable[nn.Parameter], config: TrainConfig, device: torch.device
) -> Optimizer:
    """The optimiser that the settings name."""
    optim, momentum = torch.optim, config.momentum
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
    return kinds[config.optimiser](lr=config.lr, weight_decay=config.weight_decay)


def set_learning_rate(optimiser: Optimizer, lr: float) -> None:
    """Give every group of parameters this learning rate."""
    for group in optimiser.param_groups:
        group["lr"] = lr
