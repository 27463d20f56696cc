"""The codebook of a quantised latent: nearest codes, how they learn, how many are in use."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import torch
from torch import Tensor, distributed, nn
from torch.nn import functional

NEVER = 2**31
"""Steps after which a code is set anew when it never is; beyond every training."""

START = 1.0
"""Weight of a code that was just set: that of one vector in every batch."""


class Quantised(NamedTuple):
    """What a quantiser makes of vectors (P, d).

    Attributes:
        codes: Number of the nearest code of each, int64 (P,).
        vectors: These codes, (P, d); their gradient goes straight through to the vectors.
        commitment: ‖z − sg(e)‖², summed over vectors and dimensions, a scalar.
        codebook: ‖sg(z) − e‖², summed likewise; it moves the codes where they learn by gradient.
    """

    codes: Tensor
    vectors: Tensor
    commitment: Tensor
    codebook: Tensor


class Quantiser(nn.Module):
    """K codes with d numbers each.

    With a `decay` a code is a moving average of the vectors that chose it, else it is a parameter
    that follows a loss. A code that no vector has chosen for `dead_after` training steps is set to
    a random vector of the batch. Before the first step all are: they begin where the data are.

    Under data-parallel training every rank sums over all ranks, and takes the first rank's vectors
    where codes are set anew: the codebooks stay equal to the bit.

    Args:
        codes: K.
        dimensions: d.
        decay: γ of the moving average; None for a codebook that learns by gradient.
        dead_after: In training steps; 0 for never (but before the first step).

    Attributes:
        codes: The codebook (K, d), a parameter or a buffer.
        idle: Steps since each code was chosen, int64 (K,).
        count: Moving average of how many vectors chose each code in a step, (K,).
        total: Moving average of their sum, (K, d).

    References:
        | Neural Discrete Representation Learning (van den Oord et al., 2017), appendix A.1
        | https://arxiv.org/abs/1711.00937
    """

    codes: Tensor
    idle: Tensor
    count: Tensor
    total: Tensor

    def __init__(
        self, codes: int, dimensions: int, *, decay: float | None, dead_after: int
    ) -> None:
        super().__init__()
        self.decay = decay
        self.limit = dead_after or NEVER
        start = torch.randn(codes, dimensions)
        self.register_buffer("idle", torch.full((codes,), self.limit))
        if decay is None:
            self.codes = nn.Parameter(start)
            return
        self.register_buffer("codes", start)
        self.register_buffer("count", torch.full((codes,), START))
        self.register_buffer("total", START * start)

    @torch.no_grad()
    def nearest(self, vectors: Tensor) -> Tensor:
        """Number of the nearest code of each vector: (P, d) to int64 (P,)."""
        # ‖z − e‖² without ‖z‖², which is the same for all codes
        distance = torch.addmm(self.codes.square().sum(dim=1), vectors, self.codes.T, alpha=-2.0)
        return distance.argmin(dim=1)

    @torch.no_grad()
    def found(self, vectors: Tensor) -> Tensor:
        """As `nearest`, but slower and without rounding: a code always finds itself."""
        exact = "donot_use_mm_for_euclid_dist"
        return torch.cdist(vectors, self.codes, compute_mode=exact).argmin(dim=1)

    def look_up(self, codes: Tensor) -> Tensor:
        """The codes of these numbers: int64 (…,) to (…, d)."""
        return functional.embedding(codes, self.codes)

    def forward(self, vectors: Tensor, generator: torch.Generator | None) -> Quantised:
        """Quantise vectors (P, d); in training the codes in use follow them, dead ones move."""
        with full_precision(vectors.device):
            return self._quantise(vectors.float(), generator)

    def _quantise(self, vectors: Tensor, generator: torch.Generator | None) -> Quantised:
        if self.training:
            self._revive(vectors.detach(), generator)
        codes = self.nearest(vectors)
        chosen = self.look_up(codes)
        quantised = Quantised(
            codes=codes,
            vectors=straight_through(vectors, chosen.detach()),
            commitment=functional.mse_loss(vectors, chosen.detach(), reduction="sum"),
            codebook=functional.mse_loss(chosen, vectors.detach(), reduction="sum"),
        )
        if self.training:
            self._follow(vectors.detach(), codes)
        return quantised

    @torch.no_grad()
    def _revive(self, vectors: Tensor, generator: torch.Generator | None) -> None:
        """Set every dead code to a vector of the batch, each to another one while there are any."""
        order = torch.randperm(len(vectors), generator=generator, device=vectors.device)
        rows = torch.arange(len(self.codes), device=vectors.device) % len(vectors)
        fresh = of_first_rank(vectors[order[rows]])
        dead = self.idle >= self.limit
        self.codes.copy_(torch.where(dead[:, None], fresh, self.codes))
        self.idle.masked_fill_(dead, 0)
        if self.decay is not None:
            self.count.masked_fill_(dead, START)
            self.total.copy_(torch.where(dead[:, None], START * fresh, self.total))

    @torch.no_grad()
    def _follow(self, vectors: Tensor, codes: Tensor) -> None:
        """Note which codes were chosen; with a decay, move each to the mean of what chose it."""
        numbers = torch.arange(len(self.codes), device=codes.device)
        chosen = (codes[:, None] == numbers).to(vectors.dtype)  # (P, K)
        sums = summed_over_ranks(torch.cat([chosen.sum(dim=0)[:, None], chosen.T @ vectors], 1))
        counts = sums[:, 0]
        self.idle.copy_(torch.where(counts > 0, 0, self.idle + 1))
        if self.decay is None:
            return
        self.count.lerp_(counts, 1.0 - self.decay)
        self.total.lerp_(sums[:, 1:], 1.0 - self.decay)
        # one that was not chosen for very long has no mean any more: it stays where it is
        is_known = (self.count > 1e-12)[:, None]
        mean = self.total / self.count[:, None].clamp(min=1e-12)
        self.codes.copy_(torch.where(is_known, mean, self.codes))


def full_precision(device: torch.device) -> AbstractContextManager[Any]:
    """No mixed precision: moving averages of half numbers would stand still."""
    if device.type == "meta":
        return nullcontext()
    return torch.autocast(device.type, enabled=False)


def straight_through(z: Tensor, quantised: Tensor) -> Tensor:
    """The quantised values to the bit, with the gradient of `z`: dL/dz = dL/d(result)."""
    return quantised + (z - z.detach())


def usage(codes: Tensor, number: int) -> Tensor:
    """How often each of `number` codes occurs among int64 codes of any shape, float64 (number,)."""
    return torch.bincount(codes.flatten(), minlength=number).double()


def perplexity(counts: Tensor) -> float:
    """The exponential of the entropy of how often codes are chosen: K when all are equally.

    Args:
        counts: Of each code, (K,), not all 0.

    Example:
        >>> round(perplexity(torch.tensor([3.0, 3.0, 3.0, 0.0])), 6)
        3.0
    """
    shares = counts.double() / counts.sum()
    return float(torch.special.entr(shares).sum().exp())


def figures(counts: Sequence[Tensor], names: Sequence[str]) -> dict[str, float]:
    """Perplexity and share of codes in use of every level, by the names of the metrics.

    Args:
        counts: Of each code, (K,), level by level.
        names: Of the levels; "" for the only one.
    """
    found = {}
    for name, count in zip(names, counts, strict=True):
        ending = f"_{name}" if name else ""
        found[f"perplexity{ending}"] = perplexity(count)
        found[f"codes_used{ending}"] = float((count > 0).sum()) / len(count)
    return found


def summed_over_ranks(values: Tensor) -> Tensor:
    """The sum over all ranks of a data-parallel training; the values themselves without one."""
    if is_parallel():
        distributed.all_reduce(values)
    return values


def of_first_rank(values: Tensor) -> Tensor:
    """The values of rank 0 on every rank; the values themselves without data-parallel training."""
    if is_parallel():
        values = values.contiguous()
        distributed.broadcast(values, src=0)
    return values


def is_parallel() -> bool:
    """Whether several ranks train together."""
    return (
        distributed.is_available()
        and distributed.is_initialized()
        and distributed.get_world_size() > 1
    )
