"""A training on the command line: shown until it ends, stopped and saved by signals.

One of several processes says nothing unless it knows something that rank 0 cannot know.
"""

import atexit
import os
import signal
import sys
from collections.abc import Callable, Generator
from contextlib import closing
from types import FrameType
from typing import TYPE_CHECKING, Any

from aeviz.cli.console import CommandError, Console
from aeviz.cli.errors import code_of, text_of
from aeviz.compute.controls import Controls
from aeviz.progress import PlainDisplay, TrainingReport, display

if TYPE_CHECKING:
    from aeviz.messages import Message

Messages = Generator["Message | None"]

NAMED = ("RankLost", "MeetingError")
"""Errors whose sentence names the rank."""

TOLD = ("SettingsError", "DataError", "DataMissing", "RunError", "PluginError", "PluginMissing")
"""Errors that rank 0 finds as well, and tells."""


class Silent(Console):
    """The console of a process that leaves speaking to rank 0."""

    def result(self, text: str) -> None:
        """Print nothing."""

    def say(self, text: str) -> None:
        """Print nothing."""


def rank() -> int:
    """Number of this process among several, 0 where it is alone."""
    from aeviz.compute.launcher import launched

    launch = launched()
    return 0 if launch is None else launch.rank


def follow(job: Callable[[], Messages | None], controls: Controls, console: Console) -> int:
    """Show a training until its end or a signal; returns the exit code.

    Args:
        job: Makes the training; None when there is nothing to do.
        controls: Through which it is stopped.
        console: Where results go.
    """
    number = rank()
    try:
        return _show(job(), controls, console)
    except CommandError as error:
        if number == 0 or controls.is_orphan:
            raise
        raise SystemExit(error.code) from error
    except Exception as error:
        if getattr(error, "leaves_thread", False):
            atexit.register(os._exit, code_of(error) or 1)
        if number == 0:
            raise
        raise _of_rank(error, number) from error


def _of_rank(error: Exception, number: int) -> BaseException:
    """An error of another rank than 0: told with its number, or left to rank 0 to tell."""
    code, name = code_of(error), type(error).__name__
    if name in TOLD or getattr(error, "is_told", False):
        return SystemExit(code)
    text = text_of(error)
    return CommandError(text if name in NAMED else f"rank {number}: {text}", code or 1)


def _show(messages: Messages | None, controls: Controls, console: Console) -> int:
    """Pull a training to its end; returns the exit code."""
    if messages is None:
        return 0
    shown = PlainDisplay(console.say) if isinstance(console, Silent) else display("training")
    with _Interruption(controls) as interruption, shown:
        report = TrainingReport(shown)
        with closing(messages):
            for message in messages:
                if message is not None:
                    report.take(message)
                interruption.may_wait = bool(report.path) or controls.is_shared
    if controls.signal:
        console.say(f"saved: {report.path} at epoch {max(report.epoch, 0)}")
        return 128 + controls.signal
    if report.failure:
        raise CommandError(report.failure, 1)
    console.result(report.path)
    return 0


class _Interruption:
    """Ctrl-C and SIGTERM stop after the batch in progress, a second one at once; SIGUSR1 saves.

    A launcher passes on what the terminal has sent already: among several processes a second
    signal is the same one again.

    Attributes:
        may_wait: Whether there is something to save; before that the first signal ends at once.
    """

    def __init__(self, controls: Controls) -> None:
        self.may_wait = False
        self._controls = controls
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "_Interruption":
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._on_signal)
        if sys.platform != "win32":
            # Slurm sends it before it takes a node away (--signal=USR1@60).
            self._before[signal.SIGUSR1] = signal.signal(signal.SIGUSR1, self._on_save)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            # The launcher ends the ranks that are left: they are about to end, with their own code.
            signal.signal(number, signal.SIG_IGN if self._controls.is_shared else handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        is_again = self._controls.is_stopping and not self._controls.is_shared
        if is_again or not self.may_wait:
            raise SystemExit(128 + number)
        self._controls.stop(number)

    def _on_save(self, number: int, frame: FrameType | None) -> None:
        self._controls.save()
