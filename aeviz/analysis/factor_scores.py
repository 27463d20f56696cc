"""Scores of factors that need no forest: modularity, FactorVAE's votes, β-VAE's differences.

The last two were defined with a simulator that renders new samples with one factor held. A data set
has none: the samples that share a value of that factor stand for them.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from aeviz.analysis.disentanglement import (
    binned_information,
    choices_of,
    chosen_rows,
    entropy,
    factors_of,
)
from aeviz.analysis.measures import Case, Measured, NotApplicable, register_measure
from aeviz.messages import FloatArray, IntArray

VOTES = 800
"""Votes, or differences, that a classifier learns from; as many others test it."""

HELD = 64
"""Samples, or pairs, of one vote."""

SAYS_NOTHING = 0.01
"""A dimension that says less than this share of every factor's entropy does not count."""

ONE_FACTOR = "it needs two factors of variation at least"


def modularity(shares: NDArray[np.float64]) -> float:
    """How far each dimension says something of one factor only, mean over the dimensions.

    Args:
        shares: What dimension d says of factor k, as a share of the factor's entropy, (D, K).
            Dimensions that say next to nothing of any are left out: of them it is noise.

    Returns:
        1 if each has a factor of its own, 0 if each says the same of all, or if none says any.

    References:
        | Learning Deep Disentangled Embeddings With the F-Statistic Loss (Ridgeway & Mozer, 2018)
        | https://arxiv.org/abs/1802.05312
    """
    best = shares.max(axis=1)
    squares = shares[best >= SAYS_NOTHING] ** 2
    if not len(squares):
        return 0.0
    top = squares.max(axis=1)
    return float(np.mean(1.0 - (squares.sum(axis=1) - top) / (top * (shares.shape[1] - 1))))


def entropy_shares(z: FloatArray, factors: Sequence[IntArray]) -> NDArray[np.float64]:
    """What latents (N, D) in bins say of each factor, as a share of its entropy, (D, K)."""
    entropies = np.array([entropy(choices) for choices in factors])
    return np.asarray(binned_information(z.astype(np.float64), factors) / entropies)


class Held:
    """Draws samples that share the value of a factor.

    Args:
        z: Latents (N, D); dimensions that do not vary are left out, the others are divided by their
            standard deviation.
        factors: Each as choices from 0, (N,); values with one sample only are never held.
        seed: Of the draws.

    Raises:
        NotApplicable: If no latent varies, or there are not two factors with a value to hold.
    """

    def __init__(self, z: FloatArray, factors: Sequence[IntArray], seed: int) -> None:
        spread = z.std(axis=0, dtype=np.float64)
        varying = spread > 1e-6 * max(float(spread.max(initial=0.0)), 1e-30)
        if not varying.any():
            raise NotApplicable("no latent dimension varies")
        self._z = z[:, varying] / spread[varying]
        self._groups = [_groups(choices) for choices in factors]
        if len(factors) < 2 or not all(len(starts) for _, starts, _ in self._groups):
            raise NotApplicable(ONE_FACTOR)
        self._random = np.random.default_rng(seed)

    def votes(self, count: int) -> tuple[IntArray, IntArray]:
        """Which dimension varies least among samples that share a factor's value, and which factor.

        Returns:
            Dimensions and factors, each (count,).
        """
        factor, rows = self._drawn(count)
        spread = self._z.var(axis=0)
        found = [(self._z[each].var(axis=0, ddof=1) / spread).argmin() for each in rows[:, :HELD]]
        return np.array(found, np.int64), factor

    def differences(self, count: int) -> tuple[FloatArray, IntArray]:
        """Mean absolute difference between samples of pairs that share a factor's value.

        Returns:
            Differences (count, D) and factors (count,).
        """
        factor, rows = self._drawn(count)
        one, other = rows[:, :HELD], rows[:, HELD:]
        found = [
            np.abs(self._z[a] - self._z[b]).mean(axis=0) for a, b in zip(one, other, strict=True)
        ]
        return np.array(found, np.float32), factor

    @property
    def dimensions(self) -> int:
        """How many vary."""
        return int(self._z.shape[1])

    def _drawn(self, count: int) -> tuple[IntArray, IntArray]:
        """Factors (count,) and rows that share a value of it, two different ones in each pair."""
        random = self._random
        factor = random.integers(len(self._groups), size=count)
        rows = np.empty((count, 2 * HELD), np.int64)
        for number, held in enumerate(factor):
            order, starts, sizes = self._groups[held]
            # a value as often as samples have it
            group = random.choice(len(sizes), p=sizes / sizes.sum())
            first = random.integers(sizes[group], size=HELD)
            second = (first + random.integers(1, sizes[group], size=HELD)) % sizes[group]
            rows[number] = order[starts[group] + np.concatenate([first, second])]
        return np.asarray(factor, np.int64), rows


def _groups(choices: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Rows in the order of their choice, where each choice begins, how many it has: two or more."""
    order = np.argsort(choices, kind="stable")
    _, starts, sizes = np.unique(choices[order], return_index=True, return_counts=True)
    several = sizes > 1
    return order, starts[several], sizes[several]


def factor_vae_score(held: Held, factors: int) -> float:
    """Share of votes in which the dimension that varies least tells which factor was held.

    Each dimension stands for the factor that it was least variable for most often, counted on
    other votes than those that are judged.

    References:
        | Disentangling by Factorising (Kim & Mnih, 2018), section 4
        | https://arxiv.org/abs/1802.05983
    """
    counts = np.zeros((held.dimensions, factors), np.int64)
    np.add.at(counts, held.votes(VOTES), 1)
    dimension, factor = held.votes(VOTES)
    return float(np.mean(counts.argmax(axis=1)[dimension] == factor))


def beta_vae_score(held: Held) -> float:
    """How often a linear classifier tells from mean differences which factor was held.

    References:
        | β-VAE (Higgins et al., 2017), section 3
        | https://openreview.net/forum?id=Sy2fzU9gl
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    x, y = held.differences(VOTES)
    scaling = StandardScaler().fit(x)
    linear = LogisticRegression(C=100.0, max_iter=1000).fit(scaling.transform(x), y)
    x, y = held.differences(VOTES)
    return float(linear.score(scaling.transform(x), y))


def error_of(share: float) -> float:
    """The standard error of a share of `VOTES` votes."""
    return float(np.sqrt(share * (1.0 - share) / VOTES))


# ── measures ──────────────────────────────────────────────────────────────────────────────────


def _looked_at(case: Case) -> tuple[FloatArray, list[IntArray]]:
    """Latents and two factors or more as choices, of the samples that are looked at."""
    columns, rows = factors_of(case), chosen_rows(case).numpy()
    if len(columns) < 2:
        raise NotApplicable(ONE_FACTOR)
    return case.latents[rows], [choices_of(column.values[rows]) for column in columns]


@register_measure(
    "modularity",
    title="Modularity",
    definition="How far each latent dimension says something of one factor only: 1 minus the "
    "squared mutual information with all other factors as a share of that with its own, mean over "
    "the dimensions that say at least 1 % of a factor's entropy; 1 is perfect; latents in 20 bins; "
    "at most 10,000 samples.",
)
def modularity_of(case: Case) -> Measured:
    """Ridgeway & Mozer, 2018, https://arxiv.org/abs/1802.05312."""
    return Measured(modularity(entropy_shares(*_looked_at(case))))


@register_measure(
    "factor_vae_score",
    title="FactorVAE score",
    definition="How often the latent dimension that varies least among 64 samples with the same "
    "value of a factor (or in the same twentieth of its values) tells which factor that is: 800 "
    "votes by the majority of 800 others; the samples are those of the data set, not newly "
    "rendered; 1 is perfect, 1 / (number of factors) chance; at most 10,000 samples.",
)
def factor_vae_of(case: Case) -> Measured:
    """Kim & Mnih, 2018, https://arxiv.org/abs/1802.05983."""
    z, factors = _looked_at(case)
    score = factor_vae_score(Held(z, factors, case.seed), len(factors))
    return Measured(score, error_of(score))


@register_measure(
    "beta_vae_score",
    title="β-VAE score",
    definition="How often a linear classifier tells which factor two samples have in common, from "
    "the mean absolute difference of 64 such pairs: 800 to learn from, 800 to test; the pairs are "
    "of the data set's own samples with the same value (or in the same twentieth of the values); "
    "1 is perfect, 1 / (number of factors) chance; at most 10,000 samples.",
)
def beta_vae_of(case: Case) -> Measured:
    """Higgins et al., 2017, https://openreview.net/forum?id=Sy2fzU9gl."""
    z, factors = _looked_at(case)
    score = beta_vae_score(Held(z, factors, case.seed))
    return Measured(score, error_of(score))
