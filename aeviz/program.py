"""The running program: mailbox, engine, session and window, started and stopped in order."""

import locale
import os
from pathlib import Path

from PySide6.QtCore import QLocale, QObject, QSettings, QTimer, Slot
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from aeviz import paths
from aeviz.compute.engine import Engine
from aeviz.gui import theme
from aeviz.gui.bridge import Bridge
from aeviz.gui.kept_settings import KeptSettings, settings_file
from aeviz.gui.main_window import MainWindow
from aeviz.gui.opening import is_run, is_session
from aeviz.gui.session import Session
from aeviz.mailbox import Mailbox
from aeviz.messages import Failed, TrainingChanged
from aeviz.process.crash import Reporter
from aeviz.process.garbage import GarbageCollector
from aeviz.process.interrupts import Interrupts
from aeviz.process.qt_messages import log_qt_messages
from aeviz.process.starts import Starts

STOP_SECONDS = 5.0
"""How long the compute threads may take to end."""


class Program(QObject):
    """Owns everything that lives as long as the window.

    Args:
        settings: Where the window remembers layout, theme and recent runs; None for nowhere.
        own_process: Whether the process is ours: then garbage, signals and hooks are too.
        runs_dir: Where the window's trainings are written.
        log_dir: Where the log is kept, None for nowhere.
        autosaves: Where what the window shows is kept in case of a crash, None for nowhere.
    """

    def __init__(
        self,
        settings: QSettings | None,
        *,
        own_process: bool,
        runs_dir: Path | None = None,
        log_dir: Path | None = None,
        autosaves: Path | None = None,
    ) -> None:
        super().__init__()
        self.exit_code = 0
        self._is_down = False
        self._data = ""
        self._autosaves = autosaves
        self._interrupts: Interrupts | None = None
        if own_process:
            # First: who asks the program to end while its window is being built is heard, too.
            self._interrupts = Interrupts(self)
            self._interrupts.came.connect(self._on_interrupt)
        self.outbox = Mailbox()
        self.reporter = Reporter(self.outbox, log_dir)
        # A picture without settings knows only what its command line names or its run needs.
        trusted = settings is not None
        self.engine = Engine(
            self.outbox, runs_dir=runs_dir, window=True, trusted=trusted, autosaves=autosaves
        )
        self.session = Session(self.engine.post)
        self.session.files.are_kept = autosaves is not None
        self._starts = Starts(settings if own_process else None, self)
        self.bridge = Bridge(self.outbox, self.session.receive, self)
        self.window = MainWindow(self.session, settings)
        self.window.close_requested.connect(self.shutdown)
        self._garbage: GarbageCollector | None = None
        if own_process:
            self._own_process()

    @classmethod
    def make(cls, *, own_process: bool) -> "Program":
        """The program of a person: application, settings, log."""
        make_application()
        settings = KeptSettings(settings_file())
        return cls(
            settings,
            own_process=own_process,
            runs_dir=paths.window_runs(),
            log_dir=paths.logs() if own_process else None,
            autosaves=paths.autosaves() if own_process else None,
        )

    def _own_process(self) -> None:
        self.reporter.install()
        log_qt_messages()
        self._garbage = GarbageCollector(self)
        self.session.engine_ready.connect(self._on_engine_ready)
        application().aboutToQuit.connect(self.shutdown)

    def open(self, path: str | None) -> None:
        """Show a run folder or a session once the engine runs; None for the last, first the demo.

        Another file or folder is looked at as data, over the run that would be shown without it.
        """
        if path is not None and not is_session(Path(path)) and not is_run(Path(path)):
            self._data, path = path, None
            QTimer.singleShot(0, self._on_data_named)  # over the window, which comes first
        chosen = path or self._last()
        if chosen is None:
            self.session.epoch_added.connect(self._on_demo_epoch)
        elif path is None:
            self.session.failed.connect(self._on_last_failed)
        if chosen is not None and Path(chosen) == self._kept:
            self.window.files.recover(chosen)
        elif chosen is not None and is_session(Path(chosen)):
            self.window.opening.open(chosen)
        else:
            self.session.open_run(chosen or str(paths.demo()))

    @property
    def _kept(self) -> Path | None:
        """What the last window showed when it was closed."""
        return None if self._autosaves is None else self._autosaves / paths.LAST_SESSION

    def _last(self) -> str | None:
        """What was shown last and is still there, unless it may be what ends the program."""
        is_kept = self._kept is not None and self._kept.is_file()
        last = str(self._kept) if is_kept else self.window.recent.newest()
        if last is None or self._starts.begin():
            return last
        self.session.noticed.emit(
            "aeviz ended right after its last starts, so the demo is shown: "
            "File › Open recent has what was shown before."
        )
        return None

    def show(self) -> None:
        """Show the window, and start the engine once it has been painted."""
        self.window.show()
        # The threads begin with imports, which would hold up the first paint.
        QTimer.singleShot(0, self._on_shown)

    def run(self) -> int:
        """Stay until the window is closed; returns the exit code."""
        self.show()
        if self._garbage is not None:
            self._garbage.start()
        application().exec()
        self.shutdown()
        return self.exit_code

    @Slot()
    def shutdown(self) -> None:
        """Stop everything, in the order that leaves nothing behind. Idempotent.

        First nothing reaches the window any more, last it is closed: what is still on its way
        finds no receiver instead of a deleted one.
        """
        if self._is_down:
            return
        self._is_down = True
        self._starts.lived()
        self.bridge.close()
        self.window.stop()
        self.window.save_layout()
        self.window.hide()
        ended = self.engine.stop(STOP_SECONDS)
        if not ended:
            # A live torch thread must not see the interpreter go (pytorch #49370).
            self.reporter.dump_stacks()
            os._exit(1)
        self._give_back()
        # The window must not ask whether a training that has just been saved may be ended.
        self.session.receive(TrainingChanged(state="idle"))
        self.window.close()
        for timer in self.session.findChildren(QTimer):
            timer.stop()  # what it would ask for nobody answers any more
        application().quit()

    def _give_back(self) -> None:
        self.reporter.close()
        if self._garbage is not None:
            self._garbage.stop()
        if self._interrupts is not None:
            self._interrupts.close()

    @Slot()
    def _on_shown(self) -> None:
        if not self._is_down:
            self.engine.start()

    @Slot()
    def _on_data_named(self) -> None:
        if not self._is_down:
            self.window.opening.open_data(self._data)

    @Slot(object)
    def _on_last_failed(self, failure: Failed) -> None:
        """Show the demo where what was shown last is gone or damaged; the sentence stays."""
        self.session.failed.disconnect(self._on_last_failed)
        if self.session.run is None and failure.where in ("open", "session"):
            self.session.open_run(str(paths.demo()))

    @Slot(int)
    def _on_demo_epoch(self, epoch: int) -> None:
        """At the first start the demo shows how its map formed, as soon as all of it is read."""
        run = self.session.run
        is_demo = run is not None and run.path == str(paths.demo())
        if is_demo and epoch == 0:
            self.session.set_following(False)
        if run is None or epoch >= run.epochs or not is_demo:
            self.session.epoch_added.disconnect(self._on_demo_epoch)
        if is_demo and run is not None and epoch == run.epochs:
            self.window.timeline.play()

    @Slot(object)
    def _on_engine_ready(self, message: object) -> None:
        if self._garbage is not None:
            self._garbage.refreeze()

    @Slot(int)
    def _on_interrupt(self, number: int) -> None:
        self.exit_code = 128 + number
        self.shutdown()


def application() -> QApplication:
    """The one application."""
    made = QApplication.instance()
    if not isinstance(made, QApplication):
        raise RuntimeError("no QApplication has been made")
    return made


def make_application(name: theme.ThemeName = "system") -> QApplication:
    """The application with its name, its look and numbers that read the same everywhere."""
    made = QApplication.instance()
    if not isinstance(made, QApplication):
        made = QApplication(["aeviz"])
        made.setApplicationName("aeviz")
        made.setApplicationDisplayName("aeviz")
        made.setDesktopFileName("io.github.aeviz.aeviz")
        made.setWindowIcon(QIcon(str(paths.resources() / "aeviz.svg")))
        # Qt took over the system's locale: C code would read "1.5" as 1 where the comma rules.
        locale.setlocale(locale.LC_NUMERIC, "C")
        QLocale.setDefault(QLocale.c())
    theme.apply(made, name)
    return made
