import numpy as np
import pytest

from aeviz import geometry


def test_the_nearest_of_many_is_what_a_full_search_finds() -> None:
    generator = np.random.default_rng(0)
    positions = generator.normal(size=(500, 2)).astype(np.float32)
    for point in generator.normal(size=(50, 2)).tolist():
        distances = np.hypot(*(positions - point).T)
        expected = int(distances.argmin()) if distances.min() <= 0.1 else -1
        assert geometry.nearest(positions, (point[0], point[1]), 0.1) == expected


def test_hidden_rows_and_rows_that_are_not_finite_are_not_found() -> None:
    positions = np.array([[0.0, 0.0], [np.nan, 0.0], [0.2, np.inf], [0.1, 0.0]], np.float32)
    assert geometry.nearest(positions, (0.0, 0.0), 1.0) == 0
    shown = np.array([False, True, True, True])
    assert geometry.nearest(positions, (0.0, 0.0), 1.0, shown) == 3


def test_nothing_is_near_in_an_empty_map() -> None:
    assert geometry.nearest(np.empty((0, 2)), (0.0, 0.0), 1.0) == -1


def test_a_lattice_has_the_largest_second_coordinate_in_its_first_row() -> None:
    points = geometry.lattice((-1.0, 1.0, -2.0, 2.0), columns=3, rows=5)
    assert points.shape == (5, 3, 2)
    assert points.dtype == np.float32
    assert points[0, 0].tolist() == [-1.0, 2.0]
    assert points[-1, -1].tolist() == [1.0, -2.0]


def test_lerp_writes_into_the_buffer_it_is_given() -> None:
    start, end = np.zeros((4, 2), np.float32), np.full((4, 2), 2.0, np.float32)
    buffer = np.empty((4, 2), np.float32)
    assert geometry.lerp(start, end, 0.25, out=buffer) is buffer
    assert (buffer == 0.5).all()
    assert (start == 0).all()
    assert (end == 2).all()


def test_slerp_keeps_the_norm_and_turns_evenly() -> None:
    generator = np.random.default_rng(1)
    start = generator.normal(size=16)
    end = generator.normal(size=16)
    end *= np.linalg.norm(start) / np.linalg.norm(end)
    steps = np.array([geometry.slerp(start, end, t) for t in np.linspace(0, 1, 11)])
    np.testing.assert_allclose(np.linalg.norm(steps, axis=1), np.linalg.norm(start))
    lengths = np.linalg.norm(np.diff(steps, axis=0), axis=1)
    np.testing.assert_allclose(lengths, lengths[0])
    np.testing.assert_allclose(steps[[0, -1]], [start, end])


def test_slerp_is_a_line_between_parallel_and_between_opposite_latents() -> None:
    one = np.array([1.0, 0.0])
    np.testing.assert_allclose(geometry.slerp(one, 2 * one, 0.5), [1.5, 0.0])
    np.testing.assert_allclose(geometry.slerp(one, -one, 0.25), [0.5, 0.0])


@pytest.mark.parametrize("other", [np.zeros(2), np.ones(3)])
def test_slerp_refuses_what_has_no_direction(other: np.ndarray) -> None:
    with pytest.raises(ValueError, match="slerp needs latents"):
        geometry.slerp(np.ones(2), other, 0.5)


def test_the_extent_holds_every_finite_position() -> None:
    positions = np.array([[0.0, 1.0], [4.0, 3.0], [np.nan, 9.0], [2.0, -np.inf]])
    assert geometry.extent(positions) == (0.0, 4.0, 1.0, 3.0)
    assert geometry.extent(positions, margin=0.5) == (-1.0, 5.0, 0.5, 3.5)


def test_the_extent_can_leave_out_the_outermost() -> None:
    positions = np.column_stack([np.arange(101.0), np.zeros(101)])
    assert geometry.extent(positions, cut=0.01)[:2] == (1.0, 99.0)


@pytest.mark.parametrize(
    "positions",
    [np.empty((0, 2)), np.zeros((3, 2)), np.full((2, 2), np.nan), np.full((5, 2), 1e30)],
)
def test_what_has_no_extent_gets_one(positions: np.ndarray) -> None:
    left, right, low, high = geometry.extent(positions)
    assert right > left
    assert high > low


def test_a_region_grows_seldom_and_never_shrinks() -> None:
    region, steps = (-1.0, 1.0, -1.0, 1.0), 0
    for size in np.linspace(0.1, 5.0, 200):
        needed = (-size, size, -size, size)
        after = geometry.grown(region, needed)
        assert geometry.union(after, needed) == after
        assert geometry.union(after, region) == after
        steps += after != region
        region = after
    assert 2 <= steps <= 12


# ── within an outline ─────────────────────────────────────────────────────────────────────────


def test_a_concave_outline_leaves_its_notch_out() -> None:
    outline = np.array([[0.0, 0], [4, 0], [4, 4], [2, 1], [0, 4]])
    points = np.array([[2.0, 3], [2, 0.5], [0.5, 2], [3.5, 2], [5, 2], [np.nan, 1]])
    assert geometry.inside(points, outline).tolist() == [False, True, True, True, False, False]


def test_what_a_crossing_outline_encloses_twice_is_outside() -> None:
    angles = np.deg2rad(90 + 144 * np.arange(5))
    star = np.column_stack([np.cos(angles), np.sin(angles)])
    points = np.array([[0.0, 0.0], [0.0, 0.8], [0.0, -0.9]])
    assert geometry.inside(points, star).tolist() == [False, True, False]


def test_every_point_is_found_in_any_chunks_and_a_tiling_finds_it_once() -> None:
    points = np.random.default_rng(0).uniform(-1, 1, (3000, 2)).astype(np.float32)
    corners = np.array([[-1.0, -1], [1, -1], [1, 1], [-1, 1]]) * 1.01
    hub = np.array([0.13, -0.2])
    tiles = [np.array([hub, corners[k], corners[(k + 1) % 4]]) for k in range(4)]
    found = sum(geometry.inside(points, tile).astype(int) for tile in tiles)
    assert (found == 1).all()
    small = geometry.inside(points, tiles[0], chunk=7)
    assert (small == geometry.inside(points, tiles[0])).all()


def test_two_corners_enclose_nothing() -> None:
    assert not geometry.inside(np.zeros((3, 2)), np.array([[-1.0, -1], [1, 1]])).any()
