"""What goes wrong is kept: exceptions that nobody caught, crashes, the log."""

import faulthandler
import logging
import logging.handlers
import sys
import threading
import time
import traceback
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType

from aeviz.mailbox import Mailbox
from aeviz.messages import Failed

LOG = logging.getLogger("aeviz")
UNCAUGHT = logging.getLogger("aeviz-uncaught")
"""Not below "aeviz": the window shows an exception once, as `Failed`, not in its log again."""

LOG_BYTES = 1_000_000

CRASH_LOG = "crash.log"


class Reporter:
    """Catches what nobody caught and says it in the window, until it is closed.

    PySide6 passes exceptions of slots and paint events to `sys.excepthook`, in whatever thread
    they happen, and goes on. The same sentence is shown once a second at most.

    Args:
        outbox: Where `Failed` and `Logged` go.
        folder: Where log and crash log are written; None writes none.
    """

    def __init__(self, outbox: Mailbox, folder: Path | None) -> None:
        self._outbox = outbox
        self._crash_file: TextIOWrapper | None = None
        self._file: logging.Handler | None = None
        self._shown: dict[str, float] = {}
        self._before: tuple[Callable[..., object], Callable[..., object]] | None = None
        if folder is not None:
            self._write_to(folder)

    def _write_to(self, folder: Path) -> None:
        """Keep the log in a folder, if it can be written."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handler = logging.handlers.RotatingFileHandler(
                folder / "aeviz.log", maxBytes=LOG_BYTES, backupCount=1, encoding="utf-8"
            )
            crash_file = (folder / CRASH_LOG).open("a", encoding="utf-8")
        except OSError:
            return  # a read-only home: the panel still shows everything
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        self._file = handler
        self._crash_file = crash_file
        faulthandler.enable(crash_file)

    def install(self) -> None:
        """Take over the hooks of this process."""
        self._before = (sys.excepthook, threading.excepthook)
        sys.excepthook = self.report
        threading.excepthook = self._on_thread_exception
        LOG.setLevel(logging.INFO)
        UNCAUGHT.propagate = False
        if self._file is not None:
            LOG.addHandler(self._file)
            UNCAUGHT.addHandler(self._file)

    def close(self) -> None:
        """Give the hooks back. Idempotent."""
        if self._before is not None:
            sys.excepthook, threading.excepthook = self._before
            self._before = None
            UNCAUGHT.propagate = True
        if self._file is not None:
            LOG.removeHandler(self._file)
            UNCAUGHT.removeHandler(self._file)
            self._file.close()
            self._file = None
        if self._crash_file is not None:
            faulthandler.disable()
            self._crash_file.close()
            self._crash_file = None

    def dump_stacks(self) -> None:
        """Write where every thread stands, for a process that cannot end."""
        target = self._crash_file or sys.__stderr__
        if target is not None:
            faulthandler.dump_traceback(target)
            target.flush()

    def report(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        """Show and keep an exception that nobody caught. Runs in whatever thread it happened."""
        if issubclass(kind, KeyboardInterrupt | SystemExit):
            return
        summary = f"{kind.__name__}: {' '.join(str(error).split())[:300]}"
        details = "".join(traceback.format_exception(kind, error, trace))
        now = time.monotonic()
        if now - self._shown.get(summary, -1.0) >= 1.0:
            self._shown[summary] = now
            self._outbox.post(Failed(where="window", summary=summary, details=details))
            UNCAUGHT.error("%s\n%s", summary, details)

    def _on_thread_exception(self, arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            self.report(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)
