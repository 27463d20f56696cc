"""Child process of the hover benchmark: a real window, a training, a mouse; prints JSON.

    python -m tests.benchmarks.windows.hovering MODEL DATA_DIR SECONDS OPTIONS [GRID [scrub]]

OPTIONS are those of the model as JSON. With GRID that many by that many decodes over the map fill
all the time: each time the last is there, or every fourth time already before, the next is asked.
With "scrub" the timeline is moved every tenth time, too.
From every mouse event on the map to the end of the paint of the first image made for it or for a
later one, and how late a 10 ms timer of the GUI thread ticks meanwhile. The map animates while it
follows the training.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer, Slot
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from aeviz.geometry import extent, lattice
from aeviz.gui.decode_view import DecodeView
from aeviz.gui.image_label import ImageLabel
from aeviz.messages import Decoded, TrainingChanged
from aeviz.program import Program, make_application

TICK_MS = 10
WARM_UP_EPOCHS = 1


class Grid(QObject):
    """Asks for decodes over the map without end, as a grid does that is panned."""

    def __init__(self, program: Program, side: int) -> None:
        super().__init__()
        self.session = program.session
        self.side = side
        self.filled = self.superseded = 0
        self.overtaken: list[float] = []
        self._z = np.empty((0, 2), np.float32)
        self._asked_at = 0.0
        self._turn = 0
        self.session.decoded.connect(self._on_decoded)

    def ask(self) -> None:
        """Ask for the next grid."""
        positions = self.session.positions
        if positions is None:
            return
        self._turn += 1
        left, right, low, high = extent(positions, 0.1 * (self._turn % 7))
        places = lattice((left, right, low, high), self.side, self.side).reshape(-1, 2)
        self._z, self._asked_at = places, time.perf_counter()
        self.session.decode("grid", places)

    @Slot(object)
    def _on_decoded(self, message: Decoded) -> None:
        if message.view != "grid":
            return
        if not np.array_equal(
            message.z, self._z
        ):  # a superseded grid that still came: how late after the newer one
            self.overtaken.append(time.perf_counter() - self._asked_at)
            return
        if np.isfinite(message.values).all():
            self.filled += 1
            self.ask()
        elif self._turn % 4 == 0:
            self.superseded += 1
            self.ask()


class Hover(QObject):
    """Moves the mouse on a circle over the map and waits for the pictures."""

    def __init__(
        self,
        program: Program,
        image: ImageLabel,
        seconds: float,
        grid: Grid | None,
        *,
        scrubs: bool = False,
    ) -> None:
        super().__init__()
        self._has_scrubs = scrubs
        self.scrubs = 0
        self.before = 0.0
        self.grid = grid
        self.program = program
        self.image = image
        self.seconds = seconds
        self.latencies: list[float] = []
        self.late: list[float] = []
        self.paints = 0
        self._asked: dict[bytes, float] = {}
        self._answered: list[float] = []
        self._turn = 0
        self._begun = 0.0
        self._expected = 0.0
        image.installEventFilter(self)
        program.session.decoded.connect(self._on_decoded)
        program.session.epoch_added.connect(self._on_epoch_added)
        program.session.training_changed.connect(self._on_training_changed)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._on_tick)
        self._last = time.perf_counter()
        self._early = QTimer(self)
        self._early.setTimerType(Qt.TimerType.PreciseTimer)
        self._early.timeout.connect(self._on_early_tick)
        self._early.start(TICK_MS)

    @Slot()
    def _on_early_tick(self) -> None:
        """Before the training goes on: torch and all that is compiled are there then."""
        now = time.perf_counter()
        self.before = max(self.before, now - self._last - TICK_MS / 1000)
        self._last = now

    @Slot(int)
    def _on_epoch_added(self, epoch: int) -> None:
        if epoch >= WARM_UP_EPOCHS and not self._begun and self.program.session.is_training:
            self._begun = time.perf_counter()
            self._expected = self._begun + TICK_MS / 1000
            self._early.stop()
            self._timer.start()
            if self.grid is not None:
                self.grid.ask()

    @Slot(object)
    def _on_training_changed(self, message: TrainingChanged) -> None:
        if message.state == "idle":
            print(f"the training ended: {message.reason}", file=sys.stderr)
            self._end()

    @Slot()
    def _on_tick(self) -> None:
        now = time.perf_counter()
        self.late.append(max(0.0, now - self._expected))
        self._expected = now + TICK_MS / 1000
        if now - self._begun > self.seconds:
            self._end()
            return
        self._turn += 1
        if self._has_scrubs and self._turn % 10 == 0:
            self.scrubs += 1
            session = self.program.session
            session.set_following(self._turn % 200 == 0)
            session.set_playhead(session.last_epoch * (self._turn % 97) / 97)
        angle = self._turn / 23
        radius = 0.15 + 0.1 * np.sin(self._turn / 57)
        viewport = self.program.window.latent_view.plot.viewport()
        x, y = 0.5 + radius * float(np.cos(angle)), 0.5 + radius * float(np.sin(angle))
        self._move(viewport, QPointF(x * viewport.width(), y * viewport.height()))

    def _move(self, target: QObject, place: QPointF) -> None:
        asked_at = time.perf_counter()
        none = Qt.MouseButton.NoButton
        QApplication.sendEvent(
            target,
            QMouseEvent(
                QEvent.Type.MouseMove, place, place, none, none, Qt.KeyboardModifier.NoModifier
            ),
        )
        cursor = self.program.session.cursor
        if cursor is not None:
            self._asked[cursor.tobytes()] = asked_at

    @Slot(object)
    def _on_decoded(self, message: Decoded) -> None:
        key = np.ascontiguousarray(message.z[0]).tobytes()
        if message.view != "cursor" or key not in self._asked:
            return
        for asked in list(self._asked):  # in the order they were asked: older ones are served too
            self._answered.append(self._asked.pop(asked))
            if asked == key:
                break

    def _end(self) -> None:
        self._timer.stop()
        QTimer.singleShot(0, self.program.shutdown)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """After the image was painted, the events that it answers have been served."""
        if event.type() == QEvent.Type.Paint:
            watched.removeEventFilter(self)
            QApplication.sendEvent(watched, event)
            watched.installEventFilter(self)
            now = time.perf_counter()
            self.paints += 1
            self.latencies += [now - asked for asked in self._answered]
            self._answered.clear()
            return True
        return False


def main() -> None:
    """Measure and print."""
    model, data_dir, seconds, options, side = (*sys.argv[1:6], "0")[:5]
    scrubs = sys.argv[6:] == ["scrub"]
    os.environ["AEVIZ_DATA"] = data_dir
    make_application("light")
    folder = tempfile.TemporaryDirectory()
    program = Program(None, own_process=False, runs_dir=Path(folder.name))
    program.window.resize(1280, 800)
    decoded = program.window.findChild(DecodeView)
    if decoded is None:
        raise SystemExit("the window has no view of the decode")
    grid = Grid(program, int(side)) if int(side) else None
    hover = Hover(program, decoded.picture, float(seconds), grid, scrubs=scrubs)
    program.show()
    settings = {
        "data": {"name": "mnist"},
        "model": {"name": model, **json.loads(options)},
        "train": {"epochs": 1000, "shown": 10_000},
    }
    program.session.train(settings)
    QApplication.exec()
    program.shutdown()
    folder.cleanup()
    if not hover.latencies:
        raise SystemExit("no hover was answered by a picture")
    print(
        json.dumps(
            {
                "latencies": hover.latencies,
                "late": hover.late,
                "before": hover.before,
                "scrubs": hover.scrubs,
                "paints": hover.paints,
                "filled": 0 if grid is None else grid.filled,
                "superseded": 0 if grid is None else grid.superseded,
                "overtaken": [] if grid is None else grid.overtaken,
            },
        )
    )


if __name__ == "__main__":
    main()
