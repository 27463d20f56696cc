"""The loss of models whose latents are codes: its terms in both stages."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional

from aeviz.messages import Term
from aeviz.models.base import Losses
from aeviz.models.code_maps import QuantisedMap
from aeviz.models.code_prior import CodePrior
from aeviz.models.layers import SQUARED_ERROR, squared_error

CROSS_ENTROPY = Term(
    name="reconstruction",
    title="Reconstruction",
    formula="−log p(x|z)",
    unit="nats per sample",
    definition="Cross-entropy of sample and decoded probability, summed over the features, mean "
    "over the samples.",
)

COMMITMENT = Term(
    name="commitment",
    title="Commitment",
    formula="‖z − sg(e)‖²",
    unit="squared distance per sample",
    definition="Squared distance of what the encoder gives to the nearest code, summed over places "
    "and dimensions, mean over the samples; it moves the encoder only.",
    weight="beta",
)

CODEBOOK = Term(
    name="codebook",
    title="Codebook",
    formula="‖sg(z) − e‖²",
    unit="squared distance per sample",
    definition="The same squared distance, but it moves the codes only.",
)

PRIOR = Term(
    name="prior",
    title="Prior",
    formula="−log p(codes)",
    unit="nats per sample",
    definition="Negative log-probability of a sample's codes under the prior, summed over the "
    "places, mean over the samples; learned in the second stage, while the codes stand still.",
)


def code_terms(*, is_bernoulli: bool, learns_codes: bool, has_prior: bool) -> tuple[Term, ...]:
    """The terms of both stages: each stage has its own."""
    first = (CROSS_ENTROPY if is_bernoulli else SQUARED_ERROR, COMMITMENT)
    return (*first, *((CODEBOOK,) if learns_codes else ()), *((PRIOR,) if has_prior else ()))


def autoencoder_losses(
    reconstruction: Tensor,
    quantised: Sequence[QuantisedMap],
    beta: float,
    *,
    learns_codes: bool,
) -> Losses:
    """The loss of the first stage.

    Args:
        reconstruction: The first term, a scalar.
        quantised: The maps of all levels.
        beta: Weight of the commitment.
        learns_codes: Whether the codes learn by a term of their own.
    """
    commitment = torch.stack([each.commitment for each in quantised]).sum()
    parts = {"reconstruction": reconstruction, "commitment": commitment}
    total = reconstruction + beta * commitment
    if learns_codes:
        parts["codebook"] = torch.stack([each.codebook for each in quantised]).sum()
        total = total + parts["codebook"]
    return Losses(total, parts)


def prior_losses(prior: CodePrior, codes: Sequence[Tensor]) -> Losses:
    """The loss of the second stage: what the prior does not know of the codes, in nats."""
    nats = -prior.log_prob(codes).mean()
    return Losses(nats, {"prior": nats})


def reconstruction_of(x: Tensor, output: Tensor, *, is_bernoulli: bool, bounded: bool) -> Tensor:
    """The reconstruction term, a scalar: mean over the batch, sum over the features.

    Args:
        x: Samples (B, …).
        output: Of the decoder: logits for a Bernoulli and for a bounded output, else values.
        is_bernoulli: Whether it is in nats.
        bounded: Whether decodes go through a sigmoid.
    """
    if is_bernoulli:
        nats = functional.binary_cross_entropy_with_logits(output, x, reduction="sum")
        return nats / len(x)
    return squared_error(x, torch.sigmoid(output) if bounded else output)


@contextmanager
def frozen(*modules: nn.Module) -> Iterator[None]:
    """Let modules stand still: no gradient, no dropout, no statistics of the batch."""
    was_training = [module.training for module in modules]
    for module in modules:
        module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, flag in zip(modules, was_training, strict=True):
            module.train(flag)
