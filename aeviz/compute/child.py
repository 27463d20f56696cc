"""The child process of `jobs`: does one piece of work at low priority and reports through a pipe.

Only the standard library is imported before `main` has set how many threads the libraries may
start, and what the work needs is imported by the work: a data set is described without torch.
"""

import contextlib
import importlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection
from typing import Any

BEAT = 1.0
"""Seconds between two signs of life."""

GRACE = 5.0
"""Seconds that the work has for tidying up when the parent is gone."""

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def main(
    pipe: Connection,
    work: str,
    arguments: Mapping[str, Any],
    plugins: Sequence[tuple[str, str]] = (),
) -> None:
    """Do a piece of work. Runs in the child's main thread.

    Sent through the pipe are parcels with a `kind`: "alive", "progress" (`fraction`, `phrase`), and
    at the end "done" (the fields that the work returned) or "failed" (`sentence`, `details`,
    `expected`).

    Args:
        pipe: Where to report.
        work: "module:function"; called with the arguments and `report`, returns named values.
        arguments: Plain values.
        plugins: Paths and hashes of the plug-ins that the work may need; without any it knows
            installed ones only where it looks for a name that aeviz does not have.
    """
    _behave()
    try:
        _report_work(_Reports(pipe), work, arguments, plugins)
    finally:
        os._exit(0)  # what was done is sent and tidied up; leaving torch in order takes a second


def _report_work(
    reports: "_Reports",
    work: str,
    arguments: Mapping[str, Any],
    plugins: Sequence[tuple[str, str]],
) -> None:
    reports.send(kind="alive")  # from here on the parent's patience is short
    threading.Thread(target=reports.beat, daemon=True).start()
    try:
        if plugins:
            _join(plugins)
        module, _, function = work.partition(":")
        target: Callable[..., Mapping[str, Any]] = getattr(
            importlib.import_module(module), function
        )
        reports.send(kind="done", **target(**arguments, report=reports.progress))
    except Exception as error:  # noqa: BLE001 - the one border of the child process
        details = "".join(traceback.format_exception(error))
        reports.send(kind="failed", **_failure(error), details=details)


def _join(plugins: Sequence[tuple[str, str]]) -> None:
    """Load the parent's plug-ins, each only with the content that the parent has loaded."""
    from aeviz.compute.plugins import demand, name_file

    for path, sha256 in plugins:
        if path:
            name_file(path, sha256)
    demand()


def _behave() -> None:
    """Take little of the computer, leave the terminal alone, end orderly when asked to."""
    for name in THREADS:
        os.environ[name] = "1"
    _lower_priority()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    signal.signal(signal.SIGTERM, _leave)
    # What libraries print is neither a result nor wanted; a frozen window has no stdout at all.
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for the whole life


def _lower_priority() -> None:
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            import ctypes

            below_normal = 0x4000
            kernel = ctypes.windll.kernel32
            kernel.SetPriorityClass(kernel.GetCurrentProcess(), below_normal)
        else:
            os.nice(10)


def _leave(signum: int, frame: object) -> None:
    """End through the `finally` clauses: a download removes what it has begun."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # asked once is enough while tidying up
    raise SystemExit(128 + signum)


def _failure(error: Exception) -> dict[str, Any]:
    """One sentence about an error, and whether it is one that was written for a person."""
    from aeviz.analysis.embedding import CannotFit
    from aeviz.compute.plugin_file import PluginError
    from aeviz.data.dataset import DataError
    from aeviz.runs.reading import RunError

    if isinstance(error, DataError | CannotFit | RunError | PluginError):
        return {"sentence": str(error), "expected": True}
    if isinstance(error, MemoryError):
        return {"sentence": "there is not enough memory; close other programs", "expected": True}
    return {"sentence": f"{type(error).__name__}: {error}", "expected": False}


class _Reports:
    """The pipe, used by two threads: the work's and the one that gives signs of life."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def send(self, **fields: Any) -> None:
        from aeviz.compute.parcel import pack

        parcel = pack(fields)
        try:
            with self._lock:
                self._pipe.send_bytes(parcel)
        except OSError:  # nobody listens any more: the parent is gone
            raise SystemExit(1) from None

    def progress(self, fraction: float | None, phrase: str) -> None:
        """The `report` of the work; None where the share that is done is not known."""
        share = None if fraction is None else float(fraction)
        self.send(kind="progress", fraction=share, phrase=phrase)

    def beat(self) -> None:
        """Say every second that the process lives; end it when nobody listens any more."""
        wait = threading.Event().wait
        try:
            while not wait(BEAT):
                self.send(kind="alive")
        except SystemExit:
            signal.raise_signal(signal.SIGTERM)  # the work's thread tidies up
            wait(GRACE)
            os._exit(1)
