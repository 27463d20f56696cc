"""How much a decoder stretches its latent space: the magnification factor √det(JᵀJ).

References:
    | Magnification factors for the GTM algorithm (Bishop, Svensén, Williams, 1997)
    | Latent Space Oddity: on the curvature of deep generative models (Arvanitidis, Hansen,
    | Hauberg, 2018), https://arxiv.org/abs/1710.11379
"""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from aeviz import geometry
from aeviz.analysis.questions import Findings, Subject, register_question

SIDE = 64
"""Rows and columns of a stretch over the map."""

ROWS = 64
"""Latents that are differentiated at a time, so that a slice stays short."""

Decode = Callable[[Tensor], Tensor]


def directional_derivatives(decode: Decode, z: Tensor, axes: Tensor) -> Tensor:
    """Derivatives of decodes along directions, for any decoder that can be trained.

    Twice backwards is once forwards: `torch.func.jvp` costs less, but its first use compiles with a
    deprecated part of torch that warns, and not every model's functions have a forward derivative.

    Args:
        decode: Maps (B, D) to (B, …), every row by itself.
        z: Latents, (B, D).
        axes: Directions, (D, K).

    Returns:
        (B, F, K), F the values of one decode.
    """
    columns = []
    for direction in axes.T:
        tangent = direction.expand_as(z).contiguous()
        _, derivative = torch.autograd.functional.jvp(decode, z, tangent)  # type: ignore[no-untyped-call]
        columns.append(derivative.flatten(1))
    return torch.stack(columns, dim=2)


def stretch(decode: Decode, z: ArrayLike, axes: ArrayLike | None = None) -> NDArray[np.float64]:
    """The magnification factor √det(JᵀJ) of a decoder, in units of data per unit of latent.

    Args:
        decode: Maps latents (B, D) to scaled samples (B, …), every row by itself.
        z: Latents, (N, D).
        axes: Directions whose area or volume is measured, (D, K); None for all D.

    Returns:
        (N,), the factor by which a small volume spanned by the directions grows when decoded.

    Raises:
        ValueError: If the shapes do not fit.
    """
    places = torch.from_numpy(np.array(z, np.float32))
    if places.ndim != 2:
        raise ValueError(f"z must be (N, D), got {tuple(places.shape)}")
    directions = np.eye(places.shape[1]) if axes is None else np.asarray(axes)
    if directions.ndim != 2 or len(directions) != places.shape[1]:
        raise ValueError(f"axes must be ({places.shape[1]}, K), got {directions.shape}")
    along = torch.from_numpy(directions.astype(np.float32))
    parts = [_volumes(decode, part, along) for part in torch.split(places, ROWS)]
    return np.concatenate(parts) if parts else np.empty(0)


@torch.no_grad()
def _volumes(decode: Decode, z: Tensor, axes: Tensor) -> NDArray[np.float64]:
    jacobian = directional_derivatives(decode, z, axes).double()
    # The product of singular values, not det(JᵀJ): squaring loses half of the digits.
    values = torch.linalg.svdvals(jacobian)
    if axes.shape[1] > jacobian.shape[1]:  # more directions than features: they span no volume
        return np.zeros(len(z))
    return cast("NDArray[np.float64]", values.prod(dim=1).numpy())


@register_question("stretch")
def stretch_over_map(subject: Subject, arguments: Mapping[str, Any]) -> Iterator[Findings | None]:
    """The decoder's stretch over a `region` of the map, row by row.

    Arguments: `region`; above two dimensions `mean` and `axes` of the map; `side`; `condition`, a
    tensor (K,) or number as the model's `decode` takes it. Arrays: `stretch` (side, side), the
    highest row first, NaN where it is not computed yet. Values: `region`, `progress` in [0, 1].
    """
    model = subject.model
    assert model is not None
    region = cast("geometry.Region", tuple(float(end) for end in arguments["region"]))
    side = int(arguments.get("side", SIDE))
    if not 2 <= side <= 4 * SIDE:
        raise ValueError(f"a stretch over {side} × {side} places: 2 to {4 * SIDE} can be asked for")
    mean = np.asarray(arguments.get("mean", np.zeros(model.latent_dim)), np.float32)
    axes = np.asarray(arguments.get("axes", np.eye(model.latent_dim, 2)), np.float32)
    if axes.shape != (model.latent_dim, 2):
        raise ValueError(f"the axes of the map must be ({model.latent_dim}, 2), got {axes.shape}")
    z = mean + geometry.lattice(region, side, side).reshape(-1, 2) @ axes.T
    found = np.full(side * side, math.nan)
    for start in range(0, len(z), ROWS):
        part = slice(start, start + ROWS)
        found[part] = stretch(model.decode, z[part], axes)
        done = min(1.0, (start + ROWS) / len(z))
        yield Findings(
            {"stretch": found.reshape(side, side).copy()}, {"region": region, "progress": done}
        )
