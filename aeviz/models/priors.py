"""Priors p(z): a standard normal, a learned Gaussian mixture, a learned flow; KL to each."""

import math
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from aeviz.messages import Term
from aeviz.models import flows
from aeviz.models.base import Step
from aeviz.models.layers import kl_to_standard_normal
from aeviz.models.likelihoods import draw_standard_normal, log_normal, log_standard_normal

PriorName = Literal["normal", "mixture", "flow"]

PriorOption = Annotated[
    PriorName,
    Field(
        title="Prior",
        description="The distribution that all latents together should have: the standard normal, "
        "or one learned along, a mixture of Gaussians or a normalising flow",
    ),
]

Components = Annotated[
    int,
    Field(
        ge=1,
        le=1000,
        title="Components",
        description="Number of Gaussians of a mixture prior",
        json_schema_extra={"when": ["prior", "mixture"]},
    ),
]

Transforms = Annotated[
    int,
    Field(
        ge=1,
        le=32,
        title="Transforms",
        description="Number of transforms of a flow prior",
        json_schema_extra={"when": ["prior", "flow"]},
    ),
]

FLOW_WIDTHS = (64, 64)
"""Hidden layers of each transform of a flow prior."""


class StandardNormal(nn.Module):
    """N(0, I). Has no parameters."""

    def __init__(self, latent_dim: int) -> None:
        super().__init__()
        self.latent_dim = latent_dim

    def log_prob(self, z: Tensor) -> Tensor:
        """Log p(z) in nats, (B,)."""
        return log_standard_normal(z)

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Draws, (count, D)."""
        return draw_standard_normal(count, self.latent_dim, generator)


class MixturePrior(nn.Module):
    """A mixture of K Gaussians with diagonal covariance, learned along.

    The means begin on draws of the standard normal.

    References:
        | Deep Unsupervised Clustering with Gaussian Mixture VAEs (Dilokthanakul et al., 2016)
        | https://arxiv.org/abs/1611.02648
    """

    def __init__(self, latent_dim: int, components: int) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(components))
        self.means = nn.Parameter(torch.randn(components, latent_dim))
        self.log_vars = nn.Parameter(torch.zeros(components, latent_dim))

    def log_prob(self, z: Tensor) -> Tensor:
        """Log p(z) in nats, (B,)."""
        each = log_normal(z[:, None], self.means, self.log_vars).sum(dim=2)  # (B, K)
        return torch.logsumexp(each + torch.log_softmax(self.logits, dim=0), dim=1)

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Draws, (count, D)."""
        shares = torch.softmax(self.logits.detach().to(generator.device), dim=0)
        chosen = torch.multinomial(shares, count, replacement=True, generator=generator)
        means, log_vars = self.means[chosen], self.log_vars[chosen]
        noise = torch.randn(means.shape, generator=generator, device=generator.device)
        return means + torch.exp(0.5 * log_vars) * noise


class FlowPrior(nn.Module):
    """Masked autoregressive flow from z to a standard normal, learned along.

    Its density takes one pass per transform, a draw as many more as there are dimensions.

    References:
        | Variational Lossy Autoencoder (Chen et al., 2017), https://arxiv.org/abs/1611.02731
        | Masked Autoregressive Flow (Papamakarios et al., 2017), https://arxiv.org/abs/1705.07057
    """

    def __init__(self, latent_dim: int, transforms: int) -> None:
        super().__init__()
        self.flow = flows.build_flow("maf", latent_dim, transforms=transforms, widths=FLOW_WIDTHS)

    def log_prob(self, z: Tensor) -> Tensor:
        """Log p(z) in nats, (B,)."""
        return flows.log_prob(self.flow, z)

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Draws, (count, D)."""
        return flows.sample(self.flow, count, generator)


AnyPrior = StandardNormal | MixturePrior | FlowPrior


def make_prior(name: PriorName, latent_dim: int, components: int, transforms: int) -> AnyPrior:
    """The prior of that name over D dimensions."""
    if name == "mixture":
        return MixturePrior(latent_dim, components)
    if name == "flow":
        return FlowPrior(latent_dim, transforms)
    return StandardNormal(latent_dim)


def kl_divergence(prior: AnyPrior, mu: Tensor, log_var: Tensor, z: Tensor) -> Tensor:
    """KL(q ‖ p) in nats, (B,): in closed form for the standard normal, else of the one draw z.

    Args:
        prior: p(z).
        mu: Of q(z|x), (B, D).
        log_var: Of q(z|x), (B, D).
        z: A draw from q(z|x), (B, D); log q(z|x) − log p(z) has the divergence as its mean.
    """
    if isinstance(prior, StandardNormal):
        return kl_to_standard_normal(mu, log_var)
    return log_normal(z, mu, log_var).sum(dim=1) - prior.log_prob(z)


def kl_per_dimension(mu: Tensor, log_var: Tensor) -> Tensor:
    """KL of N(mu, exp(log_var)) to N(0, 1) in nats in every dimension, (B, D)."""
    return 0.5 * (mu.square() + log_var.exp() - 1.0 - log_var)


def moment_distance(mu: Tensor, log_var: Tensor) -> Tensor:
    """‖μ‖² + ‖σ − 1‖², the squared distance of (μ, σ) from (0, 1), (B,)."""
    return (mu.square() + (torch.exp(0.5 * log_var) - 1.0).square()).sum(dim=1)


def kl_term(name: PriorName, weight: str = "beta") -> Term:
    """How the KL divergence to a prior is named, drawn and explained."""
    to, how = {
        "normal": ("the standard normal prior", "in closed form, summed over the dimensions"),
        "mixture": ("the learned mixture of Gaussians", "of one draw of z"),
        "flow": ("the learned flow prior", "of one draw of z"),
    }[name]
    return Term(
        name="kl",
        title="KL divergence",
        formula="KL(q(z|x) ‖ p(z))",
        unit="nats per sample",
        definition=f"Divergence of the posterior from {to}, {how}, mean over the samples.",
        weight=weight,
    )


MOMENTS = Term(
    name="moments",
    title="Distance of (μ, σ) from (0, 1)",
    formula="(‖μ‖² + ‖σ − 1‖²)",
    unit="squared distance per sample",
    definition="Squared distance of the posterior's mean and standard deviation from 0 and 1, "
    "summed over the latent dimensions, mean over the samples: in place of the KL divergence, but "
    "not measured in nats, so that no ELBO is being raised.",
    weight="beta",
)

FREE_BITS = Term(
    name="free_bits",
    title="Free bits",
    formula="Σ max(0, λ − KL)",
    unit="nats per sample",
    definition="What is added where a dimension's divergence, averaged over the batch, is below "
    "the free λ nats: there it has no pull on the posterior any more.",
    weight="beta",
)


def free_nats(mu: Tensor, log_var: Tensor, kl: Tensor, prior: AnyPrior, free: float) -> Tensor:
    """Σ max(0, λ − KL) over dimensions of the batch's mean divergences, a scalar.

    A learned prior has no divergence of a single dimension: there it is max(0, D λ − KL).
    """
    if isinstance(prior, StandardNormal):
        return torch.relu(free - kl_per_dimension(mu, log_var).mean(dim=0)).sum()
    return torch.relu(mu.shape[1] * free - kl.mean())


def warm_up(step: Step, epochs: float, *, is_training: bool) -> float:
    """Weight in [0, 1] of a term that is raised linearly, epoch by epoch.

    Args:
        step: Where in the training; it is not asked where nothing depends on it.
        epochs: Over how many it is raised; 0 begins with the whole weight.
        is_training: Whether a training loss is asked for. A validation loss has the whole weight:
            epochs can be compared, and the best one is not the one with the smallest weight.
    """
    if not is_training or epochs <= 0:
        return 1.0
    return min(1.0, step.epoch / epochs)


def log_gaussian_mixture(z: Tensor, mu: Tensor, log_var: Tensor) -> Tensor:
    """Log q(z) in nats, (B,): the mean of the posteriors (N, D) as a density of z (B, D)."""
    each = log_normal(z[:, None], mu, log_var).sum(dim=2)
    return torch.logsumexp(each, dim=1) - math.log(len(mu))
