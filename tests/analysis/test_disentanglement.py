"""MIG, DCI and SAP on latents whose answer is known."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from aeviz.analysis import disentanglement as d
from aeviz.analysis.measures import Case, NotApplicable
from aeviz.data.dataset import Column
from aeviz.models import MODELS
from tests.models.tiny import TABLE, batch_of, tiny

COUNT, CHOICES = 3000, 10


def grid(seed: int = 0) -> NDArray[np.int64]:
    """Two independent factors with ten values each, (N, 2)."""
    return np.random.default_rng(seed).integers(0, CHOICES, (COUNT, 2))


def rotated(z: NDArray[np.float64], degrees: float) -> NDArray[np.float64]:
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return z @ turn.T


def gap(z: NDArray[np.float64], factors: NDArray[np.int64], sigma: float = 0.05) -> float:
    """MIG of Gaussian posteriors around z."""
    mu = torch.from_numpy(z)
    log_var = torch.full_like(mu, 2 * np.log(sigma))
    generator = torch.Generator().manual_seed(0)
    found = d.posterior_information(mu, log_var, list(factors.T), generator)
    return d.mutual_information_gap(found, np.array([d.entropy(each) for each in factors.T]))


def binned_gap(z: NDArray[np.float64], factors: NDArray[np.int64]) -> float:
    found = d.binned_information(z, list(factors.T))
    return d.mutual_information_gap(found, np.array([d.entropy(each) for each in factors.T]))


def test_mig_of_axes_that_are_the_factors_is_one() -> None:
    factors = grid()
    assert gap(factors.astype(np.float64), factors) == pytest.approx(1, abs=0.02)
    jitter = np.random.default_rng(1).normal(0, 0.01, factors.shape)
    assert binned_gap(factors + jitter, factors) > 0.9  # some bins hold two values


def test_mig_of_axes_between_the_factors_is_low() -> None:
    factors = grid()
    z = rotated(factors - 4.5, 45)
    assert gap(z, factors, sigma=0.3) < 0.05
    assert binned_gap(z, factors) < 0.05


def test_mig_of_noise_is_zero() -> None:
    noise = np.random.default_rng(2).normal(size=(COUNT, 4))
    assert gap(noise, grid(), sigma=0.5) == pytest.approx(0, abs=0.01)
    assert binned_gap(noise, grid()) == pytest.approx(0, abs=0.01)


def test_information_is_too_large_for_lone_posteriors_but_never_above_the_entropy() -> None:
    mu, factors = torch.from_numpy(np.random.default_rng(2).normal(size=(300, 1))), grid()[:300]

    def found(sigma: float) -> float:
        log_var, generator = torch.full_like(mu, 2 * np.log(sigma)), torch.Generator()
        return float(d.posterior_information(mu, log_var, [factors[:, 0]], generator)[0, 0])

    entropy = d.entropy(factors[:, 0])
    assert found(1e-6) == pytest.approx(entropy, abs=0.1)  # it is noise: nothing is known of it
    assert found(1e-6) <= entropy
    assert found(0.5) == pytest.approx(0, abs=0.1)


def test_mig_does_not_care_for_more_dimensions_of_noise() -> None:
    factors = grid()
    noise = np.random.default_rng(2).normal(size=(COUNT, 3))
    z = np.concatenate([noise, factors], axis=1)
    assert gap(z, factors) == pytest.approx(1, abs=0.05)


def test_mig_of_one_dimension_of_its_own_beside_a_shared_one_lies_between() -> None:
    factors = grid()
    z = np.stack([factors[:, 0], factors[:, 0]], axis=1).astype(np.float64)
    assert gap(z, factors) == pytest.approx(0, abs=0.02)  # two dimensions say the same
    assert gap(z[:, :1], factors) == pytest.approx(0.5, abs=0.02)  # the other factor has none


def case(z: NDArray[np.float64], factors: NDArray[np.int64]) -> Case:
    model = tiny(MODELS["wae"], TABLE).eval()
    names = tuple(str(number) for number in range(CHOICES))
    columns = (
        Column("first", factors[:, 0].copy(), names=names, is_factor=True),
        Column("second", factors[:, 1].astype(np.float32), is_factor=True),
        Column("other", np.ones(len(z), np.float32)),
    )
    return Case(model, batch_of(TABLE, len(z)).x, z.astype(np.float32), columns=columns)


@pytest.mark.parametrize("name", ["mig", "dci", "sap"])
def test_every_score_tells_axes_from_their_rotation_and_from_noise(name: str) -> None:
    factors, measure = grid()[:1500], getattr(d, name)
    noise = np.random.default_rng(3).normal(0, 0.1, factors.shape)
    z = factors - 4.5 + noise
    straight = measure(case(z, factors)).value
    turned = measure(case(rotated(z, 45), factors)).value
    nothing = measure(case(noise, factors)).value
    assert straight > 0.75
    assert turned < 0.35
    assert nothing < 0.15


def test_a_linear_predictor_of_a_choice_is_better_than_chance() -> None:
    z = np.repeat([0.0, 1.0], 50).astype(np.float32)
    assert d.predictability(z, np.repeat([0, 1], 50), is_choice=True) == 1
    assert d.predictability(z, np.tile([0, 1], 50), is_choice=True) == 0
    assert d.predictability(np.zeros(100, np.float32), z, is_choice=False) == 0


def test_the_order_of_importances_is_one_minus_their_entropy() -> None:
    assert d.disentanglement(np.eye(3)) == 1
    assert d.disentanglement(np.ones((3, 3))) == pytest.approx(0)
    assert d.disentanglement(np.zeros((3, 3))) == 0


@pytest.mark.parametrize("name", ["mig", "dci", "sap"])
def test_without_factors_there_is_no_score(name: str) -> None:
    made: Any = case(np.zeros((50, 2)), grid()[:50])
    bare = Case(made.model, made.x, made.latents)
    with pytest.raises(NotApplicable, match="factors of variation"):
        getattr(d, name)(bare)


def test_many_values_of_a_factor_are_taken_together() -> None:
    values = np.random.default_rng(0).normal(size=1000)
    assert np.array_equal(np.bincount(d.choices_of(values)), np.full(d.BINS, 50))
    assert d.choices_of(np.array([2.5, 0.5, 2.5])).tolist() == [1, 0, 1]
