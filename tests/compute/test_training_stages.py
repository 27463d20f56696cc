"""Models that train in stages, one after the other."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from aeviz.compute.checkpoint import capture, restore
from aeviz.compute.runner import train, train_on
from aeviz.compute.training import EpochResult, Training, fit
from aeviz.messages import EpochDone, Message, Progress, RunOpened
from aeviz.runs.metrics import EpochLine, best_epoch
from aeviz.runs.planned import planned_epochs
from aeviz.runs.run import RunFolder
from tests.compute.staged_model import NAME, registered
from tests.compute.test_training import same
from tests.compute.training_setup import make_training, results


@pytest.fixture(autouse=True)
def _model() -> Iterator[None]:
    with registered():
        yield


def make(**train: Any) -> Training:
    return make_training({"name": NAME}, {"epochs": 2, **train})


def test_every_stage_takes_all_epochs() -> None:
    training = make()
    assert training.epochs == 4
    done = results(training)
    assert [(result.epoch, result.stage) for result in done] == [
        *((0, 0), (1, 0), (2, 0)),
        *((3, 1), (4, 1)),
    ]
    assert [result.events for result in done] == [(), ("stage: outer",), (), ("stage: inner",), ()]
    assert training.ending == ""


def test_a_stage_trains_its_own_parameters_alone() -> None:
    done = results(make())
    moved = [
        {
            name
            for name in after.weights
            if not torch.equal(before.weights[name], after.weights[name])
        }
        for before, after in itertools.pairwise(done)
    ]
    outer = {"outer.weight", "outer.bias", "outer_back.weight", "outer_back.bias"}
    inner = {"inner.weight", "inner.bias", "inner_back.weight", "inner_back.bias"}
    assert moved == [outer, outer, inner, inner]


def test_a_stage_has_an_optimiser_and_a_schedule_of_its_own() -> None:
    training = make(schedule="one-cycle", epochs=3)
    rates = [result.lr for result in results(training)]
    assert rates[1:4] == rates[4:7]
    assert len(training.optimiser.state) == 4


def test_only_the_terms_of_the_stage_are_told() -> None:
    done = results(make())
    assert {"outer", "validation_outer"} <= set(done[1].metrics)
    assert not {"inner", "validation_inner"} & set(done[1].metrics)
    assert {"inner", "validation_inner"} <= set(done[3].metrics)
    assert not {"outer", "validation_outer"} & set(done[3].metrics)


def test_the_step_says_its_stage_and_how_far_the_whole_is() -> None:
    training = make()
    seen: list[tuple[int, float]] = []
    loss = training.model.loss

    def spy(batch: Any, step: Any) -> Any:
        if training.model.training:
            seen.append((step.stage, step.progress))
        return loss(batch, step)

    training.model.loss = spy  # type: ignore[method-assign]
    results(training)
    count = len(seen)
    assert [stage for stage, _ in seen] == [0] * (count // 2) + [1] * (count // 2)
    assert [share for _, share in seen] == [number / count for number in range(count)]


def test_progress_and_run_know_all_epochs(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("aeviz.compute.world.READ_SECONDS", 0.0)
    told = messages(start(tmp_path / "run"))
    assert [message.epochs for message in told if isinstance(message, RunOpened)] == [4]
    assert {message.epochs for message in told if isinstance(message, Progress)} == {4}
    assert [message.stage for message in told if isinstance(message, EpochDone)] == [0, 0, 0, 1, 1]
    assert RunFolder.open(tmp_path / "run").info.model["stages"] == ["outer", "inner"]


@pytest.mark.parametrize("options", [{}, {"ema": 0.9}, {"patience": 1}, {"schedule": "plateau"}])
def test_going_on_inside_any_stage_gives_the_same_bits(options: dict[str, Any]) -> None:
    whole = results(make(**options))
    yields = sum(1 for _ in fit(make(**options)))
    for moment in range(2, yields, 5):
        training, done = make(**options), []
        job = fit(training)
        for _ in range(moment):
            item = next(job)
            if isinstance(item, EpochResult):
                done.append(item)
        files = capture(training)
        job.close()
        again = make(**options)
        restore(again, files)
        again.reported = done[-1].epoch if done else -1
        done += results(again)
        assert same(whole, done), f"stopped after {moment} yields"
        assert [one.events for one in whole] == [one.events for one in done]


def test_a_run_that_stopped_in_the_second_stage_goes_on(tmp_path: Path) -> None:
    messages(start(tmp_path / "whole"))
    job = start(tmp_path / "run")
    for message in job:
        if isinstance(message, EpochDone) and message.epoch == 3:
            break
    job.close()
    told = messages(train_on(tmp_path / "run", 2))
    assert [message.epochs for message in told if isinstance(message, RunOpened)] == [4]
    one, other = RunFolder.open(tmp_path / "whole"), RunFolder.open(tmp_path / "run")
    assert [line.metrics for line in one.epochs] == [line.metrics for line in other.epochs]
    assert one.epochs[-1].hashes == other.epochs[-1].hashes


def test_more_epochs_are_of_every_stage_that_is_not_over(tmp_path: Path) -> None:
    messages(start(tmp_path / "run"))
    told = messages(train_on(tmp_path / "run", 2))
    assert "nothing left to do" in str(getattr(told[-1], "reason", ""))
    messages(train_on(tmp_path / "run", 3))
    lines = RunFolder.open(tmp_path / "run").epochs
    assert [(line.epoch, line.stage) for line in lines[-2:]] == [(4, 1), (5, 1)]


def test_a_stage_that_stops_early_leaves_its_best_weights_to_the_next() -> None:
    training = make(patience=1, lr=3.0, optimiser="sgd", momentum=0.0, epochs=30, clip=50)
    done = results(training)
    first = [result for result in done if result.stage == 0]
    assert len(first) < 31
    best = min(first, key=lambda result: result.metrics["validation_loss"])
    begun = next(result for result in done if result.stage == 1)
    assert begun.events[0] == f"weights of epoch {best.epoch}, the best, restored"
    assert all(torch.equal(best.weights[n], begun.weights[n]) for n in best.weights if "outer" in n)


def test_no_epochs_leave_epoch_zero() -> None:
    assert [result.epoch for result in results(make(epochs=0))] == [0]


def test_what_is_planned_counts_from_where_the_stage_began() -> None:
    lines = [
        EpochLine(epoch, 0, 0.0, 0.0, {"loss": 1.0 / (epoch + 1)}, stage=stage)
        for epoch, stage in ((0, 0), (1, 0), (2, 0), (3, 1))
    ]
    assert planned_epochs(5, 3, []) == 15
    assert planned_epochs(5, 3, lines[:2]) == 15
    assert planned_epochs(5, 3, lines) == 12  # the first stage ended early
    assert planned_epochs(2, 0, lines[:1]) == 2


def test_the_best_epoch_is_one_of_the_last_stage() -> None:
    losses = ((0, 0, 9.0), (1, 0, 1.0), (2, 1, 7.0), (3, 1, 5.0), (4, 1, 6.0))
    lines = [
        EpochLine(epoch, 0, 0.0, 0.0, {"loss": loss}, stage=stage) for epoch, stage, loss in losses
    ]
    assert best_epoch(lines) == 3


def start(path: Path) -> Any:
    settings = {"model": {"name": NAME}, "train": {"epochs": 2, "batch_size": 500}}
    return train(settings, out=path, runs_dir=path.parent)


def messages(job: Any) -> list[Message]:
    return [message for message in job if message is not None]
