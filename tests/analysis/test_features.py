"""Which features change, of a decoder whose answer is known."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from aeviz.analysis import features as f
from aeviz.analysis.questions import Findings, Subject, ask

SCALE = np.array([1.0, 10.0, 100.0, 5.0], np.float32)
SHIFT = np.array([0.0, 50.0, -3.0, 2.0], np.float32)


class Linear(nn.Module):
    """Feature 0 is z1, 1 is −2 z2, 2 is z1 z2, 3 never changes; standardised."""

    def decode(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        one, two = z[:, 0], z[:, 1]
        return torch.stack([one, -2 * two, one * two, torch.zeros_like(one)], dim=1)


def subject(count: int = 500) -> Subject:
    random = np.random.default_rng(0)
    x = random.normal(size=(count, 4)).astype(np.float32)
    x[:, 3] = 0
    model: Any = Linear()
    latents = random.uniform(0, 1, size=(1001, 2)).astype(np.float32)
    latents[:, 0] = np.linspace(0, 1, 1001)
    return Subject(
        model=model,
        samples=lambda rows: x[rows],
        latents=latents,
        kept=count,
        own_units=lambda rows: np.asarray(rows * SCALE + SHIFT, np.float32),
    )


def found(about: str, z: Any = None, **arguments: Any) -> Findings:
    f._moments.clear()
    questions = ask("features", subject(), {"about": about, "z": z, **arguments})
    *_, last = (each for each in questions if each is not None)
    return last


def own(x: Any) -> Any:
    return np.array(x) * SCALE + SHIFT


def test_a_point_is_compared_with_the_mean_of_the_samples() -> None:
    x = subject().samples(np.arange(500)) * SCALE + SHIFT  # type: ignore[misc]
    arrays, values = found("point", [1.0, 3.0], tag=5)
    expected = own([1.0, -6.0, 3.0, 0.0]) - x.mean(axis=0)
    np.testing.assert_allclose(arrays["change"], expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(
        arrays["deviations"][:3], expected[:3] / x.std(axis=0)[:3], rtol=1e-4
    )
    assert np.isnan(arrays["deviations"][3])
    assert arrays["order"].tolist() == [1, 2, 0, 3]
    assert (values["counted"], values["tag"]) == (500, 5)


def test_a_path_is_its_last_against_its_first_decode() -> None:
    arrays = found("path", [[0.0, 0.0], [4.0, 4.0], [1.0, -1.0]]).arrays
    np.testing.assert_allclose(arrays["change"], np.array([1, 2, -1, 0]) * SCALE)
    np.testing.assert_allclose(arrays["start"], own([0, 0, 0, 0]))
    np.testing.assert_allclose(arrays["end"], own([1, 2, -1, 0]))


def test_the_variation_adds_up_what_goes_to_and_fro() -> None:
    arrays = found("variation", [[0.0, 0.0], [4.0, 0.0], [0.0, 0.0]]).arrays
    np.testing.assert_allclose(arrays["change"], np.array([8, 0, 0, 0]) * SCALE, atol=1e-6)
    assert arrays["order"][0] == 0


def test_many_latents_are_decoded_in_slices() -> None:
    path = np.stack([np.linspace(0, 2, 100), np.zeros(100)], axis=1)
    arrays = found("variation", path).arrays
    np.testing.assert_allclose(arrays["change"][0], 2, rtol=1e-5)


def test_a_dimension_goes_from_its_first_to_its_last_percent() -> None:
    arrays = found("dimension", [7.0, 2.0], dimension=0).arrays
    np.testing.assert_allclose(arrays["low"], [0.01, 2.0], atol=1e-6)
    np.testing.assert_allclose(arrays["high"], [0.99, 2.0], atol=1e-6)
    np.testing.assert_allclose(arrays["change"], np.array([0.98, 0, 1.96, 0]) * SCALE, rtol=1e-4)
    assert found("dimension", dimension=0).arrays["low"][1] == pytest.approx(
        np.median(subject().latents[:, 1])  # type: ignore[index]
    )


def test_the_table_for_a_spreadsheet_is_ranked_and_safe() -> None:
    names = ("=evil", "b", "c, d", "e")
    text = found("path", [[0, 0], [1, -1]], names=names, csv=True).values["csv"]
    lines = text.splitlines()
    assert lines[0] == "rank,feature,change,change in standard deviations,first,last"
    assert [line.split(",")[0] for line in lines[1:]] == ["1", "2", "3", "4"]
    assert lines[1].startswith("1,b,20,")
    assert '"c, d"' in text
    assert ",'=evil,1," in text
    assert "csv" not in found("path", [[0, 0], [1, -1]]).values


@pytest.mark.parametrize(
    ("about", "z", "more", "words"),
    [
        ("somewhere", None, {}, "there are: point, path"),
        ("point", None, {}, "a point is needed"),
        ("path", [[0.0, 0.0]], {}, "a path is needed"),
        ("point", [0.0], {}, r"z must be \(…, 2\)"),
        ("dimension", None, {"dimension": 2}, "2 latent dimensions"),
    ],
)
def test_what_does_not_fit_is_a_sentence(about: str, z: Any, more: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        found(about, z, **more)


def test_images_have_no_features_to_be_ranked() -> None:
    about = subject()
    pictures = np.zeros((5, 1, 2, 2), np.float32)
    made = Subject(
        model=about.model,
        latents=about.latents,
        samples=lambda rows: pictures[rows],
        kept=5,
        own_units=about.own_units,
    )
    with pytest.raises(ValueError, match="these samples are images"):
        list(ask("features", made, {"about": "point", "z": [0.0, 0.0]}))
