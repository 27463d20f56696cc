"""The question "evidence": little by little, and the same as the measures in the end."""

from typing import Any

import numpy as np
import pytest
import torch

from aeviz.analysis import evidence
from aeviz.analysis.measures import Case
from aeviz.analysis.questions import Findings, Subject, ask
from aeviz.models import MODELS
from tests.models.tiny import IMAGE, TABLE, batch_of, tiny


def subject(name: str = "vae", count: int = 40, **options: Any) -> Subject:
    model, x = tiny(MODELS[name], TABLE, **options).eval(), batch_of(TABLE, count).x
    return Subject(model=model, samples=lambda rows: x.numpy()[rows], kept=count)


def answers(of: Subject, count: int = 40, **arguments: Any) -> list[Findings]:
    told = {"rows": np.arange(count), "draws": 64, **arguments}
    return [found for found in ask("evidence", of, told) if found is not None]


def test_the_last_answer_is_what_the_measures_say() -> None:
    of = subject()
    last = answers(of)[-1]
    assert of.model is not None
    x = batch_of(TABLE, 40).x
    with torch.no_grad():
        case = Case(of.model, x, of.model.encode(x).numpy())
        found = evidence.all_evidence(case, 64)
    values = last.values
    assert values["done"] == values["samples"] == 40
    assert values["divergence"] == pytest.approx(float(found.kl.mean()), rel=1e-5)
    assert values["elbo"] == pytest.approx(values["reconstruction"] - values["divergence"])
    assert values["iwae"] == pytest.approx(float(found.bound.mean()), abs=0.1)
    assert values["elbo"] < values["iwae"]
    assert values["iwae_error"] > 0


def test_the_bars_come_first_and_add_up_to_the_divergence() -> None:
    first, *_, last = answers(subject())
    assert first.values["done"] == 0
    assert first.values["elbo"] is None
    assert first.arrays["kl"].sum() == pytest.approx(last.values["divergence"], rel=1e-5)
    assert first.arrays["active"].shape == (2,)


def test_the_same_question_has_the_same_answer() -> None:
    values = [answers(subject())[-1].values for _ in range(2)]
    assert values[0]["divergence"] == values[1]["divergence"]
    assert values[0]["iwae"] == pytest.approx(values[1]["iwae"], abs=0.2)


def test_a_learned_prior_is_said_and_compared_with() -> None:
    last = answers(subject(prior="mixture"))[-1]
    assert not last.values["is_standard"]
    assert last.values["divergence"] != pytest.approx(last.arrays["kl"].sum(), rel=1e-2)


def test_without_a_likelihood_there_are_bars_and_a_reason() -> None:
    (only,) = answers(subject(likelihood="mse"))
    assert "states no likelihood" in only.values["reason"]
    assert only.arrays["kl"].shape == (2,)


def test_without_a_posterior_or_samples_the_question_is_refused() -> None:
    with pytest.raises(ValueError, match="no posterior"):
        answers(subject("deep"))
    with pytest.raises(ValueError, match="keeps no samples"):
        answers(subject(), count=0)


def test_pixels_are_drawn_where_that_is_asked_for() -> None:
    model = tiny(MODELS["vae"], IMAGE).eval()
    x = torch.full((10, *IMAGE.shape), 0.5).numpy()
    of = Subject(model=model, samples=lambda rows: x[rows], kept=10)
    grey, drawn = (answers(of, 10, binarise=flag)[-1].values for flag in (False, True))
    assert grey["elbo_error"] < drawn["elbo_error"]
