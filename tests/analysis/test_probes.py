"""Probes: scikit-learn's own numbers on wine, answers that are known, which split is every one."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.gaussian_process.kernels import RBF, ConstantKernel
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from aeviz.analysis.instruments import Study
from aeviz.analysis.measures import NotApplicable
from aeviz.analysis.probe_curves import order_of, sizes
from aeviz.analysis.probe_folds import split, validated
from aeviz.analysis.probe_models import Kind, Probe, steps_of
from aeviz.analysis.probe_options import ProbeOptions
from aeviz.analysis.probes import probes
from aeviz.data.builtin import load_wine as own_wine
from aeviz.data.dataset import Column

SEED = 3


def study(latents: Any, labels: Any, samples: Any = None, **changes: Any) -> Study:
    z = np.asarray(latents, np.float32)
    raw = z if samples is None else samples

    def refuse() -> Any:
        raise NotApplicable("no model")

    plain = Study(
        latents=z,
        positions=z[:, :2],
        parts=(np.arange(len(z)) % 4 == 0).astype(np.uint8),
        labels=None if labels is None else np.asarray(labels, np.int64),
        index=np.arange(len(z)),
        class_names=(),
        feature_names=(),
        is_image=False,
        read_columns=tuple,
        epoch=0,
        seed=SEED,
        make_model=refuse,
        read=lambda rows: raw[rows],
        tell=lambda rows: None,
        own_units=lambda x: x,
    )
    return replace(plain, **changes)


def blobs(count: int = 60, apart: float = 20.0) -> tuple[Any, Any]:
    labels = np.arange(count) % 3
    centres = apart * np.array([[0, 0], [1, 0], [0, 1]])
    return centres[labels] + np.random.default_rng(0).normal(size=(count, 2)), labels


SKLEARN: dict[Probe, Any] = {
    "logistic": LogisticRegression(max_iter=1000),
    "knn": KNeighborsClassifier(),
    "svm": SVC(),
    "forest": RandomForestClassifier(random_state=SEED),
    "gaussian": GaussianProcessClassifier(
        ConstantKernel(1.0) * RBF(np.sqrt(13)), random_state=SEED
    ),
}


def wine() -> Study:
    own = own_wine(Path(), lambda _, text: None, {})
    samples = own.scaling.apply(own.samples)
    return study(samples[:, :2], own.labels, samples)


def wanted(probe: Probe) -> list[float]:
    x, y = load_wine(return_X_y=True)
    folds = StratifiedKFold(5, shuffle=True, random_state=SEED)
    steps = make_pipeline(StandardScaler(), SKLEARN[probe])
    return [float(score) for score in cross_val_score(steps, x, y, cv=folds)]


@pytest.mark.parametrize("probe", SKLEARN)
def test_raw_wine_has_the_accuracies_of_scikit_learn_to_the_last_digit(probe: Probe) -> None:
    looked = wine()
    x = looked.read(np.arange(len(looked))).astype(np.float64)
    assert looked.labels is not None
    cut = split(looked.labels, 5, 0.0, SEED, is_number=False)
    kind = Kind(probe, seed=SEED)
    make = partial(steps_of, kind, 13, standardise=True)
    assert validated(kind, make, x, looked.labels, cut).folds.tolist() == wanted(probe)


def test_the_row_of_raw_wine_in_the_table_is_that_of_scikit_learn() -> None:
    found = probes(wine(), ProbeOptions(probe="svm", test=0.0, few_labels=False))
    row = next(row for row in found.values["table"] if row["space"] == "raw")
    assert row["folds"] == wanted("svm")
    assert row["validation"] == np.mean(wanted("svm"))


@pytest.mark.parametrize("probe", ["logistic", "knn", "svm"])
def test_blobs_far_apart_are_told_without_a_mistake(probe: Probe) -> None:
    found = probes(study(*blobs()), ProbeOptions(probe=probe, few_labels=False))
    assert {row["validation"] for row in found.values["table"]} == {1.0}
    assert {row["test"] for row in found.values["table"]} == {1.0}
    assert len(found.arrays["wrong"]) == 0
    assert np.trace(found.arrays["confusion"]) == 60


def test_labels_at_random_are_told_about_as_well_as_chance() -> None:
    generator = np.random.default_rng(1)
    z, labels = generator.normal(size=(1000, 2)), np.arange(1000) % 2
    found = probes(study(z, labels), ProbeOptions(test=0.0, compare_most=0)).values
    assert found["chance"] == 0.5
    assert abs(found["validation"] - 0.5) < 3 * found["validation_error"]
    assert found["validation_error"] == pytest.approx(0.0158, abs=1e-4)


def test_samples_that_the_encoder_saw_are_counted() -> None:
    plain = study(*blobs(80))
    found = probes(plain, ProbeOptions(probe="knn", compare_most=0)).values
    assert (found["development"], found["test"]) == (64, 16)
    assert found["development_seen"] + found["test_seen"] == 60  # every fourth was held out
    unseen = replace(plain, parts=(np.arange(80) < 20).astype(np.uint8))
    found = probes(unseen, ProbeOptions(folds=2, unseen=True, compare_most=0)).values
    assert (found["samples"], found["development_seen"], found["test_seen"]) == (20, 0, 0)


def test_a_sample_among_others_is_one_that_is_selected_as_wrong() -> None:
    z, labels = blobs()
    labels[30] = 1  # it lies among those of 0
    found = probes(study(z, labels), ProbeOptions(probe="knn", compare_most=0))
    assert found.arrays["wrong"].tolist() == [30]
    assert found.arrays["predicted"][30] == 0
    assert found.arrays["confusion"][1, 0] == 1


def test_regions_have_the_class_of_the_blob_that_lies_there() -> None:
    found = probes(study(*blobs()), ProbeOptions(probe="knn", compare_most=0))
    shown = found.arrays["lattice"]
    assert (shown[-1, 0], shown[-1, -1], shown[0, 0]) == (0, 1, 2)  # the highest row first
    left, right, low, high = found.values["region"]
    assert left < 0 < 20 < right
    assert low < 0 < 20 < high
    assert found.values["regions_of"] == "latents"
    wide = np.hstack((blobs()[0], np.zeros((60, 1))))
    found = probes(study(wide, blobs()[1]), ProbeOptions(probe="knn", compare_most=0))
    assert found.values["regions_of"] == "positions"


def test_fewer_labels_tell_less_and_the_last_point_has_all() -> None:
    z, labels = blobs(300, apart=2.5)
    found = probes(study(z, labels), ProbeOptions(probe="knn")).values
    curve = found["curve"]
    assert curve["labels"] == [10, 30, 100, 192]
    means = curve["spaces"]["latents"]["mean"]
    assert means[-1] == found["table"][0]["validation"]
    assert means[0] < means[-1]
    assert set(curve["spaces"]) == {"latents", "PCA", "raw"}


def test_few_labels_have_every_class_about_as_often_as_all() -> None:
    y = np.repeat([0, 1, 2], [100, 100, 200])
    order = order_of(y, np.random.default_rng(0))
    assert np.bincount(y[order[:12]]).tolist() == [3, 3, 6]
    assert sizes(1500, 10) == (10, 30, 100, 300, 1000)


def test_a_grid_search_chooses_inside_every_fold() -> None:
    options = ProbeOptions(probe="knn", grid_search=True, compare_most=0)
    found = probes(study(*blobs()), options).values
    assert len(found["chosen"]) == 5
    assert all(set(each) == {"n_neighbors"} for each in found["chosen"])


def test_drawn_latents_change_nothing_where_all_is_told_already() -> None:
    options = ProbeOptions(augment=True, compare_most=0)
    found = probes(study(*blobs()), options).values["augmented"]
    assert found["without"][-1] == found["with"][-1] == 1.0
    assert found["labels"][-1] == 38


@pytest.fixture
def numbers() -> Study:
    z = np.random.default_rng(2).uniform(-2, 2, (150, 2))
    values = (z[:, 0] ** 2 + 0.05 * np.random.default_rng(3).normal(size=150)).astype(np.float32)
    return study(z, None, read_columns=lambda: (Column("size", values, unit="cm"),))


def test_a_gaussian_process_tells_a_number_and_how_sure_it_is(numbers: Study) -> None:
    options = ProbeOptions(probe="gaussian", target="size", compare_most=0)
    found = probes(numbers, options)
    assert found.values["validation"] > 0.98  # R²
    assert found.values["is_number"]
    lattice, sure = found.arrays["lattice"], found.arrays["lattice_sd"]
    assert lattice[80, 8] == pytest.approx(1.98**2, abs=0.3)
    assert lattice[80, 80] == pytest.approx(0, abs=0.2)
    assert sure[0, 0] > sure[80, 80]  # the corner lies beyond the samples
    assert sure[80, 80] == pytest.approx(0.05, abs=0.03)


def test_other_probes_tell_numbers_too(numbers: Study) -> None:
    for probe, least in (("logistic", -0.2), ("knn", 0.8), ("svm", 0.8)):
        options = ProbeOptions(probe=probe, target="size", compare_most=0)  # type: ignore[arg-type]
        assert probes(numbers, options).values["validation"] > least


def test_what_cannot_be_probed_is_a_sentence(numbers: Study) -> None:
    with pytest.raises(NotApplicable, match="no column 'x' to predict; there are: size"):
        probes(numbers, ProbeOptions(target="x"))
    with pytest.raises(NotApplicable, match="no labels"):
        probes(numbers, ProbeOptions())
    with pytest.raises(NotApplicable, match="two classes with 10 samples"):
        probes(study(np.zeros((12, 2)), np.arange(12)), ProbeOptions())
