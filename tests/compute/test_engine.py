import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from aeviz import messages as m
from aeviz.compute import runner
from aeviz.compute.controls import Controls
from aeviz.compute.engine import Engine, thread_count
from aeviz.compute.history import LIVE, Weights, copied
from aeviz.compute.opened import OpenedRun
from aeviz.mailbox import Mailbox
from aeviz.runs.run import RunFolder
from tests.compute.run_setup import (
    begin_run,
    images,
    model_of,
    of_kind,
    table,
    write_epoch,
    write_run,
)

SECONDS = 20.0
"""Longest wait for anything; a loaded machine needs a part of it."""


class Office:
    """A running engine, and everything that it said."""

    def __init__(self, folder: Path) -> None:
        self.outbox = Mailbox()
        self.engine = Engine(self.outbox, runs_dir=folder / "runs")
        self.said: list[m.Message] = []

    def start(self, *requests: m.Message) -> "Office":
        for request in requests:
            self.engine.post(request)
        self.engine.start()
        return self

    def wait(self, kind: type[Any], number: int = 1, **fields: Any) -> Any:
        """Listen until so many messages of a kind with these fields have come; the last one."""
        return self.wait_until(lambda: self.heard(kind, **fields)[number - 1 :])[0]

    def heard(self, kind: type[Any], **fields: Any) -> list[Any]:
        return [
            message
            for message in of_kind(self.said, kind)
            if all(getattr(message, name) == value for name, value in fields.items())
        ]

    def wait_until(self, condition: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + SECONDS
        while not (result := condition()):
            assert time.monotonic() < deadline, self.said
            self.said += self.outbox.drain(block=True, timeout=0.01)
        return result

    def wait_idle(self) -> None:
        self.wait_until(lambda: self.engine.idle)

    def open(self, path: Path) -> str:
        self.engine.post(m.OpenRun(path=str(path)))
        return str(self.wait(m.RunOpened, path=str(path)).run)

    def decode(self, run: str, view: str, epoch: int, count: int = 1, dims: int = 2) -> None:
        z = np.random.default_rng(1).normal(size=(count, dims)).astype(np.float32)
        self.engine.post(m.Decode(run=run, view=view, z=z, epoch=epoch))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    assert office.engine.stop()


@pytest.fixture
def of_images(tmp_path: Path) -> Path:
    return write_run(tmp_path / "images", images())


class FakeTraining:
    """A training whose steps cost nothing, written by the real writer.

    Attributes:
        steps: Steps that were pulled.
        closed: Whether its `finally` ran.
    """

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch, epochs: int = 10**6) -> None:
        self.path = path
        self.epochs = epochs
        self.steps = 0
        self.closed = threading.Event()
        self.failing: Exception | None = None
        self.controls = Controls()
        monkeypatch.setattr(runner, "train", self.train)

    def train(
        self,
        settings: dict[str, Any],
        *,
        controls: Controls,
        on_weights: Callable[[Weights], None],
        **_: Any,
    ) -> Generator[m.Message | None, None, None]:
        self.controls = controls
        dataset, run = images(), str(self.path)
        try:
            yield m.Progress(phase="loading", epoch=0, epochs=self.epochs, step=0, steps=1)
            with begin_run(self.path, dataset) as writer:
                for epoch in range(self.epochs):
                    model = model_of(dataset, min(epoch, 3))
                    if epoch < 4:
                        write_epoch(writer, dataset, epoch)
                    if epoch == 0:
                        yield opened_of(self.path)
                        yield m.TrainingChanged(run=run, state="training")
                    on_weights(Weights(run=run, epoch=epoch, tensors=copied(model)))
                    yield epoch_of(run, epoch)
                    yield from self.epoch(run, epoch + 1, on_weights)
        finally:
            self.closed.set()

    def epoch(
        self, run: str, epoch: int, on_weights: Callable[[Weights], None]
    ) -> Iterator[m.Message | None]:
        for step in range(1, 4):
            if self.failing is not None:
                raise self.failing
            self.steps += 1
            time.sleep(0.001)
            tensors = copied(model_of(images(), 9))
            on_weights(Weights(run=run, epoch=LIVE, tensors=tensors))
            yield m.Progress(run=run, phase="training", epoch=epoch, epochs=9, step=step, steps=3)
        yield m.Progress(run=run, phase="encoding", epoch=epoch, epochs=9, step=3, steps=3)
        yield None


def opened_of(path: Path) -> m.RunOpened:
    return OpenedRun(str(path), RunFolder.open(path), is_live=True).opened()


def epoch_of(run: str, epoch: int) -> m.EpochDone:
    return m.EpochDone(
        run=run,
        epoch=epoch,
        positions=np.zeros((20, 2), np.float32),
        mean=np.zeros(2, np.float32),
        axes=np.eye(2, dtype=np.float32),
        metrics={},
    )


@pytest.fixture
def training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeTraining:
    return FakeTraining(tmp_path / "live", monkeypatch)


TRAIN = m.Train(settings={})


# ── start ─────────────────────────────────────────────────────────────────────────────────────

WITHOUT_TORCH = """
import sys, time
from aeviz.compute.engine import Engine
from aeviz.mailbox import Mailbox
from aeviz import messages as m
assert "torch" not in sys.modules, "importing the engine imports torch"

seen = []

class Outbox(Mailbox):
    def post(self, message):
        seen.append((type(message).__name__, "torch" in sys.modules))
        super().post(message)

import numpy as np
outbox = Outbox()
engine = Engine(outbox, runs_dir=sys.argv[2])
run = sys.argv[1]
engine.post(m.OpenRun(path=run))
engine.post(m.Decode(run=run, view="v", z=np.zeros((1, 2), np.float32), epoch=1))
engine.post(m.FetchSamples(run=run, view="v", rows=np.array([2])))
engine.start()
deadline = time.monotonic() + 60
while not any(name == "Decoded" for name, _ in seen) and time.monotonic() < deadline:
    outbox.drain(block=True, timeout=0.1)
assert engine.stop()
for name, has_torch in seen:
    print(name, has_torch)
"""


def test_the_first_run_is_told_before_torch_is_imported(of_images: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, str(of_images), str(tmp_path / "runs")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = [line.split() for line in done.stdout.splitlines()]
    assert {name for name, has_torch in said if has_torch == "False"} == {
        "RunOpened",
        "EpochDone",
        "SamplesFetched",
    }
    assert [name for name, _ in said[6:]] == ["EngineReady", "Decoded"]


def test_what_was_asked_before_torch_came_is_answered(office: Office, of_images: Path) -> None:
    run = str(of_images)
    z = np.zeros((1, 2), np.float32)
    office.start(
        m.OpenRun(path=run),
        m.Decode(run=run, view="v", z=z, epoch=0),
        m.Decode(run=run, view="v", z=z, epoch=2),
    )
    assert office.wait(m.Decoded).epoch == 2
    ready = office.wait(m.EngineReady)
    assert ready.device in ready.devices
    assert ready.reason
    assert torch.__version__.startswith(ready.versions["torch"])


def test_without_a_run_torch_comes_too(office: Office) -> None:
    office.start()
    office.wait(m.EngineReady)
    office.wait_idle()


def test_torch_that_cannot_be_imported_is_a_sentence(
    office: Office, of_images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    office.start(m.OpenRun(path=str(of_images)))
    assert "torch cannot be imported" in office.wait(m.Failed).summary
    assert office.heard(m.RunOpened)
    office.wait_idle()


def test_a_training_without_torch_ends_at_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "aeviz.compute.controls", None)
    office.start(TRAIN)
    assert "controls" in office.wait(m.TrainingChanged, state="idle").reason
    assert office.wait(m.Failed).where == "training"


@pytest.mark.parametrize(
    ("usual", "window", "cores", "expected"),
    [(8, True, 8, 7), (8, False, 8, 8), (2, True, 8, 2), (1, True, 1, 1), (4, True, 2, 1)],
)
def test_a_window_leaves_a_core_for_painting(
    usual: int, window: bool, cores: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(cores)), raising=False)
    assert thread_count(usual, window) == expected


# ── answers ───────────────────────────────────────────────────────────────────────────────────


def test_only_the_newest_decode_of_a_view_is_answered(office: Office, of_images: Path) -> None:
    run = office.start().open(of_images)
    office.wait(m.EngineReady)
    office.wait_idle()
    for number in range(100):
        z = np.full((1, 2), number, np.float32)
        office.engine.post(m.Decode(run=run, view="cursor", z=z, epoch=number % 4))
    office.wait_idle()
    answered = office.heard(m.Decoded)
    assert answered[-1].z[0, 0] == 99
    assert len(answered) < 100


def test_a_small_decode_is_answered_while_a_big_one_goes_on(
    office: Office, of_images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = office.start().open(of_images)
    office.wait(m.EngineReady)
    slow_down_decoding(monkeypatch)
    office.decode(run, "grid", 1, count=4000)
    for number in range(1, 6):
        office.decode(run, "cursor", 1)
        office.wait(m.Decoded, number, view="cursor")
    grid = office.wait(m.Decoded, view="grid")
    assert np.isnan(grid.values).any()


def slow_down_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    from aeviz.compute.decoding import Decoder

    quick = Decoder.decode

    def slow(self: Decoder, z: Any, condition: Any = None) -> Any:
        time.sleep(0.002 * len(z))
        return quick(self, z, condition)

    monkeypatch.setattr(Decoder, "decode", slow)


def test_an_error_is_told_and_the_next_request_answered(office: Office, of_images: Path) -> None:
    run = office.start().open(of_images)
    office.decode(run, "cursor", 1, dims=3)
    failed = office.wait(m.Failed)
    assert failed.where == "inference"
    assert failed.run == run
    assert "2 latent dimensions" in failed.summary
    assert "Traceback" in failed.details
    office.decode(run, "cursor", 1)
    office.wait(m.Decoded)


def test_a_folder_that_is_no_run_is_told_as_such(office: Office, tmp_path: Path) -> None:
    office.start(m.OpenRun(run="x", path=str(tmp_path / "nothing")))
    failed = office.wait(m.Failed)
    assert (failed.where, failed.run) == ("open", "")
    assert "does not exist" in failed.summary
    office.wait(m.EngineReady)


def test_a_failure_keeps_no_tensors(office: Office, of_images: Path) -> None:
    import gc
    import weakref

    run = office.start().open(of_images)
    z = np.full((1, 2), np.nan, np.float32)
    kept = weakref.ref(z)
    office.engine.post(m.Decode(run=run, view="v", z=z, epoch=1))
    del z
    office.wait(m.Failed)
    office.wait_idle()
    gc.collect()
    assert kept() is None


def test_a_data_set_is_described_by_the_child(office: Office) -> None:
    office.start(m.DescribeData(view="data", settings={"data": {"name": "digits"}}))
    described = office.wait(m.DataDescribed)
    assert described.samples == 1797
    office.wait_idle()


def test_log_records_become_messages(office: Office, expect_log: list[str]) -> None:
    import logging

    expect_log.append("the disk is slow: 3")
    office.start()
    logging.getLogger("aeviz.runs").warning("the disk is slow: %d", 3)
    logged = office.wait(m.Logged)
    assert (logged.level, logged.name) == (logging.WARNING, "aeviz.runs")
    assert logged.text == "the disk is slow: 3"


# ── training ──────────────────────────────────────────────────────────────────────────────────


def test_a_training_is_told_and_decodes_live(office: Office, training: FakeTraining) -> None:
    office.start(TRAIN)
    opened = office.wait(m.RunOpened)
    office.wait(m.EpochDone, epoch=5)
    states = [changed.state for changed in office.heard(m.TrainingChanged)]
    assert states == ["loading", "training"]
    for epoch in (0, 3, LIVE):
        office.decode(opened.run, f"at {epoch}", epoch)
        assert office.wait(m.Decoded, view=f"at {epoch}").asked == epoch
    office.engine.post(m.Stop())
    ended = office.wait(m.TrainingChanged, state="idle")
    assert ended.reason == f"stopped at epoch {ended.epoch}"
    assert training.closed.is_set()
    office.wait_idle()


def test_weights_of_an_epoch_come_before_the_epoch_is_told(
    office: Office, training: FakeTraining
) -> None:
    office.start(TRAIN)
    for epoch in range(4, 40):
        run = office.wait(m.EpochDone, epoch=epoch).run
        office.decode(run, str(epoch), epoch)
        assert office.wait(m.Decoded, view=str(epoch)).epoch == epoch


def test_pause_continue_and_step(office: Office, training: FakeTraining) -> None:
    office.start(TRAIN)
    office.wait(m.EpochDone, epoch=1)
    office.engine.post(m.Pause())
    office.wait(m.TrainingChanged, state="paused")
    steps = training.steps
    time.sleep(0.03)
    assert training.steps == steps
    for number in range(1, 8):  # across the end of an epoch, whose measuring is no step
        office.engine.post(m.StepOnce())
        office.wait_until(lambda number=number: training.steps == steps + number)
        office.wait_until(lambda: office.engine._for_training.is_idle)
    time.sleep(0.03)
    assert training.steps == steps + 7
    office.engine.post(m.Continue())
    office.wait_until(lambda: training.steps > steps + 20)


def test_a_step_of_a_running_training_pauses_it(office: Office, training: FakeTraining) -> None:
    office.start(TRAIN)
    office.wait(m.EpochDone, epoch=1)
    office.engine.post(m.StepOnce())
    office.wait(m.TrainingChanged, state="paused")
    office.wait_until(lambda: office.engine._for_training.is_idle)
    assert not office.engine.idle


def test_two_trainings_at_once_are_refused(office: Office, training: FakeTraining) -> None:
    office.start(TRAIN, m.Train(settings={}, out="elsewhere"))
    failed = office.wait(m.Failed)
    assert failed.where == "training"
    assert "stop it first" in failed.summary
    office.wait(m.EpochDone, epoch=2)
    assert not training.closed.is_set()


def test_a_training_can_begin_as_soon_as_one_has_ended(
    office: Office, training: FakeTraining, tmp_path: Path
) -> None:
    office.start()
    for number in range(1, 5):
        training.path = tmp_path / f"run {number}"
        office.engine.post(TRAIN)
        office.wait(m.RunOpened, number)
        office.engine.post(m.Stop())
        office.wait(m.TrainingChanged, number, state="idle")
    assert not office.heard(m.Failed)


def test_a_failing_training_is_told_and_another_can_begin(
    office: Office, training: FakeTraining, tmp_path: Path
) -> None:
    office.start(TRAIN)
    office.wait(m.EpochDone, epoch=1)
    training.failing = ValueError("the learning rate is too large")
    ended = office.wait(m.TrainingChanged, state="idle")
    assert ended.reason == "the learning rate is too large"
    assert office.wait(m.Failed).where == "training"
    training.failing, training.path = None, tmp_path / "next"
    office.engine.post(TRAIN)
    office.wait(m.RunOpened, 2)


def test_turns_reach_the_training_and_others_are_refused(
    office: Office, training: FakeTraining
) -> None:
    office.start(TRAIN)
    run = office.wait(m.EpochDone, epoch=1).run
    office.engine.post(m.Turn(run=run, name="beta", value=4.0))
    office.wait_until(lambda: training.controls.has_turns)
    assert training.controls.take_turns() == [("beta", 4.0)]
    office.engine.post(m.Turn(run="another", name="beta", value=1.0))
    assert "only while its run trains" in office.wait(m.Failed).summary


def test_the_run_that_trains_can_be_opened_again(
    office: Office, training: FakeTraining, of_images: Path
) -> None:
    office.start(TRAIN)
    live = office.wait(m.EpochDone, epoch=5).run
    office.open(of_images)
    office.engine.post(m.CloseRun(run=live))
    office.engine.post(m.OpenRun(path=live))
    again = office.wait(m.RunOpened, 2, path=live)
    office.wait_until(lambda: len(office.said) - office.said.index(again) > 60)
    # as a window sees it: no epoch is missing or comes twice
    after = office.said[len(office.said) - office.said[::-1].index(again) :]
    epochs = [done.epoch for done in of_kind(after, m.EpochDone) if done.run == live]
    assert epochs == list(range(len(epochs)))
    assert len(epochs) > 6
    office.engine.post(m.CloseRun(run=live))
    office.decode(live, "still", 0)
    office.wait(m.Decoded, view="still")


@pytest.mark.parametrize("data", ["digits", "wine"])
def test_a_real_training_runs_to_its_end(office: Office, data: str) -> None:
    settings = {
        "data": {"name": data},
        "model": {"name": "vae", "widths": [16]},
        "train": {"epochs": 2},
    }
    office.start(m.Train(settings=settings))
    opened = office.wait(m.RunOpened)
    office.wait(m.EpochDone, epoch=2)
    ended = office.wait(m.TrainingChanged, state="idle")
    assert ended.epoch == 2
    assert not office.heard(m.Failed)
    z = np.zeros((1, 2), np.float32)
    office.engine.post(m.Decode(run=opened.run, view="v", z=z, epoch=0))
    office.engine.post(m.Reconstruct(run=opened.run, view="r", rows=np.arange(3), epochs=(0, 1, 2)))
    assert office.wait(m.Decoded).values.shape == (1, *opened.sample_shape)
    office.wait(m.Reconstructed, asked=2)
    office.engine.post(m.TrainOn(run=opened.run, path=opened.path, epochs=3))
    office.wait(m.EpochDone, epoch=3)
    office.wait(m.TrainingChanged, 2, state="idle")
    assert [done.epoch for done in office.heard(m.EpochDone)] == [0, 1, 2, 0, 1, 2, 3]


def test_a_snapshot_does_not_change_when_training_goes_on(office: Office) -> None:
    settings = {"data": {"name": "wine"}, "model": {"name": "linear"}, "train": {"epochs": 200}}
    office.start(m.Train(settings=settings))
    run = office.wait(m.EpochDone, epoch=2).run
    z = np.ones((1, 2), np.float32)
    decode = m.Decode(run=run, view="v", z=z, epoch=2)
    office.engine.post(decode)
    first = office.wait(m.Decoded).values
    office.wait(m.EpochDone, epoch=20)
    office.engine.post(decode)
    assert np.array_equal(office.wait(m.Decoded, 2).values, first)


def test_decoding_beside_it_does_not_change_a_training_with_dropout(
    office: Office, of_images: Path, tmp_path: Path
) -> None:
    settings = {
        "data": {"name": "wine"},
        "model": {"name": "deep", "widths": [16], "dropout": 0.5},
        "train": {"epochs": 8, "batch_size": 16},
    }
    alone = tmp_path / "alone"
    for _ in runner.train(settings, out=alone, runs_dir=tmp_path):
        pass
    other = office.start().open(of_images)
    office.wait(m.EngineReady)
    beside = tmp_path / "beside"
    office.engine.post(m.Train(settings=settings, out=str(beside)))
    while not office.heard(m.TrainingChanged, state="idle"):
        office.decode(other, "cursor", 2)
        office.engine.post(m.OpenRun(path=other))
        office.said += office.outbox.drain(block=True, timeout=0.01)
    assert office.heard(m.Decoded)
    expected, found = RunFolder.open(alone).weights(8), RunFolder.open(beside).weights(8)
    for name, array in expected.items():
        assert np.array_equal(found[name], array)


FOLLOWED = """
import sys, time
from pathlib import Path
from aeviz.compute import runner
settings = {"data": {"name": "wine"}, "model": {"name": "linear"}, "train": {"epochs": 5}}
for message in runner.train(settings, out=Path(sys.argv[1]), runs_dir=Path(sys.argv[1])):
    if type(message).__name__ == "EpochDone":
        print(message.epoch, flush=True)
        time.sleep(0.05)
        if message.epoch == 1:
            sys.stdin.readline()
"""


def test_a_training_in_another_process_is_followed(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aeviz.compute.inference.FOLLOW_EVERY", 0.02)
    path = tmp_path / "run"
    command = [sys.executable, "-c", FOLLOWED, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert [child.stdout.readline() for _ in range(2)] == [b"0\n", b"1\n"]
        office.start(m.OpenRun(path=str(path)))
        opened = office.wait(m.RunOpened)
        assert opened.status == "training"
        office.wait(m.EpochDone, epoch=1)
        child.stdin.write(b"go on\n")
        child.stdin.close()
        office.wait(m.EpochDone, epoch=5)
        office.decode(opened.run, "v", 5)
        assert office.wait(m.Decoded).epoch == 5
        assert office.wait(m.TrainingChanged, state="idle").where.startswith("process ")
        child.stdout.read()
    assert [done.epoch for done in office.heard(m.EpochDone)] == [0, 1, 2, 3, 4, 5]
    office.wait_idle()


# ── stop ──────────────────────────────────────────────────────────────────────────────────────


def begin_nothing(office: Office, folder: Path) -> None:
    """Stop right after the start."""


def begin_opening(office: Office, folder: Path) -> None:
    dataset = table(5000)
    office.engine.post(m.OpenRun(path=str(write_run(folder / "long", dataset, epochs=30))))
    office.wait(m.RunOpened)


def begin_lattice(office: Office, folder: Path) -> None:
    run = office.open(write_run(folder / "images", images()))
    office.wait(m.EngineReady)
    office.decode(run, "grid", 1, count=500_000)
    office.decode(run, "cursor", 1)
    office.wait(m.Decoded, view="cursor")


def begin_training(office: Office, folder: Path) -> None:
    office.engine.post(m.Train(settings={"train": {"epochs": 1000}}))
    office.wait(m.Progress, phase="training")


def begin_loading(office: Office, folder: Path) -> None:
    office.engine.post(m.Train(settings={"train": {"epochs": 1000}}))
    office.wait(m.TrainingChanged, state="loading")


def begin_pause(office: Office, folder: Path) -> None:
    begin_training(office, folder)
    office.engine.post(m.Pause())
    office.wait(m.TrainingChanged, state="paused")


def begin_both(office: Office, folder: Path) -> None:
    begin_training(office, folder)
    begin_lattice(office, folder)


def begin_description(office: Office, folder: Path) -> None:
    office.engine.post(m.DescribeData(view="d", settings={"name": "digits"}))


@pytest.mark.parametrize(
    "begin",
    [
        begin_nothing,
        begin_opening,
        begin_lattice,
        begin_training,
        begin_loading,
        begin_pause,
        begin_both,
        begin_description,
    ],
    ids=lambda begin: begin.__name__,
)
def test_an_engine_stops_during_every_kind_of_work(
    begin: Callable[[Office, Path], None], tmp_path: Path
) -> None:
    office = Office(tmp_path).start()
    begin(office, tmp_path)
    began = time.monotonic()
    office.outbox.close()
    assert office.engine.stop()
    assert time.monotonic() - began < 2.0
    assert not [t.name for t in threading.enumerate() if t.name.startswith("aeviz-")]
    office.engine.post(TRAIN)
    assert office.engine.stop()


def test_an_engine_that_never_started_stops(tmp_path: Path) -> None:
    assert Office(tmp_path).engine.stop()


def test_a_stopped_training_can_go_on(tmp_path: Path) -> None:
    office = Office(tmp_path).start()
    begin_training(office, tmp_path)
    path = office.heard(m.RunOpened)[0].path
    assert office.engine.stop()
    assert RunFolder.open(Path(path)).status == "stopped"


def test_a_thread_that_does_not_end_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    monkeypatch.setattr("aeviz.compute.answers.fetch", lambda *_: release.wait(SECONDS))
    office = Office(tmp_path)
    path = write_run(tmp_path / "images", images())
    run = office.start().open(path)
    office.engine.post(m.FetchSamples(run=run, view="v", rows=np.array([0])))
    time.sleep(0.1)
    assert not office.engine.stop(timeout=0.1)
    release.set()
    assert office.engine.stop()
