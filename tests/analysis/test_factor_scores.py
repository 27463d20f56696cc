"""Modularity, FactorVAE and β-VAE scores on latents whose answer is known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from aeviz.analysis import factor_scores as s
from aeviz.analysis.disentanglement import completeness
from aeviz.analysis.measures import Case, NotApplicable
from tests.analysis.test_disentanglement import case, grid, rotated

FACTORS = grid()


def straight() -> NDArray[np.float64]:
    """Two axes that are the factors, with a little noise."""
    return FACTORS - 4.5 + np.random.default_rng(3).normal(0, 0.05, FACTORS.shape)


def held(z: NDArray[np.float64]) -> s.Held:
    return s.Held(z.astype(np.float32), list(FACTORS.T), seed=0)


def test_modularity_is_that_of_the_definition() -> None:
    assert s.modularity(np.eye(3)) == 1
    assert s.modularity(np.ones((3, 3))) == 0
    # δ = (0.3² + 0.1²) / (0.5² · 2)
    assert s.modularity(np.array([[0.5, 0.3, 0.1]])) == pytest.approx(1 - 0.1 / 0.5)
    assert s.modularity(np.array([[1, 0], [0.001, 0.004]])) == 1  # the second says nothing
    assert s.modularity(np.zeros((2, 2))) == 0


def test_modularity_is_one_where_two_dimensions_share_a_factor() -> None:
    z = np.concatenate([straight(), straight()], axis=1).astype(np.float32)
    assert s.modularity(s.entropy_shares(z, list(FACTORS.T))) == pytest.approx(1, abs=1e-3)


def test_completeness_is_one_minus_the_entropy_over_dimensions() -> None:
    assert completeness(np.eye(3)) == 1
    assert completeness(np.ones((3, 2))) == pytest.approx(0)
    assert completeness(np.array([[1.0, 0.5], [0.0, 0.5]])) == pytest.approx(0.5)
    assert completeness(np.array([[1.0, 0.5]])) == 1


def test_axes_that_are_the_factors_have_full_scores() -> None:
    assert s.factor_vae_score(held(straight()), 2) == 1
    assert s.beta_vae_score(held(straight())) == 1


def test_axes_between_the_factors_are_told_by_chance() -> None:
    turned = rotated(straight(), 45)
    chance = 0.5 + 5 * s.error_of(0.5)
    assert s.factor_vae_score(held(turned), 2) < chance
    assert s.beta_vae_score(held(turned)) < chance
    assert s.modularity(s.entropy_shares(turned.astype(np.float32), list(FACTORS.T))) < 0.1


def test_noise_is_told_by_chance() -> None:
    noise = np.random.default_rng(4).normal(size=(len(FACTORS), 4))
    chance = 0.5 + 5 * s.error_of(0.5)
    assert s.factor_vae_score(held(noise), 2) < chance
    assert s.beta_vae_score(held(noise)) < chance


def test_a_dimension_without_variance_takes_no_vote() -> None:
    z = np.concatenate([straight(), np.full((len(FACTORS), 1), 7.0)], axis=1)
    assert held(z).dimensions == 2
    assert s.factor_vae_score(held(z), 2) == 1
    with pytest.raises(NotApplicable, match="no latent"):
        held(np.zeros((len(FACTORS), 2)))


def test_the_samples_of_a_draw_share_the_value_and_pairs_are_of_two() -> None:
    made = held(straight())
    factor, rows = made._drawn(50)
    for number, chosen in zip(factor, rows, strict=True):
        assert len(set(FACTORS[chosen, number])) == 1
        one, other = chosen[: s.HELD], chosen[s.HELD :]
        assert (one != other).all()


def test_values_with_one_sample_are_never_held() -> None:
    factors = [np.array([0, 0, 1, 2, 2]), np.array([0, 0, 0, 0, 1])]
    made = s.Held(np.arange(10.0).reshape(5, 2).astype(np.float32), factors, seed=0)
    factor, rows = made._drawn(40)
    assert 2 not in rows[factor == 0]
    assert 4 not in rows[factor == 1]
    with pytest.raises(NotApplicable, match="two factors"):
        s.Held(np.eye(2, dtype=np.float32), [np.array([0, 1])], seed=0)


@pytest.mark.parametrize("name", ["modularity_of", "factor_vae_of", "beta_vae_of"])
def test_the_measures_say_the_same_and_need_two_factors(name: str) -> None:
    made = case(straight(), FACTORS)
    assert getattr(s, name)(made).value == pytest.approx(1, abs=0.02)
    lone = Case(made.model, made.x, made.latents, columns=made.columns[:1])
    with pytest.raises(NotApplicable, match="two factors"):
        getattr(s, name)(lone)
