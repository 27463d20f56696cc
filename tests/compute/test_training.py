"""The training loop: epochs, numbers, stopping, and what a seed means."""

import math
import threading
from typing import Any

import numpy as np
import pytest
import torch

from aeviz.compute.history import copied
from aeviz.compute.schedules import factor
from aeviz.compute.training import EpochResult, Training, TrainingDiverged, fit
from aeviz.messages import Progress
from aeviz.models.base import Batch, Losses
from aeviz.runs.schema import OPTIMISERS, TrainConfig
from tests.compute.training_setup import make_images, make_training, results


def same(one: list[EpochResult], other: list[EpochResult]) -> bool:
    """Whether two trainings gave the same bits."""
    return len(one) == len(other) and all(
        a.metrics == b.metrics
        and np.array_equal(a.latents, b.latents)
        and all(torch.equal(a.weights[name], b.weights[name]) for name in a.weights)
        for a, b in zip(one, other, strict=True)
    )


# ── epochs ────────────────────────────────────────────────────────────────────────────────────


def test_epoch_zero_comes_before_training() -> None:
    training = make_training()
    before = copied(training.model)
    first, *rest = results(training)
    assert [first.epoch, *(result.epoch for result in rest)] == [0, 1, 2, 3]
    assert first.step == 0
    assert all(torch.equal(before[name], first.weights[name]) for name in before)
    assert set(first.metrics) == {
        *("validation_loss", "validation_reconstruction", "validation_kl"),
        *("reconstruction_mse", "validation_reconstruction_mse"),
    }


def test_every_epoch_has_the_terms_and_the_measures() -> None:
    last = results(make_training())[-1]
    names = ("loss", "reconstruction", "kl", "reconstruction_mse")
    assert set(last.metrics) == {*names, *(f"validation_{name}" for name in names)}
    assert all(math.isfinite(value) for value in last.metrics.values())
    assert last.latents.shape == (53, 2)
    assert last.latents.dtype == np.float32
    assert last.seconds > 0


def test_without_validation_there_is_none() -> None:
    assert not any(
        "validation" in name for name in results(make_training(train={"validation": 0}))[-1].metrics
    )


def test_no_epochs_leave_epoch_zero() -> None:
    assert [result.epoch for result in results(make_training(train={"epochs": 0}))] == [0]


def test_the_last_partial_batch_is_used() -> None:
    training = make_training(train={"batch_size": 10, "epochs": 1})  # 48 samples: 5 steps
    assert training.steps == 5
    seen: list[int] = []
    take = training.store.batch

    def batch(rows: torch.Tensor, generator: torch.Generator | None = None) -> Batch:
        if training.model.training:
            seen.extend(rows.tolist())
        return take(rows, generator)

    training.store.batch = batch  # type: ignore[method-assign]
    assert results(training)[-1].step == 5
    assert sorted(seen) == training.split.train.tolist()


def test_a_last_batch_of_one_sample_passes_batch_normalisation() -> None:
    training = make_training({"batch_norm": True}, {"batch_size": 47, "epochs": 1})
    assert len(training.split.train) % 47 == 1
    assert math.isfinite(results(training)[-1].metrics["loss"])


def test_the_loss_falls() -> None:
    done = results(make_training(train={"epochs": 30, "lr": 0.01}))
    assert done[-1].metrics["validation_loss"] < 0.95 * done[0].metrics["validation_loss"]
    assert done[-1].metrics["reconstruction_mse"] < 0.8 * done[0].metrics["reconstruction_mse"]


def test_the_loss_of_an_epoch_is_the_mean_over_its_samples() -> None:
    training = make_training({"name": "linear"}, {"epochs": 1, "lr": 1e-9, "validation": 0})
    done = results(training)[-1]
    x = training.store.take(torch.arange(53))
    model = training.model
    exact = (model.decode(model.encode(x)) - x).square().sum().item() / 53
    assert done.metrics["loss"] == pytest.approx(exact, rel=1e-5)
    assert done.metrics["reconstruction"] == done.metrics["loss"]
    assert done.metrics["reconstruction_mse"] == pytest.approx(exact / 25, rel=1e-5)


def test_reconstruction_is_measured_on_the_training_part_in_eval_mode() -> None:
    training = make_training({"dropout": 0.5}, {"epochs": 1})
    done = results(training)[-1]
    training.model.eval()
    for part, name in ((training.split.train, ""), (training.split.validation, "validation_")):
        x = training.store.take(torch.from_numpy(part.copy()))
        with torch.no_grad():
            z = training.model.encode(x)
            error = (training.model.decode(z) - x).square().mean()
        assert done.metrics[f"{name}reconstruction_mse"] == pytest.approx(error.item(), rel=1e-5)


def test_the_model_is_back_in_training_mode_for_every_step() -> None:
    training = make_training()
    for item in fit(training):
        if item is None and 0 < training.within < training.steps:
            assert training.model.training


def test_a_copy_of_the_weights_does_not_follow_the_training() -> None:
    training = make_training()
    kept = {}
    for item in fit(training):
        if isinstance(item, EpochResult):
            kept[item.epoch] = (item.weights, {k: v.clone() for k, v in item.weights.items()})
    for weights, then in kept.values():
        assert all(torch.equal(weights[name], then[name]) for name in weights)
    first, last = kept[0][0], kept[3][0]
    assert any(not torch.equal(first[name], last[name]) for name in first)


# ── seeds ─────────────────────────────────────────────────────────────────────────────────────


def test_the_same_seed_gives_the_same_bits() -> None:
    options = {"dropout": 0.3, "batch_norm": True}
    runs = [results(make_training(options, dynamic=True)) for _ in range(2)]
    assert same(*runs)


def test_another_seed_gives_other_numbers() -> None:
    assert not same(results(make_training(seed=0)), results(make_training(seed=1)))


def test_reading_the_losses_at_other_moments_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seldom = results(make_training())
    monkeypatch.setattr("aeviz.compute.world.READ_SECONDS", 0.0)
    often = make_training()
    items = list(fit(often))
    assert sum(isinstance(item, Progress) for item in items) >= 9
    assert same(seldom, [item for item in items if isinstance(item, EpochResult)])


def test_other_threads_that_draw_do_not_change_a_training_with_dropout() -> None:
    alone = results(make_training({"dropout": 0.5}))
    is_done = threading.Event()

    def draw() -> None:
        generator = torch.Generator().manual_seed(1)
        while not is_done.is_set():
            torch.randn(100, generator=generator)

    thread = threading.Thread(target=draw)
    thread.start()
    try:
        beside = results(make_training({"dropout": 0.5}))
    finally:
        is_done.set()
        thread.join()
    assert same(alone, beside)


def test_the_global_generator_is_given_back() -> None:
    before = torch.get_rng_state()
    results(make_training({"dropout": 0.5}))
    assert torch.equal(before, torch.get_rng_state())
    job = fit(make_training({"dropout": 0.5}))
    for _ in range(5):
        next(job)
    job.close()
    assert torch.equal(before, torch.get_rng_state())


def test_validation_draws_the_same_noise_in_every_epoch() -> None:
    done = results(make_training(train={"lr": 1e-9}))
    held_out = [result.metrics["validation_loss"] for result in done]
    assert held_out == pytest.approx([held_out[0]] * 4, rel=1e-6)
    assert abs(done[1].metrics["loss"] / done[2].metrics["loss"] - 1) > 1e-5


# ── stopping and turning ──────────────────────────────────────────────────────────────────────


def test_closing_stops_within_a_step() -> None:
    training = make_training(train={"epochs": 1000})
    job = fit(training)
    while training.step < 7:
        next(job)
    job.close()
    assert training.step == 7
    assert list(job) == []


def test_every_step_and_slice_yields() -> None:
    training = make_training()
    last = 0
    for _ in fit(training):
        assert training.step - last <= 1
        last = training.step


def test_progress_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aeviz.compute.world.READ_SECONDS", 0.0)
    found = [item for item in fit(make_training()) if isinstance(item, Progress)]
    steps = [item for item in found if item.phase == "training"]
    assert [(item.epoch, item.step) for item in steps] == [
        (epoch, step) for epoch in (1, 2, 3) for step in (1, 2, 3)
    ]
    assert {item.phase for item in found} == {"training", "validating", "encoding"}
    assert set(steps[0].losses) == {"loss", "reconstruction", "kl"}
    assert all(item.steps == 3 and item.epochs == 3 for item in found)
    left = [item.seconds_left for item in steps]
    assert left[0] is not None
    assert left[-1] is not None
    assert left[-1] < left[0]


def test_a_pause_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("aeviz.compute.pace.time.perf_counter", lambda: clock[0])
    training = make_training()
    for _ in fit(training):
        clock[0] += 1000.0  # whoever pulls takes its time
    assert training.pace.seconds == 0


def test_a_turned_weight_counts_from_the_next_step_and_is_marked() -> None:
    training = make_training({"beta": 1.0})
    events: dict[int, tuple[str, ...]] = {}
    seen = []
    loss = training.model.loss

    def spy(batch: Batch, step: Any) -> Losses:
        seen.append(step.weights["beta"])
        return loss(batch, step)

    training.model.loss = spy  # type: ignore[method-assign]
    for item in fit(training):
        if not isinstance(item, EpochResult) and training.step == 4:
            training.turn("beta", 4.0)
        if isinstance(item, EpochResult):
            events[item.epoch] = item.events
    assert events == {0: (), 1: (), 2: ("β: 1 → 4",), 3: ()}
    assert seen[0] == 1.0
    assert seen[-1] == 4.0


def test_a_turned_learning_rate_reaches_the_optimiser() -> None:
    training = make_training(train={"schedule": "step", "epochs": 4})
    for item in fit(training):
        if isinstance(item, EpochResult) and item.epoch == 1:
            training.turn("lr", 0.5)
            training.turn("lr", 0.5)  # no change, no event
    assert training.optimiser.param_groups[0]["lr"] == pytest.approx(0.005)


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_every_optimiser_moves_the_weights(optimiser: str) -> None:
    train = {"optimiser": optimiser, "weight_decay": 0.01, "clip": 1.0, "epochs": 2}
    first, *_, last = results(make_training(train=train))
    assert any(not torch.equal(first.weights[name], last.weights[name]) for name in first.weights)


def test_clipping_bounds_the_gradient() -> None:
    training = make_training(train={"clip": 1e-3, "epochs": 1})
    list(fit(training))
    grads = [parameter.grad for parameter in training.model.parameters()]
    assert torch.stack([grad.norm() for grad in grads if grad is not None]).norm() <= 1.001e-3


def test_a_cosine_schedule_falls_epoch_by_epoch() -> None:
    done = results(make_training(train={"schedule": "cosine", "epochs": 4, "lr": 0.1}))
    config = TrainConfig(schedule="cosine", epochs=4)
    expected = [0.1 * factor(config, epoch, epoch) for epoch in (1, 2, 3, 4)]
    assert [result.lr for result in done[1:]] == pytest.approx(expected)


# ── divergence ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("term", ["reconstruction", "kl"])
def test_a_loss_that_is_not_finite_stops_the_training(term: str, value: float) -> None:
    training = make_training(train={"epochs": 50})
    spoil(training, term, at=4, value=value)
    done: list[int] = []
    with pytest.raises(TrainingDiverged, match="smaller learning rate") as caught:
        done.extend(item.epoch for item in fit(training) if isinstance(item, EpochResult))
    assert (caught.value.epoch, caught.value.step, caught.value.term) == (2, 5, term)
    assert training.reported == 1


def spoil(training: Training, term: str, at: int, value: float) -> None:
    """Let a term be `value` from step `at` on."""
    loss = training.model.loss

    def spoiled(batch: Batch, step: Any) -> Losses:
        losses = loss(batch, step)
        if step.step < at or not training.model.training:
            return losses
        parts = {**losses.parts, term: losses.parts[term] * value}
        return Losses(losses.total * value, parts)

    training.model.loss = spoiled  # type: ignore[method-assign]


def test_a_huge_learning_rate_diverges_with_a_sentence() -> None:
    training = make_training({"name": "linear"}, {"lr": 100, "optimiser": "sgd", "epochs": 50})
    with pytest.raises(TrainingDiverged, match=r"diverged in epoch [12] at step"):
        results(training)


def test_latents_that_are_not_finite_are_no_epoch() -> None:
    training = make_training(train={"epochs": 1})
    encode = training.model.encode
    training.model.encode = lambda x, told=None: encode(x) * math.nan  # type: ignore[method-assign, assignment]
    with pytest.raises(TrainingDiverged, match="latents is not finite"):
        results(training)


def test_one_sample_can_be_trained_on() -> None:
    done = results(make_training(dataset=make_images(1), train={"batch_size": 5}))
    assert [result.step for result in done] == [0, 1, 2, 3]
