"""A mixture of Gaussians finds what latents were drawn from; a fit goes on where it was left."""

from collections.abc import Generator

import numpy as np
import pytest

from aeviz.analysis.fits import Fits, mark_of
from aeviz.analysis.mixture import Mixture, fit
from tests.analysis.test_density import finished

random = np.random.default_rng(0)
PARTS = random.choice(2, 3000, p=[0.7, 0.3])
TWO = np.where(
    PARTS[:, None] == 0,
    random.normal(size=(3000, 2)) * [0.3, 1.0] + [-2, 0],
    random.normal(size=(3000, 2)) * [1.0, 0.2] + [2, 1],
).astype(np.float32)


def known(z: np.ndarray) -> np.ndarray:
    def normal(middle: list[float], sigma: list[float]) -> np.ndarray:
        white = (z - middle) / sigma
        return np.exp(-(white**2).sum(axis=1) / 2) / (2 * np.pi * np.prod(sigma))

    return np.log(0.7 * normal([-2, 0], [0.3, 1.0]) + 0.3 * normal([2, 1], [1.0, 0.2]))


def test_it_is_near_the_density_that_the_latents_were_drawn_from() -> None:
    mixture = finished_mixture(TWO)
    assert (known(TWO) - mixture.log_density(TWO)).mean() == pytest.approx(0, abs=0.05)
    assert mixture.percentile(mixture.quantile(0.5)) == pytest.approx(50, abs=1)
    assert mixture.percentile(float(mixture.log_density(np.float32([[40, 40]]))[0])) == 0


def test_units_of_the_latents_are_counted_in() -> None:
    mixture, wide = finished_mixture(TWO), finished_mixture(100 * TWO + 7)
    expected = mixture.log_density(TWO[:50]) - 2 * np.log(100)
    np.testing.assert_allclose(wide.log_density(100 * TWO[:50] + 7), expected, atol=0.02)


@pytest.mark.parametrize("latents", [np.zeros((50, 3)), np.eye(2), np.full((30, 2), 3.0)])
def test_latents_that_do_not_vary_are_a_peak(latents: np.ndarray) -> None:
    mixture = finished_mixture(latents.astype(np.float32))
    assert np.isfinite(mixture.log_density(latents)).all()


def test_latents_that_are_missing_are_left_out() -> None:
    holed = TWO.copy()
    holed[:5] = np.nan
    assert len(finished_mixture(holed).own) == 2995
    with pytest.raises(ValueError, match="at least two latents"):
        finished_mixture(np.full((5, 2), np.nan, np.float32))


def finished_mixture(latents: np.ndarray) -> Mixture:
    return finished(fit(latents))  # type: ignore[arg-type, return-value]


def test_a_fit_that_is_left_goes_on_where_it_was_left() -> None:
    begun = []

    def start() -> Generator[int, None, str]:
        begun.append(1)
        yield 1
        yield 2
        return "done"

    fits: Fits[int, str] = Fits(2)
    left = fits.follow("a", start)
    assert next(left) == 1
    left.close()
    other = fits.follow("a", start)
    assert next(other) == 2
    with pytest.raises(StopIteration):
        next(other)
    with pytest.raises(StopIteration) as end:
        next(fits.follow("a", start))
    assert (end.value.value, begun) == ("done", [1])


def test_latents_of_another_epoch_are_told_apart() -> None:
    assert mark_of(TWO) == mark_of(TWO.copy())
    assert mark_of(TWO) != mark_of(TWO + 1e-3)
