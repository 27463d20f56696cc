"""Early stopping: when it ends, what it restores, what it says."""

from pathlib import Path
from typing import Any

import pytest
import torch

from aeviz.compute.checkpoint import capture, restore
from aeviz.compute.runner import train, train_on
from aeviz.compute.stopping import Watch
from aeviz.compute.training import EpochResult, Training, fit
from aeviz.messages import EpochDone, Message, TrainingChanged
from aeviz.models.base import Batch, Losses
from aeviz.runs.run import RunFolder
from tests.compute.test_training import same
from tests.compute.training_setup import make_training, results

ROUGH: dict[str, Any] = {"lr": 0.3, "optimiser": "sgd", "momentum": 0.0, "clip": 5.0}
"""A training whose loss soon goes up and down."""


def make(patience: int = 2, **train: Any) -> Training:
    return make_training(train={"patience": patience, "epochs": 40, **ROUGH, **train})


def best_of(done: list[EpochResult], name: str = "validation_loss") -> EpochResult:
    return min((one for one in done if name in one.metrics), key=lambda one: one.metrics[name])


def test_a_watch_counts_since_the_smallest() -> None:
    watch = Watch()
    found = [watch.look(epoch, loss, 0.5) for epoch, loss in enumerate((9, 8, 7.6, 7.4, 7.3))]
    assert found == [True, True, False, True, False]
    assert (watch.best, watch.epoch, watch.waited) == (7.4, 3, 1)


def test_it_ends_when_the_patience_is_over_and_restores_the_best() -> None:
    training = make()
    done = results(training)
    *trained, last = done
    best = best_of(trained)
    assert len(trained) < 41
    assert [one.epoch for one in trained][-1] == best.epoch + 2
    assert last.epoch == trained[-1].epoch + 1
    assert last.step == trained[-1].step
    assert all(torch.equal(best.weights[name], last.weights[name]) for name in best.weights)
    assert last.metrics["validation_loss"] == best.metrics["validation_loss"]
    assert "loss" not in last.metrics
    why = f"stopped early at epoch {trained[-1].epoch}: no smaller validation loss for 2 epochs"
    assert trained[-1].events == (why,)
    assert last.events == (f"weights of epoch {best.epoch}, the best, restored",)
    assert training.ending == f"{why}; the weights of epoch {best.epoch}, the best, are restored"


def test_without_validation_the_loss_of_the_training_decides() -> None:
    training = make(validation=0)
    done = results(training)
    best = best_of(done, "loss")
    assert all(torch.equal(best.weights[name], done[-1].weights[name]) for name in best.weights)
    assert "no smaller loss for 2 epochs" in training.ending


def test_a_training_that_ends_as_planned_restores_the_best_too() -> None:
    training = make(patience=30, epochs=8, lr=3.0)
    done = results(training)
    best = best_of(done)
    assert best.epoch < 8
    assert [one.epoch for one in done] == list(range(10))
    assert training.ending == f"the weights of epoch {best.epoch}, the best, are restored"


def test_where_the_last_is_the_best_nothing_is_restored() -> None:
    training = make_training(train={"patience": 5, "epochs": 4})
    done = results(training)
    assert best_of(done).epoch == 4
    assert [one.epoch for one in done] == [0, 1, 2, 3, 4]
    assert training.ending == ""


def test_a_patience_of_nothing_never_stops() -> None:
    training = make(patience=0, epochs=12)
    assert len(results(training)) == 13
    assert training.stopping.weights == {}


def test_a_change_that_is_too_small_does_not_count() -> None:
    training = make_training(train={"patience": 3, "min_change": 1e6, "epochs": 30})
    assert [one.epoch for one in results(training)][-2:] == [3, 4]


def test_a_turned_weight_begins_to_wait_anew() -> None:
    training = make_training({"beta": 1.0}, {"patience": 2, "epochs": 9})
    grow = iter(range(100))
    loss = training.model.loss

    def growing(batch: Batch, step: Any) -> Losses:
        losses = loss(batch, step)
        return Losses(losses.total + next(grow), losses.parts)

    training.model.loss = growing  # type: ignore[method-assign]
    stopped = 0
    for item in fit(training):
        if isinstance(item, EpochResult) and item.epoch == 1:
            training.turn("beta", 2.0)
        stopped = max(stopped, training.stopping.stopped)
    assert stopped == 4  # epoch 2 is the first that counts


@pytest.mark.parametrize("moment", range(5, 80, 9))
def test_going_on_is_exact_also_when_the_best_is_restored(moment: int) -> None:
    def short() -> Training:
        return make(epochs=12, ema=0.5, schedule="plateau", lr_patience=1)

    whole = results(short())
    training, done = short(), []
    job = fit(training)
    for _, item in zip(range(moment), job, strict=False):
        if isinstance(item, EpochResult):
            done.append(item)
    files = capture(training)
    job.close()
    again = short()
    restore(again, files)
    again.reported = done[-1].epoch if done else -1
    done += results(again)
    assert same(whole, done)
    assert [one.events for one in whole] == [one.events for one in done]


# ── a run ─────────────────────────────────────────────────────────────────────────────────────


def run(path: Path, epochs: int = 40) -> list[Message]:
    settings = {
        "model": {"name": "vae", "widths": [8]},
        "train": {"epochs": epochs, "batch_size": 500, "patience": 2, **ROUGH},
    }
    return [told for told in train(settings, out=path, runs_dir=path) if told is not None]


def test_the_run_says_why_it_ended_and_its_last_epoch_is_the_best(tmp_path: Path) -> None:
    told = run(tmp_path / "run")
    ended = told[-1]
    assert isinstance(ended, TrainingChanged)
    assert ended.reason.startswith("stopped early at epoch")
    folder = RunFolder.open(tmp_path / "run")
    assert (folder.status, folder.info.reason) == ("finished", ended.reason)
    *_, before, last = folder.epochs
    assert before.events[-1].startswith("stopped early")
    assert last.metrics["validation_loss"] == min(
        line.metrics["validation_loss"] for line in folder.epochs
    )


def test_a_run_that_stopped_early_can_be_trained_on_from_its_best_weights(tmp_path: Path) -> None:
    run(tmp_path / "run")
    done = RunFolder.open(tmp_path / "run").epochs[-1].epoch
    told = list(train_on(tmp_path / "run", 40))
    epochs = [message.epoch for message in told if isinstance(message, EpochDone)]
    assert epochs[: done + 2] == list(range(done + 2))
    assert RunFolder.open(tmp_path / "run").status == "finished"
