"""The instrument of disentanglement on latents whose answer is known."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from aeviz.analysis.disentanglement import mig, sap
from aeviz.analysis.factors import DisentanglementConfig, disentangled
from aeviz.analysis.instruments import Study
from aeviz.analysis.measures import Case, NotApplicable
from tests.analysis.test_disentanglement import case, grid, rotated

COUNT = 600
FACTORS = grid()[:COUNT]
LATENTS = FACTORS - 4.5 + np.random.default_rng(3).normal(0, 0.1, FACTORS.shape)


def study_of(made: Case, **changes: Any) -> Study:
    """A study of the very samples of a case, the first half trained on."""
    count = len(made)
    parts = (np.arange(count) >= count // 2).astype(np.uint8)
    fields: dict[str, Any] = {
        "latents": made.latents,
        "positions": made.latents[:, :2],
        "parts": parts,
        "labels": None,
        "index": np.arange(count),
        "class_names": (),
        "feature_names": (),
        "is_image": False,
        "read_columns": lambda: made.columns,
        "epoch": 3,
        "seed": 0,
        "make_model": lambda: made.model,
        "read": lambda rows: made.x.numpy()[rows],
        "tell": lambda rows: None,
        "own_units": lambda x: x,
    }
    return Study(**{**fields, **changes})


def test_axes_that_are_the_factors_have_high_scores_and_a_diagonal() -> None:
    heard: list[str] = []
    study = study_of(case(LATENTS, FACTORS), report=lambda _, phrase: heard.append(phrase))
    arrays, values = disentangled(study, DisentanglementConfig(part="all"))
    assert values["factors"] == ["first", "second"]
    for name in ("dci", "completeness", "modularity", "factor_vae_score", "beta_vae_score"):
        assert values[name] > 0.7, name
    assert values["informativeness"] > 0.85
    assert values["chance"] == 0.5
    assert (values["samples"], values["of"]) == (COUNT, COUNT)
    for table in arrays.values():
        assert table.shape == (2, 2)
        assert (table.argmax(axis=0) == [0, 1]).all()
    assert "a forest for second" in heard


def test_it_says_what_the_measures_say() -> None:
    made = case(LATENTS, FACTORS)
    values = disentangled(study_of(made), DisentanglementConfig(part="all")).values
    assert values["mig"] == pytest.approx(mig(made).value)
    assert values["sap"] == pytest.approx(sap(made).value)


def test_axes_between_the_factors_have_low_scores_though_the_factors_are_there() -> None:
    study = study_of(case(rotated(LATENTS, 45), FACTORS))
    values = disentangled(study, DisentanglementConfig(part="all")).values
    assert values["informativeness"] > 0.7
    for name in ("mig", "dci", "sap", "modularity"):
        assert values[name] < 0.35, name


def test_part_and_number_of_samples_are_those_asked_for() -> None:
    study = study_of(case(LATENTS, FACTORS))
    values = disentangled(study, DisentanglementConfig(part="validation", most=100)).values
    assert (values["samples"], values["of"], values["part"]) == (100, COUNT // 2, "validation")


def test_one_factor_alone_has_the_scores_that_compare_none() -> None:
    made = case(LATENTS, FACTORS)
    lone = replace(made, columns=made.columns[:1])
    values = disentangled(study_of(lone), DisentanglementConfig(part="all")).values
    assert values["mig"] > 0.7
    assert values["dci"] is values["factor_vae_score"] is None


def test_without_factors_there_is_a_sentence() -> None:
    bare = replace(case(LATENTS, FACTORS), columns=())
    with pytest.raises(NotApplicable, match="factors of variation"):
        disentangled(study_of(bare), DisentanglementConfig())
