"""Directions between groups: the known difference of means, and a test that is honest."""

import numpy as np
import pytest

from aeviz.analysis.attribute import (
    PERMUTATIONS,
    area_under_curve,
    attribute_of_run,
    direction,
    relabelled,
)
from aeviz.analysis.questions import Findings, Subject

NULL = np.random.default_rng(0)


def p_value(latents: np.ndarray, is_end: np.ndarray, seed: int, permutations: int = 39) -> float:
    *_, (_, p, _) = relabelled(latents, is_end, seed, permutations)
    return p


def test_the_direction_leads_from_one_mean_to_the_other() -> None:
    latents = np.array([[0.0, 0], [2, 0], [5, 3], [7, 3], [np.nan, 0]], np.float32)
    found = direction(latents, np.array([0, 1, 4]), np.array([2, 3]))
    np.testing.assert_allclose(found, [5, 3])
    with pytest.raises(ValueError, match="both sides"):
        direction(latents, np.array([4]), np.array([0]))


def test_p_is_uniform_where_the_groups_are_alike() -> None:
    # Also in many dimensions, where the direction always separates the samples it was made of.
    found = np.array(
        [p_value(NULL.normal(size=(24, 16)), np.arange(24) < 10, seed) for seed in range(300)]
    )
    steps = np.sort(found)
    gap = np.abs(steps - np.arange(1, 301) / 300).max()
    assert gap < 1.36 / np.sqrt(300) + 1 / 40  # Kolmogorov-Smirnov at 5 %, and the steps of 1/40
    assert np.mean(found <= 0.05) < 0.09


def test_p_is_as_small_as_it_can_be_for_groups_that_lie_apart() -> None:
    latents = NULL.normal(size=(60, 3)).astype(np.float32)
    is_end = np.arange(60) >= 30
    latents[is_end] += 4
    *_, (auc, p, count) = relabelled(latents, is_end, 0)
    assert auc > 0.99
    assert (p, count) == (1 / (1 + PERMUTATIONS), PERMUTATIONS)


def test_equal_values_count_half() -> None:
    assert area_under_curve(np.zeros(5), np.zeros(7)) == 0.5
    assert area_under_curve(np.array([1.0, 2]), np.array([3.0])) == 1.0


def findings(latents: np.ndarray, start: list[int], end: list[int]) -> list[Findings]:
    arguments = {"start": start, "end": end, "tag": 7}
    return [found for found in attribute_of_run(Subject(latents=latents), arguments) if found]


def test_the_question_tells_the_direction_first_and_then_the_test() -> None:
    latents = NULL.normal(size=(40, 2)).astype(np.float32)
    first, last = findings(latents, list(range(20)), list(range(20, 40)))
    assert first.values == {"tag": 7}
    assert set(last.values) == {"tag", "auc", "p", "permutations", "tested"}
    np.testing.assert_array_equal(first.arrays["direction"], last.arrays["direction"])


def test_samples_of_both_sides_are_not_tested_and_too_few_are_said() -> None:
    latents = NULL.normal(size=(12, 2)).astype(np.float32)
    last = findings(latents, list(range(8)), list(range(2, 12)))[-1]
    assert "4 samples on each side" in last.values["why_not"]


def test_samples_that_are_not_shown_are_refused() -> None:
    with pytest.raises(ValueError, match="does not show"):
        findings(np.zeros((3, 2), np.float32), [0], [3])
