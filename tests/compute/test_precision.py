"""Mixed precision: 16 bits in the layers, 32 in the loss."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from aeviz.compute.checkpoint import capture, restore
from aeviz.compute.precision import Precision
from aeviz.compute.settings import SettingsError
from aeviz.compute.training import EpochResult, Training, TrainingDiverged, fit
from aeviz.models.base import Batch, Losses
from tests.compute.run_setup import images, settings_of
from tests.compute.test_training import same
from tests.compute.training_setup import make_training, results

CPU = torch.device("cpu")


def test_layers_round_to_sixteen_bits_and_go_on_in_thirty_two() -> None:
    x, weight = torch.randn(4, 33), torch.randn(5, 33)
    with Precision("bf16", CPU).products():
        found = functional.linear(x, weight)
    exact = functional.linear(x, weight)
    assert found.dtype == torch.float32
    assert torch.equal(found, functional.linear(x.bfloat16(), weight.bfloat16()).float())
    assert not torch.equal(found, exact)
    assert torch.allclose(found, exact, atol=0.2)


def test_products_of_the_loss_keep_thirty_two_bits() -> None:
    x = torch.randn(8, 33)
    with Precision("bf16", CPU).products():
        assert torch.equal(x @ x.T, torch.matmul(x, x.T))
        assert torch.cdist(x, x).dtype == torch.float32
    with Precision("bf16", CPU).products():
        found = x @ x.T
    assert torch.equal(found, x @ x.T)


@pytest.mark.parametrize("model", [{}, {"body": "conv", "channels": [4]}])
def test_the_terms_of_the_loss_are_float32_and_near_the_plain_ones(model: dict[str, Any]) -> None:
    plain = results(make_training(model))
    training = make_training(model, {"precision": "bf16"})
    types: set[torch.dtype] = set()
    loss = training.model.loss

    def spy(batch: Batch, step: Any) -> Losses:
        losses = loss(batch, step)
        types.update(value.dtype for value in (losses.total, *losses.parts.values()))
        return losses

    training.model.loss = spy  # type: ignore[method-assign]
    mixed = results(training)
    assert types == {torch.float32}
    assert mixed[-1].metrics["loss"] != plain[-1].metrics["loss"]
    assert mixed[-1].metrics["loss"] == pytest.approx(plain[-1].metrics["loss"], rel=0.01)
    assert all(value.dtype == torch.float32 for value in mixed[-1].weights.values())


def test_measuring_keeps_thirty_two_bits() -> None:
    plain, mixed = (make_training(train={"precision": word}) for word in ("32", "bf16"))
    assert results(plain)[0].metrics == results(mixed)[0].metrics


def test_fp16_without_cuda_is_a_sentence() -> None:
    with pytest.raises(ValueError, match=r"train.precision=fp16: it needs a CUDA device"):
        make_training(train={"precision": "fp16"})


def test_it_is_a_setting_that_a_run_refuses_early() -> None:
    from aeviz.compute.device import choose
    from aeviz.compute.preparing import prepare

    dataset = images()
    settings = settings_of(dataset)
    settings["train"]["precision"] = "fp16"
    with pytest.raises(SettingsError, match="use bf16 or 32"):
        prepare(settings, dataset, choose("cpu"))


# ── scaled gradients, here without a GPU ──────────────────────────────────────────────────────


def scaled(scale: float = 2.0**16, **train: Any) -> Training:
    """A training whose gradients are scaled as fp16 needs it."""
    training = make_training(train={"precision": "bf16", "epochs": 2, **train})
    training.precision._scaler = torch.amp.GradScaler("cpu", init_scale=scale)
    return training


@pytest.mark.parametrize("options", [{}, {"clip": 1.0}, {"optimiser": "nadam"}])
def test_a_scale_is_taken_back_before_the_step(options: dict[str, Any]) -> None:
    plain = make_training(train={"precision": "bf16", "epochs": 2, **options})
    assert results(scaled(**options))[-1].metrics == results(plain)[-1].metrics


def test_a_gradient_beyond_sixteen_bits_halves_the_scale_and_leaves_the_weights() -> None:
    training = scaled()
    parameter = next(training.model.parameters())

    def overflow(gradient: Tensor) -> Tensor:
        return gradient * math.inf if training.step == 1 else gradient

    parameter.register_hook(overflow)  # type: ignore[no-untyped-call]
    seen: list[Tensor] = []
    for _ in fit(training):
        if len(seen) < training.step:
            seen.append(parameter.detach().clone())
    assert torch.equal(seen[0], seen[1])
    assert not torch.equal(seen[1], seen[2])
    assert training.precision.state()["scale"] == 2.0**15


def test_the_scale_goes_on_with_the_training() -> None:
    whole = results(scaled(2.0**10))
    training = scaled(2.0**10)
    job, done = fit(training), []
    for item in job:
        if isinstance(item, EpochResult):
            done.append(item)
        if training.step == 4:
            break
    files = capture(training)
    job.close()
    again = scaled()
    restore(again, files)
    again.reported = done[-1].epoch
    assert same(whole, done + results(again))
    assert again.precision.state()["scale"] == 2.0**10


def test_a_loss_without_any_finite_gradient_is_told() -> None:
    training = scaled(2.0**-19, epochs=20)
    parameter = next(training.model.parameters())

    def overflow(gradient: Tensor) -> Tensor:
        return gradient * math.inf

    parameter.register_hook(overflow)  # type: ignore[no-untyped-call]
    with pytest.raises(TrainingDiverged, match="the gradient in 16 bits is not finite"):
        results(training)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_fp16_scales_its_gradients() -> None:
    device = torch.device("cuda")
    precision = Precision("fp16", device)
    layer = torch.nn.Linear(4, 1, device=device)
    optimiser = torch.optim.Adam(layer.parameters())
    with precision.products():
        loss = layer(torch.ones(2, 4, device=device)).square().mean() * 1e-6
    precision.scaled(loss).backward()  # type: ignore[no-untyped-call]
    precision.unscale(optimiser)
    assert layer.weight.grad is not None
    assert 0 < float(layer.weight.grad.abs().sum()) < math.inf
    precision.step(optimiser)
    again = Precision("fp16", device)
    again.restore(precision.state())
    assert again.state() == precision.state()
