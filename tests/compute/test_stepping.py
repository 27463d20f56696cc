"""Steps and gradients without torch's bookkeeping are those of torch, bit for bit."""

from copy import deepcopy

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from aeviz.compute import stepping
from aeviz.compute.stepping import Stepper, backward


def make_model() -> nn.Sequential:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 3))


def make_optimiser(kind: type[Adam], model: nn.Module) -> Adam:
    return kind(model.parameters(), 0.1, betas=(0.8, 0.99), weight_decay=0.1, fused=True)


def differentiate(model: nn.Module, step: int) -> None:
    generator = torch.Generator().manual_seed(step)
    model.zero_grad()
    model(torch.rand(4, 5, generator=generator)).square().sum().backward()


def same(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return all(torch.equal(mine, theirs) for mine, theirs in pairs)


@pytest.mark.parametrize("kind", [Adam, AdamW])
def test_steps_are_those_of_torch_bit_for_bit(
    kind: type[Adam], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = make_model(), make_model()
    mine, other = make_optimiser(kind, ours), make_optimiser(kind, theirs)
    stepper = Stepper(mine)
    for step in range(6):
        for model, optimiser in ((ours, mine), (theirs, other)):
            differentiate(model, step)
            optimiser.param_groups[0]["lr"] = 0.1 / (1 + step)
        stepper.step()
        other.step()
        if step == 0:  # the first makes the state; from here on torch's own is not asked
            monkeypatch.setattr(mine, "step", None)
    assert same(ours, theirs)
    for mine_kept, kept in zip(mine.state.values(), other.state.values(), strict=True):
        assert mine_kept.keys() == kept.keys()
        assert all(torch.equal(mine_kept[name], kept[name]) for name in kept)


def test_a_step_without_one_gradient_leaves_that_parameter_and_its_count() -> None:
    ours, theirs = make_model(), make_model()
    mine, other = make_optimiser(Adam, ours), make_optimiser(Adam, theirs)
    stepper = Stepper(mine)
    for step in range(6):
        for model in (ours, theirs):
            differentiate(model, step)
            if step in (2, 3):
                next(model.parameters()).grad = None
        stepper.step()
        other.step()
    assert same(ours, theirs)
    counts = [float(kept["step"]) for kept in mine.state.values()]
    assert counts == [4.0, 6.0, 6.0, 6.0]


def test_a_state_that_was_loaded_is_gone_on_with() -> None:
    ours, theirs = make_model(), make_model()
    mine, other = make_optimiser(Adam, ours), make_optimiser(Adam, theirs)
    stepper = Stepper(mine)
    kept: tuple[dict[str, object], dict[str, object]] | None = None
    for step in range(8):
        if step == 3:
            kept = deepcopy(mine.state_dict()), deepcopy(ours.state_dict())
        differentiate(ours, step)
        stepper.step()
    assert kept is not None
    mine.load_state_dict(kept[0])
    ours.load_state_dict(kept[1])
    for step in range(8):
        differentiate(theirs, step)
        other.step()
        if step >= 3:
            differentiate(ours, step)
            stepper.step()
    assert same(ours, theirs)


def test_other_optimisers_do_their_own_steps() -> None:
    model = make_model()
    others: list[Optimizer] = [
        SGD(model.parameters(), 0.1),
        Adam(model.parameters(), 0.1),
        Adam(model.parameters(), 0.1, fused=True, amsgrad=True),
    ]
    for optimiser in others:
        before = [parameter.detach().clone() for parameter in model.parameters()]
        for step in range(2):
            differentiate(model, step)
            Stepper(optimiser).step()
        after = list(model.parameters())
        assert not any(torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_gradients_are_those_of_torch_and_are_added() -> None:
    ours, theirs = make_model(), make_model()
    x = torch.rand(4, 5, generator=torch.Generator().manual_seed(0))
    for _ in range(2):
        backward(ours(x).square().sum())
        theirs(x).square().sum().backward()
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert mine.grad is not None
        assert other.grad is not None
        assert torch.equal(mine.grad, other.grad)


def test_a_loss_that_depends_on_nothing_is_refused() -> None:
    with pytest.raises(RuntimeError, match="does not require grad"):
        backward(torch.ones(()))


def test_a_torch_that_knows_other_calls_does_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stepping, "_engine", stepping._engine.__wrapped__)
    monkeypatch.setattr(stepping, "NOTHING_KEPT", ())
    x = torch.ones((), requires_grad=True)
    backward(3.0 * x)
    assert x.grad is not None
    assert x.grad.item() == 3.0
    monkeypatch.setattr(stepping, "KERNELS", {Adam: "_no_such_kernel"})
    model = make_model()
    stepper = Stepper(make_optimiser(Adam, model))
    differentiate(model, 0)
    stepper.step()
    assert not same(model, make_model())
