"""Noise of the denoising autoencoder, and the penalty of the contractive one."""

import pytest
import torch

from aeviz.models import MODELS
from aeviz.models.base import Corrupting, DataSpec
from aeviz.models.contractive import jacobian_norm
from tests.models.tiny import IMAGE, TABLE, tiny


def corrupted(noise: str, spec: DataSpec, level: float) -> tuple[torch.Tensor, torch.Tensor]:
    model = tiny(MODELS["denoising"], spec, noise=noise)
    assert isinstance(model, Corrupting)
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(2000, *spec.shape, generator=generator) * 0.8 + 0.1
    return x, model.corrupt(x, generator, {"level": level})


def test_masking_sets_its_share_of_the_values_to_nothing() -> None:
    x, spoilt = corrupted("masking", IMAGE, 0.3)
    assert ((spoilt == 0) | (spoilt == x)).all()
    assert (spoilt == 0).float().mean().item() == pytest.approx(0.3, abs=0.01)


@pytest.mark.parametrize(("spec", "extremes"), [(IMAGE, (0, 1)), (TABLE, (-2, 2))])
def test_salt_and_pepper_go_to_the_extremes_in_equal_shares(
    spec: DataSpec, extremes: tuple[float, float]
) -> None:
    x, spoilt = corrupted("salt-and-pepper", spec, 0.4)
    for extreme in extremes:
        assert (spoilt == extreme).float().mean().item() == pytest.approx(0.2, abs=0.01)
    assert (spoilt == x).float().mean().item() == pytest.approx(0.6, abs=0.01)


def test_the_level_is_the_standard_deviation_of_gaussian_noise() -> None:
    x, spoilt = corrupted("gaussian", IMAGE, 0.5)
    assert (spoilt - x).std().item() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("noise", ["masking", "salt-and-pepper", "gaussian"])
def test_no_noise_leaves_samples_as_they_are(noise: str) -> None:
    x, spoilt = corrupted(noise, IMAGE, 0.0)
    assert torch.equal(x, spoilt)


def test_the_contraction_of_a_linear_map_is_the_norm_of_its_matrix() -> None:
    matrix = torch.randn(3, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    x = torch.rand(4, 5, dtype=torch.float64, requires_grad=True)
    norm = jacobian_norm(x @ matrix.T, x, None)
    assert norm.item() == pytest.approx(matrix.square().sum().item(), rel=1e-12)


def test_the_contraction_of_many_dimensions_is_estimated_without_bias() -> None:
    matrix = torch.randn(20, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    x = torch.rand(4, 5, dtype=torch.float64, requires_grad=True)
    generator = torch.Generator().manual_seed(1)
    norms = torch.stack([jacobian_norm(x @ matrix.T, x, generator) for _ in range(400)])
    error = norms.std() / 400**0.5
    assert abs(norms.mean() - matrix.square().sum()) < 4 * error


def test_a_heavier_penalty_contracts_more() -> None:
    norms = []
    for weight in (0.0, 10.0):
        model = tiny(MODELS["contractive"], TABLE, contraction=weight)
        optimiser = torch.optim.Adam(model.parameters(), 0.01)
        x = torch.randn(64, *TABLE.shape, generator=torch.Generator().manual_seed(0))
        for _ in range(60):
            z = model.encode(x.requires_grad_())
            penalty = jacobian_norm(z, x, None)
            loss = (model.decode(z) - x).square().sum() / 64 + weight * penalty
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        norms.append(penalty.item())
    assert norms[1] < norms[0] / 4


def test_contraction_refuses_latents_that_depend_on_the_batch() -> None:
    with pytest.raises(ValueError, match=r"model\.batch_norm"):
        tiny(MODELS["contractive"], TABLE, batch_norm=True)
