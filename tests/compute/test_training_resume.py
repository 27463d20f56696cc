"""Going on from a checkpoint is exact to the bit."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load, save

from aeviz.compute.checkpoint import COUNTERS, TENSORS, capture, restore
from aeviz.compute.training import EpochResult, Training, TrainingDiverged, fit
from aeviz.runs.reading import RunError
from tests.compute.test_training import same, spoil
from tests.compute.training_setup import make_training, results

Group = Mapping[str, Any]
HARD: Group = {"dropout": 0.3, "batch_norm": True, "activation": "tanh"}
"""Options that draw from the global generator and keep running statistics."""


def make(model: Group = HARD, train: Group | None = None) -> Training:
    return make_training(
        model, {"schedule": "cosine", "epochs": 4, "batch_size": 11, **(train or {})}, dynamic=True
    )


def stop_after(training: Training, yields: int) -> tuple[list[EpochResult], dict[str, bytes]]:
    """Pull so many times, save, close: what came, and the checkpoint."""
    job, done = fit(training), []
    for _ in range(yields):
        item = next(job)
        if isinstance(item, EpochResult):
            done.append(item)
    files = capture(training)
    job.close()
    return done, files


def go_on(training: Training, files: Mapping[str, bytes], reported: int) -> list[EpochResult]:
    restore(training, files)
    training.reported = reported
    return results(training)


@pytest.fixture(scope="module")
def uninterrupted() -> list[EpochResult]:
    return results(make())


def test_stopping_anywhere_and_going_on_gives_the_same_bits(
    uninterrupted: list[EpochResult],
) -> None:
    yields = sum(1 for _ in fit(make()))
    for moment in range(1, yields, 2):
        done, files = stop_after(make(), moment)
        reported = done[-1].epoch if done else -1
        done += go_on(make(), files, reported)
        assert same(uninterrupted, done), f"stopped after {moment} yields"


def test_stopping_many_times_gives_the_same_bits(uninterrupted: list[EpochResult]) -> None:
    generator = np.random.default_rng(0)
    done: list[EpochResult] = []
    files: dict[str, bytes] | None = None
    while len(done) < 5:
        training = make()
        if files is not None:
            restore(training, files)
            training.reported = done[-1].epoch if done else -1
        job = fit(training)
        for _ in range(int(generator.integers(1, 6))):
            item = next(job, None)
            if isinstance(item, EpochResult):
                done.append(item)
        files = capture(training)
        job.close()
    assert same(uninterrupted, done)


@pytest.mark.parametrize("optimiser", ["adamw", "sgd", "rmsprop"])
def test_every_optimiser_goes_on_exactly(optimiser: str) -> None:
    train = {"optimiser": optimiser, "momentum": 0.5, "weight_decay": 0.01, "clip": 1.0}
    whole = results(make(train=train))
    done, files = stop_after(make(train=train), 12)
    done += go_on(make(train=train), files, done[-1].epoch)
    assert same(whole, done)


def test_a_checkpoint_of_a_whole_epoch_measures_it_again_where_its_line_is_missing(
    uninterrupted: list[EpochResult],
) -> None:
    training = make()
    for item in fit(training):
        if isinstance(item, EpochResult) and item.epoch == 2:
            files = capture(training)
            break
    assert same(uninterrupted[2:], go_on(make(), files, reported=1))
    assert same(uninterrupted[3:], go_on(make(), files, reported=2))


def test_turned_options_and_their_events_go_on() -> None:
    def turned(training: Training, item: object) -> None:
        if not isinstance(item, EpochResult) and training.step == 6:
            training.turn("beta", 3.0)
            training.turn("lr", 0.01)

    whole = []
    training = make()
    for item in fit(training):
        turned(training, item)
        if isinstance(item, EpochResult):
            whole.append(item)
    training, done = make(), []
    for item in fit(training):
        turned(training, item)
        if isinstance(item, EpochResult):
            done.append(item)
        if training.step == 7:
            files = capture(training)
            break
    done += go_on(make(), files, done[-1].epoch)
    assert same(whole, done)
    assert [result.events for result in whole] == [result.events for result in done]
    assert whole[2].events == ("β: 1 → 3", "learning rate: 0.001 → 0.01")


def test_more_epochs_than_planned_go_on() -> None:
    planned = {"schedule": "constant"}
    training = make(train=planned)
    done = results(training)
    files = capture(training)
    longer = go_on(make(train={**planned, "epochs": 6}), files, reported=4)
    assert [result.epoch for result in longer] == [5, 6]
    assert same(results(make(train={**planned, "epochs": 6})), done + longer)


def test_the_files_are_safetensors_and_json() -> None:
    _, files = stop_after(make(), 8)
    assert set(files) == {TENSORS, COUNTERS}
    counters = json.loads(files[COUNTERS])
    assert counters["torch"] == torch.__version__
    assert counters["threads"] == torch.get_num_threads()


def test_a_state_that_diverged_is_no_checkpoint() -> None:
    training = make()
    spoil(training, "kl", at=1, value=float("nan"))
    job = fit(training)
    while training.step < 2:
        next(job)
    with pytest.raises(TrainingDiverged):
        capture(training)
    job.close()


@pytest.mark.parametrize(
    "damage",
    [
        lambda files: files.pop(TENSORS),
        lambda files: files.pop(COUNTERS),
        lambda files: files.update({TENSORS: files[TENSORS][:100]}),
        lambda files: files.update({COUNTERS: b"{"}),
        lambda files: files.update({COUNTERS: b"[]"}),
        lambda files: files.update({COUNTERS: files[COUNTERS].replace(b'"within"', b'"x"')}),
    ],
)
def test_a_damaged_checkpoint_is_refused_with_one_sentence(damage: Any) -> None:
    _, files = stop_after(make(), 8)
    damage(files)
    with pytest.raises(RunError, match="the checkpoint cannot be used") as caught:
        restore(make(), files)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("group", ["optimiser", "generator.global", "average"])
def test_a_checkpoint_without_a_part_is_refused(group: str) -> None:
    """Going on without the optimiser's state, say, would be another training."""
    _, files = stop_after(make(train={"ema": 0.9}), 8)
    tensors = load(files[TENSORS])
    kept = {name: value for name, value in tensors.items() if not name.startswith(group)}
    assert len(kept) < len(tensors)
    files[TENSORS] = save(kept)
    with pytest.raises(RunError, match=f"it has {len(kept)} of its {len(tensors)} tensors"):
        restore(make(train={"ema": 0.9}), files)


def test_a_checkpoint_before_stages_and_patience_goes_on(
    uninterrupted: list[EpochResult],
) -> None:
    """As the first format has it."""
    done, files = stop_after(make(), 12)
    counters = json.loads(files[COUNTERS])
    old = {"torch", "threads", "epoch", "within", "step", "lr", "weights", "seconds"}
    kept = {name: counters[name] for name in (*old, "sums", "count")}
    files[COUNTERS] = json.dumps({**kept, "events": [], "format": 1}).encode()
    assert same(uninterrupted, done + go_on(make(), files, done[-1].epoch))


def test_a_checkpoint_of_another_model_is_refused() -> None:
    _, files = stop_after(make(), 8)
    with pytest.raises(RunError, match="the checkpoint cannot be used"):
        restore(make({**HARD, "widths": [9]}), files)


def test_a_newer_checkpoint_is_refused() -> None:
    _, files = stop_after(make(), 8)
    counters = json.loads(files[COUNTERS])
    files[COUNTERS] = json.dumps({**counters, "format": 99}).encode()
    with pytest.raises(RunError, match="written by a newer aeviz"):
        restore(make(), files)
