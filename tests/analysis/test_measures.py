"""The registry of measures."""

import numpy as np
import pytest
import torch

from aeviz.analysis import measures
from aeviz.analysis.measures import Case, Measured, NotApplicable, all_measures, measured
from aeviz.models import MODELS
from tests.models.tiny import TABLE, batch_of, tiny


def case() -> Case:
    model, x = tiny(MODELS["vae"], TABLE).eval(), batch_of(TABLE, 20).x
    with torch.no_grad():
        return Case(model, x, model.encode(x).numpy())


def entry(name: str, measure: measures.Measure) -> measures.MeasureEntry:
    return measures.MeasureEntry(name, "Test", "", "A test.", measure)


def test_every_measure_says_what_it_is() -> None:
    for each in all_measures():
        assert each.title
        assert each.definition.endswith(".")
        row = measured(each, case())
        assert (row.value is None) == bool(row.reason)


def test_what_does_not_apply_has_a_reason() -> None:
    def refuse(case: Case) -> Measured:
        raise NotApplicable("there is no prior")

    row = measured(entry("refusing", refuse), case())
    assert (row.value, row.reason) == (None, "there is no prior")


def test_what_is_not_finite_has_a_reason() -> None:
    row = measured(entry("infinite", lambda case: Measured(float("inf"), 1.0)), case())
    assert (row.value, row.stderr) == (None, None)
    assert "not finite" in row.reason


def test_a_taken_name_and_an_unknown_one_are_refused() -> None:
    first = all_measures()[0].name
    with pytest.raises(ValueError, match="registered already"):
        measures.register_measure(first, title="", definition="")(lambda case: Measured(0.0))
    with pytest.raises(ValueError, match="there is no measure 'elbow'; did you mean elbo"):
        all_measures(["elbow"])


def test_slices_cover_all_samples_once() -> None:
    rows = np.arange(20)
    found = np.concatenate(
        [rows[part] for part in case().slices(times=measures.SLICE_VALUES // 21)]
    )
    assert np.array_equal(found, rows)
