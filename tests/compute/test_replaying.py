"""Recorded steps keep every count and every bit; here a recording is the steps themselves.

What a CUDA graph is to the device is stood in for, since there may be none; tests/cuda has the
real ones.
"""

from typing import Any

import pytest
import torch
from torch import Tensor

from aeviz.compute import replaying
from aeviz.compute.checkpoint import capture, restore
from aeviz.compute.training import Training, fit
from aeviz.models.base import Step
from tests.compute.test_training import same
from tests.compute.training_setup import make_images, make_training, results

DATA = make_images(203)


class Steps:
    """Steps in a row that are done when they are played."""

    def __init__(self, training: Training, size: int, count: int) -> None:
        self.training, self.size, self.count = training, size, count
        self.terms: tuple[str, ...] = ()

    def play(self, rows: Tensor) -> Tensor:
        values: list[Tensor] = []
        for batch in rows.view(self.count, self.size):
            losses = self.training.differentiate(batch, self.training.where(self.training.noise))
            self.training.optimise()
            self.terms = tuple(losses.parts)
            values += [value.detach() for value in (losses.total, *losses.parts.values())]
        return torch.stack(values).view(self.count, -1)


@pytest.fixture(autouse=True)
def _device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "Recording", Steps)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: None)
    monkeypatch.setattr(torch.cuda, "set_sync_debug_mode", lambda word: None)


def make(model: dict[str, Any] | None = None, *, recorded: bool = True, **train: Any) -> Training:
    options = {"epochs": 4, "batch_size": 4, "validation": 0.1, **train}
    training = make_training(model, options, dataset=DATA, dynamic=True)
    if recorded:
        training.replay.reason = ""
    return training


CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "plain": ({"dropout": 0.2, "batch_norm": True}, {}),
    "schedule": ({}, {"schedule": "one-cycle"}),
    "average": ({}, {"ema": 0.9}),
    "warm-up": ({"warm_up": 3.0}, {"clip": 1.0}),
    "large batches": ({}, {"batch_size": 64}),
}


@pytest.mark.parametrize("name", CASES)
def test_played_steps_are_those_that_were_not(name: str) -> None:
    model, train = CASES[name]
    played, plain = make(model, **train), make(model, recorded=False, **train)
    done, expected = results(played), results(plain)
    assert same(done, expected)
    assert (played.step, played.replay.reason) == (plain.step, "")


def test_bursts_fill_an_epoch_with_whole_and_last_batches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replaying, "UNNOTICED", 1e9)
    training = make()
    job, counts = fit(training), set()
    while training.epoch < 3:
        before = training.step
        next(job)
        counts.add(training.step - before)
    assert {0, 1, replaying.MOST} <= counts
    assert (4, replaying.MOST) in training.replay.recordings
    assert training.within <= training.steps


def test_slow_steps_are_played_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "UNNOTICED", 0.0)
    training = make()
    results(training)
    assert training.replay.burst == 1
    assert {count for _, count in training.replay.recordings} == {1}


def test_who_goes_step_by_step_gets_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "UNNOTICED", 1e9)
    training = make()
    job = fit(training)
    while training.epoch < 2:
        next(job)
    training.is_single = True
    before = training.step
    next(job)
    assert training.step == before + 1


def test_a_turned_weight_makes_recordings_void() -> None:
    training = make({"name": "beta-vae"})
    job = fit(training)
    while training.epoch < 2:
        next(job)
    kept = dict(training.replay.recordings)
    training.turn("beta", 9.0)
    next(job)
    assert kept
    assert not set(kept.values()) & set(training.replay.recordings.values())


def test_a_loss_that_asks_for_the_step_is_not_recorded() -> None:
    training = make({"name": "capacity-vae"})
    results(training)
    assert training.replay.reason == "its loss depends on the step"
    assert not training.replay.recordings


def test_a_step_that_cannot_be_recorded_is_done_as_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(training: Training, size: int, count: int) -> None:
        raise RuntimeError("the device does not like it\nand says more")

    monkeypatch.setattr(replaying, "Recording", refuse)
    training = make()
    assert same(results(training), results(make(recorded=False)))
    assert training.replay.reason == "the device does not like it"


def test_the_trial_leaves_nothing_behind() -> None:
    training = make({"dropout": 0.5, "batch_norm": True})
    job = fit(training)
    while training.epoch < 1:
        next(job)
    before, state = capture(training), torch.get_rng_state()
    assert replaying._asked(training) == set()
    assert capture(training) == before
    assert torch.equal(torch.get_rng_state(), state)


def test_a_training_between_bursts_goes_on_to_the_bit() -> None:
    whole = results(make())
    training = make()
    job = fit(training)
    while training.step < 70:
        next(job)
    files = capture(training)
    job.close()
    again = make()
    restore(again, files)
    again.reported = training.reported
    rest = results(again)
    assert same(whole[-len(rest) :], rest)


def test_the_watched_step_says_what_it_was_asked() -> None:
    step, asked = replaying._watched(Step(1, 2, 8, 5, None, {"beta": 4.0}))
    assert (step.samples, step.stage, step.weights["beta"]) == (5, 0, 4.0)
    assert asked == set()
    assert step.progress == 0.25
    assert asked == {"step", "steps"}
