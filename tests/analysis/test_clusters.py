"""Clusters of points whose groups are known."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from aeviz.analysis import clusters as c
from aeviz.analysis.cluster_methods import nearest_clusters, silhouettes
from aeviz.analysis.instruments import Study
from aeviz.analysis.measures import NotApplicable, all_measures, measured
from tests.analysis.test_disentanglement import case

MIDDLES = np.array([[0, 0, 0], [9, 0, 0], [0, 9, 0], [9, 9, 9]], np.float64)
SIZES = (40, 70, 50, 60)
LABELS = np.repeat(np.arange(4), SIZES)
METHODS = ("k-means", "mixture", "spectral", "hdbscan")


def blobs() -> Any:
    noise = np.random.default_rng(0).normal(size=(len(LABELS), 3))
    return (MIDDLES[LABELS] + noise).astype(np.float32)


def study(**changes: Any) -> Study:
    z = blobs()
    fields: dict[str, Any] = {
        "latents": z,
        "positions": z[:, :2],
        "parts": (np.arange(len(z)) % 5 == 0).astype(np.uint8),
        "labels": LABELS,
        "index": np.arange(len(z)),
        "class_names": (),
        "feature_names": (),
        "is_image": False,
        "read_columns": lambda: (),
        "epoch": 3,
        "seed": 0,
        "make_model": None,
        "read": None,
        "tell": None,
        "own_units": None,
    }
    return Study(**{**fields, **changes})


def options(**changes: Any) -> c.ClustersConfig:
    return replace(c.ClustersConfig(largest=6, smallest=10.0, most=500), **changes)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_and_its_criterion_find_separate_groups(method: Any) -> None:
    arrays, values = c.clustered(study(), options(method=method))
    assert values["found"] == 4
    assert values["matching"] > 0.93
    assert values["criterion"] == c.CRITERIA[method]
    assert arrays["sizes"].tolist() == sorted(arrays["sizes"], reverse=True)
    assert arrays["classes"].tolist() == [1, 3, 2, 0]
    np.testing.assert_allclose(arrays["means"], MIDDLES[[1, 3, 2, 0]], atol=0.6)
    again = c.clustered(study(), options(method=method))
    np.testing.assert_array_equal(arrays["clusters"], again.arrays["clusters"])


@pytest.mark.parametrize("method", METHODS[:3])
def test_the_number_is_by_hand_or_that_of_the_classes(method: Any) -> None:
    arrays, values = c.clustered(study(), options(method=method, number="hand", clusters=2))
    assert (values["found"], values["criterion"], len(arrays["curve"])) == (2, "", 0)
    values = c.clustered(study(), options(method=method, number="classes")).values
    assert (values["found"], values["chosen"]) == (4, 4)
    assert values["ari"] == pytest.approx(1)


def test_the_criterion_is_best_at_what_was_chosen() -> None:
    arrays, values = c.clustered(study(), options())
    assert arrays["curve_at"][arrays["curve"].argmax()] == values["chosen"] == 4
    arrays, values = c.clustered(study(), options(method="mixture"))
    assert arrays["curve_at"].tolist() == [1, 2, 3, 4, 5, 6]
    assert arrays["curve_at"][arrays["curve"].argmin()] == values["chosen"] == 4


def test_hdbscan_has_noise_and_a_curve_over_the_smallest_cluster() -> None:
    z = blobs()
    z[:3] = [[40, 40, 40], [-40, 10, 0], [0, -50, 30]]
    found = c.clustered(study(latents=z, positions=z[:, :2]), options(method="hdbscan"))
    assert (found.arrays["clusters"][:3] == c.NOISE).all()
    assert found.values["noise"] == (found.arrays["clusters"] == c.NOISE).sum()
    at = found.arrays["curve_at"].tolist()
    assert found.arrays["curve"][at.index(10.0)] == found.values["found"] == 4
    assert found.arrays["curve_noise"][at.index(10.0)] == pytest.approx(
        found.values["noise"] / len(z)
    )


@pytest.mark.parametrize("method", ["spectral", "hdbscan"])
def test_what_the_method_does_not_see_joins_the_nearest_and_that_is_said(method: Any) -> None:
    found = c.clustered(study(), options(method=method, number="hand", clusters=4, most=120))
    values = found.values
    assert (values["seen"], values["samples"]) == (120, len(LABELS))
    assert (found.arrays["clusters"] >= c.NOISE).all()
    assert values["matching"] > 0.9


def test_a_sample_joins_the_cluster_of_the_nearest_one() -> None:
    known = np.array([[0.0], [10.0], [20.0]])
    found = nearest_clusters(np.array([[4.0], [6.0], [90.0]]), known, np.array([2, 0, -1]))
    assert found.tolist() == [2, 0, -1]


def test_silhouettes_by_hand() -> None:
    points, groups = np.array([[0.0], [1.0], [10.0], [11.0]]), np.array([0, 0, 1, 1])
    outer, inner = 1 - 1 / 10.5, 1 - 1 / 9.5
    scores = silhouettes(points, [groups, np.zeros(4, int)])
    assert scores[0] == pytest.approx((outer + inner) / 2)
    assert np.isnan(scores[1])


def test_only_samples_of_the_part_are_grouped() -> None:
    found = c.clustered(study(), options(part="validation", number="hand", clusters=4))
    held = study().parts == 1
    np.testing.assert_array_equal(found.arrays["clusters"] == c.ELSEWHERE, ~held)
    assert found.values["samples"] == found.values["labelled"] == held.sum()


def test_positions_on_the_map_may_be_grouped_instead_of_latents() -> None:
    flat = study(latents=np.random.default_rng(1).normal(size=(len(LABELS), 5)).astype(np.float32))
    values = c.clustered(flat, options(space="map", number="classes")).values
    assert values["matching"] > 0.9
    assert c.clustered(flat, options(number="classes")).values["matching"] < 0.6


def test_without_labels_there_are_clusters_and_no_agreement() -> None:
    found = c.clustered(study(labels=None), options(number="hand", clusters=4))
    assert found.values["ari"] is None
    assert found.values["labelled"] == 0
    assert (found.arrays["classes"] == -1).all()
    assert np.isnan(found.arrays["shares"]).all()


def test_samples_without_a_label_are_grouped_and_not_compared() -> None:
    labels = LABELS.copy()
    labels[:15] = -1
    values = c.clustered(study(labels=labels), options(number="classes")).values
    assert (values["labelled"], values["samples"]) == (len(LABELS) - 15, len(LABELS))


def test_the_largest_cluster_is_the_first_and_noise_stays_noise() -> None:
    assert c.by_size(np.array([5, 2, 2, -1, 7, 7, 2])).tolist() == [2, 0, 0, -1, 1, 1, 0]


def test_an_outline_leaves_out_what_is_far_away() -> None:
    square = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 10 + [[30, 30]], np.float32)
    corners = c.outline(square)
    assert sorted(map(tuple, corners.tolist())) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert len(c.outline(np.array([[0, 0], [1, 1], [2, 2]], np.float32))) == 0


def test_what_cannot_be_grouped_is_a_sentence() -> None:
    with pytest.raises(NotApplicable, match="not all at the same place"):
        c.clustered(study(latents=np.zeros((len(LABELS), 3), np.float32)), options())
    with pytest.raises(NotApplicable, match="not finite"):
        c.clustered(study(latents=blobs() * np.float32(np.nan)), options())
    with pytest.raises(NotApplicable, match="no labels"):
        c.clustered(study(labels=None), options(number="classes"))
    few = np.repeat(np.eye(3, dtype=np.float32), 80, axis=0)[: len(LABELS)]
    with pytest.raises(NotApplicable, match="5 clusters need more samples than the 3"):
        c.clustered(study(latents=few), options(number="hand", clusters=5))


def test_the_measures_are_of_k_means_with_as_many_clusters_as_classes() -> None:
    made = case(blobs().astype(np.float64), np.zeros((len(LABELS), 2), np.int64))
    entries = all_measures(["ari", "nmi", "purity"])
    for entry in entries:
        assert measured(entry, replace(made, labels=LABELS)).value == pytest.approx(1)
        assert measured(entry, made).reason == "these samples have no labels"
