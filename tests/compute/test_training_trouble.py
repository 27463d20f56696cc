"""What goes wrong in a training leaves the last good state, and a sentence that says what."""

import gc
import math
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from aeviz.compute.checkpoint import capture, restore
from aeviz.compute.device import explain
from aeviz.compute.finite import refuse_gradients, refuse_weights
from aeviz.compute.runner import train, train_on
from aeviz.compute.training import EpochResult, Training, TrainingDiverged, fit
from aeviz.compute.world import World
from aeviz.messages import EpochDone, Failed, Message
from aeviz.models.base import Batch, Losses
from aeviz.models.vae import VAE
from aeviz.runs.run import RunFolder
from tests.compute.test_training import same
from tests.compute.training_setup import make_training, results

NO_MEMORY = "CUDA out of memory. Tried to allocate 20.00 GiB"


def spoil_gradient(training: Training, at: int, value: float) -> None:
    """Let one gradient be `value` at step `at`; the loss stays as it is."""
    parameter = next(training.model.parameters())

    def spoil(gradient: Tensor) -> Tensor:
        return gradient * value if training.step == at else gradient

    parameter.register_hook(spoil)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_gradient_that_is_not_finite_is_named(value: float) -> None:
    training = make_training(train={"epochs": 3})
    name = next(name for name, _ in training.model.named_parameters())
    spoil_gradient(training, at=5, value=value)  # the last step of the second epoch
    with pytest.raises(TrainingDiverged, match=f"in epoch 2 at step 6: the gradient of {name}"):
        results(training)
    assert training.reported == 1


def test_a_weight_that_is_not_finite_is_no_epoch_and_no_checkpoint() -> None:
    training = make_training(train={"epochs": 3})
    job = fit(training)
    while training.step < 4:
        next(job)
    with torch.no_grad():
        training.model.decoder[-1].bias.fill_(math.inf)  # type: ignore[index, union-attr]
    with pytest.raises(TrainingDiverged, match="the weight decoder"):
        capture(training)
    job.close()


def test_the_looks_pass_over_what_is_finite() -> None:
    layer = torch.nn.Linear(2, 2)
    refuse_gradients(layer, World(), 1, 1)
    refuse_weights({**layer.state_dict(), "count": torch.tensor(3), "none": torch.zeros(0)}, 1, 1)
    with pytest.raises(TrainingDiverged, match="the weight b is not finite"):
        refuse_weights({"a": torch.ones(2), "b": torch.tensor([1.0, math.nan])}, 1, 1)


def test_a_run_whose_gradient_is_lost_keeps_its_last_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loss = VAE.loss

    def spoiled(self: VAE, batch: Any, step: Any) -> Losses:
        found = loss(self, batch, step)
        if step.step == 5 and self.training:
            # finite itself, but its slope is not
            zero = (next(self.parameters()).sum() * 0).sqrt()
            return Losses(found.total + zero, found.parts)
        return found

    monkeypatch.setattr(VAE, "loss", spoiled)
    told = run(tmp_path / "run")
    failed = next(message for message in told if isinstance(message, Failed))
    assert "diverged in epoch 2" in failed.summary
    folder = RunFolder.open(tmp_path / "run")
    assert (folder.status, [line.epoch for line in folder.epochs]) == ("diverged", [0, 1])
    assert all(np.isfinite(value).all() for value in folder.weights(1).values())
    monkeypatch.setattr(VAE, "loss", loss)
    assert epochs_of(list(train_on(tmp_path / "run", 3))) == [0, 1, 2, 3]


# ── memory ────────────────────────────────────────────────────────────────────────────────────


def starve(training: Training, at: int, times: int = 1) -> list[int]:
    """Let the loss run out of memory at a step; returns the sizes of the batches it was given."""
    loss, sizes = training.model.loss, []
    left = [times]

    def hungry(batch: Batch, step: Any) -> Losses:
        if training.model.training:
            sizes.append(len(batch.x))
            if step.step >= at and left[0]:
                left[0] -= 1
                raise torch.OutOfMemoryError(NO_MEMORY)
        return loss(batch, step)

    training.model.loss = hungry  # type: ignore[method-assign]
    return sizes


def test_too_little_memory_is_tried_again_with_half_the_batch() -> None:
    training = make_training(train={"epochs": 2, "batch_size": 16})  # 48 samples
    sizes = starve(training, at=4)
    seen = watch_rows(training)
    done = results(training)
    assert sizes == [16, 16, 16, 16, 16, 8, 8, 8, 8]
    assert done[2].events == ("batch size: 16 → 8, not enough memory",)
    assert done[2].step == 3 + 5
    assert training.batch_size == 8
    tried_twice = seen[64:72]
    order = seen[48:64] + seen[80:]
    assert sorted(order) == training.split.train.tolist()
    assert set(tried_twice) <= set(order)


def watch_rows(training: Training) -> list[int]:
    seen: list[int] = []
    take = training.store.batch

    def batch(rows: Tensor, generator: torch.Generator | None = None) -> Batch:
        if training.model.training:
            seen.extend(rows.tolist())
        return take(rows, generator)

    training.store.batch = batch  # type: ignore[method-assign]
    return seen


def test_the_exception_is_let_go_before_the_second_try() -> None:
    """It keeps the tensors of its frames alive."""
    training = make_training(train={"epochs": 1})
    loss = training.model.loss
    kept: list[weakref.ref[Any]] = []

    class Large:
        """Stands for a tensor on the accelerator."""

    def hungry(batch: Batch, step: Any) -> Losses:
        if training.model.training and not kept:
            large = Large()
            kept.append(weakref.ref(large))
            raise torch.OutOfMemoryError(NO_MEMORY)
        if kept:
            gc.collect()
            assert kept[0]() is None
        return loss(batch, step)

    training.model.loss = hungry  # type: ignore[method-assign]
    results(training)
    assert kept


def test_the_second_time_it_stops() -> None:
    training = make_training(train={"epochs": 2})
    starve(training, at=4, times=2)
    with pytest.raises(torch.OutOfMemoryError):
        results(training)


def test_a_batch_of_one_cannot_be_halved() -> None:
    training = make_training(train={"epochs": 1, "batch_size": 1})
    starve(training, at=2)
    with pytest.raises(torch.OutOfMemoryError):
        results(training)


def test_going_on_keeps_the_smaller_batch_and_is_exact() -> None:
    def made() -> Training:
        training = make_training({"dropout": 0.3}, {"epochs": 3}, dynamic=True)
        starve(training, at=4)
        return training

    whole = results(made())
    training, done = made(), []
    job = fit(training)
    for item in job:
        if isinstance(item, EpochResult):
            done.append(item)
        if training.step == 6:
            break
    files = capture(training)
    job.close()
    again = make_training({"dropout": 0.3}, {"epochs": 3}, dynamic=True)
    restore(again, files)
    again.reported = done[-1].epoch
    done += results(again)
    assert same(whole, done)


def test_a_run_without_enough_memory_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loss = VAE.loss

    def hungry(self: VAE, batch: Any, step: Any) -> Losses:
        if step.step >= 5 and self.training:
            raise torch.OutOfMemoryError(NO_MEMORY)
        return loss(self, batch, step)

    monkeypatch.setattr(VAE, "loss", hungry)
    told = run(tmp_path / "run")
    failed = next(message for message in told if isinstance(message, Failed))
    assert "use a smaller batch size" in failed.summary
    folder = RunFolder.open(tmp_path / "run")
    assert (folder.status, [line.epoch for line in folder.epochs]) == ("interrupted", [0, 1])


@pytest.mark.parametrize(
    "text",
    [
        "CUDA error: device-side assert triggered",
        "../aten/src/Indexing.cu:1: block: [0,0,0] device-side assert",
        "CUDA unknown error - this may be due to an incorrectly set up environment",
    ],
)
def test_a_lost_accelerator_is_a_sentence(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "the state of the GPU is lost" in str(explain(RuntimeError(text)))
    loss = VAE.loss

    def lost(self: VAE, batch: Any, step: Any) -> Losses:
        if step.step == 5 and self.training:
            raise RuntimeError(text)
        return loss(self, batch, step)

    monkeypatch.setattr(VAE, "loss", lost)
    told = run(tmp_path / "run")
    failed = next(message for message in told if isinstance(message, Failed))
    assert "the state of the GPU is lost" in failed.summary
    monkeypatch.setattr(VAE, "loss", loss)
    assert epochs_of(list(train_on(tmp_path / "run", 3)))[-1] == 3


# ── checkpoints ───────────────────────────────────────────────────────────────────────────────


def test_a_checkpoint_every_few_epochs_and_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aeviz.runs.writer import RunWriter

    written = []
    write = RunWriter.write_checkpoint

    def spy(self: RunWriter, files: Any) -> None:
        written.append(len(self.epochs))
        write(self, files)

    monkeypatch.setattr(RunWriter, "write_checkpoint", spy)
    run(tmp_path / "run", epochs=8, checkpoint_every=3)
    assert written == [0, 3, 6, 8]


def test_going_on_does_the_epochs_after_the_checkpoint_again(tmp_path: Path) -> None:
    run(tmp_path / "whole", epochs=6)
    job = start(tmp_path / "run", epochs=6, checkpoint_every=3)
    for message in job:
        if isinstance(message, EpochDone) and message.epoch == 5:
            break
    # as a kill leaves it: nothing is saved any more
    job.gi_frame.f_locals["recorder"].writer._lock.release()
    told = list(train_on(tmp_path / "run", 6))
    assert epochs_of(told) == [0, 1, 2, 3, 4, 5, 6]
    one, other = RunFolder.open(tmp_path / "whole"), RunFolder.open(tmp_path / "run")
    assert [line.metrics for line in one.epochs] == [line.metrics for line in other.epochs]
    assert one.epochs[-1].hashes == other.epochs[-1].hashes


def start(path: Path, epochs: int = 3, **more: Any) -> Any:
    settings = {
        "model": {"name": "vae", "widths": [8]},
        "train": {"epochs": epochs, "batch_size": 500, **more},
    }
    return train(settings, out=path, runs_dir=path)


def run(path: Path, epochs: int = 3, **more: Any) -> list[Message]:
    return [message for message in start(path, epochs, **more) if message is not None]


def epochs_of(told: list[Message | None]) -> list[int]:
    return [message.epoch for message in told if isinstance(message, EpochDone)]
