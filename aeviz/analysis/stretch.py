"""How much a decoder stretches its latent space: the magnification factor √det(JᵀJ).

References:
    | Magnification factors for the GTM algorithm (Bishop, Svensén, Williams, 1997)
    | Latent Space Oddity: on the curvature of deep generative models (Arvanitidis, Hansen,
    | Hauberg, 2018), https://arxiv.org/abs/1710.11379
"""

import math
import time
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
"""Latents that are differentiated at a time at most."""

FIRST_ROWS, SLICE = 8, 0.008
"""Latents of a question's first slice, and how many seconds a slice should take."""

SHOW_EVERY = 0.1
"""Seconds between two looks at a stretch that is under way."""

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
        (N,), the factor by which a small volume spanned by the directions grows when decoded; NaN
        where a derivative is not finite.

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
    if axes.shape[1] > jacobian.shape[1]:  # more directions than features: they span no volume
        return np.zeros(len(z))
    is_known = jacobian.isfinite().flatten(1).all(dim=1)
    # The product of singular values, not det(JᵀJ): squaring loses half of the digits.
    values = torch.linalg.svdvals(torch.nan_to_num(jacobian)).prod(dim=1)
    # Far off its data a flow may have no finite derivative.
    values[~is_known] = torch.nan
    return cast("NDArray[np.float64]", values.numpy())


@register_question("stretch")
def stretch_over_map(subject: Subject, arguments: Mapping[str, Any]) -> Iterator[Findings | None]:
    """The decoder's stretch over a `region` of the map, row by row.

    Arguments: `region`; above two dimensions `mean` and `axes` of the map; `side`; `condition` as
    messages name it. Arrays: `stretch` (side, side), the highest row first, NaN where it is not
    computed yet. Values: `region`, `progress` in [0, 1]. It is 0 everywhere of a decoder that goes
    in jumps, as one of codes does: it is flat between them.
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
    found, start, rows = np.full(side * side, math.nan), 0, FIRST_ROWS
    shown = time.perf_counter()
    while start < len(z):
        began, part = time.perf_counter(), z[start : start + rows]
        found[start : start + rows] = stretch(told(subject, arguments, len(part)), part, axes)
        start += len(part)
        now = time.perf_counter()
        # At most halved: one slice can lie when others keep the processor busy.
        fitting = int(rows * SLICE / max(now - began, 1e-6))
        rows = max(1, rows // 2, min(fitting, 2 * rows, ROWS))
        if start < len(z) and now - shown < SHOW_EVERY:
            yield None
            continue
        yield Findings(
            {"stretch": found.reshape(side, side).copy()},
            {"region": region, "progress": start / len(z)},
        )
        shown = now


def told(subject: Subject, arguments: Mapping[str, Any], count: int) -> Decode:
    """The decoder of so many latents, told the condition of a question's arguments."""
    model = subject.model
    assert model is not None
    condition = None
    if subject.condition is not None:
        condition = subject.condition(arguments.get("condition"), count)
    return lambda z: model.decode(z, condition)
