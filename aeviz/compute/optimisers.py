"""Optimisers and learning-rate schedules by their names."""

import math
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
    kinds: dict[str, Callable[[], Optimizer]] = {
        "adam": lambda: torch.optim.Adam(
            parameters, config.lr, betas, weight_decay=decay, fused=fused
        ),
        "adamw": lambda: torch.optim.AdamW(
            parameters, config.lr, betas, weight_decay=decay, fused=fused
        ),
        "sgd": lambda: torch.optim.SGD(
            parameters, config.lr, config.momentum, weight_decay=decay, fused=fused
        ),
        "rmsprop": lambda: torch.optim.RMSprop(
            parameters, config.lr, weight_decay=decay, momentum=config.momentum
        ),
    }
    betas = (config.momentum, 0.999)
    decay = config.weight_decay
    fused = device.type in FUSED or None
    return kinds[config.optimiser]()


def schedule_factor(schedule: str, epoch: int, epochs: int) -> float:
    """What the learning rate is multiplied with in an epoch.

    Args:
        schedule: "constant"; "cosine" falls from 1 along half a wave towards 0 after the last
            epoch; "step" is 1, 0.1 after half of the epochs and 0.01 after three quarters.
        epoch: From 1.
        epochs: How many are planned.

    Example:
        >>> [round(schedule_factor("step", epoch, 4), 3) for epoch in (1, 2, 3, 4)]
        [1.0, 1.0, 0.1, 0.01]
    """
    done = max(0, epoch - 1) / max(1, epochs)
    if schedule == "cosine":
        return 0.5 * (1.0 + math.cos(math.pi * min(1.0, done)))
    if schedule == "step":
        return 0.01 if done >= 0.75 else 0.1 if done >= 0.5 else 1.0
    return 1.0


def set_learning_rate(optimiser: Optimizer, lr: float) -> None:
    """Give every group of parameters this learning rate."""
    for group in optimiser.param_groups:
        group["lr"] = lr
