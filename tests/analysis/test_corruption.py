"""The question "corruption": clean, noisy, restored."""

from typing import Any

import numpy as np
import pytest
import torch

from aeviz.analysis.questions import Findings, Subject, ask
from aeviz.models import MODELS
from tests.models.tiny import IMAGE, TABLE, batch_of, tiny

X = batch_of(IMAGE, 20).x


def answer(name: str = "denoising", x: torch.Tensor = X, **arguments: Any) -> Findings:
    spec = IMAGE if x.ndim == 4 else TABLE
    subject = Subject(
        model=tiny(MODELS[name], spec).eval(),
        samples=lambda rows: x[torch.as_tensor(rows)].numpy(),
    )
    (found,) = ask("corruption", subject, {"rows": [3, 5], **arguments})
    assert found is not None
    return found


def test_clean_noisy_and_restored_are_images_channels_last() -> None:
    arrays, values = answer()
    assert all(arrays[name].shape == (2, 6, 6, 1) for name in ("clean", "noisy", "restored"))
    assert np.array_equal(arrays["clean"][..., 0], X[[3, 5], 0].numpy())
    assert arrays["noise"].shape == arrays["error"].shape == (2,)
    assert values["rows"] == [3, 5]


def test_rows_of_a_table_stay_rows() -> None:
    arrays, _ = answer(x=batch_of(TABLE, 20).x)
    assert arrays["restored"].shape == (2, 7)


def test_the_level_of_the_slider_counts() -> None:
    none, much = (answer(weights={"level": level}).arrays for level in (0.0, 1.0))
    assert np.array_equal(none["noisy"], none["clean"])
    assert not much["noisy"].any()
    assert np.allclose(much["noise"], (X[[3, 5]] ** 2).mean(dim=(1, 2, 3)))


def test_the_same_seed_spoils_alike_and_leaves_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    first, second, other = (answer(seed=seed).arrays["noisy"] for seed in (1, 1, 2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)
    assert torch.equal(before, torch.get_rng_state())


def test_a_model_without_noise_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="does not learn from spoilt samples"):
        answer("deep")
