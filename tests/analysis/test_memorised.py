"""The nearest samples of a decode, and where the ratio of their distances lies."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from aeviz.analysis import memorised as d
from aeviz.analysis.questions import Subject, ask


class Copy(nn.Module):
    """Decodes a latent to itself."""

    def decode(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        return z


def samples(count: int = 400, features: int = 6) -> Any:
    return np.random.default_rng(0).normal(size=(count, features)).astype(np.float32)


def subject(x: Any, parts: Any = None, kept: int | None = None) -> Subject:
    if parts is None:
        parts = (np.arange(len(x)) % 2).astype(np.uint8)
    model: Any = Copy()
    return Subject(
        model=model,
        samples=lambda rows: x[rows],
        parts=parts,
        kept=len(x) if kept is None else kept,
    )


def found(about: Subject, z: Any, **arguments: Any) -> list[Any]:
    d._usual.clear()
    return [each for each in ask("memorised", about, {"z": z, **arguments}) if each is not None]


def test_it_names_the_nearest_of_either_part_and_their_distances() -> None:
    x = samples()
    z = np.array([0.1, 0.2, 0.0, 0.3, -0.1, 0.0], np.float32)
    far = np.linalg.norm(x - z, axis=1)
    arrays, values = found(subject(x), z, asked=7)[-1]
    train, held = np.arange(0, 400, 2), np.arange(1, 400, 2)
    assert arrays["nearest"].tolist() == [train[far[train].argmin()], held[far[held].argmin()]]
    assert values["distance_train"] == pytest.approx(far[train].min(), rel=1e-5)
    assert values["ratio"] == pytest.approx(far[train].min() / far[held].min(), rel=1e-5)
    assert (values["train"], values["validation"], values["asked"]) == (200, 200, 7)
    np.testing.assert_array_equal(arrays["x"], z)


def test_a_copy_of_a_training_sample_is_under_all_held_out_ones() -> None:
    x = samples()
    values = found(subject(x), x[10] + 1e-4)[-1].values
    assert values["percentile"] == 0
    assert values["ratio"] < 0.01


def test_a_copy_of_a_held_out_sample_is_above_them_and_other_places_are_between() -> None:
    x = samples()
    assert found(subject(x), x[11] + 1e-4)[-1].values["percentile"] == 100
    places = np.random.default_rng(1).normal(size=(40, 6)).astype(np.float32)
    shares = [found(subject(x), z)[-1].values["percentile"] for z in places]
    assert 30 < np.mean(shares) < 70


def test_the_ratios_of_held_out_samples_leave_themselves_out() -> None:
    x = samples(60)
    values = found(subject(x), x[0])[-1].values
    train, held = x[::2], x[1::2]
    near = [np.linalg.norm(train - each, axis=1).min() for each in held]
    other = [np.sort(np.linalg.norm(held - each, axis=1))[1] for each in held]
    assert values["judged"] == 30
    assert values["usual_ratio"] == pytest.approx(np.median(np.divide(near, other)), rel=1e-4)
    assert values["usual_train"] == pytest.approx(np.median(near), rel=1e-4)


def test_the_samples_are_there_before_the_percentile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(d, "VALUES", 60)
    first, last = found(subject(samples()), np.zeros(6, np.float32))
    assert first.values["percentile"] is None
    assert last.values["percentile"] is not None
    assert last.values["judged"] == d.JUDGED


def test_slices_do_not_change_what_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    x, z = samples(), np.full(6, 0.2, np.float32)
    whole = found(subject(x), z)[-1]
    monkeypatch.setattr(d, "VALUES", 17)
    again = found(subject(x), z)[-1]
    assert again.values == pytest.approx(whole.values, nan_ok=True)
    assert again.arrays["nearest"].tolist() == whole.arrays["nearest"].tolist()


def test_only_kept_samples_are_looked_at() -> None:
    x = samples()
    arrays, values = found(subject(x, kept=20), x[300])[-1]
    assert arrays["nearest"].max() < 20
    assert values["train"] + values["validation"] == 20


def test_duplicates_of_both_parts_have_the_ratio_one() -> None:
    x = np.repeat(samples(20), 2, axis=0)
    assert found(subject(x), x[4])[-1].values["ratio"] == 1


@pytest.mark.parametrize(
    ("parts", "kept", "words"),
    [(0, 400, "all kept samples were trained on"), (1, 400, "none"), (0, 0, "keeps no samples")],
)
def test_without_both_parts_there_is_a_sentence(parts: int, kept: int, words: str) -> None:
    about = subject(samples(), np.full(400, parts, np.uint8), kept)
    with pytest.raises(ValueError, match=words):
        found(about, np.zeros(6, np.float32))


def test_values_that_are_missing_are_nearest_to_nothing() -> None:
    x = samples(40)
    x[0] = np.nan
    assert found(subject(x), x[2])[-1].arrays["nearest"][0] == 2
    assert torch.is_grad_enabled()
