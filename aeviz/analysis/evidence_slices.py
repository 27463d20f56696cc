"""The evidence as the window asks for it: a little at a time, more exact with every slice."""

import math
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from aeviz.analysis.evidence import ACTIVE, check, has_standard_prior, mean_of
from aeviz.analysis.measures import Case, NotApplicable
from aeviz.analysis.questions import Findings, Subject, register_question
from aeviz.models.base import Likelihood, Posterior, Prior
from aeviz.models.layers import kl_to_standard_normal
from aeviz.models.likelihoods import log_normal
from aeviz.models.priors import kl_per_dimension

SLICE = 0.008
"""Seconds that a slice should take."""

SHOW_EVERY = 0.15
"""Seconds between two findings that are not the last."""

DRAWS = 500
"""Draws of z per sample."""

FIRST_ROWS = 16


@register_question("evidence")
@torch.no_grad()
def answer(subject: Subject, arguments: Mapping[str, Any]) -> Iterator[Findings | None]:
    """ELBO with its split, IWAE bound, and the divergence of every latent dimension.

    Arguments: `rows` of the shown samples, `draws` per sample (500), `binarise` (whether pixels are
    drawn black or white first). Arrays: `kl` (D,), the divergence from N(0, 1) in every dimension,
    mean over the samples, `active` (D,). Values: every argument but the rows; `samples`, how many
    were asked for, `done`, over how many the bounds are means; `elbo`, `reconstruction`,
    `divergence` and `iwae` in nats with `…_error`, None before there is one; `reason` where the
    model states no bounds; `is_standard`, whether the prior is the standard normal.
    """
    case = _case(subject, arguments)
    mu, log_var, kl = _posteriors(case)
    arrays = {
        "kl": kl.mean(dim=0).numpy(),
        "active": (mu.var(dim=0, unbiased=False) > ACTIVE).numpy(),
    }
    told = {
        **{name: value for name, value in arguments.items() if name != "rows"},
        "samples": len(case),
        "done": 0,
        "is_standard": has_standard_prior(case),
        "reason": _reason(case),
        **dict.fromkeys(VALUES),
    }
    yield Findings(arrays, told)
    if told["reason"]:
        return
    bounds = Bounds(case, mu, log_var, int(arguments.get("draws", DRAWS)), told["is_standard"])
    shown = time.perf_counter()
    while bounds.done < len(case):
        yield None
        bounds.advance()
        if time.perf_counter() - shown > SHOW_EVERY and 1 < bounds.done < len(case):
            yield Findings(arrays, {**told, **bounds.values()})
            shown = time.perf_counter()
    yield Findings(arrays, {**told, **bounds.values()})


NAMES = ("elbo", "reconstruction", "divergence", "iwae")
VALUES = (*NAMES, *(f"{name}_error" for name in NAMES))


def _case(subject: Subject, arguments: Mapping[str, Any]) -> Case:
    """The samples that are asked about.

    Raises:
        ValueError: If there is none, or no posterior.
    """
    rows = np.asarray(arguments["rows"], np.int64)
    if subject.samples is None or subject.model is None or not len(rows):
        raise ValueError("this run keeps no samples whose evidence could be estimated")
    if not isinstance(subject.model, Posterior):
        raise ValueError("this model has no posterior, so there is no evidence to take apart")
    x = torch.from_numpy(subject.samples(rows))
    if arguments.get("binarise", False):
        x = torch.bernoulli(x, generator=torch.Generator().manual_seed(0))
    told = None if subject.told is None else subject.told(rows)
    return Case(subject.model, x, np.empty((0, 0), np.float32), condition=told)


def _posteriors(case: Case) -> tuple[Tensor, Tensor, Tensor]:
    """`mu`, `log_var` and their divergence from N(0, 1) in every dimension, (N, D) each."""
    model = case.model
    assert isinstance(model, Posterior)
    mu, log_var = model.posterior(case.x, case.condition)
    return mu, log_var, kl_per_dimension(mu, log_var)


def _reason(case: Case) -> str:
    """Why there are no bounds, or an empty string."""
    try:
        check(case)
    except NotApplicable as error:
        return str(error)
    return ""


class Bounds:
    """The bounds of one sample after the other, as many draws at a time as a slice takes.

    Attributes:
        done: How many samples have all their draws.
    """

    def __init__(
        self, case: Case, mu: Tensor, log_var: Tensor, draws: int, is_standard: bool
    ) -> None:
        self.case = case
        self.mu, self.log_var, self.draws = mu, log_var, draws
        self.exact_kl = kl_to_standard_normal(mu, log_var) if is_standard else None
        self.done = 0
        self._rows = FIRST_ROWS
        self._likelihoods: list[Tensor] = []
        self._ratios: list[Tensor] = []
        self._found: list[tuple[float, float, float]] = []
        self._generator = torch.Generator().manual_seed(0)

    def advance(self) -> None:
        """Draw for the sample whose turn it is, or for several where that is quick."""
        began = time.perf_counter()
        missing = self.draws - sum(len(part) for part in self._likelihoods)
        if missing == self.draws and self._rows >= 2 * self.draws:
            rows = slice(self.done, self.done + self._rows // self.draws)
            for likelihood, ratio in zip(*self._drawn(rows, self.draws), strict=True):
                self._finish(likelihood, ratio)
        else:
            part = self._drawn(slice(self.done, self.done + 1), min(missing, self._rows))
            self._likelihoods.append(part[0][0])
            self._ratios.append(part[1][0])
            if missing <= self._rows:
                self._finish(torch.cat(self._likelihoods), torch.cat(self._ratios))
                self._likelihoods, self._ratios = [], []
        seconds = time.perf_counter() - began
        fitting = int(self._rows * SLICE / max(seconds, 1e-6))
        self._rows = max(1, min(fitting, 2 * self._rows))

    def _drawn(self, rows: slice, draws: int) -> tuple[Tensor, Tensor]:
        """Log p(x|z) and log q(z|x) − log p(z) of draws for some samples, (B, draws) each."""
        model, told = self.case.model, self.case.told(rows)
        assert isinstance(model, Prior)
        assert isinstance(model, Likelihood)
        mu, log_var = (
            values[rows].repeat_interleave(draws, dim=0) for values in (self.mu, self.log_var)
        )
        noise = torch.randn(mu.shape, generator=self._generator)
        z = mu + torch.exp(0.5 * log_var) * noise
        x = self.case.x[rows].repeat_interleave(draws, dim=0)
        tolds = None if told is None else told.repeat_interleave(draws, dim=0)
        likelihood = model.log_likelihood(x, z, tolds)
        ratio = log_normal(z, mu, log_var).sum(dim=1) - model.log_prior(z)
        return likelihood.view(-1, draws), ratio.view(-1, draws)

    def _finish(self, likelihood: Tensor, ratio: Tensor) -> None:
        """Note the numbers of a sample with all its draws, (K,) each."""
        bound = torch.logsumexp(likelihood - ratio, dim=0) - math.log(self.draws)
        kl = ratio.mean() if self.exact_kl is None else self.exact_kl[self.done]
        self._found.append((float(likelihood.mean()), float(kl), float(bound)))
        self.done += 1

    def values(self) -> dict[str, float | int | None]:
        """Means over the samples that are done, with their standard errors."""
        reconstruction, kl, bound = torch.tensor(self._found, dtype=torch.float64).T
        each = dict(zip(NAMES, (reconstruction - kl, reconstruction, kl, bound), strict=True))
        told: dict[str, float | int | None] = {"done": self.done}
        for name, values in each.items():
            told[name], told[f"{name}_error"] = mean_of(values)
        return told
