"""Ellipses of posteriors: the projection of a Gaussian, and which samples are answered."""

import math

import numpy as np
import pytest

from aeviz.analysis.ellipses import ellipses
from aeviz.analysis.questions import Subject, ask
from aeviz.models import MODELS
from tests.models.tiny import SPECS, tiny


def test_an_ellipse_is_that_of_draws_projected_onto_the_plane() -> None:
    random = np.random.default_rng(0)
    sigma = np.array([0.4, 1.5, 0.8])
    axes = np.linalg.qr(random.normal(size=(3, 2)))[0]
    drawn = random.normal(size=(200_000, 3)) * sigma @ axes
    squares, directions = np.linalg.eigh(np.cov(drawn.T))
    ((long, short, angle),) = ellipses(np.log(sigma[None] ** 2).astype(np.float32), axes)
    assert [long, short] == pytest.approx(np.sqrt(squares[::-1]), rel=0.01)
    along = np.array([math.cos(angle), math.sin(angle)])
    assert abs(along @ directions[:, 1]) == pytest.approx(1, abs=1e-3)


def test_rows_without_a_sample_are_left_out_and_counted() -> None:
    model = tiny(MODELS["vae"], SPECS["table"]).eval()
    x = np.random.default_rng(0).normal(size=(9, 7)).astype(np.float32)
    subject = Subject(model, samples=x.__getitem__, kept=6)
    (found,) = ask("posteriors", subject, {"rows": [1, 5, 8]})
    assert found is not None
    assert found.arrays["rows"].tolist() == [1, 5]
    assert found.values["left_out"] == 1
    halves = np.sort(np.exp(found.arrays["log_var"] / 2), axis=1)[:, ::-1]
    np.testing.assert_allclose(found.arrays["ellipses"][:, :2], halves, rtol=1e-5)


@pytest.mark.parametrize(("name", "said"), [("deep", "deterministic"), ("vae", "keeps no sample")])
def test_what_cannot_be_drawn_is_said(name: str, said: str) -> None:
    model = tiny(MODELS[name], SPECS["table"]).eval()
    with pytest.raises(ValueError, match=said):
        list(ask("posteriors", Subject(model, kept=0), {"rows": [0]}))
