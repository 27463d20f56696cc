"""Shortest curves in the metric that a decoder pulls back from the data.

References:
    | Latent Space Oddity (Arvanitidis, Hansen, Hauberg, 2018), https://arxiv.org/abs/1710.11379
    | Metrics for deep generative models (Chen et al., 2018), https://arxiv.org/abs/1711.01204
"""

import math
from collections.abc import Callable, Iterator
from typing import cast

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

Decode = Callable[[Tensor], Tensor]

STEPS = 200
"""Steps of the optimiser at most."""

SEARCHED = 12
"""Evaluations of the energy in a step at most."""

SETTLED = 1e-8
"""Share of the energy that a step must win, or it was the last one."""


def curve_length(decode: Decode, z: ArrayLike) -> float:
    """Length of a decoded curve: the sum of distances between the decodes of its points.

    Args:
        decode: Maps latents (B, D) to scaled samples (B, …).
        z: Points of the curve, (P, D).
    """
    with torch.no_grad():
        decoded = decode(torch.from_numpy(np.array(z, np.float32))).flatten(1).double()
    return float((decoded[1:] - decoded[:-1]).norm(dim=1).sum())


def geodesic(
    decode: Decode, start: ArrayLike, end: ArrayLike, points: int = 32
) -> NDArray[np.float32]:
    """The shortest decoded curve between two latents that is found from the straight line.

    Minimises the energy Σ‖dec(zᵢ₊₁) − dec(zᵢ)‖², whose minimum is a curve of least length with
    even steps, over the points between the ends, with L-BFGS. A local minimum: where the straight
    line lies on one side of a hole, so does this curve. Never longer than the straight line.

    Args:
        decode: Maps latents (B, D) to scaled samples (B, …), differentiable.
        start: First point, (D,).
        end: Last point, (D,).
        points: How many points the curve has, with its ends.

    Returns:
        (points, D), the first row `start` and the last `end`.

    Raises:
        ValueError: If there are fewer than two points, or the decoder has no derivative.
    """
    if points < 2:
        raise ValueError(f"a curve needs at least two points, got {points}")
    relaxed: NDArray[np.float32] | None = None
    for relaxed in relaxing(decode, start, end, points):  # noqa: B007
        pass
    assert relaxed is not None
    return relaxed


def relaxing(
    decode: Decode, start: ArrayLike, end: ArrayLike, points: int, settled: float = SETTLED
) -> Iterator[NDArray[np.float32]]:
    """The curve of `geodesic` on its way, slice by slice: first straight, the last one is it.

    It stops when a step wins less than the share `settled` of the energy.
    """
    ends = np.array([start, end], np.float64)
    share = np.linspace(0, 1, points)[:, np.newaxis]
    straight: NDArray[np.float32] = (ends[0] + share * (ends[1] - ends[0])).astype(np.float32)
    yield straight
    if points == 2 or not np.any(ends[0] != ends[1]):
        return
    check_smooth(decode, straight[:1])
    found = straight
    for found in _relaxing(decode, torch.from_numpy(straight.copy()), settled):
        yield found
    better = np.isfinite(found).all() and curve_length(decode, found) < curve_length(
        decode, straight
    )
    yield found if better else straight


def check_smooth(decode: Decode, z: NDArray[np.float32]) -> None:
    """Refuse a decoder that goes in jumps, as one of codes does, by decoding a latent (1, D).

    Raises:
        ValueError: A sentence that says what can be done instead.
    """
    with torch.enable_grad():
        place = torch.from_numpy(z.copy()).requires_grad_(True)
        decoded = decode(place)
        is_smooth = decoded.requires_grad and (
            torch.autograd.grad(decoded.sum(), place, allow_unused=True)[0] is not None
        )
    if not is_smooth:
        raise ValueError(
            "the decoder of this model goes in jumps, from code to code, so that it has no "
            "shortest curve: straight and density go through its latents"
        )


def _relaxing(decode: Decode, curve: Tensor, settled: float) -> Iterator[NDArray[np.float32]]:
    """The curve while its inner points move to where the energy is least."""
    first, last = curve[:1], curve[-1:]
    inner = curve[1:-1].clone().requires_grad_(True)
    optimiser = torch.optim.LBFGS(
        [inner], max_iter=1, max_eval=SEARCHED, line_search_fn="strong_wolfe",
        tolerance_grad=1e-9, tolerance_change=1e-12, history_size=20,
    )  # fmt: skip

    def energy() -> Tensor:
        optimiser.zero_grad()
        decoded = decode(torch.cat([first, inner, last])).flatten(1)
        total = (decoded[1:] - decoded[:-1]).square().sum() * (len(curve) - 1)
        total.backward()  # type: ignore[no-untyped-call]
        return total

    before = math.inf
    for _ in range(STEPS):
        stood = inner.detach().clone()
        with torch.enable_grad():
            total = float(optimiser.step(energy).detach())  # type: ignore[no-untyped-call]
        moved = torch.cat([first, inner.detach(), last])
        yield cast("NDArray[np.float32]", moved.numpy())
        # `total` is what it was before this step
        if torch.equal(stood, inner) or not before - total > settled * total:
            return
        before = total
