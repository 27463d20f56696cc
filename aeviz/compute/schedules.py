"""How the learning rate changes while a model trains: by plan, or when the loss stops falling."""

import math

from aeviz.compute.stopping import Watch
from aeviz.runs.schema import TrainConfig

CYCLE_START = 0.04
"""Where a cycle begins, as a share of its peak; it ends in nothing."""

CYCLE_RISE = 0.3
"""Share of the training in which a cycle rises."""


def factor(config: TrainConfig, epoch: int, done: float) -> float:
    """What the learning rate is multiplied with at a step, by schedule and warm-up.

    Args:
        config: Schedule, epochs, warm-up.
        epoch: The epoch of the step, from 1; of its stage, where a model trains in stages.
        done: Epochs that are done with the end of this step, in (0, epochs].

    Example:
        >>> config = TrainConfig(epochs=4, schedule="step")
        >>> [round(factor(config, epoch, epoch), 3) for epoch in (1, 2, 3, 4)]
        [1.0, 1.0, 0.1, 0.01]
    """
    planned = max(1, config.epochs)
    warm = min(1.0, done / config.warmup) if config.warmup > 0 else 1.0
    if config.schedule == "cosine":
        return warm * _half_wave(min(1.0, max(0, epoch - 1) / planned))
    if config.schedule == "step":
        return warm * config.lr_factor ** _falls(config, max(0, epoch - 1))
    if config.schedule == "one-cycle":
        return warm * _cycle(min(1.0, done / planned))
    return warm


def changes_within(config: TrainConfig, epoch: int) -> bool:
    """Whether the factor is another one at every step of an epoch."""
    return config.schedule == "one-cycle" or epoch - 1 < config.warmup


def _half_wave(share: float) -> float:
    """From 1 to 0 along half a cosine."""
    return 0.5 * (1.0 + math.cos(math.pi * share))


def _falls(config: TrainConfig, before: int) -> int:
    """How often the rate has fallen after so many epochs."""
    if config.lr_every > 0:
        return before // config.lr_every
    share = before / max(1, config.epochs)
    return (share >= 0.5) + (share >= 0.75)


def _cycle(share: float) -> float:
    """Up along half a wave, and further down along another (Smith and Topin, 2017)."""
    if share < CYCLE_RISE:
        return 1.0 - (1.0 - CYCLE_START) * _half_wave(share / CYCLE_RISE)
    return _half_wave((share - CYCLE_RISE) / (1.0 - CYCLE_RISE))


class Plateau:
    """Multiplies the learning rate with a factor whenever the loss has stopped falling.

    Args:
        config: Factor, patience and smallest change; another schedule leaves the rate alone.

    Attributes:
        scale: Product of the factors so far.
        watch: The smallest loss since the last fall or before.
    """

    def __init__(self, config: TrainConfig) -> None:
        self._config = config
        self.scale = 1.0
        self.watch = Watch()

    def look(self, epoch: int, loss: float) -> bool:
        """Take the loss of an epoch; whether the rate falls."""
        config = self._config
        if config.schedule != "plateau" or not self.watch.is_news(epoch):
            return False
        self.watch.look(epoch, loss, config.min_change)
        if self.watch.waited < config.lr_patience:
            return False
        self.watch.waited = 0
        self.scale *= config.lr_factor
        return True
