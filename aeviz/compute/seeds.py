"""One seed for a run, one generator for every purpose: none shifts the numbers of another."""

from typing import Literal, get_args

import numpy as np
import torch

Purpose = Literal[
    "initialisation",
    "dropout",
    "split",
    "shown",
    "shuffle",
    "noise",
    "validation",
    "binarise",
]
"""What random numbers are drawn for; the order is part of what a seed means."""


def derive(seed: int, purpose: Purpose) -> int:
    """The seed of one purpose, in [0, 2⁶³).

    Example:
        >>> derive(0, "split") == derive(0, "split"), derive(0, "split") == derive(0, "shuffle")
        (True, False)
    """
    sequence = np.random.SeedSequence([seed, get_args(Purpose).index(purpose)])
    return int(sequence.generate_state(1, np.uint64)[0] >> np.uint64(1))


def generator(seed: int, purpose: Purpose, device: torch.device | str = "cpu") -> torch.Generator:
    """A generator of torch for one purpose."""
    return torch.Generator(device).manual_seed(derive(seed, purpose))


def numpy_generator(seed: int, purpose: Purpose) -> np.random.Generator:
    """A generator of numpy for one purpose."""
    return np.random.default_rng(derive(seed, purpose))
