"""Questions about codes: counts, patches, edits, draws."""

from typing import Any

import numpy as np
import pytest
import torch

from aeviz.analysis import questions
from aeviz.analysis.codes import Patches, colours_of
from aeviz.analysis.measures import Case, all_measures, measured
from aeviz.analysis.questions import Findings, Subject
from aeviz.models import MODELS
from aeviz.models.base import Codebook, DataSpec
from tests.models.tiny import TABLE, batch_of

SPEC = DataSpec((1, 8, 8), samples=64, bounded=True, classes=3)


def subject_of(name: str = "vq-vae", spec: DataSpec = SPEC, **options: Any) -> Subject:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = MODELS[name].build(spec, {"codes": 8, "code_dim": 3, "prior_width": 8, **options})
    x = batch_of(spec).x.numpy()
    return Subject(model=model.eval().requires_grad_(False), samples=x.__getitem__, kept=len(x))


def answer(question: str, subject: Subject, **arguments: Any) -> Findings:
    found = [each for each in questions.ask(question, subject, arguments) if each is not None]
    return found[-1]


def test_every_place_of_every_sample_is_counted() -> None:
    subject = subject_of("vq-vae-2")
    model: object = subject.model
    assert isinstance(model, Codebook)
    for level, places in enumerate((4, 16)):
        arrays, values = answer("codebook", subject, level=level)
        wanted = model.codes(batch_of(SPEC).x)[level]
        assert arrays["counts"].tolist() == torch.bincount(wanted.flatten(), minlength=8).tolist()
        assert arrays["counts"].sum() == 8 * places
        assert arrays["patches"].dtype == np.uint8
        assert arrays["colours_1"].shape == (8, 3)
        assert values == {"samples": 8, "level": level, "levels": ("top", "bottom")}


def test_a_patch_is_the_mean_around_the_places_of_its_code() -> None:
    x_hat = torch.rand(3, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    codes = torch.zeros(3, 4, 4, dtype=torch.int64)
    codes[1, 2, 1] = codes[2, 1, 2] = 1
    codes[0, 0, 0] = 2
    patches = Patches(4, (1, 8, 8), (4, 4))
    patches.add(codes, x_hat)
    means = patches.means()
    assert means.shape == (4, 1, 4, 4)  # two pixels of the place, one around
    wanted = (x_hat[1, :, 3:7, 1:5] + x_hat[2, :, 1:5, 3:7]) / 2
    assert torch.allclose(means[1], wanted)
    assert torch.allclose(means[2][:, 1:, 1:], x_hat[0, :, 0:3, 0:3])
    assert (means[3] == 0).all()


def test_edits_change_the_map_and_the_decode() -> None:
    subject = subject_of()
    plain, values = answer("code_map", subject, row=2, edits=())
    assert np.array_equal(plain["codes_0"], plain["edited_0"])
    assert np.array_equal(plain["reconstruction"], plain["edited"])
    assert values["log_prior"] == values["edited_log_prior"] < 0
    other = (int(plain["codes_0"][1, 3]) + 1) % 8
    changed, values = answer("code_map", subject, row=2, edits=((0, 1, 3, other),))
    assert np.argwhere(changed["codes_0"] != changed["edited_0"]).tolist() == [[1, 3]]
    assert changed["edited_0"][1, 3] == other
    assert np.array_equal(changed["reconstruction"], plain["reconstruction"])
    assert not np.array_equal(changed["edited"], plain["edited"])
    assert values["log_prior"] != values["edited_log_prior"]


def test_draws_are_seeded_and_decoded() -> None:
    subject = subject_of()
    first, same, other = (
        answer("code_draws", subject, count=5, seed=seed).arrays for seed in (0, 0, 1)
    )
    assert first["drawn"].shape == (5, 8, 8, 1)
    assert np.array_equal(first["drawn"], same["drawn"])
    assert not np.array_equal(first["log_prior"], other["log_prior"])


def test_a_table_has_no_patches_but_rows() -> None:
    subject = subject_of(spec=TABLE, places=4)
    assert "patches" not in answer("codebook", subject).arrays
    assert answer("code_draws", subject, count=3).arrays["drawn"].shape == (3, 7)


def test_a_model_without_codes_is_refused() -> None:
    model = MODELS["deep"].build(SPEC, {})
    with pytest.raises(ValueError, match="no codebook"):
        answer("codebook", Subject(model=model, kept=1))


def test_similar_codes_have_similar_colours() -> None:
    codes = np.array([[0, 0], [0.1, 0], [5, 5], [-5, 5]], np.float32)
    colours = colours_of(codes).astype(int)
    near, far = np.abs(colours[0] - colours[1]).max(), np.abs(colours[0] - colours[2]).max()
    assert near < far


def test_the_measures_are_those_of_the_codes() -> None:
    model, x = subject_of().model, batch_of(SPEC).x
    assert model is not None
    with torch.no_grad():
        z = model.encode(x)
        found = {
            each.name: measured(each, Case(model, x, z.numpy()))
            for each in all_measures(["perplexity", "codes_used", "code_nats"])
        }
        counts = model.counts(z)
        assert found["perplexity"].value == pytest.approx(model.figures(counts)["perplexity"])
        assert found["codes_used"].value == pytest.approx(model.figures(counts)["codes_used"])
        assert found["code_nats"].value == pytest.approx(-float(model.log_prior(z).mean()))
