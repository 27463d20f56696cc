"""The running average of the weights: its arithmetic, and that it is what is shown."""

from pathlib import Path
from typing import Any

import pytest
import torch

from aeviz.compute.averaging import Average
from aeviz.compute.history import Weights, copied
from aeviz.compute.runner import train
from aeviz.compute.training import EpochResult, fit
from aeviz.runs.run import RunFolder
from tests.compute.training_setup import make_training, results


def test_the_average_is_the_recurrence_in_double_precision() -> None:
    training = make_training(train={"ema": 0.8, "epochs": 3, "lr": 0.01})
    average = training.average
    assert average is not None
    exact = {name: value.double() for name, value in copied(training.model).items()}
    for item in fit(training):
        if not isinstance(item, EpochResult) and training.step > average_steps(exact):
            count = training.step
            decay = min(0.8, (1 + count) / (10 + count))
            now = copied(training.model)
            for name, value in exact.items():
                if name != "count":
                    value.mul_(decay).add_(now[name].double(), alpha=1 - decay)
            exact["count"] = torch.tensor(float(count))
    del exact["count"]
    found = average.model.state_dict()
    for name, value in exact.items():
        assert torch.allclose(found[name].double(), value, atol=1e-5)


def average_steps(exact: dict[str, torch.Tensor]) -> int:
    return int(exact.get("count", torch.tensor(0.0)))


def test_training_itself_does_not_depend_on_the_average() -> None:
    plain = make_training({"dropout": 0.3})
    averaged = make_training({"dropout": 0.3}, {"ema": 0.9})
    assert [one.metrics["loss"] for one in results(plain)[1:]] == [
        one.metrics["loss"] for one in results(averaged)[1:]
    ]
    for one, other in zip(plain.model.parameters(), averaged.model.parameters(), strict=True):
        assert torch.equal(one, other)


def test_what_is_measured_and_kept_is_the_average() -> None:
    training = make_training(train={"ema": 0.99, "lr": 0.05})
    *_, last = results(training)
    average = training.average
    assert average is not None
    held = average.model.state_dict()
    assert all(torch.equal(last.weights[name], held[name]) for name in held)
    trained = training.model.state_dict()
    assert any(not torch.equal(last.weights[name], trained[name]) for name in held)
    x = training.store.take(torch.from_numpy(training.split.shown.copy()))
    assert torch.equal(average.model.encode(x), torch.from_numpy(last.latents))


def test_running_statistics_are_averaged_and_counters_copied() -> None:
    training = make_training({"batch_norm": True}, {"ema": 0.9})
    *_, last = results(training)
    trained = training.model.state_dict()
    for name, value in last.weights.items():
        if name.endswith("num_batches_tracked"):
            assert torch.equal(value, trained[name])
        if name.endswith("running_mean"):
            assert not torch.equal(value, trained[name])


def test_a_high_decay_does_not_hang_on_the_weights_before_training() -> None:
    train = {"ema": 0.9999, "epochs": 20, "lr": 0.01}
    first, *_, last = results(make_training(train=train))
    assert last.metrics["validation_loss"] < 0.97 * first.metrics["validation_loss"]


def test_it_follows_what_a_model_has_prepared() -> None:
    training = make_training(train={"ema": 0.5})
    average = training.average
    assert average is not None
    with torch.no_grad():
        for parameter in training.model.parameters():
            parameter.fill_(0.25)
    first = next(item for item in fit(training) if isinstance(item, EpochResult))
    assert all(bool((value == 0.25).all()) for value in first.weights.values())


def test_the_weights_of_the_moment_are_averages_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aeviz.compute.world.READ_SECONDS", 0.0)
    monkeypatch.setattr("aeviz.compute.recording.LIVE_SECONDS", 0.0)
    seen: list[Weights] = []
    steps: list[dict[str, torch.Tensor]] = []
    step = Average.step

    def spy(self: Average) -> None:
        step(self)
        steps.append(copied(self.model))

    monkeypatch.setattr(Average, "step", spy)
    settings: dict[str, Any] = {
        "model": {"name": "vae", "widths": [8]},
        "train": {"epochs": 1, "batch_size": 800, "ema": 0.9},
    }
    list(train(settings, out=tmp_path / "run", on_weights=seen.append, runs_dir=tmp_path))
    live = [weights.tensors for weights in seen if weights.epoch < 0]
    assert live
    assert any(all(torch.equal(one[name], live[0][name]) for name in one) for one in steps)
    kept = RunFolder.open(tmp_path / "run").weights(1)
    assert all(torch.equal(torch.from_numpy(kept[name]), steps[-1][name]) for name in kept)
