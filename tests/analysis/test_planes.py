"""Planes of the map that a person chooses: exact where they are planes, honest where not."""

import numpy as np
import pytest

from aeviz.analysis.planes import Projector, discriminants, inverse_error, laid
from aeviz.analysis.projection import Projection
from aeviz.messages import Inverse
from aeviz.plane import PCA, Direction, Plane, dimension, principal, two_dimensions
from tests.analysis.test_projection import back, cloud


def made(projector: Projector, latents: np.ndarray, epoch: int = 0) -> Projection:
    return laid(projector, epoch, latents.astype(np.float32))


def off_plane(flat: Projection, latents: np.ndarray) -> np.ndarray:
    """What of the latents lies neither at their positions nor upright on the plane."""
    return (latents - back(flat)) @ flat.axes


PLANES = (
    PCA,
    two_dimensions(2, 4),
    two_dimensions(4, 0, base=7),
    Plane("axes", (principal(2), principal(0)), base=(1.0, 2.0, 3.0, 4.0, 5.0)),
    Plane("axes", (Direction("samples", (3, 9), "#3 → #9"), dimension(1)), base=3),
    Plane("axes", (Direction("pin", (5,), "pin → #5", (0.0,) * 5), principal(1)), base=(0.0,) * 5),
    Plane("lda"),
)


@pytest.mark.parametrize("plane", PLANES, ids=lambda plane: plane.title)
def test_a_plane_is_exact_on_itself(plane: Plane) -> None:
    latents = cloud()
    flat = made(Projector(plane, np.arange(60) % 3), latents)
    assert np.abs(flat.axes.T @ flat.axes - np.eye(2)).max() < 1e-6
    assert np.abs(off_plane(flat, latents)).max() < 1e-5
    on_it = back(flat)
    again = (on_it - flat.mean) @ flat.axes
    assert np.abs(again - flat.positions).max() < 1e-5
    assert 0 < flat.share <= 1


def test_the_base_point_lies_on_the_plane_and_the_ticks_are_the_latents_own_numbers() -> None:
    latents = cloud().astype(np.float32)
    flat = made(Projector(two_dimensions(2, 4, base=7)), latents)
    assert flat.titles == ("z₃", "z₅")
    assert flat.positions == pytest.approx(latents[:, [2, 4]], abs=1e-5)
    assert back(flat)[7] == pytest.approx(latents[7], abs=1e-5)
    median = made(Projector(two_dimensions(2, 4)), latents)
    there = np.median(latents, axis=0)
    assert median.mean + median.axes @ there[[2, 4]] == pytest.approx(there, abs=1e-5)


def test_both_samples_of_a_direction_lie_on_the_first_axis() -> None:
    latents = cloud()
    plane = Plane("axes", (Direction("samples", (3, 9), "a"), dimension(1)), base=3)
    flat = made(Projector(plane), latents)
    apart = float(np.linalg.norm(latents[9] - latents[3]))
    assert flat.positions[3] == pytest.approx([0, 0], abs=1e-5)
    assert flat.positions[9] == pytest.approx([apart, 0], abs=1e-5)
    assert flat.titles == ("a", "z₂ ⟂ a")


def test_directions_that_span_no_plane_are_refused_where_they_were_chosen() -> None:
    latents = cloud()
    plane = Plane("axes", (dimension(1), dimension(1)), epoch=3)
    with pytest.raises(ValueError, match="span no plane"):
        made(Projector(plane), latents, epoch=3)
    elsewhere = made(Projector(plane), latents, epoch=2)
    assert elsewhere.axes[1, 0] == 1
    assert np.isfinite(elsewhere.positions).all()
    with pytest.raises(ValueError, match="no direction z₉"):
        made(Projector(two_dimensions(0, 8)), latents)


@pytest.mark.parametrize("dimensions", [1, 2])
def test_one_and_two_dimensions_are_never_projected(dimensions: int) -> None:
    with pytest.raises(ValueError, match="as it is"):
        made(Projector(Plane("lda"), np.arange(60) % 3), cloud(dimensions=dimensions))


def test_the_discriminant_of_two_gaussians_is_the_known_one() -> None:
    generator = np.random.default_rng(0)
    root = generator.normal(size=(4, 4))
    covariance = root @ root.T + 0.3 * np.eye(4)
    apart = np.array([1.0, -0.5, 0.2, 0.8])
    labels = np.arange(40_000) % 2
    rows = generator.multivariate_normal(np.zeros(4), covariance, 40_000) + labels[:, None] * apart
    known = np.linalg.solve(covariance, apart)
    known /= np.linalg.norm(known)
    found = discriminants(rows, labels)[:, 0]
    assert abs(found @ known) / np.linalg.norm(found) > 0.999
    flat = made(Projector(Plane("lda"), labels), rows)
    assert abs(flat.axes[:, 0] @ known) > 0.999
    assert flat.titles == ("LD 1", "PC ⟂ LD 1")


def test_discriminants_need_labels_and_bear_dead_dimensions() -> None:
    rows = cloud()
    rows[:, 2] = 0.0
    assert np.isfinite(discriminants(rows, np.arange(60) % 3)).all()
    with pytest.raises(ValueError, match="two labels"):
        discriminants(rows, np.where(np.arange(60) < 30, -1, 4))
    with pytest.raises(ValueError, match="has none"):
        made(Projector(Plane("lda")), rows)


@pytest.mark.parametrize("plane", PLANES, ids=lambda plane: plane.title)
def test_no_plane_spins_over_epochs(plane: Plane) -> None:
    """Latents that turn slowly in five dimensions: no step turns the picture more than they do."""
    generator = np.random.default_rng(1)
    skew = generator.normal(size=(5, 5)) * 0.02
    step = np.linalg.qr(np.eye(5) + skew - skew.T)[0]
    step *= np.sign(np.diag(step))
    latents = cloud()
    projector = Projector(plane, np.arange(60) % 3)
    before = made(projector, latents, epoch=0).positions
    for epoch in range(1, 25):
        latents = latents @ step
        now = made(projector, latents, epoch).positions
        one, other = (each - each.mean(axis=0) for each in (before, now))
        left, _, right = np.linalg.svd(one.T @ other)
        turn = left @ right
        assert np.linalg.det(turn) > 0, "mirrored"
        assert np.degrees(np.arccos(np.clip(np.trace(turn) / 2, -1, 1))) < 20
        before = now


def test_the_error_of_a_learned_way_back_is_honest() -> None:
    """Small where the map is the plane itself, as bad as guessing where it says nothing."""
    generator = np.random.default_rng(0)
    flat = generator.uniform(-1, 1, size=(2000, 2)).astype(np.float32)
    latents = np.column_stack([flat, 0.5 * flat[:, :1]]).astype(np.float32)
    assert inverse_error(flat, latents) < 0.03
    shuffled = latents[generator.permutation(2000)]
    assert 0.6 < inverse_error(flat, shuffled) < 1.4


def test_a_fitted_map_keeps_what_was_fitted_and_stays_the_same_for_other_epochs() -> None:
    latents = cloud().astype(np.float32)
    fitted = Inverse(latents[:, :2] * 3, latents, 0.1, 60)
    flat = made(Projector(Plane("tsne", epoch=4), inverse=fitted), latents, epoch=4)
    assert flat.positions == pytest.approx(fitted.positions, abs=1e-4)
    assert flat.inverse is fitted
    assert not flat.axes.any()
    moved = made(Projector(Plane("tsne", epoch=4), inverse=fitted), latents[::-1], epoch=1)
    assert moved.positions == pytest.approx(fitted.positions[::-1], abs=1e-4)
    far = made(Projector(Plane("tsne", epoch=4), inverse=fitted), latents + 100, epoch=1)
    assert moved.inverse is not None
    assert far.inverse is not None
    assert moved.inverse.error == 0.1
    assert far.inverse.error > 10, "what lies elsewhere is said to come back wrong"
