"""kill -9 at random moments: the folder opens with every epoch that was said to be written."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from aeviz.runs.atomic import TEMPORARY
from aeviz.runs.checkpoint import read_checkpoint
from aeviz.runs.run import RunFolder
from aeviz.runs.writer import RunWriter
from tests.runs.making import latents_of
from tests.runs.writer_process import large_weights, state_of

LONGEST = 0.3
"""Seconds after which the child is killed at the latest."""


def write_and_kill(path: Path, delay: float) -> list[str]:
    """Let a child write the run, kill it; returns the lines it had printed."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.runs.writer_process", str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    first = child.stdout.readline()
    time.sleep(delay)
    child.kill()
    rest, errors = child.communicate()
    assert first == "ready\n", errors
    assert errors == ""
    # A line without its end was cut by the kill itself.
    return rest.rpartition("\n")[0].splitlines()


def promised(lines: list[str]) -> tuple[int, int]:
    """The last epoch and the last checkpoint that must be there, -1 for none."""
    epoch = checkpoint = -1
    for what, number in (line.split() for line in lines):
        if what == "checkpoint":
            checkpoint = int(number)
        else:
            epoch = int(number)
        if what == "epoch" and epoch % 7 == 6:
            epoch -= 2  # going back to it has perhaps begun
    return epoch, checkpoint


def check(path: Path, lines: list[str]) -> int:
    """Compare the folder with what its killed writer promised; returns the last epoch."""
    run = RunFolder.open(path)
    assert run.status in ("interrupted", "stopped")
    assert not run.notices
    epoch, checkpoint = promised(lines)
    epochs = [line.epoch for line in run.epochs]
    assert epochs == list(range(len(epochs)))
    assert len(epochs) - 1 >= epoch
    assert set(epochs[-1:]) <= run.weights_epochs
    check_files(run)
    state = read_checkpoint(path)
    assert state is not None or checkpoint == -1
    if state is not None:
        assert int(state["epoch.bin"]) >= checkpoint
        assert state == state_of(int(state["epoch.bin"]))
    return len(epochs) - 1


def check_files(run: RunFolder) -> None:
    for epoch in run.latents_epochs:
        np.testing.assert_array_equal(run.latents(epoch), latents_of(epoch))
    for epoch in run.weights_epochs:
        weights, expected = run.weights(epoch), large_weights(epoch)
        assert all(np.array_equal(weights[name], expected[name]) for name in expected)


def kill_often(path: Path, kills: int, seed: int) -> None:
    chance, last = random.Random(seed), -1
    for _ in range(kills):
        lines = write_and_kill(path, chance.uniform(0, LONGEST))
        last_now = check(path, lines)
        assert last_now >= last - 2, "an epoch of an earlier writer is gone"
        last = last_now
    with RunWriter.reopen(path) as writer:
        writer.set_status("stopped")
    left = [name for _, _, names in os.walk(path) for name in names if name.startswith(TEMPORARY)]
    assert left == []
    assert check(path, []) == last


def test_killed_writers_lose_at_most_the_epoch_in_progress(tmp_path: Path) -> None:
    kill_often(tmp_path / "run", 3, seed=0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 11))
def test_fifty_killed_writers_lose_at_most_the_epoch_in_progress(tmp_path: Path, seed: int) -> None:
    kill_often(tmp_path / "run", 5, seed)
