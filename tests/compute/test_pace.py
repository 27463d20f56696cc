"""How fast, and how long still."""

import pytest

from aeviz.compute.pace import Pace


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr("aeviz.compute.pace.time.perf_counter", lambda: now[0])
    return now


def test_nothing_is_known_before_the_first_step() -> None:
    assert Pace().seconds_left(10, 1) is None
    assert Pace().samples_per_second == 0


def test_steps_measurements_and_saving_make_the_time_left(clock: list[float]) -> None:
    pace = Pace()
    pace.resume()
    for _ in range(4):
        clock[0] += 0.5
        pace.stepped(32)
    assert pace.seconds_left(6, 0) == pytest.approx(3.0)
    clock[0] += 2.0
    pace.measured()
    pace.saved(1.0)
    assert pace.seconds_left(6, 2) == pytest.approx(3.0 + 2 * 3.0)
    assert pace.seconds == pytest.approx(4.0)


def test_throughput_is_that_of_the_steps_without_pauses(clock: list[float]) -> None:
    pace = Pace()
    for _ in range(50):
        clock[0] += 60.0  # somebody paused
        pace.resume()
        clock[0] += 0.1
        pace.stepped(64)
    assert pace.samples_per_second == pytest.approx(640)


def test_an_epoch_begins_at_zero(clock: list[float]) -> None:
    pace = Pace()
    pace.resume()
    clock[0] += 1.0
    pace.stepped(1)
    pace.begin()
    assert pace.seconds == 0
