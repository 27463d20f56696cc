"""Disentanglement: whether each latent dimension stands for one known factor.

All of it needs factors of variation: columns of the data set from which the samples were generated.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from aeviz.analysis.evidence import posteriors
from aeviz.analysis.measures import Case, Measured, NotApplicable, register_measure
from aeviz.data.dataset import Column
from aeviz.messages import IntArray
from aeviz.models.base import Posterior
from aeviz.models.layers import sample_normal
from aeviz.models.likelihoods import log_normal

MOST_SAMPLES = 10_000
"""Samples at most that are looked at: the work of MIG grows with their square."""

BINS = 20
"""Bins of a latent without a posterior, and of a factor with more values than that."""

MOST_CHOICES = 50
"""Different values of a factor beyond which they are taken together in bins."""

TREES = 50
"""Trees of the forests of DCI."""

NEEDED = "it needs factors of variation, and nothing is known of what these samples come from"


# ── factors and latents ───────────────────────────────────────────────────────────────────────


def factors_of(case: Case) -> list[Column]:
    """The columns that the samples were generated from and that vary.

    Raises:
        NotApplicable: If there is none, or fewer than two samples.
    """
    if len(case) < 2:
        raise NotApplicable("it needs two samples at least")
    found = [column for column in case.columns if column.is_factor]
    varying = [column for column in found if len(np.unique(column.values)) > 1]
    if not varying:
        raise NotApplicable(NEEDED)
    return varying


def chosen_rows(case: Case) -> Tensor:
    """The samples that are looked at, by the seed where there are too many, int64 (M,)."""
    if len(case) <= MOST_SAMPLES:
        return torch.arange(len(case))
    return torch.randperm(len(case), generator=case.generator())[:MOST_SAMPLES].sort().values


def choices_of(values: NDArray[Any]) -> IntArray:
    """The values of a factor as numbers from 0, (N,): many different ones in equal bins."""
    different, numbers = np.unique(values, return_inverse=True)
    if len(different) <= MOST_CHOICES:
        return np.asarray(numbers, np.int64)
    return binned(values.astype(np.float64))


def binned(values: NDArray[np.float64]) -> IntArray:
    """Numbers (N,) as the number of their bin, of `BINS` that hold equally many."""
    edges = np.quantile(values, np.arange(1, BINS) / BINS)
    return np.searchsorted(edges, values, side="right").astype(np.int64)


# ── mutual information gap ────────────────────────────────────────────────────────────────────


def mutual_information_gap(
    information: NDArray[np.float64], entropies: NDArray[np.float64]
) -> float:
    """Mean over factors of the gap between the two dimensions that say most of it.

    Args:
        information: I(z_d; v_k) in nats, (D, K).
        entropies: H(v_k) in nats, (K,).
    """
    return mean_gap(information / entropies)


def entropy(choices: IntArray) -> float:
    """Entropy of choices (N,) in nats."""
    shares = np.bincount(choices) / len(choices)
    return -float(sum(share * math.log(share) for share in shares if share > 0))


def posterior_information(
    mu: Tensor, log_var: Tensor, factors: Sequence[IntArray], generator: torch.Generator
) -> NDArray[np.float64]:
    """I(z_d; v_k) = H(z_d) − H(z_d | v_k) of Gaussian posteriors in nats, (D, K).

    q(z_d) is the mean of all posteriors, q(z_d | v) the mean of those of the samples with v; both
    entropies are means over the same draws, so that each draw is seen under the posteriors of the
    samples that share its own sample's value.

    A draw's own posterior is one of them, as in the paper's estimate. Where posteriors are
    narrower than the gaps between neighbouring samples it outweighs all others, and the information
    is found too large, at the most as the entropy of the factor: many samples are needed. Without
    it the estimate has no lower limit there, which is worse.

    References:
        Isolating Sources of Disentanglement in VAEs (Chen et al., 2018), section 4
    """
    z = sample_normal(mu, log_var, generator)
    everyone = _log_marginals(z, mu, log_var)
    found = np.empty((mu.shape[1], len(factors)))
    for number, choices in enumerate(factors):
        given = torch.empty_like(everyone)
        for choice in np.unique(choices):
            rows = torch.from_numpy(np.flatnonzero(choices == choice))
            given[rows] = _log_marginals(z[rows], mu[rows], log_var[rows])
        found[:, number] = (given - everyone).mean(dim=0).double().numpy()
    return found


def _log_marginals(z: Tensor, mu: Tensor, log_var: Tensor) -> Tensor:
    """Log q(z_d) at z (B, D), q being the mean of the posteriors (M, D); (B, D)."""
    parts = torch.split(z, max(1, 2**22 // mu.numel()))
    found = [torch.logsumexp(log_normal(part[:, None], mu, log_var), dim=1) for part in parts]
    return torch.cat(found) - math.log(len(mu))


def binned_information(z: NDArray[np.float64], factors: Sequence[IntArray]) -> NDArray[np.float64]:
    """I(z_d; v_k) of latents (N, D) in `BINS` bins in nats, (D, K).

    The counts' own bias, (bins − 1)(choices − 1) / 2N, is taken off.

    References:
        | Estimation of entropy and mutual information (Paninski, 2003)
        | https://doi.org/10.1162/089976603321780272
    """
    found = np.empty((z.shape[1], len(factors)))
    for dimension, values in enumerate(z.T):
        bins = binned(values)
        for number, choices in enumerate(factors):
            size = int(choices.max()) + 1
            both = entropy(bins * size + choices)
            bias = (BINS - 1) * (len(np.unique(choices)) - 1) / (2 * len(z))
            found[dimension, number] = entropy(bins) + entropy(choices) - both - bias
    return np.maximum(found, 0.0)


@register_measure(
    "mig",
    title="Mutual information gap",
    definition="MIG: how much more the best latent dimension says of a factor than the second "
    "best, as a share of the factor's entropy, mean over the factors: 1 if each factor has a "
    "dimension of its own, 0 if none stands out; at most 10,000 samples; the latents drawn from "
    "q(z|x), each draw's own posterior counted too, which says too much where samples are few; "
    "without a posterior in 20 bins.",
)
def mig(case: Case) -> Measured:
    """The mutual information gap (Chen et al., 2018, https://arxiv.org/abs/1802.04942)."""
    columns, rows = factors_of(case), chosen_rows(case)
    factors = [choices_of(column.values[rows.numpy()]) for column in columns]
    entropies = np.array([entropy(choices) for choices in factors])
    return Measured(mutual_information_gap(information_of(case, rows, factors), entropies))


def information_of(case: Case, rows: Tensor, factors: Sequence[IntArray]) -> NDArray[np.float64]:
    """I(z_d; v_k) in nats, (D, K): of draws from the posterior, without one of latents in bins."""
    if isinstance(case.model, Posterior):
        mu, log_var = (values[rows] for values in posteriors(case))
        return posterior_information(mu, log_var, factors, case.generator())
    return binned_information(case.latents[rows.numpy()].astype(np.float64), factors)


# ── DCI and SAP ───────────────────────────────────────────────────────────────────────────────


def disentanglement(importance: NDArray[np.float64]) -> float:
    """How far each dimension matters to one factor only, weighted by how much it matters.

    Args:
        importance: Of dimension d for factor k, (D, K), never negative.
    """
    total = importance.sum()
    if total == 0 or importance.shape[1] < 2:
        return 0.0
    weights = importance.sum(axis=1)
    shares = importance / np.where(weights > 0, weights, 1.0)[:, None]
    logs = np.log(shares, where=shares > 0, out=np.zeros_like(shares))
    order = 1.0 + (shares * logs).sum(axis=1) / math.log(importance.shape[1])
    return float((weights / total * order).sum())


def completeness(importance: NDArray[np.float64]) -> float:
    """How far each factor is held by one dimension only, each factor counting the same.

    Args:
        importance: Of dimension d for factor k, (D, K), never negative.
    """
    if len(importance) < 2:
        return 1.0 if importance.any() else 0.0
    weights = importance.sum(axis=0)
    shares = importance / np.where(weights > 0, weights, 1.0)
    logs = np.log(shares, where=shares > 0, out=np.zeros_like(shares))
    order = 1.0 + (shares * logs).sum(axis=0) / math.log(len(importance))
    return float(np.where(weights > 0, order, 0.0).mean())


@register_measure(
    "dci",
    title="DCI disentanglement",
    definition="How far each latent dimension matters to one factor only: 1 minus the entropy of "
    "its importances for predicting the factors by random forests, weighted by how much it "
    "matters; 1 is perfect; at most 10,000 samples.",
)
def dci(case: Case) -> Measured:
    """Eastwood & Williams, 2018, https://openreview.net/forum?id=By-7dz-AZ."""
    columns, rows = factors_of(case), chosen_rows(case).numpy()
    if len(columns) < 2:
        raise NotApplicable("it needs two factors of variation at least")
    found = [
        importance(case.latents[rows], column.values[rows], case.seed, is_choice=column.is_choice)
        for column in columns
    ]
    return Measured(disentanglement(np.stack([each for each, _ in found], axis=1)))


def importance(
    z: NDArray[np.float32], factor: NDArray[Any], seed: int, *, is_choice: bool
) -> tuple[NDArray[np.float64], float]:
    """How much each dimension of latents (N, D) matters for predicting a factor (N,), (D,).

    Also how well a random forest predicts it for samples that its trees were not grown on, in
    [0, 1]: accuracy of a choice, R² of a number.
    """
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    kind = RandomForestClassifier if is_choice else RandomForestRegressor
    forest = kind(
        TREES, min_samples_leaf=5, max_samples=0.5, oob_score=True, random_state=seed % 2**32
    ).fit(z, factor)
    return np.asarray(forest.feature_importances_), max(0.0, float(forest.oob_score_))


def predictability(z: NDArray[np.float32], column: NDArray[Any], *, is_choice: bool) -> float:
    """How well one dimension (N,) alone predicts a factor (N,), in [0, 1].

    For numbers the squared correlation; for choices the share of the samples whose own choice's
    mean is the nearest one, each choice counting the same, from 0 for guessing to 1.
    """
    if z.std() == 0:
        return 0.0
    if not is_choice:
        return float(np.corrcoef(z, column)[0, 1] ** 2)
    choices = choices_of(column)
    count = int(choices.max()) + 1
    means = np.array([z[choices == choice].mean() for choice in range(count)])
    guessed = np.abs(z[:, None] - means).argmin(axis=1)
    right = np.mean([(guessed[choices == choice] == choice).mean() for choice in range(count)])
    return max(0.0, (float(right) * count - 1.0) / (count - 1.0))


@register_measure(
    "sap",
    title="Separated attribute predictability",
    definition="SAP: how much better the best latent dimension alone predicts a factor than the "
    "second best (squared correlation of numbers, accuracy above chance of choices), mean over "
    "the factors; 1 is perfect; at most 10,000 samples.",
)
def sap(case: Case) -> Measured:
    """Kumar et al., 2018, https://arxiv.org/abs/1711.00848."""
    columns, rows = factors_of(case), chosen_rows(case).numpy()
    return Measured(mean_gap(predictabilities(case.latents[rows], columns, rows)))


def predictabilities(
    z: NDArray[np.float32], columns: Sequence[Column], rows: NDArray[np.int64]
) -> NDArray[np.float64]:
    """How well each dimension of latents (N, D) alone predicts each factor at its rows, (D, K)."""
    return np.array(
        [
            [predictability(each, own.values[rows], is_choice=own.is_choice) for own in columns]
            for each in z.T
        ]
    )


def mean_gap(scores: NDArray[np.float64]) -> float:
    """Mean over factors of the best dimension's score minus the second best one's, (D, K)."""
    ordered = np.sort(scores, axis=0)[::-1]
    second = ordered[1] if len(ordered) > 1 else np.zeros(scores.shape[1])
    return float((ordered[0] - second).mean())
