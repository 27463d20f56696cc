"""The plane of PCA and the angle of a decoder to it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from aeviz.analysis.measures import Case, NotApplicable
from aeviz.analysis.optimum import STEPS, _axes, _last, pca_angle, principal_plane, sine
from aeviz.analysis.questions import Subject, ask
from aeviz.models.base import MODELS, DataSpec
from aeviz.models.linear import Linear, pca_error
from tests.models.tiny import TABLE, tiny

FEATURES = 12


def samples(count: int = 300, seed: int = 0) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Samples whose axes differ in spread, away from zero."""
    random = np.random.default_rng(seed)
    mixing = np.linalg.qr(random.normal(size=(FEATURES, FEATURES)))[0]
    spread = 2.0 ** -np.arange(FEATURES)
    return np.asarray(random.normal(size=(count, FEATURES)) * spread @ mixing + 3, np.float32)


def linear(latent_dim: int = 2, *, bias: bool = True) -> Linear:
    spec = DataSpec((FEATURES,), 300, bounded=False)
    made = tiny(MODELS["linear"], spec, latent_dim=latent_dim, bias=bias).eval()
    assert isinstance(made, Linear)
    return made


def principal(x: Any, components: int, *, centred: bool = True) -> Any:
    rows = x.astype(np.float64) - (x.mean(axis=0, dtype=np.float64) if centred else 0)
    return np.linalg.svd(rows)[2][:components].T


def subject(model: Any, x: Any) -> Subject:
    return Subject(model=model, samples=lambda rows: x[rows], kept=len(x))


def values(model: Any, x: Any, **arguments: Any) -> Any:
    *_, last = (each for each in ask("optimum", subject(model, x), arguments) if each is not None)
    return last.values


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("components", [1, 2, 5, FEATURES])
def test_the_plane_is_that_of_the_svd(components: int, centred: bool) -> None:
    x = samples()
    slices = principal_plane(x.__getitem__, np.arange(len(x)), components, centred=centred)
    assert sine(_last(slices).axes, principal(x, components, centred=centred)) < 1e-5


def test_a_decoder_that_spans_the_plane_has_no_angle_whatever_its_axes() -> None:
    x, model = samples(), linear()
    turned = principal(x, 2) @ np.array([[3.0, 1.0], [0.5, -2.0]])
    model.decoder.weight.data.copy_(torch.from_numpy(turned))
    found = values(model, x, asked=4)
    assert found["angle"] == pytest.approx(0, abs=1e-3)
    assert (found["samples"], found["centred"], found["asked"]) == (300, True, 4)


def test_the_angle_is_the_largest_one() -> None:
    x, model = samples(), linear()
    axes = principal(x, 4)
    tilted = np.cos(np.deg2rad(30)) * axes[:, 1] + np.sin(np.deg2rad(30)) * axes[:, 3]
    model.decoder.weight.data.copy_(torch.from_numpy(np.stack([axes[:, 0], tilted], axis=1)))
    assert values(model, x)["angle"] == pytest.approx(30, abs=1e-3)


def test_without_biases_the_plane_goes_through_zero() -> None:
    x, model = samples(), linear(bias=False)
    model.decoder.weight.data.copy_(torch.from_numpy(principal(x, 2, centred=False)))
    assert values(model, x)["angle"] == pytest.approx(0, abs=1e-3)


def test_only_the_asked_rows_count() -> None:
    x, model = np.concatenate([samples(), samples(seed=1)]), linear()
    model.decoder.weight.data.copy_(torch.from_numpy(principal(x[:300], 2)))
    found = values(model, x, rows=[*range(300), 9999])
    assert found["angle"] == pytest.approx(0, abs=1e-3)
    assert found["samples"] == 300
    assert values(model, x)["angle"] > 1


def test_what_was_held_out_does_not_count() -> None:
    x, model = np.concatenate([samples(), samples(seed=1)]), linear()
    model.decoder.weight.data.copy_(torch.from_numpy(principal(x[300:], 2)))
    parts = np.repeat([1, 0], 300).astype(np.uint8)
    about = replace(subject(model, x), parts=parts)
    *_, last = (each for each in ask("optimum", about, {}) if each is not None)
    assert last.values["samples"] == 300
    assert last.values["angle"] == pytest.approx(0, abs=1e-3)


def test_what_has_no_plane_says_so() -> None:
    with pytest.raises(ValueError, match="only a linear autoencoder"):
        values(tiny(MODELS["deep"], TABLE), samples())
    with pytest.raises(ValueError, match="keeps no samples"):
        next(ask("optimum", Subject(model=linear()), {}))


def test_the_measure_is_of_the_samples_of_its_case() -> None:
    x, model = samples(), linear()
    model.decoder.weight.data.copy_(torch.from_numpy(principal(x, 2)))
    case = Case(model, torch.from_numpy(x), np.zeros((300, 2), np.float32))
    assert pca_angle(case).value == pytest.approx(0, abs=1e-3)
    with pytest.raises(NotApplicable, match="only a linear"):
        pca_angle(Case(tiny(MODELS["deep"], TABLE), case.x, case.latents))


def test_the_error_of_digits_is_the_known_one() -> None:
    from sklearn.datasets import load_digits

    x = torch.from_numpy(load_digits().data / 16)
    for components, known in ((0, 0.073332), (2, 0.052426), (10, 0.019196)):
        assert pca_error(x, components) == pytest.approx(known, abs=5e-7)
    plane = _last(
        principal_plane(x.float().numpy().__getitem__, np.arange(len(x)), 10, centred=True)
    )
    centred = (x - x.mean(0)).numpy()
    left = centred - centred @ plane.axes @ plane.axes.T
    assert np.mean(left**2) == pytest.approx(0.019196, abs=5e-7)


def test_axes_of_equal_spread_still_end() -> None:
    slices = _axes(np.eye(5), 2)
    assert sum(1 for _ in slices) <= STEPS
