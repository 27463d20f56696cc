"""The sparse autoencoder: its penalties, tied weights, and what it learns of photographs."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from aeviz import data
from aeviz.compute.samples import SampleStore, data_spec
from aeviz.models import MODELS
from aeviz.models.base import DataSpec, LatentModel
from aeviz.models.sparse import dense_weights, divergence
from tests.models.tiny import IMAGE, TABLE, batch_of, step


def made(spec: DataSpec = IMAGE, **options: Any) -> LatentModel:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return MODELS["sparse"].build(spec, options)


def test_the_divergence_is_that_of_two_coins() -> None:
    sums = torch.logit(torch.tensor([[0.05, 0.3], [0.05, 0.7]]))  # on average 0.05 and 0.5
    expected = 0.05 * np.log(0.05 / 0.5) + 0.95 * np.log(0.95 / 0.5)
    assert divergence(0.05, sums).item() == pytest.approx(expected, rel=1e-5)


def test_the_divergence_of_dead_and_of_ever_active_units_is_finite_and_leads_back() -> None:
    sums = torch.tensor([[-200.0, 200.0], [-201.0, 201.0]], requires_grad=True)
    found = divergence(0.05, sums)
    assert torch.isfinite(found)
    found.backward()
    assert sums.grad is not None
    dead, ever_active = sums.grad.sum(dim=0).tolist()
    assert dead == pytest.approx(-0.05, rel=1e-4)
    assert ever_active == pytest.approx(0.95, rel=1e-4)


def test_only_sigmoid_units_are_held_to_a_target() -> None:
    assert [term.name for term in made().terms] == ["reconstruction", "l1"]
    assert [term.weight for term in made(unit="sigmoid").terms] == ["", "l1", "beta"]


def test_sigmoid_units_come_down_to_their_target() -> None:
    model, batch = made(unit="sigmoid", l1=0.0, beta=100.0, rho=0.1, latent_dim=5), batch_of(IMAGE)
    optimiser = torch.optim.Adam(model.parameters(), 0.05)
    for number in range(100):
        optimiser.zero_grad()
        model.loss(batch, step(number)).total.backward()
        optimiser.step()
    assert model.encode(batch.x).mean(dim=0).detach().numpy() == pytest.approx(0.1, abs=0.03)


def test_tied_weights_are_stored_once_and_used_twice() -> None:
    model = made(TABLE, latent_dim=30, bias=False)
    assert sum(p.numel() for p in model.parameters()) == 7 * 30
    (weight,) = dense_weights(model.encoder)
    z = torch.randn(4, 30, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(model.decode(z), z @ weight)


def test_tied_weights_go_through_hidden_layers() -> None:
    model = made(TABLE, widths=(9, 5), latent_dim=3)
    assert model.decode(torch.zeros(2, 3)).shape == (2, 7)


@pytest.mark.parametrize(
    ("options", "name"),
    [({"decoder_widths": (4,)}, "decoder_widths"), ({"batch_norm": True}, "batch_norm")],
)
def test_what_cannot_be_tied_is_refused_by_name(options: dict[str, Any], name: str) -> None:
    with pytest.raises(ValueError, match=rf"model\.{name} .*set model\.tied=false"):
        made(TABLE, **options)
    made(TABLE, tied=False, **options)


def test_filters_of_photographs_become_oriented_edges() -> None:
    before, after = learned_filters()
    assert (orientation(before) > 0.5).mean() <= 0.02
    assert (orientation(after) > 0.5).mean() >= 0.75


def learned_filters() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The 100 filters before and after a short training with every default, (100, 10, 10)."""
    dataset = data.load("patches", Path("nowhere"), {"samples": 6000})
    store = SampleStore(dataset, torch.device("cpu"))
    model = made(data_spec(dataset, 6000))
    (weight,) = dense_weights(model.encoder)
    before = weight.detach().clone()
    optimiser = torch.optim.Adam(model.parameters(), MODELS["sparse"].defaults["lr"])
    generator = torch.Generator().manual_seed(0)
    for _ in range(36):
        for rows in torch.randperm(6000, generator=generator).split(128):
            optimiser.zero_grad()
            model.loss(store.batch(rows), step()).total.backward()
            optimiser.step()
    shape = (100, 10, 10)
    return before.view(shape).numpy(), weight.detach().view(shape).numpy()


def orientation(filters: NDArray[np.float32]) -> NDArray[np.float64]:
    """Largest share of each filter's power in a quarter of all orientations: 1 is one grating."""
    centred = filters - filters.mean(axis=(1, 2), keepdims=True)
    power = np.abs(np.fft.fft2(centred, (32, 32))) ** 2
    frequencies = np.fft.fftfreq(32)
    angle = np.arctan2(*np.meshgrid(frequencies, frequencies, indexing="ij")) % np.pi
    power[:, 0, 0] = 0.0
    total = power.sum(axis=(1, 2))
    shares = []
    for middle in np.arange(0.0, np.pi, np.pi / 36):
        away = np.abs((angle - middle + np.pi / 2) % np.pi - np.pi / 2)
        shares.append((power * (away < np.pi / 8)).sum(axis=(1, 2)) / total)
    return np.asarray(np.max(shares, axis=0))
