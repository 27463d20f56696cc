"""Latents for a sheet of styles: what is left to vary when the condition is told."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from aeviz.analysis.questions import Findings, Subject, register_question
from aeviz.messages import FloatArray
from aeviz.models.base import LatentModel, Prior

MOST = 100
"""Styles at most that a view may ask for."""


@torch.no_grad()
def draw_styles(model: LatentModel, latents: FloatArray, count: int, seed: int) -> FloatArray:
    """Draws from the prior of a model, or some of the latents where it has none.

    Args:
        model: On the CPU.
        latents: Of the shown samples, (N, D).
        count: How many are wanted.
        seed: The same seed draws the same styles; more of them begin with the fewer.

    Returns:
        Latents, float32 (count, D).
    """
    if isinstance(model, Prior):
        generator = torch.Generator().manual_seed(seed)
        drawn = [model.draw_prior(1, generator) for _ in range(count)]
        return torch.cat(drawn).float().numpy()
    order = np.random.default_rng(seed).permutation(len(latents))
    return np.ascontiguousarray(latents[np.resize(order, count)], np.float32)


@register_question("styles")
def _styles(subject: Subject, arguments: Mapping[str, Any]) -> Findings:
    """`z`, (count, D), and `drawn`: whether they come from a prior."""
    count, seed = int(arguments.get("count", 8)), int(arguments.get("seed", 0))
    if not 1 <= count <= MOST:
        raise ValueError(f"{count} styles were asked for: 1 to {MOST} can be")
    model, latents = subject.model, subject.latents
    assert model is not None
    assert latents is not None
    z = draw_styles(model, latents, count, seed)
    return Findings({"z": z}, {"drawn": isinstance(model, Prior)})
