"""Child process of the training benchmark: a real window that follows a training; prints JSON.

    python -m tests.benchmarks.windows.training SETTINGS DATA_DIR TURNS

The window trains for some seconds, as a person lets it: the map animates from epoch to epoch, the
charts grow. Then it pauses, and a process of its own does the steps of a bare loop with the same
module, batch and number of threads; and so on in turns. Ours is what the window hears: from one
progress to the next of the same epoch, by its own clock. Printed are samples per second of both.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QApplication

from aeviz.messages import Progress, TrainingChanged
from aeviz.program import Program, make_application

SECONDS = 3.0
"""Of a turn in the window."""

WARM_UP_EPOCHS = 2


class Bare:
    """The other process, which does steps when it is asked to."""

    def __init__(self, settings: str) -> None:
        command = [sys.executable, "-m", "tests.benchmarks.windows.bare", settings]
        threads = str(torch.get_num_threads())
        self._process = subprocess.Popen(
            [*command, threads], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def rate(self) -> float:
        """Let it do its turn; samples per second."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


class Turns(QObject):
    """Lets window and bare loop take turns."""

    def __init__(self, program: Program, settings: str, turns: int) -> None:
        super().__init__()
        self.program, self.session, self.turns = program, program.session, turns
        self.settings, self.batch = settings, int(json.loads(settings)["train"]["batch_size"])
        self.pairs: list[tuple[float, float]] = []
        self.bare: Bare | None = None
        self._last: tuple[int, int, float] | None = None
        self._steps, self._seconds = 0, 0.0
        self._timer = QTimer(self, singleShot=True, interval=round(1000 * SECONDS))
        self._timer.timeout.connect(self.session.pause)
        self.session.progressed.connect(self._on_progress)
        self.session.epoch_added.connect(self._on_epoch_added)
        self.session.training_changed.connect(self._on_training_changed)

    @Slot(int)
    def _on_epoch_added(self, epoch: int) -> None:
        self._last = None
        if epoch >= WARM_UP_EPOCHS and self.bare is None:
            self.bare = Bare(self.settings)
            self.bare.rate()
            self._begin()

    @Slot(object)
    def _on_progress(self, progress: Progress) -> None:
        now, before = time.perf_counter(), self._last
        self._last = None
        if progress.phase == "training":
            self._last = progress.epoch, progress.step, now
            if before is not None and before[0] == progress.epoch:
                self._steps += progress.step - before[1]
                self._seconds += now - before[2]

    @Slot(object)
    def _on_training_changed(self, message: TrainingChanged) -> None:
        if message.state == "paused" and self.bare is not None:
            ours = self.batch * self._steps / self._seconds
            self.pairs.append((ours, self.bare.rate()))
            if len(self.pairs) >= self.turns:
                QTimer.singleShot(0, self.program.shutdown)
                return
            self.session.go_on()
            self._begin()
        elif message.state == "idle":
            print(f"the training ended: {message.reason}", file=sys.stderr)
            QTimer.singleShot(0, self.program.shutdown)

    def _begin(self) -> None:
        self._last, self._steps, self._seconds = None, 0, 0.0
        self._timer.start()


def main() -> None:
    """Measure and print."""
    settings, data_dir, turns = sys.argv[1:4]
    os.environ["AEVIZ_DATA"] = data_dir
    make_application("light")
    with tempfile.TemporaryDirectory() as folder:
        program = Program(None, own_process=False, runs_dir=Path(folder))
        program.window.resize(1280, 800)
        taking = Turns(program, settings, int(turns))
        program.show()
        wanted: dict[str, Any] = json.loads(settings)
        program.session.train(wanted)
        QApplication.exec()
        program.shutdown()
        if taking.bare is not None:
            taking.bare.close()
    if len(taking.pairs) < taking.turns:
        raise SystemExit(f"only {len(taking.pairs)} turns were taken")
    print(json.dumps({"pairs": taking.pairs, "threads": torch.get_num_threads()}))


if __name__ == "__main__":
    main()
