"""One seed for a run, one generator for every purpose: none shifts the numbers of another."""

from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor

Purpose = Literal[
    "initialisation",
    "dropout",
    "split",
    "shown",
    "shuffle",
    "noise",
    "validation",
    "binarise",
    "labels",
]
"""What random numbers are drawn for; the order is part of what a seed means."""


def derive(seed: int, purpose: Purpose, rank: int = 0) -> int:
    """The seed of one purpose, in [0, 2⁶³); ranks beyond the first draw numbers of their own.

    Example:
        >>> derive(0, "split") == derive(0, "split"), derive(0, "split") == derive(0, "shuffle")
        (True, False)
    """
    of_rank = [rank] if rank else []
    sequence = np.random.SeedSequence([seed, get_args(Purpose).index(purpose), *of_rank])
    return int(sequence.generate_state(1, np.uint64)[0] >> np.uint64(1))


def generator(
    seed: int, purpose: Purpose, device: torch.device | str = "cpu", rank: int = 0
) -> torch.Generator:
    """A generator of torch for one purpose."""
    return torch.Generator(device).manual_seed(derive(seed, purpose, rank))


def numpy_generator(seed: int, purpose: Purpose) -> np.random.Generator:
    """A generator of numpy for one purpose."""
    return np.random.default_rng(derive(seed, purpose))


def global_state(device: torch.device) -> Tensor:
    """State of the generator that dropout draws from on a device, uint8."""
    if device.type == "cuda":
        return torch.cuda.get_rng_state(device)
    if device.type == "mps":
        return torch.mps.get_rng_state()
    return torch.get_rng_state()


def set_global_state(device: torch.device, state: Tensor) -> None:
    """Set what `global_state` returned."""
    if device.type == "cuda":
        torch.cuda.set_rng_state(state, device)
    elif device.type == "mps":
        torch.mps.set_rng_state(state)
    else:
        torch.set_rng_state(state)
