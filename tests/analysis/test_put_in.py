"""What is put in is encoded and decoded as the model does it."""

import numpy as np
import pytest
import torch

from aeviz.analysis.questions import Findings, Subject, ask
from aeviz.models import MODELS
from aeviz.models.base import DataSpec


def asked(name: str, x: np.ndarray) -> Findings:
    model = MODELS[name].build(DataSpec(shape=(1, 8, 8), samples=10), {"latent_dim": 2}).eval()

    def scale(own: np.ndarray) -> np.ndarray:
        return np.moveaxis(own / np.float32(16), -1, 1)

    subject = Subject(model, scale=scale, own_units=lambda values: values)
    (found,) = ask("put-in", subject, {"x": x})
    assert found is not None
    with torch.no_grad():
        z = model.encode(torch.from_numpy(scale(x[np.newaxis])))
    np.testing.assert_allclose(found.arrays["z"], z.numpy(), atol=1e-6)
    return found


@pytest.mark.parametrize("name", ["linear", "vae"])
def test_it_lands_where_the_model_encodes_it(name: str) -> None:
    x = np.random.default_rng(0).integers(0, 17, (8, 8, 1)).astype(np.float32)
    found = asked(name, x)
    assert ("log_var" in found.arrays) == (name == "vae")
    values, difference = found.arrays["values"], found.arrays["difference"]
    np.testing.assert_allclose(values - difference, x[np.newaxis] / 16, atol=1e-6)
    assert found.arrays["error"][0] == pytest.approx((difference**2).mean(), rel=1e-5)
    assert found.arrays["pictures"].dtype == np.uint8


def test_values_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        asked("linear", np.full((8, 8, 1), np.nan, np.float32))
