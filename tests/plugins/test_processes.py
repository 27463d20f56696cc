"""Other processes know the plug-ins of the window: trainings outside, exports, ranks."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aeviz import messages as m
from aeviz.compute import plugins
from aeviz.compute.jobs import Jobs
from aeviz.compute.outside import Outside
from aeviz.mailbox import Mailbox
from tests.cli.conftest import Command, command
from tests.compute.run_setup import of_kind
from tests.plugins.conftest import DATA, EXAMPLE

__all__ = ["command"]

SETTINGS = {
    "model": {"name": "tied-linear"},
    "data": {"name": "spiral"},
    "train": {"epochs": 1},
}
PATIENCE = 60


def test_a_training_outside_knows_the_models_and_data_of_the_window(
    own_model: Path, tmp_path: Path
) -> None:
    for path in (own_model, DATA, EXAMPLE / "aeviz_example" / "question.py"):
        plugins.load_file(path)
    outbox = Mailbox()
    outside = Outside(outbox, tmp_path / "runs", None)
    outside.start(m.TrainOutside(settings=SETTINGS))
    (child,) = outside._children
    assert child.process.wait(PATIENCE) == 0, child.log.read_text()
    outside.look()
    info = json.loads((child.path / "run.json").read_text())
    assert [Path(row["path"]).name for row in info["plugins"]] == ["mine.py", "data.py"]
    words = [str(word) for word in child.process.args]
    assert not any(word.endswith("question.py") for word in words)


def test_a_training_outside_never_runs_a_file_that_has_changed(
    own_model: Path, tmp_path: Path
) -> None:
    plugins.load_file(own_model)
    own_model.write_text("raise RuntimeError('not what was loaded')\n")
    outbox = Mailbox()
    outside = Outside(outbox, tmp_path / "runs", None)
    with pytest.raises(ValueError, match="has changed since it was loaded"):
        outside.start(m.TrainOutside(settings=SETTINGS))
    assert not outside.is_watching
    assert of_kind(outbox.drain(), m.TrainingChanged)[-1].state == "idle"


def test_an_export_knows_the_model_and_the_data(
    command: Command, own_model: Path, tmp_path: Path
) -> None:
    out, target = tmp_path / "run", tmp_path / "z.csv"
    words = ["train", "--plugin", own_model, "--plugin", DATA, "--data", "spiral"]
    assert command(*words, "--model", "tied-linear", "--epochs", "1", "--out", out).code == 0
    outbox = Mailbox()
    jobs = Jobs(outbox)
    try:
        jobs.post(m.ExportRun(path=str(out), what="latents", target=str(target), epoch=1))
        deadline = time.monotonic() + PATIENCE
        done: list[m.Message] = []
        while not of_kind(done, m.JobDone):
            assert time.monotonic() < deadline
            done += outbox.drain(block=True, timeout=0.2)
    finally:
        jobs.close()
    assert of_kind(done, m.JobDone)[0].outcome == "done", done
    assert len(target.read_text().splitlines()) == 601


@pytest.mark.slow
def test_every_rank_of_a_launcher_knows_the_plugin(own_model: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    words = ["train", "--plugin", str(own_model), "--model", "tied-linear", "--device", "cpu"]
    done = subprocess.run(
        [sys.executable, *launcher, "-m", "aeviz", *words, "--epochs", "1", "--out", str(out)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads((out / "run.json").read_text())["world_size"] == 2
