"""Agreements of clusters with labels on tables that are counted by hand."""

import math

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from aeviz.analysis import cluster_agreement as a

LABELS = np.array([0, 0, 0, 1, 1, 1])
CLUSTERS = np.array([0, 0, 1, 1, 1, 1])
TABLE = np.array([[2, 1, 0], [0, 3, 0]])


def test_the_table_counts_pairs_and_its_last_column_is_noise() -> None:
    np.testing.assert_array_equal(a.contingency(LABELS, CLUSTERS), TABLE)
    noisy = np.array([0, -1, 1, 1, -1, -1])
    np.testing.assert_array_equal(a.contingency(LABELS + 3, noisy), [[1, 1, 1], [0, 1, 2]])


def test_adjusted_rand_by_hand() -> None:
    # Together in both: 1 + 3 pairs; in the labels 6, in the clusters 7, of 15.
    assert a.adjusted_rand(TABLE) == pytest.approx((4 - 42 / 15) / (13 / 2 - 42 / 15))


def test_normalised_information_by_hand() -> None:
    # 2/6, 1/6 and 3/6 of the samples in the cells; halves, and one and two thirds, at the sides.
    shared = sum(p * math.log(p / q) for p, q in ((2 / 6, 1 / 6), (1 / 6, 1 / 3), (3 / 6, 1 / 3)))
    entropies = math.log(2) + math.log(3) - 2 / 3 * math.log(2)
    assert a.normalised_information(TABLE) == pytest.approx(2 * shared / entropies)


def test_purity_lets_clusters_share_a_label_and_matching_does_not() -> None:
    assert a.purity(TABLE) == a.matching(TABLE) == pytest.approx(5 / 6)
    both_are_zeros = np.array([[4, 3, 0], [1, 0, 0]])
    assert a.purity(both_are_zeros) == 7 / 8
    assert a.matching(both_are_zeros) == 4 / 8


def test_matching_finds_the_best_assignment_where_the_greedy_one_is_not() -> None:
    assert a.matching(np.array([[9, 8, 0], [8, 0, 0]])) == 16 / 25


def test_noise_counts_as_wrong() -> None:
    table = np.array([[3, 0, 3], [0, 2, 2]])
    assert a.purity(table) == a.matching(table) == 0.5
    assert a.purity(np.array([[2], [3]])) == a.matching(np.array([[2], [3]])) == 0


def test_equal_groupings_agree_wholly_and_one_group_says_nothing() -> None:
    equal = np.array([[0, 4, 0], [5, 0, 0]])
    assert [agree(equal) for agree in a.AGREEMENTS.values()] == [1, pytest.approx(1), 1, 1]
    lumped = np.array([[4, 0], [5, 0]])
    assert a.adjusted_rand(lumped) == a.normalised_information(lumped) == 0


@pytest.mark.parametrize("noise", [0, -1])
def test_two_of_them_are_those_of_scikit_learn(noise: int) -> None:
    generator = np.random.default_rng(1)
    labels = generator.integers(0, 6, 500)
    clusters = np.where(generator.random(500) < 0.5, labels, generator.integers(0, 9, 500)) + noise
    table = a.contingency(labels, clusters)
    assert a.adjusted_rand(table) == pytest.approx(adjusted_rand_score(labels, clusters))
    expected = normalized_mutual_info_score(labels, clusters)
    assert a.normalised_information(table) == pytest.approx(expected)
