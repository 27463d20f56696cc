"""Several processes train one model: started as `torchrun` or Slurm would, on the CPU."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from aeviz.compute import meeting, runner
from aeviz.compute.building import new_model
from aeviz.compute.controls import Controls
from aeviz.compute.distributed import refuse_other_world
from aeviz.compute.joining import joined
from aeviz.compute.launcher import Launch
from aeviz.compute.meeting import MeetingError, device_of, meet
from aeviz.compute.settings import SettingsError, complete
from aeviz.compute.sharding import refuse_unsuited
from aeviz.compute.world import World
from aeviz.models.base import DataSpec
from aeviz.runs.checkpoint import read_checkpoint
from aeviz.runs.control import ask
from aeviz.runs.run import RunFolder
from aeviz.runs.schema import TrainConfig

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or not torch.distributed.is_available(), reason="gloo of POSIX"
)

TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
PATIENCE = 180
ENDLESS = ["--epochs", "100000"]


def words(out: Path, *more: str) -> list[str]:
    return ["-m", "aeviz", "train", "--device", "cpu", "--out", str(out), *more]


STARTED: list[subprocess.Popen[str]] = []


@pytest.fixture(autouse=True)
def _nothing_goes_on() -> Iterator[None]:
    """Also of a test that gave up waiting."""
    yield
    while STARTED:
        process = STARTED.pop()
        process.kill()
        process.communicate()


def run(*arguments: str, environment: dict[str, str] | None = None) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", **(environment or {})},
    )
    STARTED.append(process)
    return process


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def launch_of(rank: int, port: int, **changes: Any) -> Launch:
    place = {"local_rank": rank, "local_size": 2, "address": "127.0.0.1", "serves": False}
    return Launch(rank=rank, size=2, port=port, **{**place, **changes})


def by_hand(*arguments: str, port: int) -> list[subprocess.Popen[str]]:
    """Two ranks without a launcher that would end the second when the first is gone."""
    common = {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1"}
    return [
        run(
            *arguments,
            environment={
                **common,
                "RANK": str(rank),
                "LOCAL_RANK": str(rank),
                "MASTER_PORT": str(port),
            },
        )
        for rank in range(2)
    ]


def wait_for(is_there: Callable[[], object], *processes: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_there():
        for process in processes:
            assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def epochs_in(path: Path) -> int:
    file = path / "metrics.jsonl"
    return len(file.read_text().splitlines()) if file.exists() else 0


def curve(path: Path, name: str = "loss") -> np.ndarray[Any, Any]:
    return np.array([line.metrics[name] for line in RunFolder.open(path).epochs[1:]])


def last_weights(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    folder = RunFolder.open(path)
    return folder.weights(folder.epochs[-1].epoch)


def text_of(processes: list[subprocess.Popen[str]]) -> list[str]:
    """What they print until their end, which must not be far."""
    return [process.communicate(timeout=PATIENCE)[1] for process in processes]


@pytest.fixture
def ranks(tmp_path: Path) -> list[subprocess.Popen[str]]:
    """Two ranks in the middle of an endless training in the folder "run"."""
    processes = by_hand(*words(tmp_path / "run", *ENDLESS), port=free_port())
    wait_for(lambda: epochs_in(tmp_path / "run") > 2, *processes)
    return processes


# ── the mathematics ───────────────────────────────────────────────────────────────────────────


def test_two_ranks_train_what_one_process_trains(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    # 1617 samples: the last batch holds 17, which the ranks share as 9 and 8
    options = ["--model", "linear", "--epochs", "2", "--batch-size", "100"]
    processes = by_hand(*words(two, *options), port=free_port())
    train = {"epochs": 2, "batch_size": 100}
    settings = {"model": {"name": "linear"}, "train": train, "device": "cpu"}
    for _ in runner.train(settings, out=one, runs_dir=tmp_path):
        pass
    errors = text_of(processes)
    assert [process.returncode for process in processes] == [0, 0], errors
    assert errors[0].count("epoch 2/2") == 1
    assert not errors[1]  # only rank 0 speaks
    assert RunFolder.open(two).info.world_size == 2
    assert not (two / "progress.json").exists()
    for name in ("loss", "validation_loss", "reconstruction_mse"):
        assert np.allclose(curve(one, name), curve(two, name), rtol=1e-5)
    weights = last_weights(two)
    for name, alone_has in last_weights(one).items():
        assert np.allclose(alone_has, weights[name], atol=1e-5)


SHARDED = """
import sys
from pathlib import Path
from aeviz.compute import runner, sharding
sharding.DEVICES = ("cpu",)
path, epochs = Path(sys.argv[1]), int(sys.argv[2])
train = {"epochs": epochs, "batch_size": 100, "strategy": "fsdp", "clip": 100.0}
model = {"name": "deep", "widths": [32]}
job = (
    runner.train_on(path, epochs)
    if path.exists()
    else runner.train({"model": model, "train": train, "device": "cpu"}, out=path, runs_dir=path)
)
for message in job:
    pass
"""


@pytest.mark.slow
def test_a_divided_model_trains_as_a_whole_one_and_goes_on(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    train = {"epochs": 3, "batch_size": 100, "clip": 100.0}
    model = {"name": "deep", "widths": [32]}
    for _ in runner.train({"model": model, "train": train}, out=one, runs_dir=tmp_path):
        pass
    for epochs in ("2", "3"):  # the last one from the checkpoint
        processes = by_hand("-c", SHARDED, str(two), epochs, port=free_port())
        errors = text_of(processes)
        assert [process.returncode for process in processes] == [0, 0], errors
    assert np.allclose(curve(one), curve(two), rtol=1e-4)
    weights = last_weights(two)
    for name, alone_has in last_weights(one).items():
        assert np.allclose(alone_has, weights[name], atol=1e-4), name


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"model": {"name": "vae"}}, "needs CUDA devices"),
        ({"model": {"name": "vq-vae"}}, "in stages"),
        ({"model": {"name": "vae", "batch_norm": True}}, "batch normalisation"),
        ({"model": {"name": "vae"}, "train": {"patience": 3}}, "early stopping"),
    ],
)
def test_a_model_that_cannot_be_divided_is_refused(settings: dict[str, Any], sentence: str) -> None:
    whole = complete(settings)
    model = new_model(whole["model"], DataSpec((1, 8, 8)), 0)
    config = TrainConfig(**whole["train"])
    device = "cpu" if "CUDA" in sentence else "cuda"
    with pytest.raises(SettingsError, match=f"train.strategy=fsdp: .*{sentence}.*ddp"):
        refuse_unsuited(model, config, device, config.precision)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["vae", "stacked", "vq-vae"])
def test_both_ranks_hold_the_same_weights(model: str, tmp_path: Path) -> None:
    code = """
import hashlib, os, sys
from aeviz.compute import runner
from aeviz.compute.training import Training
made = []
usual = Training.__init__
def noting(self, *args, **kwargs):
    usual(self, *args, **kwargs)
    made.append(self)
Training.__init__ = noting
for _ in runner.train(
    {"model": {"name": sys.argv[1]}, "train": {"epochs": 2, "batch_size": 256}, "device": "cpu"},
    out=__import__("pathlib").Path(sys.argv[2]), runs_dir=None,
):
    pass
digest = hashlib.sha256()
for name, value in made[0].model.named_parameters():
    digest.update(value.detach().numpy().tobytes())
print(digest.hexdigest())
"""
    path = tmp_path / "run"
    processes = by_hand("-c", code, model, str(path), port=free_port())
    said = [process.communicate(timeout=PATIENCE) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    assert said[0][0] == said[1][0]
    assert RunFolder.open(path).status == "finished"


@pytest.mark.slow
def test_a_vae_on_two_ranks_learns_like_one(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    options = ["--model", "vae", "--epochs", "8"]
    alone = run(*words(one, *options))
    both = run(*TORCHRUN, *words(two, *options))
    errors = text_of([alone, both])
    assert [alone.returncode, both.returncode] == [0, 0], errors
    apart = np.abs(curve(one) - curve(two)).max() / np.ptp(curve(one))
    assert apart < 0.02


# ── ends ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.slow
@pytest.mark.parametrize("victim", [0, 1])
def test_a_killed_rank_ends_the_others_with_its_name(
    victim: int, ranks: list[subprocess.Popen[str]], tmp_path: Path
) -> None:
    port = int(_environment(ranks[0])["MASTER_PORT"])
    began = time.monotonic()
    ranks[victim].kill()
    errors = text_of(ranks)
    assert time.monotonic() - began < 60
    other = 1 - victim
    assert ranks[other].returncode == 1
    assert f"rank {victim}" in errors[other]
    assert "is gone" in errors[other]
    assert f"--resume {tmp_path / 'run'}" in errors[other]
    folder = RunFolder.open(tmp_path / "run")
    assert folder.status == "interrupted"
    assert read_checkpoint(folder.path) is not None
    for line in folder.epochs:  # both check the hash
        folder.latents(line.epoch)
        folder.weights(line.epoch)
    with socket.create_server(("127.0.0.1", port), reuse_port=False):
        pass


@pytest.mark.slow
@pytest.mark.parametrize("victim", [0, 1])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_any_rank_saves_and_ends_all(
    victim: int, number: signal.Signals, ranks: list[subprocess.Popen[str]], tmp_path: Path
) -> None:
    ranks[victim].send_signal(number)
    errors = text_of(ranks)
    assert [process.returncode for process in ranks] == [128 + number] * 2
    assert f"saved: {tmp_path / 'run'} at epoch" in errors[0]
    assert not errors[1]
    assert RunFolder.open(tmp_path / "run").status == "stopped"


@pytest.mark.slow
def test_a_warning_of_the_cluster_saves_and_the_training_goes_on(
    ranks: list[subprocess.Popen[str]], tmp_path: Path
) -> None:
    path = tmp_path / "run"
    ranks[1].send_signal(signal.SIGUSR1)
    before = epochs_in(path)
    wait_for(lambda: epochs_in(path) > before + 1, *ranks)
    ask(path, stop=True)
    errors = text_of(ranks)
    assert [process.returncode for process in ranks] == [0, 0]
    assert f"saved: {path} in epoch" in errors[0]


@pytest.mark.slow
def test_the_folder_pauses_turns_and_stops_all_ranks(
    ranks: list[subprocess.Popen[str]], tmp_path: Path
) -> None:
    path = tmp_path / "run"
    ask(path, pause=True)
    state = path / "progress.json"
    wait_for(lambda: state.exists() and '"paused"' in state.read_text(), *ranks)
    paused = epochs_in(path)
    time.sleep(1.0)
    assert epochs_in(path) <= paused + 1
    ask(path, pause=False, turn={"beta": 3.0})
    wait_for(lambda: "β: 1 → 3" in (path / "metrics.jsonl").read_text(), *ranks)
    ask(path, stop=True)
    text_of(ranks)
    assert [process.returncode for process in ranks] == [0, 0]
    assert RunFolder.open(path).status == "stopped"


@pytest.mark.slow
def test_a_run_of_two_ranks_goes_on_with_one_and_with_two_to_the_bit(tmp_path: Path) -> None:
    path, whole = tmp_path / "run", tmp_path / "whole"
    options = ["--model", "vae", "--batch-size", "16"]
    processes = by_hand(*words(path, *options, *ENDLESS), port=free_port())
    wait_for(lambda: epochs_in(path) > 2, *processes)
    processes[0].terminate()
    text_of(processes)
    total = epochs_in(path) + 1
    resume = ["-m", "aeviz", "train", "--resume", str(path), "--epochs"]
    again = by_hand(*resume, str(total), port=free_port())
    errors = text_of(again)
    assert [process.returncode for process in again] == [0, 0], errors
    assert "last digits" not in errors[0]
    through = by_hand(*words(whole, *options, "--epochs", str(total)), port=free_port())
    text_of(through)
    for name, value in last_weights(whole).items():
        assert np.array_equal(value, last_weights(path)[name]), name
    assert np.array_equal(curve(whole), curve(path))
    alone = run(*resume, str(total + 1))
    errors = text_of([alone])
    assert alone.returncode == 0
    assert "trained with processes 2, now it is 1" in errors[0]
    assert RunFolder.open(path).info.world_size == 1


@pytest.mark.slow
def test_a_loss_that_is_not_finite_ends_all_ranks(tmp_path: Path) -> None:
    options = ["--model", "linear", "--set", "train.optimiser=sgd", "--lr", "100", *ENDLESS]
    processes = by_hand(*words(tmp_path / "run", *options), port=free_port())
    errors = text_of(processes)
    assert [process.returncode for process in processes] == [1, 1], errors
    assert "diverged" in errors[0]
    assert not errors[1]
    assert RunFolder.open(tmp_path / "run").status == "diverged"


# ── meeting ───────────────────────────────────────────────────────────────────────────────────


def test_a_busy_port_is_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(MeetingError, match=f"127.0.0.1:{port}.*port must be free"):
            meet(launch_of(0, port))


@pytest.mark.parametrize("rank", [0, 1])
def test_ranks_that_stay_away_are_named(rank: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meeting, "MEETING_SECONDS", 0.5)
    match = "rank 1 of 2 did not come" if rank == 0 else "rank 1 cannot meet"
    with pytest.raises(MeetingError, match=match):
        meet(launch_of(rank, free_port()))


def test_a_port_where_another_program_listens_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meeting, "MEETING_SECONDS", 0.5)
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        pytest.raises(MeetingError, match="no answer"),
    ):
        meet(launch_of(1, listener.getsockname()[1]))


def test_a_world_that_fabric_sees_otherwise_is_refused() -> None:
    refuse_other_world(launch_of(1, 1), 1, 2)
    with pytest.raises(SettingsError, match="rank 1 of 2, Lightning Fabric sees rank 0 of 1"):
        refuse_other_world(launch_of(1, 1), 0, 1)


def test_a_device_that_cannot_be_shared_is_refused() -> None:
    assert device_of("cpu", launch_of(1, 1)) == "cpu"
    with pytest.raises(SettingsError, match="not on 'mps'"):
        device_of("mps", launch_of(1, 1))
    if not torch.cuda.is_available():
        assert device_of("auto", launch_of(1, 1)) == "cpu"
        with pytest.raises(SettingsError, match="sees 0 CUDA devices"):
            device_of("cuda", launch_of(1, 1))


def test_a_batch_smaller_than_the_world_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    launch = launch_of(0, 1)
    monkeypatch.setattr("aeviz.compute.joining.launched", lambda: launch)
    settings = complete({"train": {"batch_size": 1}})
    with pytest.raises(SettingsError, match="the total of 2 processes"), joined(settings):
        pass


def test_one_process_asks_nobody() -> None:
    world, asked = World(), Controls()
    rows = torch.arange(5)
    assert world.agreed(asked) is asked
    assert world.share(rows) == (rows, 1.0, 5)
    assert world.spread({"loss": 1.0}) == {"loss": 1.0}
    assert world.explain(RuntimeError("gloo")) is None


def _environment(process: subprocess.Popen[str]) -> dict[str, str]:
    raw = Path(f"/proc/{process.pid}/environ").read_text().split("\0")
    return dict(pair.split("=", 1) for pair in raw if "=" in pair)
