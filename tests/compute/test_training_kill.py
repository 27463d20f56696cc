"""A training that is killed again and again ends with the bits of one that was not."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aeviz.runs.run import RunFolder
from tests.compute.test_runner import same_runs

CODE = """
import sys
from pathlib import Path
from aeviz.compute.runner import train, train_on
path, epochs = Path(sys.argv[1]), int(sys.argv[2])
model = {"name": "vae", "widths": [8], "dropout": 0.2}
settings = {"model": model, "train": {"epochs": epochs, "batch_size": 64}}
again = (path / "metrics.jsonl").exists()
job = train_on(path, epochs, threads=1) if again else train(
    settings, out=path, runs_dir=path.parent, threads=1
)
for message in job:
    pass
"""
ENDLESS = 100_000
KILLS = 50


def start(path: Path, epochs: int) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, "-c", CODE, str(path), str(epochs)], env=environment)


def wait_for_an_epoch(path: Path, process: subprocess.Popen[bytes], size: int) -> None:
    file, deadline = path / "metrics.jsonl", time.monotonic() + 60
    while not file.exists() or file.stat().st_size <= size:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.slow
def test_killed_trainings_go_on_to_the_same_bits(tmp_path: Path) -> None:
    generator = random.Random(0)
    path, size, last = tmp_path / "killed", 0, -1
    for _ in range(KILLS):
        process = start(path, ENDLESS)
        wait_for_an_epoch(path, process, size)
        time.sleep(generator.uniform(0.0, 0.5))
        process.kill()
        process.wait()
        folder = RunFolder.open(path)
        assert folder.status == "interrupted"
        assert folder.epochs[-1].epoch > last
        assert [line.epoch for line in folder.epochs] == list(range(folder.epochs[-1].epoch + 1))
        for line in folder.epochs[last + 1 :]:  # both check the hash
            folder.latents(line.epoch)
            folder.weights(line.epoch)
        last, size = folder.epochs[-1].epoch, (path / "metrics.jsonl").stat().st_size
    assert start(tmp_path / "whole", last).wait() == 0
    assert same_runs(path, tmp_path / "whole")
