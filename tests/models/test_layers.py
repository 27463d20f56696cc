"""Stacks of layers and the options that shape them."""

import pytest
import torch
from torch import nn

from aeviz.models import MODELS
from aeviz.models.layers import ACTIVATIONS, BatchNorm, mlp
from tests.models.tiny import IMAGE, TABLE, batch_of, step, tiny


def test_an_empty_list_of_widths_is_one_linear_map() -> None:
    assert [type(layer) for layer in mlp(5, (), 2)] == [nn.Linear]


def test_the_last_layer_is_bare() -> None:
    layers = mlp(5, (4, 3), 2, dropout=0.5, batch_norm=True)
    assert isinstance(layers[-1], nn.Linear)
    kinds = [type(layer).__name__ for layer in layers]
    assert kinds == [*["Linear", "BatchNorm", "ReLU", "Dropout"] * 2, "Linear"]


def test_batch_normalisation_replaces_the_bias() -> None:
    layers = mlp(5, (4,), 2, batch_norm=True)
    assert layers[0].bias is None
    assert layers[-1].bias is not None


def test_without_biases_there_are_none() -> None:
    assert all("bias" not in name for name, _ in mlp(5, (4,), 2, bias=False).named_parameters())


@pytest.mark.parametrize("name", list(ACTIVATIONS))
def test_every_activation_can_be_chosen(name: str) -> None:
    model = tiny(MODELS["deep"], IMAGE, activation=name)
    assert torch.isfinite(model.loss(batch_of(IMAGE), step()).total)


def test_batch_normalisation_takes_a_single_sample_and_learns_nothing_from_it() -> None:
    norm = BatchNorm(3)
    norm(torch.randn(8, 3, generator=torch.Generator().manual_seed(0)))
    mean = norm.running_mean.clone()
    one = torch.ones(1, 3)
    assert torch.isfinite(norm(one)).all()
    assert torch.equal(mean, norm.running_mean)
    trained = norm(one)
    assert torch.equal(trained, norm.eval()(one))


@pytest.mark.parametrize("name", ["deep", "vae"])
def test_the_decoder_mirrors_the_encoder_unless_told(name: str) -> None:
    mirrored = tiny(MODELS[name], TABLE, widths=(9, 5))
    assert mirrored.layout() == (7, 9, 5, 2, 5, 9, 7)
    own = tiny(MODELS[name], TABLE, widths=(9, 5), decoder_widths=(4,))
    assert own.layout() == (7, 9, 5, 2, 4, 7)
    linear = tiny(MODELS[name], TABLE, widths=(9,), decoder_widths=())
    assert linear.layout() == (7, 9, 2, 7)


@pytest.mark.parametrize("name", ["deep", "vae"])
def test_dropout_acts_in_training_only(name: str) -> None:
    model = tiny(MODELS[name], IMAGE, dropout=0.5)
    x = batch_of(IMAGE).x
    with torch.random.fork_rng(devices=[]):
        assert not torch.equal(model.encode(x), model.encode(x))
    model.eval()
    assert torch.equal(model.encode(x), model.encode(x))


def test_the_output_layer_follows_the_data_unless_told() -> None:
    assert tiny(MODELS["deep"], IMAGE).bounded
    assert not tiny(MODELS["deep"], TABLE).bounded
    assert not tiny(MODELS["deep"], IMAGE, output="linear").bounded
    assert tiny(MODELS["vae"], IMAGE).bounded
    assert not tiny(MODELS["vae"], IMAGE, likelihood="mse").bounded
    assert tiny(MODELS["vae"], IMAGE, likelihood="mse", output="sigmoid").bounded


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian", "mse"])
def test_decode_is_the_mean_that_the_loss_compares_with(likelihood: str) -> None:
    """At zero noise the reconstruction term is that of the decode."""
    model = tiny(MODELS["vae"], IMAGE, likelihood=likelihood, output="sigmoid").eval()
    with torch.no_grad():
        last = model.encoder[-1]
        last.weight[2:] = 0
        last.bias[2:] = -60.0  # log_var: exp(-30) is nothing beside mu
    x = batch_of(IMAGE).x
    x_hat = model.decode(model.encode(x))
    if likelihood == "bernoulli":
        expected = nn.functional.binary_cross_entropy(x_hat, x, reduction="sum") / 8
    else:
        squares = (x_hat - x).square().sum() / 8
        constant = 36 * 0.5 * torch.log(torch.tensor(2 * torch.pi * 0.25))
        expected = squares if likelihood == "mse" else squares / (2 * 0.25) + constant
    found = model.loss(batch_of(IMAGE), step()).parts["reconstruction"]
    assert found.item() == pytest.approx(expected.item(), rel=1e-4)
