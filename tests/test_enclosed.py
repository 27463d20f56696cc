"""The fast way to see what an outline encloses decides as the plain one."""

import numpy as np
import pytest

from aeviz import geometry, kernels, paths
from aeviz.enclosed import FROM, enclosed


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    kernels.compile_in_background(paths.cache() / "kernels")
    assert kernels.wait(120)


@pytest.mark.parametrize("seed", range(8))
def test_any_outline_encloses_the_same(seed: int) -> None:
    generator = np.random.default_rng(seed)
    positions = generator.normal(size=(FROM, 2)).astype(np.float32)
    positions[:3] = [[np.nan, 0], [0, np.inf], [-np.inf, 0]]
    outline = generator.normal(size=(generator.integers(3, 90), 2)) * 1.5
    # heights that points share, and edges that lie level
    positions[10:60, 1] = np.float32(outline[0, 1])
    outline[1, 1] = outline[2, 1] = outline[0, 1] = float(np.float32(outline[0, 1]))
    expected = geometry.inside(positions, outline)
    assert np.array_equal(enclosed(positions, outline), expected)
    assert 0 < expected.sum() < len(positions)


@pytest.mark.parametrize(
    "outline", [[[0, 0], [1, 1]], [[0, 0], [1, 0], [2, 0]], [[5, 5], [5, 5], [5, 5]]]
)
def test_an_outline_without_an_area_encloses_nothing(outline: list[list[float]]) -> None:
    positions = np.zeros((FROM, 2), np.float32)
    assert not enclosed(positions, np.array(outline, np.float64)).any()
