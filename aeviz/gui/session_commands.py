"""The session file of the window: open, save, save as, and its name in the title."""

import re
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QMainWindow

from aeviz import paths
from aeviz.gui.commands import Commands
from aeviz.gui.docks import Docks
from aeviz.gui.latent_view import LatentView
from aeviz.gui.restoring import Restoring
from aeviz.gui.screen import Screen
from aeviz.gui.session import Session
from aeviz.gui.session_files import SUFFIX
from aeviz.gui.watching import Watching
from aeviz.messages import Failed, RunOpened
from aeviz.session_messages import SessionOpened, SessionSaved
from aeviz.shown import LAYOUT, Shown, is_same

NO_RUN = "Open a run first."


class SessionCommands(QObject):
    """Knows which session file the window shows, and whether it shows something else by now.

    Signals:
        used(str): A session file was opened or saved.
    """

    used = Signal(str)

    def __init__(
        self,
        session: Session,
        view: LatentView,
        docks: Docks,
        commands: Commands,
        window: QMainWindow,
    ) -> None:
        super().__init__(window)
        self._session = session
        self._commands = commands
        self._window = window
        self._saved: Shown | None = None
        self._left = ""
        self.path = ""
        self.screen = Screen(session, view, docks, window)
        self.restoring = Restoring(session, self.screen, self)
        self.watching = Watching(session, view, self)
        commands.connect_to("session.open", self._on_open)
        commands.connect_to("session.save", self._on_save)
        commands.connect_to("session.save-as", self._on_save_as)
        session.run_changed.connect(self._on_run_changed)
        session.files.opened.connect(self._on_opened)
        session.files.saved.connect(self._on_saved)
        self.restoring.finished.connect(self._on_finished)
        self.watching.looked.connect(self._on_looked)
        self._on_run_changed(session.run)

    @property
    def name(self) -> str:
        """The session file without its folder, else the title of the run."""
        run = self._session.run
        return Path(self.path).name if self.path else "" if run is None else run.title

    def recover(self, path: str) -> None:
        """Show what a crashed window left; it is nobody's file."""
        self._left = path
        self._session.files.open(path)

    def _show_title(self) -> None:
        run = self._session.run
        names = [Path(self.path).name] if self.path else []
        names += [run.title] if run is not None else []
        names = [name.replace("[*]", "[ *]") for name in names]
        if self.path:
            names[0] += "[*]"
        self._window.setWindowTitle(" – ".join([*names, "aeviz"]))

    # ── opening ───────────────────────────────────────────────────────────────────────────────

    @Slot()
    def _on_open(self) -> None:
        title = self._window.tr("Open a session")
        path, _ = QFileDialog.getOpenFileName(self._window, title, self._folder(), _filter())
        if path:
            self._session.files.open(path)

    @Slot(object)
    def _on_opened(self, opened: SessionOpened) -> None:
        self.restoring.begin(opened)

    @Slot(object)
    def _on_finished(self, opened: SessionOpened) -> None:
        if opened.path == self._left:
            self._keep_now()
        else:
            self.path = opened.path
            self._saved = opened.shown if opened.is_same else None
            self.used.emit(opened.path)
        self._left = ""
        self._show_title()
        self.watching.look()

    def _keep_now(self) -> None:
        """What was recovered is this window's from now on."""
        shown, run, files = self.screen.read(), self._session.run, self._session.files
        if shown is not None and run is not None:
            files.keep(run.path, shown, self.name)
            files.forget(self._left, is_shown=True)

    @Slot(object)
    def _on_run_changed(self, run: RunOpened | None) -> None:
        """Another run is no longer what the session file shows."""
        self.path, self._saved = "", None
        for name in ("session.save", "session.save-as"):
            self._commands.allow(name, NO_RUN if run is None else "")
        self._window.setWindowModified(False)
        self._show_title()

    # ── saving ────────────────────────────────────────────────────────────────────────────────

    @Slot()
    def _on_save(self) -> None:
        if self.path:
            self.save(self.path)
        else:
            self._on_save_as()

    @Slot()
    def _on_save_as(self) -> None:
        title = self._window.tr("Save the session")
        run = self._session.run
        name = re.sub(r"[^\w.-]+", "-", "" if run is None else run.title).strip("-.") or "session"
        proposed = self.path or str(Path(self._folder()) / f"{name}{SUFFIX}")
        path, _ = QFileDialog.getSaveFileName(self._window, title, proposed, _filter())
        if path:
            self.save(path if Path(path).suffix else path + SUFFIX)

    def save(self, path: str) -> None:
        """Write what is on screen into a session file; a sentence says how it went."""
        shown, run = self.screen.read(), self._session.run
        if shown is None or run is None:
            self._session.noticed.emit("There is nothing to be saved yet.")
            return
        self._session.files.save(path, run.path, shown)

    @Slot(object)
    def _on_saved(self, saved: SessionSaved) -> None:
        if saved.why_not:
            self._session.receive(Failed(where="session", summary=saved.why_not))
            return
        self.path, self._saved = saved.path, saved.shown
        self._session.noticed.emit(f"Saved {saved.path}")
        self.used.emit(saved.path)
        self._show_title()
        self.watching.look()

    def _folder(self) -> str:
        """Where session files are looked for and put first."""
        run = self._session.run
        if self.path:
            return str(Path(self.path).parent)
        if run is None or not run.path or Path(run.path) == paths.demo():
            return str(paths.window_runs().parent)
        return str(Path(run.path).parent)

    # ── what has changed ──────────────────────────────────────────────────────────────────────

    @Slot()
    def _on_looked(self) -> None:
        if self.restoring.is_under_way or self._session.run is None:
            return
        shown = self.screen.read()
        is_saved = self._saved is not None and is_same(shown, self._saved, LAYOUT)
        self._window.setWindowModified(bool(self.path) and not is_saved)


def _filter() -> str:
    return f"aeviz sessions (*{SUFFIX});;All files (*)"
