"""Trainings in processes of their own: started, followed, steered, mourned, left alone."""

import signal
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aeviz import messages as m
from aeviz.compute import outside
from aeviz.compute.engine import Engine
from aeviz.compute.outside import Outside, to_toml
from aeviz.compute.settings import complete
from aeviz.compute.standing import progress_in
from aeviz.mailbox import Mailbox
from aeviz.runs.run import RunFolder
from tests.compute.run_setup import of_kind

SETTINGS = {"model": {"name": "linear"}, "data": {"name": "digits"}, "train": {"epochs": 1}}
ENDLESS = {**SETTINGS, "train": {"epochs": 100_000, "batch_size": 16}}
PATIENCE = 60


def ending(code: int, words: str) -> list[str]:
    """A command that prints and ends, whatever it is told to do."""
    return [
        sys.executable,
        "-c",
        f"import sys; print({words!r}, file=sys.stderr); sys.exit({code})",
    ]


class Office:
    """Trainings outside, looked after by the test's own hand."""

    def __init__(self, folder: Path) -> None:
        self.outbox = Mailbox()
        self.outside = Outside(self.outbox, folder, None)
        self.said: list[m.Message] = []
        self.came: list[str] = []

    def look_until(self, is_there: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not is_there():
            assert time.monotonic() < deadline
            time.sleep(0.02)
            self.came += self.outside.look()
            self.said += self.outbox.drain()

    def heard(self, kind: type[m.Message]) -> list[Any]:
        return of_kind(self.said, kind)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path / "runs")
    yield office
    for child in office.outside._children:
        child.process.kill()
        child.process.wait()


def test_a_child_that_fails_before_its_folder_leaves_a_sentence(
    office: Office, monkeypatch: pytest.MonkeyPatch, expect_log: list[str]
) -> None:
    expect_log.append("failed: no such model")
    words = "loading\naeviz: no such model\nsee `aeviz train --help`"
    monkeypatch.setattr(outside, "launcher", lambda devices: ending(2, words))
    office.outside.start(m.TrainOutside(settings=SETTINGS))
    office.look_until(lambda: office.heard(m.Failed))
    failed = office.heard(m.Failed)[0]
    assert (failed.run, failed.where, failed.summary) == ("", "training", "no such model")
    assert "loading" in failed.details
    assert office.heard(m.TrainingChanged)[0].state == "idle"
    assert not office.heard(m.OutsideChanged)[-1].runs
    assert not office.outside.is_watching


def test_a_child_that_crashes_without_a_word_is_told_too(
    office: Office, monkeypatch: pytest.MonkeyPatch, expect_log: list[str]
) -> None:
    expect_log.append("exit code 3")
    monkeypatch.setattr(outside, "launcher", lambda devices: ending(3, "bang"))
    office.outside.start(m.TrainOutside(settings=SETTINGS))
    office.look_until(lambda: office.heard(m.Failed))
    assert "exit code 3" in office.heard(m.Failed)[0].summary


def test_a_program_that_cannot_be_started_is_a_sentence(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "launcher", lambda devices: ["/nowhere/aeviz"])
    with pytest.raises(ValueError, match="no process could be started"):
        office.outside.start(m.TrainOutside(settings=SETTINGS))


def test_a_frozen_program_starts_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert outside.launcher(1) == [sys.executable]
    with pytest.raises(ValueError, match="one device"):
        outside.launcher(2)


def test_several_devices_are_launched_by_torchrun() -> None:
    words = outside.launcher(4)
    assert words[1:3] == ["-m", "torch.distributed.run"]
    assert "--nproc-per-node=4" in words
    assert words[-2:] == ["-m", "aeviz"]


def test_settings_survive_the_way_through_a_file() -> None:
    settings = complete({"model": {"name": "vae", "widths": [8, 4], "beta": 1e-7}, "seed": 5})
    settings["data"]["path"] = 'C:\\données "x"'
    read = tomllib.loads(to_toml(settings))
    wanted = {
        name: {key: value for key, value in group.items() if value is not None}
        for name, group in settings.items()
        if isinstance(group, dict)
    }
    for group in wanted.values():
        for name, value in group.items():
            group[name] = list(value) if isinstance(value, tuple) else value
    assert {name: read[name] for name in wanted} == wanted
    assert (read["seed"], read["device"]) == (5, "auto")


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"phase": "training"},
        {"phase": "<b>", "epoch": 1, "epochs": 2, "step": 1, "steps": 1},
        {"phase": "training", "epoch": True, "epochs": 2, "step": 1, "steps": 1},
        {"phase": "training", "epoch": -1, "epochs": 2, "step": 1, "steps": 1},
    ],
)
def test_progress_of_a_stranger_that_makes_no_sense_is_passed_over(row: dict[str, Any]) -> None:
    assert progress_in("run", row) is None


def test_progress_of_a_stranger_is_taken_as_numbers_only() -> None:
    row = {"phase": "training", "epoch": 1, "epochs": 2, "step": 3, "steps": 4}
    losses = {"loss": 1.5, "bad": float("nan"), "worse": "x"}
    told = progress_in("run", {**row, "losses": losses, "seconds_left": "soon"})
    assert told is not None
    assert (told.epoch, told.steps, told.losses, told.seconds_left) == (1, 4, {"loss": 1.5}, None)


@pytest.mark.slow
def test_a_training_outside_is_followed_steered_and_stopped(tmp_path: Path) -> None:
    outbox = Mailbox()
    engine = Engine(outbox, runs_dir=tmp_path, window=False)
    said: list[m.Message] = []

    def wait(kind: type[m.Message], **wanted: Any) -> Any:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            said.extend(outbox.drain(block=True, timeout=0.1))
            for message in of_kind(said, kind):
                if all(getattr(message, name) == value for name, value in wanted.items()):
                    del said[: said.index(message) + 1]
                    return message
        raise AssertionError(f"no {kind.__name__} {wanted} in {said}")

    engine.start()
    try:
        engine.post(m.TrainOutside(settings=ENDLESS))
        run = wait(m.RunOpened).run
        changed = wait(m.TrainingChanged, run=run, state="training")
        assert changed.where.startswith("process ")
        wait(m.Progress, run=run, phase="training")
        engine.post(m.Pause(run=run))
        wait(m.TrainingChanged, run=run, state="paused")
        engine.post(m.Continue(run=run))
        wait(m.TrainingChanged, run=run, state="training")
        engine.post(m.Turn(run=run, name="lr", value=0.002))
        deadline = time.monotonic() + PATIENCE
        while not any("learning rate" in " ".join(e.events) for e in of_kind(said, m.EpochDone)):
            assert time.monotonic() < deadline
            said.extend(outbox.drain(block=True, timeout=0.1))
        engine.post(m.Stop(run=run))
        ended = wait(m.TrainingChanged, run=run, state="idle")
        assert ended.reason.startswith("stopped at epoch")
        wait(m.OutsideChanged, runs=())
    finally:
        engine.stop()
    assert RunFolder.open(Path(run)).status == "stopped"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_training_outside_survives_the_window_and_can_be_stopped_with_it(
    office: Office,
) -> None:
    office.outside.start(m.TrainOutside(settings=ENDLESS))
    office.look_until(lambda: office.came)
    process = office.outside._children[0].process
    office.outside.stop()
    office.outside.leave()
    assert not office.outside.is_watching
    process.returncode = None
    assert process.wait(PATIENCE) in (0, 128 + signal.SIGTERM)
    assert RunFolder.open(Path(office.came[0])).status == "stopped"
