"""The density of a model's latents: a flow fitted to them, in slices, on the CPU."""

import math
import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from zuko.flows import Flow

from aeviz import geometry
from aeviz.analysis.fits import Fits, mark_of
from aeviz.analysis.flow_stages import integral
from aeviz.analysis.questions import Findings, Subject, register_question
from aeviz.messages import FloatArray
from aeviz.models import flows
from aeviz.models.flows import FlowKind

SIDE = 128
"""Rows and columns of a density over the map."""

ROWS = 4096
"""Latents whose density is computed at a time."""

SLICE = 1024
"""Places of the map whose density is computed in a slice of a question."""

SHOW_EVERY = 0.4
"""Seconds between two looks at a fit that is under way."""

KEPT = 4
"""Fits that are remembered: asking for another region costs no second fit."""


@dataclass(frozen=True)
class FitOptions:
    """How a flow is fitted to latents.

    Attributes:
        kind: Of the flow.
        transforms: Number of transforms.
        widths: Hidden layers of their networks.
        bins: Pieces of a spline.
        steps: Optimiser steps; the learning rate falls to nothing over them.
        batch_size: Latents per step.
        lr: Learning rate at the start.
        seed: Of weights and batches.
        noise: Standard deviation of Gaussian noise on every batch, as a share of N^(−1/(D+4)) of
            the latents' own: without it a flow puts peaks on single latents where they are few.
            | Noise regularization for conditional density estimation (Rothfuss et al., 2019),
            | https://arxiv.org/abs/1907.08982
    """

    kind: FlowKind = "spline"
    transforms: int = 3
    widths: tuple[int, ...] = (64, 64)
    bins: int = 12
    steps: int = 1200
    batch_size: int = 256
    lr: float = 5e-3
    seed: int = 0
    noise: float = 0.25


class LatentDensity:
    """A flow on standardised latents.

    Attributes:
        shift: Mean of the latents, (D,).
        scale: Their standard deviations, (D,).
        step: Optimiser steps that it has behind it.
    """

    def __init__(self, flow: Flow, latents: Tensor) -> None:
        self.flow = flow
        self.shift = latents.mean(dim=0)
        spread = latents.std(dim=0, correction=0)
        self.scale = torch.where(spread > 1e-6, spread, torch.ones_like(spread))
        self.step = 0

    @torch.no_grad()
    def log_density(self, z: NDArray[np.floating]) -> FloatArray:
        """Log density of latents (N, D) in nats, in their own units, (N,)."""
        own = (torch.from_numpy(np.array(z, np.float32)) - self.shift) / self.scale
        parts = [flows.log_prob(self.flow, part) for part in torch.split(own, ROWS)]
        return cast("FloatArray", (torch.cat(parts) - self.scale.log().sum()).numpy())

    @torch.no_grad()
    def sample(self, count: int, generator: torch.Generator) -> FloatArray:
        """Draws from the density, (count, D)."""
        drawn = flows.sample(self.flow, count, generator) * self.scale + self.shift
        return cast("FloatArray", drawn.numpy())


def fit(
    latents: NDArray[np.floating], options: FitOptions | None = None
) -> Generator[LatentDensity, None, LatentDensity]:
    """Fit a flow to latents.

    Leaves the global generator alone: it may run beside a training.

    Args:
        latents: Finite, (N, D).
        options: How.

    Yields:
        The density as it stands, after every optimiser step.

    Returns:
        The fitted density.

    Raises:
        ValueError: If there are fewer than two latents, or one is not finite.
    """
    options = options or FitOptions()
    rows = torch.from_numpy(np.array(latents, np.float32))
    if len(rows) < 2 or not bool(torch.isfinite(rows).all()):
        raise ValueError("a density needs at least two latents, all of them finite")
    generator = torch.Generator().manual_seed(options.seed)
    flow = flows.build_flow(
        options.kind,
        rows.shape[1],
        transforms=options.transforms,
        widths=options.widths,
        bins=options.bins,
        generator=generator,
    )
    density = LatentDensity(flow, rows)
    own = (rows - density.shift) / density.scale
    noise = options.noise * len(rows) ** (-1 / (rows.shape[1] + 4))
    optimiser = torch.optim.Adam(flow.parameters(), options.lr)
    for step in range(options.steps):
        for group in optimiser.param_groups:
            group["lr"] = options.lr * 0.5 * (1 + math.cos(math.pi * step / options.steps))
        chosen = torch.randint(len(own), (min(options.batch_size, len(own)),), generator=generator)
        batch = own[chosen]
        batch = batch + noise * torch.randn(batch.shape, generator=generator)
        loss = -flows.log_prob(flow, batch).mean()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(flow.parameters(), 10.0)
        optimiser.step()
        density.step = step + 1
        yield density
    return density


_fits: Fits[LatentDensity, LatentDensity] = Fits(KEPT)


@register_question("latent-density")
def latent_density(subject: Subject, arguments: Mapping[str, Any]) -> Iterator[Findings | None]:
    """The density of the shown latents over a `region` of the map.

    Arguments: `region`; above two dimensions `mean` and `axes` of the map; fields of `FitOptions`
    as `options`. Arrays: `density` (128, 128) in nats, the highest row first. Values: `region`,
    `progress` in [0, 1], `counted`: to how many latents it is fitted; `mass`: the integral over the
    region where the map is the latent space itself, else NaN: a plane of a larger space holds no
    mass.
    """
    latents = subject.latents
    if latents is None or latents.shape[1] < 2:
        raise ValueError("a density over the map needs latents with at least two dimensions")
    region = cast("geometry.Region", tuple(float(end) for end in arguments["region"]))
    options = FitOptions(**arguments.get("options", {}))
    mean = np.asarray(arguments.get("mean", np.zeros(2)), np.float32)
    axes = np.asarray(arguments.get("axes", np.eye(2)), np.float32)
    if axes.shape != (latents.shape[1], 2):
        raise ValueError(f"the axes of the map must be ({latents.shape[1]}, 2), got {axes.shape}")
    z = mean + geometry.lattice(region, SIDE, SIDE).reshape(-1, 2) @ axes.T
    shown = time.perf_counter()
    for density in fitted(latents, options):
        if density.step < options.steps and time.perf_counter() - shown < SHOW_EVERY:
            yield None
            continue
        parts = []
        for start in range(0, len(z), SLICE):
            parts.append(density.log_density(z[start : start + SLICE]))
            yield None
        square = np.concatenate(parts).reshape(SIDE, SIDE)
        mass = integral(square, region) if latents.shape[1] == 2 else math.nan
        progress = density.step / max(1, options.steps)
        values = {"region": region, "progress": progress, "mass": mass, "counted": len(latents)}
        yield Findings({"density": square}, values)
        shown = time.perf_counter()


def fitted(latents: FloatArray, options: FitOptions) -> Iterator[LatentDensity]:
    """The fit of these latents on its way and as it ends, or at once where it was made before."""
    key = f"{mark_of(latents)} {asdict(options)}"
    steps = _fits.follow(key, lambda: fit(latents, options))
    while True:
        try:
            density = next(steps)
        except StopIteration as end:
            yield end.value
            return
        if density.step < options.steps:
            yield density
