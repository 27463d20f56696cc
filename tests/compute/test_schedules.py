"""Learning rates over the epochs, and when they fall by themselves."""

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aeviz.compute.schedules import CYCLE_RISE, CYCLE_START, Plateau, factor
from aeviz.compute.training import EpochResult, fit
from aeviz.runs.schema import TrainConfig
from tests.compute.training_setup import make_training, results

SCHEDULES = ("constant", "step", "cosine", "plateau", "one-cycle")


def config(schedule: str, epochs: int = 20, **options: Any) -> TrainConfig:
    return TrainConfig(schedule=schedule, epochs=epochs, **options)  # type: ignore[arg-type]


def whole(schedule: str, epochs: int = 20, **options: Any) -> list[float]:
    """The factor of every epoch's last step."""
    made = config(schedule, epochs, **options)
    return [factor(made, epoch, epoch) for epoch in range(1, epochs + 1)]


def rates(turn: float = 1.0, **train: Any) -> list[float]:
    """The learning rate of every step of four epochs; turned after the second."""
    training = make_training(train={"epochs": 4, "lr": 0.01, "batch_size": 12, **train})
    found: list[float] = []
    for item in fit(training):
        if len(found) < training.step:
            found.append(training.optimiser.param_groups[0]["lr"])
        if isinstance(item, EpochResult) and item.epoch == 2:
            training.turn("lr", 0.01 * turn)
    return found


def test_constant_stays() -> None:
    assert set(whole("constant")) == {1.0}


def test_cosine_begins_at_one_and_falls_to_nothing() -> None:
    found = whole("cosine")
    assert found[0] == 1.0
    assert all(a > b > 0 for a, b in itertools.pairwise(found))
    assert found[-1] < 0.01


def test_step_falls_after_half_and_three_quarters_or_every_so_many_epochs() -> None:
    assert whole("step", 8) == pytest.approx([1, 1, 1, 1, 0.1, 0.1, 0.01, 0.01])
    halves = whole("step", 7, lr_every=3, lr_factor=0.5)
    assert halves == pytest.approx([1, 1, 1, 0.5, 0.5, 0.5, 0.25])


def test_a_cycle_rises_and_falls_step_by_step() -> None:
    made = config("one-cycle", 10)
    found = [factor(made, 1 + number // 10, (number + 1) / 10) for number in range(100)]
    peak = max(range(100), key=found.__getitem__)
    assert found[0] == pytest.approx(CYCLE_START, rel=0.1)
    assert peak == round(100 * CYCLE_RISE) - 1
    assert found[peak] == 1.0
    assert all(a < b for a, b in itertools.pairwise(found[: peak + 1]))
    assert all(a > b for a, b in itertools.pairwise(found[peak:]))
    assert found[-1] == 0.0


@given(
    schedule=st.sampled_from(SCHEDULES),
    epochs=st.integers(1, 40),
    warmup=st.floats(0, 50),
    share=st.floats(0, 1, exclude_min=True),
    data=st.data(),
)
@settings(max_examples=200, deadline=None)
def test_a_factor_is_never_outside_zero_and_one(
    schedule: str, epochs: int, warmup: float, share: float, data: st.DataObject
) -> None:
    made = config(schedule, epochs, warmup=warmup)
    epoch = data.draw(st.integers(1, epochs))
    plain = factor(config(schedule, epochs), epoch, epoch - 1 + share)
    assert 0 <= factor(made, epoch, epoch - 1 + share) <= plain <= 1


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_warm_up_rises_step_by_step_under_every_schedule(schedule: str) -> None:
    plain, warm = rates(schedule=schedule), rates(schedule=schedule, warmup=1.5)
    ratios = [a / b for a, b in zip(warm, plain, strict=True) if b]
    expected = [min(1.0, (number + 1) / 6) for number in range(len(ratios))]
    assert ratios == pytest.approx(expected)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_turn_scales_every_schedule_from_the_next_step_on(schedule: str) -> None:
    """And from then on the rate is what the schedule makes of the new one."""
    options: dict[str, Any] = {
        "schedule": schedule,
        "warmup": 0.5,
        "lr_patience": 1,
        "min_change": 1e9,
    }
    plain, turned = rates(**options), rates(turn=0.25, **options)
    assert turned[:8] == plain[:8]
    assert turned[8:] == pytest.approx([0.25 * rate for rate in plain[8:]])


def test_a_plateau_falls_when_the_loss_has_not_for_so_many_epochs() -> None:
    plateau = Plateau(config("plateau", lr_patience=2, lr_factor=0.5, min_change=0.1))
    losses = (5.0, 4.0, 3.95, 3.95, 3.95, 3.0, 3.0, 3.0)
    assert [plateau.look(epoch, loss) for epoch, loss in enumerate(losses)] == [
        *(False, False, False, True),
        *(False, False, False, True),
    ]
    assert plateau.scale == 0.25


def test_an_epoch_that_is_measured_again_counts_once() -> None:
    plateau = Plateau(config("plateau", lr_patience=2))
    assert not any(plateau.look(epoch, 1.0) for epoch in (0, 1, 1, 1))
    assert plateau.look(2, 1.0)


def test_a_fall_is_an_event_and_reaches_the_optimiser() -> None:
    training = make_training(
        train={"schedule": "plateau", "lr_patience": 1, "min_change": 1e9, "epochs": 3, "lr": 0.1}
    )
    done = results(training)
    assert [result.lr for result in done] == pytest.approx([0.1, 0.1, 0.01, 0.001])
    assert done[1].events == ("learning rate: 0.1 → 0.01, no smaller validation loss",)


def test_other_schedules_know_no_plateau() -> None:
    done = results(make_training(train={"lr_patience": 1, "min_change": 1e9, "epochs": 3}))
    assert [result.lr for result in done] == [1e-3] * 4
