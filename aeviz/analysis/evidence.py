"""The evidence: ELBO and its split, the importance-weighted bound, KL divergence, active units.

All of it in nats per sample, as means over samples with the standard error of that mean.
"""

import math
from typing import NamedTuple
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from aeviz.analysis.measures import Case, Measured, NotApplicable, register_measure
from aeviz.models.base import Invertible, Likelihood, Posterior, Prior
from aeviz.models.layers import kl_to_standard_normal, sample_normal
from aeviz.models.likelihoods import log_normal, log_standard_normal
from aeviz.models.mmd import mmd

ELBO_DRAWS = 16
"""Draws of z per sample for the ELBO."""

IWAE_DRAWS = 500
"""Draws of z per sample for the importance-weighted bound."""

MOST_AGGREGATED = 8192
"""Samples at most whose posteriors are taken together: the work grows with their square."""

MOST_COMPARED = 4096
"""Latents at most that are compared with draws from the prior."""

ACTIVE = 0.01
"""Variance of the posterior mean over the samples above which a latent dimension is active."""


# ── per sample ────────────────────────────────────────────────────────────────────────────────


class Evidence(NamedTuple):
    """Of each of some samples, in nats, (B,).

    Attributes:
        log_likelihood: Mean of log p(x|z) over draws of z.
        kl: KL(q(z|x) ‖ p(z)): in closed form for a standard normal prior, else over the same draws.
        bound: log of the mean of p(x|z) p(z) / q(z|x) over the draws: the importance-weighted bound
            for as many draws as there were.
    """

    log_likelihood: Tensor
    kl: Tensor
    bound: Tensor


def posteriors(case: Case) -> tuple[Tensor, Tensor]:
    """`mu` and `log_var` of all samples, (N, D) each.

    Raises:
        NotApplicable: If the model has no Gaussian posterior.
    """
    model = case.model
    if not isinstance(model, Posterior):
        raise NotApplicable("it needs a Gaussian posterior q(z|x), and this model has none")
    found = [model.posterior(case.x[rows], case.told(rows)) for rows in case.slices()]
    return torch.cat([mu for mu, _ in found]), torch.cat([log_var for _, log_var in found])


def evidence(
    case: Case, rows: slice, draws: int, generator: torch.Generator, *, standard: bool
) -> Evidence:
    """The evidence of some samples by `draws` draws of z for each.

    Args:
        case: The samples; `check` says whether the model has what is needed.
        rows: Which of them.
        draws: Draws K for each.
        generator: Source of the draws.
        standard: Whether the prior is the standard normal; see `has_standard_prior`.
    """
    model, x, told = case.model, case.x[rows], case.told(rows)
    assert isinstance(model, Posterior)
    assert isinstance(model, Prior)
    assert isinstance(model, Likelihood)
    mu, log_var = model.posterior(x, told)
    mus, log_vars = mu.repeat_interleave(draws, dim=0), log_var.repeat_interleave(draws, dim=0)
    z = sample_normal(mus, log_vars, generator)
    xs = x.repeat_interleave(draws, dim=0)
    tolds = None if told is None else told.repeat_interleave(draws, dim=0)
    likelihood = model.log_likelihood(xs, z, tolds).view(-1, draws)  # (B, K)
    log_ratio = (log_normal(z, mus, log_vars).sum(dim=1) - model.log_prior(z)).view(-1, draws)
    return Evidence(
        likelihood.mean(dim=1),
        kl_to_standard_normal(mu, log_var) if standard else log_ratio.mean(dim=1),
        torch.logsumexp(likelihood - log_ratio, dim=1) - math.log(draws),
    )


def check(case: Case) -> None:
    """Raise NotApplicable unless the model has a posterior, a prior and a likelihood."""
    model = case.model
    if not isinstance(model, Posterior):
        raise NotApplicable("it needs a Gaussian posterior q(z|x), and this model has none")
    if not isinstance(model, Prior) or not isinstance(model, Likelihood):
        raise NotApplicable("it needs a prior p(z) and a likelihood p(x|z) of the model")
    try:
        told = case.told(slice(1))
        model.log_likelihood(case.x[:1], model.posterior(case.x[:1], told)[0], told)
    except ValueError as error:
        raise NotApplicable(str(error)) from error


def has_standard_prior(case: Case) -> bool:
    """Whether the model's prior is the standard normal, found by comparing both at some points."""
    model = case.model
    if not isinstance(model, Prior):
        return False
    z = 1.5 * torch.randn(16, model.latent_dim, generator=torch.Generator().manual_seed(0))
    z = z.to(case.x.dtype)
    return torch.allclose(model.log_prior(z), log_standard_normal(z), rtol=1e-5, atol=1e-5)


def all_evidence(case: Case, draws: int) -> Evidence:
    """The evidence of all samples, (N,) each.

    Raises:
        NotApplicable: If the model has no posterior, prior or likelihood.
    """
    check(case)
    standard, generator = has_standard_prior(case), case.generator()
    found = [
        evidence(case, rows, draws, generator, standard=standard) for rows in case.slices(draws)
    ]
    return Evidence(*(torch.cat(values) for values in zip(*found, strict=True)))


_ELBOS: WeakKeyDictionary[Case, Evidence] = WeakKeyDictionary()
"""What `elbo` and the measures of its split share."""


def _for_elbo(case: Case) -> Evidence:
    if case not in _ELBOS:
        _ELBOS[case] = all_evidence(case, ELBO_DRAWS)
    return _ELBOS[case]


def mean_of(values: Tensor) -> Measured:
    """Mean over samples (N,) with its standard error."""
    values = values.double()
    count = len(values)
    error = float(values.std() / math.sqrt(count)) if count > 1 else None
    return Measured(float(values.mean()), error)


# ── the bounds ────────────────────────────────────────────────────────────────────────────────


@register_measure(
    "elbo",
    title="ELBO",
    unit="nats per sample",
    definition="Evidence lower bound: mean of log p(x|z), z drawn 16 times from q(z|x), minus "
    "KL(q(z|x) ‖ p(z)); never above log p(x).",
)
def elbo(case: Case) -> Measured:
    """Reconstruction term minus KL divergence."""
    found = _for_elbo(case)
    return mean_of(found.log_likelihood - found.kl)


@register_measure(
    "elbo_reconstruction",
    title="ELBO, reconstruction term",
    unit="nats per sample",
    definition="Mean of log p(x|z), z drawn 16 times from q(z|x): the part of the ELBO that says "
    "how well samples are reconstructed.",
)
def elbo_reconstruction(case: Case) -> Measured:
    """The expected log-likelihood."""
    return mean_of(_for_elbo(case).log_likelihood)


@register_measure(
    "kl",
    title="KL divergence",
    unit="nats per sample",
    definition="KL(q(z|x) ‖ p(z)), summed over the latent dimensions: in closed form for a "
    "standard normal prior, else over 16 draws of z.",
)
def kl(case: Case) -> Measured:
    """The divergence of the posterior from the prior."""
    if has_standard_prior(case):
        return mean_of(kl_to_standard_normal(*posteriors(case)))
    mu, log_var = posteriors(case)
    if not isinstance(case.model, Prior):
        raise NotApplicable("it needs a prior p(z), and this model has none")
    mus, log_vars = mu.repeat(ELBO_DRAWS, 1), log_var.repeat(ELBO_DRAWS, 1)
    z = sample_normal(mus, log_vars, case.generator())
    ratio = log_normal(z, mus, log_vars).sum(dim=1) - case.model.log_prior(z)
    return mean_of(ratio.view(ELBO_DRAWS, -1).mean(dim=0))


@register_measure(
    "iwae",
    title="IWAE bound, k = 500",
    unit="nats per sample",
    definition="Importance-weighted bound: log of the mean of p(x|z) p(z) / q(z|x) over 500 draws "
    "of z from q(z|x); between the ELBO and log p(x), closer to it the more draws.",
)
def iwae(case: Case) -> Measured:
    """The importance-weighted bound (Burda et al., 2016, https://arxiv.org/abs/1509.00519)."""
    return mean_of(all_evidence(case, IWAE_DRAWS).bound)


@register_measure(
    "log_likelihood",
    title="Log-likelihood",
    unit="nats per sample",
    definition="Mean of log p(x) of a normalising flow, exact: the log-density of the image f(x) "
    "under the base distribution plus log |det ∂f/∂x|, a density in the units that the model sees; "
    "images with even noise of one grey step's width, as they are trained on, drawn by the seed.",
)
def log_likelihood(case: Case) -> Measured:
    """The exact evidence of a flow."""
    if not isinstance(case.model, Invertible):
        raise NotApplicable("only a normalising flow has an exact log p(x): see the IWAE bound")
    model, generator = case.model, case.generator()
    # at the grey values themselves the density of a flow may be as large as it likes
    spread = (model.dequantised(case.x[rows], generator) for rows in case.slices())
    found = [model.log_density(x) for x in spread]
    return mean_of(torch.cat([base + log_det for base, log_det in found]))


# ── the split of the divergence ───────────────────────────────────────────────────────────────


class Aggregate(NamedTuple):
    """Log densities of one draw z for each of M samples, (M,), and its latent (M, D).

    Attributes:
        own: log q(z|x) of the sample that it was drawn for.
        joint: log q(z), q(z) being the mean of the M posteriors.
        product: log Π q(z_d), each the mean of the M posteriors in that dimension.
        z: The draws.
    """

    own: Tensor
    joint: Tensor
    product: Tensor
    z: Tensor


_AGGREGATES: WeakKeyDictionary[Case, Aggregate] = WeakKeyDictionary()
"""What the parts of the divergence share."""


def aggregate(case: Case) -> Aggregate:
    """Draws of all posteriors under their mean; of at most `MOST_AGGREGATED` samples."""
    if case not in _AGGREGATES:
        generator = case.generator()
        mu, log_var = posteriors(case)
        if len(mu) > MOST_AGGREGATED:
            chosen = torch.randperm(len(mu), generator=generator)[:MOST_AGGREGATED]
            mu, log_var = mu[chosen], log_var[chosen]
        z = sample_normal(mu, log_var, generator)
        _AGGREGATES[case] = Aggregate(
            log_normal(z, mu, log_var).sum(dim=1), *log_mixture(z, mu, log_var), z
        )
    return _AGGREGATES[case]


def log_mixture(z: Tensor, mu: Tensor, log_var: Tensor) -> tuple[Tensor, Tensor]:
    """Log q(z) and log Π q(z_d) at z (B, D), q being the mean of M posteriors; (B,) each."""
    count, dimensions = mu.shape
    joint, product = [], []
    for part in torch.split(z, max(1, 2**22 // (count * dimensions))):
        each = log_normal(part[:, None], mu, log_var)  # (b, M, D)
        joint.append(torch.logsumexp(each.sum(dim=2), dim=1) - math.log(count))
        marginals = torch.logsumexp(each, dim=1) - math.log(count)  # (b, D)
        product.append(marginals.sum(dim=1))
    return torch.cat(joint), torch.cat(product)


TOGETHER = "q(z) is the mean of the samples' posteriors, of 8,192 at most, drawn by the seed"


@register_measure(
    "mutual_information",
    title="Mutual information",
    unit="nats per sample",
    definition="How much a latent says of its sample: mean of log q(z|x) − log q(z); "
    f"{TOGETHER}; never above the logarithm of their number.",
)
def mutual_information(case: Case) -> Measured:
    """The part of the divergence that carries information."""
    found = aggregate(case)
    return mean_of(found.own - found.joint)


@register_measure(
    "total_correlation",
    title="Total correlation",
    unit="nats per sample",
    definition="How far latent dimensions are from independent: mean of log q(z) − Σ log q(z_d); "
    f"{TOGETHER}.",
)
def total_correlation(case: Case) -> Measured:
    """The part of the divergence that lies in the dependence of dimensions."""
    found = aggregate(case)
    return mean_of(found.joint - found.product)


@register_measure(
    "dimension_kl",
    title="Dimension-wise KL",
    unit="nats per sample",
    definition="How far the latent dimensions, each by itself, are from the standard normal: mean "
    f"of Σ log q(z_d) − log p(z); {TOGETHER}.",
)
def dimension_kl(case: Case) -> Measured:
    """The part of the divergence that lies in the dimensions by themselves."""
    found = aggregate(case)
    if not has_standard_prior(case):
        raise NotApplicable("it needs the standard normal prior, which is a product of dimensions")
    return mean_of(found.product - log_standard_normal(found.z))


# ── latents ───────────────────────────────────────────────────────────────────────────────────


@register_measure(
    "active_units",
    title="Active latent dimensions",
    unit="dimensions",
    definition="Number of latent dimensions whose posterior mean has a variance above 0.01 over "
    "the samples.",
)
def active_units(case: Case) -> Measured:
    """Burda et al., 2016, https://arxiv.org/abs/1509.00519."""
    mu, _ = posteriors(case)
    return Measured(float((mu.var(dim=0, unbiased=False) > ACTIVE).sum()))


@register_measure(
    "reconstruction_mse",
    title="Reconstruction error",
    unit="mean square per feature",
    definition="Mean over samples and features of (decode(encode(x)) − x)²: images in [0, 1], "
    "tables in standard deviations, counts as they are.",
)
def reconstruction_mse(case: Case) -> Measured:
    """The mean squared error of reconstructions."""
    errors = []
    for rows in case.slices():
        x, told = case.x[rows], case.told(rows)
        difference = case.model.decode(case.model.encode(x, told), told) - x
        errors.append(difference.flatten(1).square().mean(dim=1))
    return mean_of(torch.cat(errors))


@register_measure(
    "mmd_prior",
    title="MMD to the prior",
    unit="kernel units",
    definition="Squared maximum mean discrepancy, unbiased, between latents (drawn from q(z|x) "
    "where there is one) and as many draws from the prior, 4,096 at most, with the kernel "
    "2D / (2D + ‖a − b‖²); 0 for equal distributions.",
)
def mmd_prior(case: Case) -> Measured:
    """How far all latents together are from the prior."""
    model, generator = case.model, case.generator()
    if not isinstance(model, Prior):
        raise NotApplicable("it needs a prior p(z), and this model has none")
    if len(case) < 2:
        raise NotApplicable("it needs two samples at least")
    if isinstance(model, Posterior):
        z = sample_normal(*posteriors(case), generator)
    else:
        z = torch.from_numpy(case.latents).to(case.x.dtype)
    if len(z) > MOST_COMPARED:
        z = z[torch.randperm(len(z), generator=generator)[:MOST_COMPARED]]
    return Measured(float(mmd(z, model.draw_prior(len(z), generator).to(z.dtype))))
