"""How a decode changes with each latent dimension: |∂x/∂z_i| at one latent."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from aeviz.analysis.questions import Findings, Subject, register_question
from aeviz.analysis.stretch import directional_derivatives

MOST = 64
"""Dimensions that can be asked for at a time."""


@register_question("slopes")
def slopes(subject: Subject, arguments: Mapping[str, Any]) -> Findings:
    """Absolute derivatives of the decode at a latent.

    Arguments: `z`, (D,); `dimensions`, numbers of those that are asked for, (K,); `condition`.
    Arrays: `slopes`, in the model's units per unit of latent, (K, H, W, C) or (K, F); zero where
    the decoder has no derivative, as one of codes.
    """
    model = subject.model
    assert model is not None
    z = torch.from_numpy(np.array(arguments["z"], np.float32)).reshape(1, -1)
    dimensions = np.asarray(arguments["dimensions"], np.int64)
    if z.shape[1] != model.latent_dim or not bool(torch.isfinite(z).all()):
        raise ValueError(f"z must be {model.latent_dim} finite numbers")
    if (
        not 1 <= len(dimensions) <= MOST
        or not ((dimensions >= 0) & (dimensions < model.latent_dim)).all()
    ):
        raise ValueError(f"dimensions must be 1 to {MOST} numbers from 0 to {model.latent_dim - 1}")
    told = None if subject.condition is None else subject.condition(arguments.get("condition"), 1)
    axes = torch.zeros(model.latent_dim, len(dimensions))
    axes[torch.from_numpy(dimensions), torch.arange(len(dimensions))] = 1
    with torch.no_grad():
        shape = model.decode(z, told).shape[1:]
    found = directional_derivatives(lambda place: model.decode(place, told), z, axes)
    # (1, F, K) -> (K, C, H, W) or (K, F)
    each = found[0].T.reshape(len(dimensions), *shape).abs()
    own = each.movedim(1, -1) if each.ndim == 4 else each
    return Findings({"slopes": np.ascontiguousarray(own.float().numpy())}, {})
