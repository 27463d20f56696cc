"""Quality of latents: known answers, scikit-learn as reference, memory, registered measures."""

import numpy as np
import pytest
import torch
from sklearn.manifold import trustworthiness

from aeviz.analysis import quality as module
from aeviz.analysis.measures import Case, NotApplicable, all_measures, measured
from aeviz.analysis.quality import Matrix, of_case, quality
from aeviz.models import MODELS
from tests.models.tiny import TABLE, tiny

NAMES = (
    *("trustworthiness", "continuity", "mrre"),
    *("kl_0.01", "kl_0.1", "kl_1", "rmse"),
)


def points(count: int, dimensions: int, seed: int = 0) -> Matrix:
    return np.random.default_rng(seed).normal(size=(count, dimensions))


def case_of(count: int) -> Case:
    x = torch.from_numpy(points(count, 7)).float()
    latents = points(count, 2, seed=1).astype(np.float32)
    return Case(tiny(MODELS["deep"], TABLE).eval(), x, latents)


def test_a_latent_that_is_the_data_is_perfect() -> None:
    x = points(100, 5)
    found = quality(x, x, (1, 5, 10))
    for perfect in (found.trustworthiness, found.continuity):
        assert perfect.tolist() == [1, 1, 1]
    for error in (found.rank_error_latent, found.rank_error_data):
        assert error.tolist() == [0, 0, 0]
    assert list(found.density_kl.values()) == pytest.approx([0, 0, 0], abs=1e-12)
    assert found.distance_rmse == pytest.approx(0, abs=1e-6)


def test_turning_shifting_and_scaling_the_latent_changes_only_the_distances() -> None:
    x, z = points(120, 5), points(120, 3, seed=1)
    turn = np.linalg.qr(points(3, 3, seed=2))[0]
    plain, moved, scaled = (quality(x, other) for other in (z, z @ turn + 7, 3 * z))
    for other in (moved, scaled):
        assert other.trustworthiness == pytest.approx(plain.trustworthiness)
        assert other.continuity == pytest.approx(plain.continuity)
        assert other.rank_error_data == pytest.approx(plain.rank_error_data)
        assert other.density_kl == pytest.approx(plain.density_kl, rel=1e-6)
    assert moved.distance_rmse == pytest.approx(plain.distance_rmse)
    assert scaled.distance_rmse > plain.distance_rmse


def test_continuity_is_trustworthiness_with_the_spaces_exchanged() -> None:
    x, z = points(120, 5), points(120, 2, seed=1)
    one, other = quality(x, z), quality(z, x)
    assert one.continuity == pytest.approx(other.trustworthiness)
    assert one.rank_error_data == pytest.approx(other.rank_error_latent)


@pytest.mark.parametrize("k", [1, 5, 20, 49])
def test_trustworthiness_is_scikit_learns(k: int) -> None:
    x, z = points(100, 6), points(100, 2, seed=3)
    assert quality(x, z, (k,)).trustworthiness[0] == pytest.approx(
        trustworthiness(x, z, n_neighbors=k), abs=1e-12
    )


def test_rank_errors_are_what_their_definition_says() -> None:
    """Four points on a line, and the same with the last two exchanged, by hand."""
    x = np.array([[0.0], [1.0], [3.0], [7.0]])
    z = np.array([[0.0], [1.0], [7.0], [3.0]])
    found = quality(x, z, (1,))
    # neighbours in the latent: 1 of 0, 0 of 1, 3 of 2, 1 of 3; ranks in the data: 1, 1, 3, 2
    largest = 4 * abs(2 * 1 - 4 - 1) / 1
    assert found.rank_error_latent[0] == pytest.approx((0 + 0 + 2 + 1) / largest)


def test_density_and_distances_are_what_their_definitions_say() -> None:
    x, z = points(40, 3), points(40, 2, seed=1)
    found = quality(x, z)
    of_x, of_z = (np.linalg.norm(p[:, None] - p[None], axis=2) for p in (x, z))
    assert found.distance_rmse == pytest.approx(np.sqrt(np.square(of_x - of_z).mean()))
    for sigma, value in found.density_kl.items():
        p, q = (np.exp(-np.square(d / d.max()) / sigma).sum(axis=1) for d in (of_x, of_z))
        p, q = p / p.sum(), q / q.sum()
        assert value == pytest.approx(float((p * np.log(p / q)).sum()), rel=1e-6)


def test_slices_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    x, z = points(90, 4), points(90, 2, seed=1)
    whole = quality(x, z, (3, 9))
    monkeypatch.setattr(module, "SLICE_VALUES", 7 * 90)
    cut = quality(x, z, (3, 9))
    assert cut.trustworthiness == pytest.approx(whole.trustworthiness)
    assert cut.density_kl == pytest.approx(whole.density_kl)
    assert cut.distance_rmse == pytest.approx(whole.distance_rmse)


def test_each_sample_has_a_share_of_trustworthiness_and_continuity() -> None:
    x, z = points(90, 4), points(90, 2, seed=1)
    found = quality(x, z, (3, 9))
    assert found.trustworthiness_each.mean() == pytest.approx(found.trustworthiness.mean())
    assert found.continuity_each.mean() == pytest.approx(found.continuity.mean())


def test_equal_distances_are_ranked_by_the_order_of_the_samples() -> None:
    grid = np.stack(np.meshgrid(np.arange(6.0), np.arange(6.0)), axis=-1).reshape(-1, 2)
    distances = np.linalg.norm(grid[:, None] - grid[None], axis=2)
    np.testing.assert_array_equal(
        module._sorted_places(distances), np.argsort(distances, axis=1, kind="stable")
    )


def test_equal_latents_have_an_answer() -> None:
    found = quality(points(50, 3), np.zeros((50, 2)))
    assert 0 <= found.trustworthiness[0] <= 1
    assert found.distance_rmse > 0
    assert all(np.isfinite(value) for value in found.density_kl.values())


def test_more_neighbours_than_half_of_the_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="20 neighbours need more than 40 rows"):
        quality(points(40, 3), points(40, 2), (20,))


def test_the_measures_of_a_case_come_from_one_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 60)
    case = case_of(80)
    rows = [measured(entry, case) for entry in all_measures(NAMES)]
    assert [row.name for row in rows] == list(NAMES)
    assert all(row.value is not None and row.definition.endswith(".") for row in rows)
    assert of_case(case) is of_case(case)
    assert of_case(case).trustworthiness == pytest.approx(of_case(case_of(80)).trustworthiness)


def test_too_few_samples_are_said() -> None:
    with pytest.raises(NotApplicable, match="10 neighbours need more than 20 samples"):
        of_case(case_of(20))
