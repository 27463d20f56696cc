"""What a decoder's output means: the likelihood of a sample, its mean, and how they are named."""

import math
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from aeviz.messages import Term
from aeviz.models.base import DataSpec
from aeviz.models.options import OutputName

LikelihoodName = Literal["auto", "bernoulli", "gaussian", "mse", "poisson", "nb"]
Resolved = Literal["bernoulli", "gaussian", "mse", "poisson", "nb"]
VarianceName = Literal["fixed", "learned", "per-feature"]

MOST_LOG_THETA = 30.0
"""Log θ of the negative binomial at most: a variance of μ + μ² / 10¹³."""

LARGE_THETA = 10.0
"""θ from which on Stirling's series is used."""

LikelihoodOption = Annotated[
    LikelihoodName,
    Field(
        title="Likelihood",
        description="What the reconstruction term measures: bernoulli and gaussian in nats, mse "
        "the plain squared error, poisson and nb (negative binomial) for tables of counts; auto "
        "takes bernoulli for images, nb for counts, gaussian for other tables",
    ),
]

Variance = Annotated[
    VarianceName,
    Field(
        title="Variance",
        description="Whether the Gaussian's σ stays as it is, is learned once for all features, or "
        "is learned for every feature",
        json_schema_extra={"when": ["likelihood", "auto", "gaussian"]},
    ),
]

Sigma = Annotated[
    float,
    Field(
        ge=1e-4,
        le=100,
        title="Sigma",
        description="Standard deviation σ of the Gaussian likelihood, in the model's units "
        "(images [0, 1], tables standard deviations); where it is learned, what it begins with",
        json_schema_extra={"logarithmic": True, "when": ["likelihood", "auto", "gaussian"]},
    ),
]


def resolve(likelihood: LikelihoodName, data: DataSpec) -> Resolved:
    """What "auto" means for these data.

    Raises:
        ValueError: If a Bernoulli is asked for values outside [0, 1], or a likelihood of counts for
            data that are none.
    """
    if likelihood == "auto":
        if data.is_image and data.bounded:
            return "bernoulli"
        return "nb" if data.size > 0 else "gaussian"
    if likelihood == "bernoulli" and not data.bounded:
        raise ValueError(
            "model.likelihood=bernoulli needs values in [0, 1], and these data leave it: "
            "use gaussian or mse"
        )
    if likelihood in ("poisson", "nb") and data.size <= 0:
        raise ValueError(
            f"model.likelihood={likelihood} needs a table of counts, and these data are none: "
            "use gaussian or mse"
        )
    return likelihood


def is_sigmoid(output: OutputName, likelihood: Resolved) -> bool:
    """Whether decodes go through a sigmoid.

    Raises:
        ValueError: If a likelihood cannot have that output.
    """
    if likelihood in ("gaussian", "mse"):
        return output == "sigmoid"
    if likelihood == "bernoulli":
        if output == "linear":
            raise ValueError("model.output=linear cannot be a probability: use another likelihood")
        return True
    if output != "auto":
        raise ValueError(
            f"model.output={output} cannot be with model.likelihood={likelihood}: counts have a "
            "softmax, which gives every feature its share"
        )
    return False


class Observation(nn.Module):
    """The likelihood p(x|z) of a model: what it makes of the decoder's output.

    It has parameters only where it learns some: a Gaussian's σ, the negative binomial's dispersion.
    Counts have the mean share × total: the softmax of the output gives every feature its share of a
    sample's total, the library size, which is no latent information.

    Args:
        data: What is known of the samples.
        likelihood: Its name, or "auto".
        output: The output layer that was asked for.
        sigma: Of the Gaussian; what it begins with where it is learned.
        variance: Which σ are learned.

    Attributes:
        kind: What "auto" was resolved to.
        bounded: Whether every mean lies in [0, 1].

    Raises:
        ValueError: If the parts do not go together; the message names the option.

    References:
        | Deep generative modeling for single-cell transcriptomics (Lopez et al., 2018), on counts
        | https://doi.org/10.1038/s41592-018-0229-2
        | Simple and Effective VAE Training with Calibrated Decoders (Rybkin et al., 2021), on σ
        | https://arxiv.org/abs/2006.13202
    """

    def __init__(
        self,
        data: DataSpec,
        likelihood: LikelihoodName = "auto",
        output: OutputName = "auto",
        sigma: float = 0.5,
        variance: VarianceName = "fixed",
    ) -> None:
        super().__init__()
        self.kind = resolve(likelihood, data)
        self.bounded = is_sigmoid(output, self.kind)
        self.sigma = sigma
        self.variance = variance if self.kind == "gaussian" else "fixed"
        self.size = data.size
        self.log_sigma: nn.Parameter | None = None
        self.log_theta: nn.Parameter | None = None
        if self.variance != "fixed":
            shape = data.shape if variance == "per-feature" else ()
            self.log_sigma = nn.Parameter(torch.full(shape, math.log(sigma)))
        if self.kind == "nb":
            self.log_theta = nn.Parameter(torch.zeros(data.shape))

    @property
    def is_counts(self) -> bool:
        """Whether samples are counts."""
        return self.kind in ("poisson", "nb")

    def seen(self, x: Tensor) -> Tensor:
        """What the encoder is given of samples (B, …): of counts log(1 + x)."""
        return torch.log1p(x) if self.is_counts else x

    def mean(self, output: Tensor) -> Tensor:
        """The mean of p(x|z), (B, …); of counts that of a sample with the median library size."""
        if self.is_counts:
            return torch.softmax(output, dim=1) * self.size
        return torch.sigmoid(output) if self.bounded else output

    def distance(self, x: Tensor, output: Tensor) -> Tensor:
        """The reconstruction term summed over features and batch, a scalar.

        Args:
            x: Scaled samples (B, …).
            output: What the decoder gives, (B, …).
        """
        if self.kind == "bernoulli":
            return functional.binary_cross_entropy_with_logits(output, x, reduction="sum")
        if self.log_sigma is None and not self.is_counts:
            squares = functional.mse_loss(self.mean(output), x, reduction="sum")
            if self.kind == "mse":
                return squares
            return squares / (2.0 * self.sigma**2) + x.numel() * gaussian_constant(self.sigma)
        return self._nats(x, output).sum()

    def log_prob(self, x: Tensor, output: Tensor) -> Tensor:
        """Log p(x|z) in nats, summed over features, (B,); arguments as `distance`.

        Raises:
            ValueError: For "mse", which is no likelihood: its constant is left out.
        """
        if self.kind == "mse":
            raise ValueError("model.likelihood=mse states no likelihood: train with gaussian")
        return -self._nats(x, output).flatten(1).sum(dim=1)

    def _nats(self, x: Tensor, output: Tensor) -> Tensor:
        """Minus log p of every value, (B, …)."""
        if self.kind == "bernoulli":
            return functional.binary_cross_entropy_with_logits(output, x, reduction="none")
        if self.is_counts:
            return self._count_nats(x, output)
        squares = (x - self.mean(output)).square()
        if self.log_sigma is None:
            return squares / (2.0 * self.sigma**2) + gaussian_constant(self.sigma)
        log_sigma = self.log_sigma
        return 0.5 * squares * torch.exp(-2.0 * log_sigma) + log_sigma + gaussian_constant(1.0)

    def _count_nats(self, x: Tensor, output: Tensor) -> Tensor:
        # a sample without a single count has a mean next to zero, not the logarithm of zero
        total = x.sum(dim=1, keepdim=True).clamp(min=1e-3)
        log_mean = torch.log_softmax(output, dim=1) + total.log()
        if self.log_theta is None:
            return log_mean.exp() - x * log_mean + torch.lgamma(x + 1.0)
        # beyond it counts of any size are Poisson's, and θ itself would end as infinity
        log_theta = self.log_theta.clamp(max=MOST_LOG_THETA)
        theta, apart = log_theta.exp(), log_mean - log_theta
        # −log θ / (θ + μ) and −log μ / (θ + μ), without the difference of two large numbers
        none, one = (torch.logaddexp(each, torch.zeros_like(each)) for each in (apart, -apart))
        return torch.lgamma(x + 1.0) - log_rising(theta, x) + theta * none + x * one

    @property
    def term(self) -> Term:
        """How the reconstruction term is named, drawn and explained."""
        formula, what = {
            "bernoulli": ("−log p(x|z)", "Cross-entropy of sample and decoded probability"),
            "gaussian": self._gaussian_words(),
            "mse": ("‖x − x̂‖²", "Squared difference of sample and decode, without ½"),
            "poisson": (
                "−log Poisson(x; ℓ s)",
                "Negative Poisson log-likelihood of the counts, their mean being the decoded share "
                "s of the sample's own total ℓ",
            ),
            "nb": (
                "−log NB(x; ℓ s, θ)",
                "Negative log-likelihood of the counts under a negative binomial whose mean is the "
                "decoded share s of the sample's own total ℓ, with a learned inverse dispersion θ "
                "for every feature",
            ),
        }[self.kind]
        if self.kind == "mse":
            unit, drawn = "squared error per sample", "a Gaussian with σ² = ½ without its constant"
        else:
            unit, drawn = "nats per sample", "z drawn from q(z|x)"
        definition = f"{what}, summed over the features, mean over the samples, {drawn}."
        return Term("reconstruction", "Reconstruction", formula, unit, definition)

    def _gaussian_words(self) -> tuple[str, str]:
        which = {
            "fixed": f"σ = {self.sigma:g}",
            "learned": "one learned σ",
            "per-feature": "a learned σ for every feature",
        }[self.variance]
        return (
            "−log N(x; x̂, σ²)",
            f"Negative Gaussian log-likelihood with {which} and its constants",
        )


def log_rising(theta: Tensor, x: Tensor) -> Tensor:
    """Log Γ(θ + x) − log Γ(θ) in nats of counts x, also where θ is so large that both are equal.

    From `LARGE_THETA` on it is the difference of Stirling's series taken term by term; there the
    first term that is left out is below 1e-10.

    References:
        NIST Digital Library of Mathematical Functions, 5.11.1, https://dlmf.nist.gov/5.11
    """
    # each formula is given what it can take: the gradient of the other one is zero, not NaN
    small, large = theta.clamp(max=LARGE_THETA), theta.clamp(min=LARGE_THETA)
    plain = torch.lgamma(small + x) - torch.lgamma(small)
    leading = (large + x - 0.5) * torch.log1p(x / large) + x * (large.log() - 1.0)
    series = leading + _stirling_tail(large + x) - _stirling_tail(large)
    return torch.where(theta < LARGE_THETA, plain, series)


def _stirling_tail(t: Tensor) -> Tensor:
    inverse = 1.0 / t
    square = inverse.square()
    return inverse * (1 / 12 - square * (1 / 360 - square / 1260))


def gaussian_constant(sigma: float) -> float:
    """½ log 2πσ², in nats per feature."""
    return math.log(sigma) + 0.5 * math.log(2.0 * math.pi)


def log_standard_normal(z: Tensor) -> Tensor:
    """Log N(z; 0, I) in nats, (B,)."""
    return -(0.5 * z.square() + gaussian_constant(1.0)).sum(dim=1)


def log_normal(z: Tensor, mu: Tensor, log_var: Tensor) -> Tensor:
    """Log N(z; mu, exp(log_var)) of every dimension in nats, in the broadcast shape."""
    return -0.5 * ((z - mu).square() * torch.exp(-log_var) + log_var) - gaussian_constant(1.0)


def draw_standard_normal(count: int, dimensions: int, generator: torch.Generator) -> Tensor:
    """Draws from N(0, I) on the generator's device, (count, dimensions)."""
    return torch.randn(count, dimensions, generator=generator, device=generator.device)
