"""Latents drawn from a prior, from a density of the latents, or from one sample's posterior."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, cast, get_args

import numpy as np
import torch
from torch import Tensor

from aeviz.analysis import density
from aeviz.analysis.questions import Findings, Subject, register_question
from aeviz.messages import FloatArray
from aeviz.models.base import LatentModel, Posterior, Prior

Source = Literal["prior", "gmm", "flow", "posterior"]

SOURCES: tuple[Source, ...] = get_args(Source)

MOST_COMPONENTS = 20
"""Gaussians that a mixture may have."""


def draw(
    using: Source,
    count: int,
    seed: int,
    *,
    model: LatentModel,
    latents: FloatArray,
    sample: Tensor | None = None,
    told: Tensor | None = None,
) -> FloatArray:
    """Draw latents; the same seed draws the same ones.

    Args:
        using: The model's prior; a Gaussian mixture or a flow that is fitted to the latents; or the
            posterior of one sample.
        count: How many.
        seed: Of the draws and of what is fitted.
        model: On the CPU.
        latents: Of the shown samples, (N, D).
        sample: As the model sees it, (1, …), for "posterior".
        told: Its condition, (1, …), where the model has one.

    Returns:
        Float32 (count, D).

    Raises:
        ValueError: If the model has no prior or posterior, with what can be used instead.
    """
    if using not in SOURCES:
        raise ValueError(f"there is no {using!r} to draw from; there are: {', '.join(SOURCES)}")
    if using == "posterior":
        return _from_posterior(model, count, seed, sample, told)
    if using == "prior":
        return _from_prior(model, count, seed)
    fitted: dict[str, Callable[[FloatArray, int, int], FloatArray]]
    fitted = {"gmm": _from_mixture, "flow": _from_flow}
    rows = latents[np.isfinite(latents).all(axis=1)]
    if len(rows) < 2:
        raise ValueError("a density needs at least two latents, all of them finite")
    return fitted[using](rows, count, seed)


@torch.no_grad()
def _from_prior(model: LatentModel, count: int, seed: int) -> FloatArray:
    if not isinstance(model, Prior):
        raise ValueError("this model has no prior: draw from gmm or flow, fitted to its latents")
    generator = torch.Generator().manual_seed(seed)
    return np.asarray(model.draw_prior(count, generator).float().numpy())


@torch.no_grad()
def _from_posterior(
    model: LatentModel, count: int, seed: int, sample: Tensor | None, told: Tensor | None
) -> FloatArray:
    """Draws z = μ + σ·ε with ε ~ N(0, I)."""
    if not isinstance(model, Posterior):
        raise ValueError(
            "this model is deterministic: it has one latent for a sample, no posterior"
        )
    if sample is None:
        raise ValueError("a posterior is that of a sample: say of which one")
    mu, log_var = model.posterior(sample, told)
    noise = torch.randn(count, mu.shape[1], generator=torch.Generator().manual_seed(seed))
    return np.asarray((mu + (log_var / 2).exp() * noise).float().numpy())


def mixture_of(latents: FloatArray, seed: int) -> Any:
    """A Gaussian mixture of scikit-learn, fitted to latents (N, D)."""
    from sklearn.mixture import GaussianMixture

    # At most one for ten latents: a Gaussian around a single latent would draw that one again.
    components = max(1, min(MOST_COMPONENTS, len(latents) // 10))
    mixture = GaussianMixture(components, random_state=seed % 2**32)
    return mixture.fit(latents.astype(np.float64))


def _from_mixture(latents: FloatArray, count: int, seed: int) -> FloatArray:
    drawn, _ = mixture_of(latents, seed).sample(count)
    order = np.random.default_rng(seed).permutation(count)  # they come component by component
    return np.asarray(drawn[order], np.float32)


def _from_flow(latents: FloatArray, count: int, seed: int) -> FloatArray:
    *_, fitted = density.fitted(latents, density.FitOptions())
    return fitted.sample(count, torch.Generator().manual_seed(seed))


MOST_DRAWN = 400
"""Draws at most that a view may ask for."""


@register_question("draws")
def draws_of_run(subject: Subject, arguments: Mapping[str, Any]) -> Iterator[Findings | None]:
    """Latents that are drawn, as `draw` draws them; a flow is fitted in slices first.

    Arguments: `using`, `count`, `seed`; `row` of the shown sample for "posterior". Arrays: `z`,
    (count, D); for "posterior" `mu`, (1, D), too. Values: `progress` in [0, 1]: there is no `z`
    before it is 1.
    """
    using, count = cast("Source", str(arguments["using"])), int(arguments["count"])
    seed, model, latents = int(arguments["seed"]), subject.model, subject.latents
    if not 1 <= count <= MOST_DRAWN:
        raise ValueError(f"{count} draws were asked for: 1 to {MOST_DRAWN} can be")
    assert model is not None
    if latents is None or not len(latents):
        raise ValueError("this run shows no samples whose latents could be drawn from")
    if using == "flow" and latents.shape[1] > 1:
        yield from _draws_of_flow(latents, count, seed)
        return
    sample, told = None, None
    if using == "posterior":
        rows = np.array([int(arguments["row"])])
        if subject.samples is None or not 0 <= rows[0] < subject.kept:
            raise ValueError("this run does not keep that sample: choose another one")
        sample = torch.from_numpy(subject.samples(rows))
        told = None if subject.told is None else subject.told(rows)
    z = draw(using, count, seed, model=model, latents=latents, sample=sample, told=told)
    arrays = {"z": z}
    if sample is not None and isinstance(cast("object", model), Posterior):
        with torch.no_grad():
            arrays["mu"] = cast("Posterior", model).posterior(sample, told)[0].float().numpy()
    yield Findings(arrays, {"progress": 1.0})


def _draws_of_flow(latents: FloatArray, count: int, seed: int) -> Iterator[Findings | None]:
    """Draws of the flow that the density over the map shows too: it is fitted once."""
    options, shown = density.FitOptions(), time.perf_counter()
    for fitted in density.fitted(latents, options):
        if fitted.step < options.steps:
            is_due = time.perf_counter() - shown > density.SHOW_EVERY
            shown = time.perf_counter() if is_due else shown
            yield Findings({}, {"progress": fitted.step / options.steps}) if is_due else None
            continue
        z = fitted.sample(count, torch.Generator().manual_seed(seed))
        yield Findings({"z": z}, {"progress": 1.0})
        return
