"""A child process as its parent sees it: started, listened to, ended, mourned."""

import multiprocessing
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Any

from aeviz.compute import child
from aeviz.compute.parcel import unpack

PATIENCE = 10.0
"""Seconds without a sign of life after which a child is given up."""

START_PATIENCE = 60.0
"""The same before its first sign: a cold disk or a virus scanner may be slow."""

TICK = 0.25
"""Seconds between two looks at whether the child still has to live."""

PARCEL_BYTES = 256 * 2**20
"""Bytes at most that a child may send at once."""


KILLED = 9
"""SIGKILL, by number: Windows has no name for it."""


class ChildLost(Exception):
    """The child died, hangs or could not be started; the message is a clause for a person."""


class ChildProcess:
    """A spawned process that does one piece of work, and the pipe through which it reports.

    `end` may be called from any thread, the rest from one.

    Args:
        work: "module:function", as in `child.main`.
        arguments: Plain values that it is called with.
        plugins: As in `child.main`.
    """

    def __init__(
        self, work: str, arguments: Mapping[str, Any], plugins: Sequence[tuple[str, str]] = ()
    ) -> None:
        self.ended = ""
        """Why it was ended from here: "cancelled", "replaced", "closed"; "" while it was not."""
        self._work = work
        self._arguments = dict(arguments)
        self._plugins = tuple(plugins)
        self._process: multiprocessing.context.SpawnProcess | None = None

    def start(self) -> None:
        """Start the process.

        Raises:
            ChildLost: If there cannot be another process.
        """
        context = multiprocessing.get_context("spawn")
        try:
            self._pipe, theirs = context.Pipe(duplex=False)
            process = context.Process(
                target=child.main,
                args=(theirs, self._work, self._arguments, self._plugins),
                name="aeviz-job",
                daemon=True,
            )
            with _no_main_module():
                process.start()
        except OSError as error:
            raise ChildLost(f"no process could be started ({error.strerror})") from error
        theirs.close()  # else the end of the child could not be heard
        self._process = process
        if self.ended:  # while it was starting
            process.terminate()

    def end(self, why: str) -> None:
        """Ask the process to end; returns at once."""
        self.ended = why
        process = self._process
        if process is not None:
            with suppress(ValueError):  # it has just been closed
                process.terminate()

    def reports(self, patience: float) -> Iterator[dict[str, Any]]:
        """What the child sends, until it was ended from here.

        Raises:
            ChildLost: If it died by itself, or gave no sign of life for `patience` seconds.
        """
        silent, allowed = 0.0, max(patience, START_PATIENCE)
        while not self.ended:
            if self._pipe.poll(TICK):
                silent, allowed = 0.0, patience
                yield self._receive()
                continue
            # Ticks are counted, not seconds: after a suspended laptop the child may speak first.
            silent += TICK
            if silent >= allowed:
                raise ChildLost(f"its process gave no sign of life for {silent:.0f} s; try again")

    def _receive(self) -> dict[str, Any]:
        try:
            return unpack(self._pipe.recv_bytes(PARCEL_BYTES))
        except (EOFError, OSError) as error:
            raise ChildLost(f"{self._cause()}; try again") from error

    def _cause(self) -> str:
        """Why the process is gone, in words."""
        code = None
        if self._process is not None:
            self._process.join(1.0)
            code = self._process.exitcode
        if code is None or code >= 0:
            return f"its process ended unexpectedly (exit code {code})"
        if code == -KILLED:
            return "its process was killed, perhaps for lack of memory"
        return f"its process crashed ({signal.strsignal(-code) or code})"

    def finish(self) -> None:
        """Make sure that the process is gone: politely, then not."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        process.join(0.5)
        if process.is_alive():
            process.kill()
            process.join()
        process.close()
        self._pipe.close()


@contextmanager
def _no_main_module() -> Iterator[None]:
    """Keep `multiprocessing` from importing the parent's main module in the child.

    It would run a user's script a second time where it has no `if __name__ == "__main__"`, fails
    where the main module is no file, and costs whatever the main module imports. The child needs
    nothing of it.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
