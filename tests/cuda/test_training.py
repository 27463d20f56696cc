"""What a training on a CUDA device promises: the same bits recorded or not, stopped or not."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from aeviz.cli import main
from aeviz.compute.checkpoint import capture, restore
from aeviz.compute.device import choose
from aeviz.compute.preparing import prepare
from aeviz.compute.settings import complete
from aeviz.compute.training import EpochResult, Training, fit
from aeviz.models import MODELS
from aeviz.models.base import Batch
from tests.benchmarks.models import dataset_of

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")

EAGER = {
    "capacity-vae": "depends on the step",
    "topological": "synchronizing",  # spanning trees grow on the host
    "two-decoder": "synchronizing",  # how many of each domain are in a batch
}
"""Models whose steps cannot be recorded, and a word of why."""

SCHEDULES: dict[str, dict[str, Any]] = {
    "plain": {},
    "cosine": {"schedule": "cosine", "warmup": 0.5},
    "one-cycle, clip": {"schedule": "one-cycle", "clip": 1.0},
    "average": {"ema": 0.9},
    "16 bits": {"precision": "bf16"},
    "sgd": {"optimiser": "sgd"},
    "adamw": {"optimiser": "adamw", "weight_decay": 0.01},
}


def settings_of(model: Mapping[str, Any], train: Mapping[str, Any]) -> dict[str, Any]:
    plain = {"epochs": 3, "batch_size": 32, "validation": 0.1}
    return complete({"model": dict(model), "train": {**plain, **train}, "device": "cuda"})


def make(model: Mapping[str, Any], train: Mapping[str, Any], *, recorded: bool = True) -> Training:
    settings = settings_of(model, train)
    training = prepare(settings, dataset_of(settings), choose("cuda")).training
    if not recorded:
        training.replay.reason = "a test wants it so"
    return training


def results(training: Training) -> list[EpochResult]:
    return [item for item in fit(training) if isinstance(item, EpochResult)]


def differences(one: list[EpochResult], other: list[EpochResult]) -> list[str]:
    """What is not the same to the bit, in words."""
    found = [] if len(one) == len(other) else [f"{len(one)} and {len(other)} epochs"]
    for mine, theirs in zip(one, other, strict=False):
        place = f"epoch {mine.epoch}: "
        found += [place + "latents"] * (not np.array_equal(mine.latents, theirs.latents))
        found += [
            f"{place}{name} {mine.metrics[name]!r} {theirs.metrics.get(name)!r}"
            for name in mine.metrics
            if mine.metrics[name] != theirs.metrics.get(name)
        ]
        found += [
            place + name
            for name, value in mine.weights.items()
            if not torch.equal(value, theirs.weights[name])
        ]
    return found


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_recorded_training_is_the_one_that_was_not(name: str) -> None:
    training = make({"name": name}, {})
    done = results(training)
    assert (training.replay.played > 0) == (name not in EAGER), training.replay.reason
    assert EAGER.get(name, "") in training.replay.reason
    assert differences(done, results(make({"name": name}, {}, recorded=False))) == []


@pytest.mark.parametrize("name", SCHEDULES)
def test_recording_changes_nothing_of(name: str) -> None:
    model = {"name": "vae", "dropout": 0.2, "batch_norm": True, "warm_up": 2.0}
    training = make(model, SCHEDULES[name])
    done = results(training)
    assert training.replay.played, training.replay.reason
    assert differences(done, results(make(model, SCHEDULES[name], recorded=False))) == []


@pytest.mark.parametrize("name", ["vae", "conv", "vq-vae", "stacked", "realnvp", "two-decoder"])
def test_it_goes_on_to_the_bit_after_a_stop_anywhere(name: str) -> None:
    whole = results(make({"name": name}, {}))
    done: list[EpochResult] = []
    files: dict[str, bytes] | None = None
    for count in (31, 7, 50, None):
        training = make({"name": name}, {})
        if files is not None:
            restore(training, files)
            training.reported = done[-1].epoch if done else -1
        job = fit(training)
        for number, item in enumerate(job, start=1):
            if isinstance(item, EpochResult):
                done.append(item)
            if number == count:
                break
        files = capture(training)
        job.close()
    assert differences(whole, done) == []


def test_a_turned_weight_counts_from_the_next_step_on() -> None:
    trainings = [make({"name": "beta-vae"}, {}, recorded=way) for way in (True, False)]
    done = []
    for training in trainings:
        job, found = fit(training), []
        while training.step < 60:
            item = next(job)
            found += [item] if isinstance(item, EpochResult) else []
        training.turn("beta", 9.0)
        training.turn("lr", 0.004)
        done.append(found + [item for item in job if isinstance(item, EpochResult)])
    assert trainings[0].replay.played
    assert differences(*done) == []


@pytest.mark.parametrize("name", ["linear", "vae"])
def test_ten_thousand_steps_are_the_same(name: str) -> None:
    train = {"epochs": 40, "batch_size": 6, "lr": 0.003}
    done = [results(make({"name": name}, train, recorded=way)) for way in (True, False)]
    assert differences(*done) == []


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_16_bits_train(precision: str) -> None:
    done = results(make({"name": "conv"}, {"precision": precision, "epochs": 4}))
    assert done[-1].metrics["loss"] < done[1].metrics["loss"]


def test_too_large_a_batch_is_halved(monkeypatch: pytest.MonkeyPatch) -> None:
    training = make({"name": "vae"}, {"batch_size": 256})
    batch = training.store.batch

    def full(rows: Tensor, generator: torch.Generator | None = None) -> Batch:
        if training.is_running and training.batch_size == 256 and training.model.training:
            raise torch.OutOfMemoryError("as if the device were full")
        return batch(rows, generator)

    monkeypatch.setattr(training.store, "batch", full)
    done = results(training)
    assert training.batch_size == 128
    assert "batch size: 256 → 128" in done[1].events[0]


def test_the_linear_model_learns_on_the_device_what_it_learns_on_the_cpu() -> None:
    settings = settings_of({"name": "linear"}, {"epochs": 20})
    found = []
    for word in ("cuda", "cpu"):
        training = prepare(settings, dataset_of(settings), choose(word)).training
        found.append(results(training)[-1].metrics["reconstruction_mse"])
    assert found[0] == pytest.approx(found[1], rel=1e-3)


def test_a_run_of_the_device_is_used_and_resumed_without_it(tmp_path: Path) -> None:
    run, sheet = tmp_path / "run", tmp_path / "sheet.png"
    assert main(["train", "--device", "cuda", "--epochs", "2", "--out", str(run)]) == 0
    assert main(["sweep", str(run), "--grid", "4", "-o", str(sheet)]) == 0
    assert main(["train", "--resume", str(run), "--epochs", "3"]) == 0
    assert main(["measure", str(run)]) == 0
    assert sheet.exists()
