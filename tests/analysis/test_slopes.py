"""Slopes of a linear decoder are its weights; a dead dimension changes nothing and is dead."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from aeviz.analysis.questions import Findings, Subject, ask
from aeviz.models import MODELS
from aeviz.models.base import DataSpec


def last_of(answers: Iterator[Findings | None]) -> Findings:
    *_, found = (answer for answer in answers if answer is not None)
    return found


def subject(name: str, **more: Any) -> Subject:
    model = MODELS[name].build(DataSpec(shape=(7,), samples=10), {"latent_dim": 3}).eval()
    random = np.random.default_rng(0)
    samples = random.normal(size=(50, 7)).astype(np.float32)
    with torch.no_grad():
        latents = model.encode(torch.from_numpy(samples)).numpy()
    return Subject(model, latents, samples=samples.__getitem__, kept=50, **more)


def test_slopes_of_a_linear_decoder_are_its_weights() -> None:
    about = subject("linear")
    assert about.model is not None
    weight = next(p for p in about.model.parameters() if p.shape == (7, 3)).detach().numpy()
    found = last_of(ask("slopes", about, {"z": np.ones(3), "dimensions": [2, 0]}))
    np.testing.assert_allclose(found.arrays["slopes"], np.abs(weight[:, [2, 0]].T), rtol=1e-5)


def test_an_ignored_dimension_changes_nothing_and_a_silent_one_is_dead() -> None:
    about = subject("vae")
    model = about.model
    assert model is not None
    with torch.no_grad():
        for parameter in model.parameters():
            # The last dimension: no mean, no log-variance, and nothing read of it.
            if parameter.shape[0] == 6:  # three means, three log-variances
                parameter[[2, 5]] = 0
            if parameter.ndim == 2 and parameter.shape[1] == 3:
                parameter[:, 2] = 0
        about = subject_like(about)
        z = torch.tensor([[0.3, -0.2, 0.0], [0.3, -0.2, 5.0]])
        decoded = model.decode(z)
    torch.testing.assert_close(decoded[0], decoded[1])
    found = last_of(ask("slopes", about, {"z": z[0].numpy(), "dimensions": [2]}))
    assert not found.arrays["slopes"].any()
    ranges = last_of(ask("traversal", about, {}))
    assert bool(ranges.arrays["dead"][2])
    assert ranges.arrays["weight"][2] == pytest.approx(0, abs=1e-6)
    assert ranges.values["is_kl"]


def subject_like(about: Subject) -> Subject:
    """The same with latents of the weights as they are now."""
    assert about.model is not None
    assert about.samples is not None
    rows = np.arange(about.kept)
    latents = about.model.encode(torch.from_numpy(about.samples(rows))).numpy()
    return Subject(about.model, latents, samples=about.samples, kept=about.kept)


def test_of_a_model_without_a_posterior_the_variance_orders() -> None:
    about = subject("linear")
    found = last_of(ask("traversal", about, {}))
    assert about.latents is not None
    spread = about.latents.var(axis=0)
    assert found.arrays["order"].tolist() == np.argsort(-spread).tolist()
    assert not found.values["is_kl"]


def test_wrong_dimensions_are_refused() -> None:
    with pytest.raises(ValueError, match="0 to 2"):
        list(ask("slopes", subject("linear"), {"z": np.ones(3), "dimensions": [3]}))
