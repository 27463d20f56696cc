"""How far a decode is from a sample: squared error, Gaussian and Bernoulli likelihood."""

import math
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from aeviz.messages import Term
from aeviz.models.base import DataSpec
from aeviz.models.options import OutputName

LikelihoodName = Literal["auto", "bernoulli", "gaussian", "mse"]
Resolved = Literal["bernoulli", "gaussian", "mse"]

LikelihoodOption = Annotated[
    LikelihoodName,
    Field(
        title="Likelihood",
        description="What the reconstruction term measures: bernoulli and gaussian in nats, mse "
        "the plain squared error; auto takes bernoulli for images and gaussian for tables",
    ),
]

Sigma = Annotated[
    float,
    Field(
        ge=1e-4,
        le=100,
        title="Sigma",
        description="Standard deviation σ of the Gaussian likelihood, in the model's units "
        "(images [0, 1], tables standard deviations)",
        json_schema_extra={"logarithmic": True},
    ),
]


def resolve(likelihood: LikelihoodName, data: DataSpec) -> Resolved:
    """What "auto" means for these data.

    Raises:
        ValueError: If a Bernoulli is asked for values outside [0, 1].
    """
    if likelihood == "auto":
        return "bernoulli" if data.is_image and data.bounded else "gaussian"
    if likelihood == "bernoulli" and not data.bounded:
        raise ValueError(
            "model.likelihood=bernoulli needs values in [0, 1], and these data leave it: "
            "use gaussian or mse"
        )
    return likelihood


def is_sigmoid(output: OutputName, likelihood: Resolved) -> bool:
    """Whether decodes go through a sigmoid.

    Raises:
        ValueError: If a Bernoulli is asked to have a linear output.
    """
    if likelihood != "bernoulli":
        return output == "sigmoid"
    if output == "linear":
        raise ValueError("model.output=linear cannot be a probability: use another likelihood")
    return True


def distance(likelihood: Resolved, x: Tensor, output: Tensor, sigma: float) -> Tensor:
    """The reconstruction term summed over features and batch, a scalar.

    Args:
        likelihood: For "bernoulli" the cross-entropy, for "gaussian" −log N(x; output, σ²) with its
            constants, both in nats; for "mse" ‖x − output‖² without ½.
        x: Scaled samples (B, …).
        output: For "bernoulli" logits, else means, (B, …).
        sigma: Of the Gaussian.
    """
    if likelihood == "bernoulli":
        return functional.binary_cross_entropy_with_logits(output, x, reduction="sum")
    squares = functional.mse_loss(output, x, reduction="sum")
    if likelihood == "mse":
        return squares
    return squares / (2.0 * sigma**2) + x.numel() * gaussian_constant(sigma)


def log_likelihood(likelihood: Resolved, x: Tensor, output: Tensor, sigma: float) -> Tensor:
    """Log p(x|z) in nats, summed over features, (B,); arguments as `distance`.

    Raises:
        ValueError: For "mse", which is no likelihood: its constant is left out.
    """
    if likelihood == "mse":
        raise ValueError("model.likelihood=mse states no likelihood: train with gaussian")
    if likelihood == "bernoulli":
        nats = functional.binary_cross_entropy_with_logits(output, x, reduction="none")
    else:
        nats = (x - output).square() / (2.0 * sigma**2) + gaussian_constant(sigma)
    return -nats.flatten(1).sum(dim=1)


def gaussian_constant(sigma: float) -> float:
    """½ log 2πσ², in nats per feature."""
    return math.log(sigma) + 0.5 * math.log(2.0 * math.pi)


def log_standard_normal(z: Tensor) -> Tensor:
    """Log N(z; 0, I) in nats, (B,)."""
    return -(0.5 * z.square() + gaussian_constant(1.0)).sum(dim=1)


def draw_standard_normal(count: int, dimensions: int, generator: torch.Generator) -> Tensor:
    """Draws from N(0, I) on the generator's device, (count, dimensions)."""
    return torch.randn(count, dimensions, generator=generator, device=generator.device)


def reconstruction_term(likelihood: Resolved, sigma: float) -> Term:
    """How the reconstruction term is named, drawn and explained."""
    if likelihood == "mse":
        return Term(
            "reconstruction",
            "Reconstruction",
            "‖x − x̂‖²",
            "squared error per sample",
            "Squared difference of sample and decode, without ½, summed over the features, mean "
            "over the samples: a Gaussian with σ² = ½ without its constant.",
        )
    if likelihood == "bernoulli":
        return Term(
            "reconstruction",
            "Reconstruction",
            "−log p(x|z)",
            "nats per sample",
            "Cross-entropy of sample and decoded probability, summed over the features, mean over "
            "the samples, z drawn from q(z|x).",
        )
    return Term(
        "reconstruction",
        "Reconstruction",
        "−log N(x; x̂, σ²)",
        "nats per sample",
        f"Negative Gaussian log-likelihood with σ = {sigma:g} and its constants, summed over the "
        "features, mean over the samples, z drawn from q(z|x).",
    )
