"""Maximum mean discrepancy: how far two sets of points are from one distribution."""

from typing import Literal

import torch
from torch import Tensor

KernelName = Literal["imq", "rbf"]
EstimateName = Literal["unbiased", "biased"]
ScalesName = Literal["one", "several"]

SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Multiples of a squared width whose kernels are averaged where several are asked for."""


def mmd(
    x: Tensor,
    y: Tensor,
    *,
    kernel: KernelName = "imq",
    bandwidth: float = 1.0,
    scales: ScalesName = "one",
    estimate: EstimateName = "unbiased",
) -> Tensor:
    """Squared maximum mean discrepancy of two samples, a scalar.

    Args:
        x: Points (N, D), at least two for the unbiased estimate.
        y: Points (M, D).
        kernel: "rbf" is exp(−‖a − b‖² / C), "imq" C / (C + ‖a − b‖²), both 1 at a = b.
        bandwidth: h in C = 2 D h²: at 1 it is the mean squared distance of standard normal points.
        scales: Whether kernels of several widths are averaged.
        estimate: "biased" is a squared distance of means, never negative, and too large on average;
            "unbiased" leaves out pairs of a point with itself, and is zero on average for two
            samples of one distribution. A set of one point has only the biased one.

    References:
        | A Kernel Two-Sample Test (Gretton et al., 2012), https://jmlr.org/papers/v13/gretton12a.html
        | Wasserstein Auto-Encoders (Tolstikhin et al., 2018), https://arxiv.org/abs/1711.01558
    """
    width = 2.0 * x.shape[1] * bandwidth**2
    inner = [_mean(_kernel(each, each, kernel, width, scales), estimate) for each in (x, y)]
    between = _kernel(x, y, kernel, width, scales).mean()
    return inner[0] + inner[1] - 2.0 * between


def _kernel(x: Tensor, y: Tensor, kernel: KernelName, width: float, scales: ScalesName) -> Tensor:
    """The kernel of every pair, (N, M)."""
    squares = squared_distances(x, y)
    found = [
        torch.exp(-squares / (width * scale))
        if kernel == "rbf"
        else width * scale / (width * scale + squares)
        for scale in (SCALES if scales == "several" else (1.0,))
    ]
    return torch.stack(found).mean(dim=0) if len(found) > 1 else found[0]


def _mean(kernel: Tensor, estimate: EstimateName) -> Tensor:
    """Mean over pairs (N, N); the unbiased one without the diagonal, which is 1."""
    count = len(kernel)
    if estimate == "biased" or count < 2:
        return kernel.mean()
    return (kernel.sum() - kernel.diagonal().sum()) / (count * (count - 1))


def squared_distances(x: Tensor, y: Tensor) -> Tensor:
    """‖x − y‖² of every pair, (N, M); differentiable also where two points coincide."""
    lengths = x.square().sum(dim=1)[:, None] + y.square().sum(dim=1)[None]
    return (lengths - 2.0 * x @ y.T).clamp(min=0.0)
