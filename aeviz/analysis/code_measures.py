"""Measures of a codebook: how many codes are in use, and what the prior knows of code maps."""

import numpy as np
import torch
from torch import Tensor

from aeviz.analysis.measures import Case, Measured, NotApplicable, register_measure
from aeviz.models.base import Codebook, Prior
from aeviz.models.quantiser import perplexity as perplexity_of
from aeviz.models.quantiser import usage


@register_measure(
    "perplexity",
    title="Perplexity of the codes",
    unit="codes",
    definition="Exponential of the entropy of how often codes are chosen, over all places of the "
    "samples; of the finest level where there are several.",
)
def perplexity(case: Case) -> Measured:
    """As many codes as would be in use if they were chosen equally often."""
    return Measured(perplexity_of(counts(case)))


@register_measure(
    "codes_used",
    title="Codes in use",
    unit="share",
    definition="Share of the codes that are chosen at least once; of the finest level where there "
    "are several.",
)
def codes_used(case: Case) -> Measured:
    """Share of the codes that some place of some sample has."""
    return Measured(float((counts(case) > 0).double().mean()))


@register_measure(
    "code_nats",
    title="Code maps under the prior",
    unit="nats per sample",
    definition="Negative log-probability of a sample's codes under the model's prior, summed over "
    "the places of all levels, mean over the samples.",
)
def code_nats(case: Case) -> Measured:
    """What the prior does not know of the codes."""
    model, prior = quantising(case), case.model
    if not isinstance(prior, Prior):
        raise NotApplicable("it needs a prior over codes, and this model has none")
    nats = np.concatenate(
        [-prior.log_prior(model.look_up(model.codes(case.x[part]))) for part in case.slices()]
    )
    return Measured(float(nats.mean()), float(nats.std() / max(len(nats), 1) ** 0.5))


def counts(case: Case) -> Tensor:
    """How often each code of the finest level is chosen, (K,)."""
    model = quantising(case)
    number = len(model.codebook(len(model.map_sizes) - 1))
    return torch.stack(
        [usage(model.codes(case.x[part])[-1], number) for part in case.slices()]
    ).sum(0)


def quantising(case: Case) -> Codebook:
    """The model, which has to quantise."""
    model: object = case.model
    if not isinstance(model, Codebook):
        raise NotApplicable("it needs a codebook, and this model has none")
    return model
