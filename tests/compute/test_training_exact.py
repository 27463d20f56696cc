"""A training that stops at any step and goes on is bit for bit the one that did not stop."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aeviz.compute.checkpoint import capture, restore
from aeviz.compute.training import EpochResult, Training, fit
from aeviz.runs.schema import OPTIMISERS
from tests.compute.staged_model import NAME, registered
from tests.compute.test_training import same
from tests.compute.training_setup import make_training, results

Case = tuple[dict[str, Any], dict[str, Any]]

DENSE = {"dropout": 0.3, "batch_norm": True}
CONV = {"body": "conv", "channels": [4], "dropout": 0.2}
STAGED = {"name": NAME}
ROUGH = {"lr": 0.3, "optimiser": "sgd", "clip": 5.0}

CASES: dict[str, Case] = {
    "plateau, average": (DENSE, {"schedule": "plateau", "lr_patience": 1, "ema": 0.9, **ROUGH}),
    "one-cycle, warm-up": (DENSE, {"schedule": "one-cycle", "warmup": 1.5, "ema": 0.5}),
    "step, warm-up, 16 bits": (DENSE, {"schedule": "step", "warmup": 0.5, "precision": "bf16"}),
    "early stopping": (DENSE, {"patience": 1, "ema": 0.5, **ROUGH}),
    "convolutions": (CONV, {"schedule": "cosine", "clip": 1.0, "ema": 0.9}),
    "stages": (STAGED, {"schedule": "plateau", "lr_patience": 1, "patience": 2, **ROUGH}),
    "stages, average": (STAGED, {"schedule": "one-cycle", "ema": 0.9, "warmup": 1.0}),
}


@pytest.fixture(autouse=True, scope="module")
def _model() -> Iterator[None]:
    with registered():
        yield


def make(case: Case, **train: Any) -> Training:
    """Six steps an epoch, the last of a smaller batch, pixels drawn anew in every step."""
    model, options = case
    return make_training(model, {"epochs": 3, "batch_size": 9, **options, **train}, dynamic=True)


def stopping(case: Case, steps: list[int], **train: Any) -> list[EpochResult]:
    """The epochs of a training that is stopped after so many yields, again and again."""
    done: list[EpochResult] = []
    files: dict[str, bytes] | None = None
    for count in [*steps, None]:
        training = make(case, **train)
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
    return done


def equal(whole: list[EpochResult], done: list[EpochResult]) -> bool:
    told = [[one.events for one in run] for run in (whole, done)]
    rates = [[one.lr for one in run] for run in (whole, done)]
    return same(whole, done) and told[0] == told[1] and rates[0] == rates[1]


@pytest.mark.parametrize("name", CASES)
def test_ten_stops_at_random_steps_change_no_bit(name: str) -> None:
    whole = results(make(CASES[name]))
    steps = np.random.default_rng(len(name)).integers(1, 7, 10).tolist()
    assert equal(whole, stopping(CASES[name], steps))


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_every_optimiser_goes_on_in_the_middle_of_an_epoch(optimiser: str) -> None:
    options = {"optimiser": optimiser, "weight_decay": 0.01, "momentum": 0.5}
    case = (DENSE, {**options, "epochs": 2})
    assert equal(results(make(case)), stopping(case, [5, 7]))


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
@given(steps=st.lists(st.integers(1, 40), min_size=1, max_size=10), dynamic=st.booleans())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_stops_change_no_bit(name: str, steps: list[int], dynamic: bool) -> None:
    longer = {"epochs": 6, "batch_size": 11 if dynamic else 48}
    whole = results(make(CASES[name], **longer))
    assert equal(whole, stopping(CASES[name], steps, **longer))
