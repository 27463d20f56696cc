"""How far a work is, on stderr: a bar with the time left on a terminal, plain lines otherwise."""

import sys
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from aeviz import messages as m


class Display(Protocol):
    """Where progress is shown; a context manager."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def update(self, fraction: float, description: str, detail: str) -> None:
        """Show a share in [0, 1] of the whole work."""
        ...

    def line(self, text: str) -> None:
        """Print a line that stays."""
        ...


def display(title: str) -> Display:
    """A bar where stderr is a terminal, plain lines where it is a file or a pipe."""
    return TerminalDisplay(title) if sys.stderr.isatty() else PlainDisplay()


class TerminalDisplay:
    """A bar with the time left, redrawn in place."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._bar: Bar | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        # rich costs a tenth of a second: only a terminal pays for it.
        from rich import progress as rich
        from rich.console import Console

        self._bar = rich.Progress(
            rich.TextColumn("{task.description}"),
            rich.BarColumn(),
            rich.TaskProgressColumn(),
            rich.TextColumn("{task.fields[detail]}"),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task(self._title, total=1.0, detail="")
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def update(self, fraction: float, description: str, detail: str) -> None:
        """Move the bar."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=fraction, description=description, detail=detail)

    def line(self, text: str) -> None:
        """Print a line above the bar."""
        if self._bar is not None:
            self._bar.console.print(text, highlight=False, markup=False)


class PlainDisplay:
    """Plain lines: those that stay, and a sign of life where none came for a while.

    Args:
        write: Takes a line; by default stderr.
        seconds: Shortest time between two signs of life.
    """

    def __init__(self, write: Callable[[str], None] | None = None, seconds: float = 30.0) -> None:
        self._write = write or _write_line
        self._seconds = seconds
        self._last = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def update(self, fraction: float, description: str, detail: str) -> None:
        """Say how far it is, if nothing has been said for a while."""
        if time.monotonic() - self._last >= self._seconds:
            self.line(f"{description}  {fraction:4.0%}  {detail}".rstrip())

    def line(self, text: str) -> None:
        """Write a line."""
        self._write(text)
        self._last = time.monotonic()


def _write_line(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


class TrainingReport:
    """Turns the messages of a training into progress; remembers what came of it.

    Attributes:
        path: The run folder, "" until it is ready.
        epoch: Last whole epoch, -1 before there is one.
        reason: How it ended, "" until then.
        failure: What went wrong, "" when nothing did.
    """

    def __init__(self, shown: Display) -> None:
        self._shown = shown
        self._epochs = 0
        self._seconds_left: float | None = None
        self.path = ""
        self.epoch = -1
        self.reason = ""
        self.failure = ""

    def take(self, message: "m.Message") -> None:
        """Show one message."""
        # With it comes numpy, which `aeviz --help` need not wait for.
        from aeviz import messages as m

        if isinstance(message, m.Progress):
            self._on_progress(message)
        elif isinstance(message, m.EpochDone):
            self._on_epoch(message)
        elif isinstance(message, m.RunOpened):
            self._on_opened(message)
        elif isinstance(message, m.TrainingChanged) and message.reason:
            self.reason = message.reason
        elif isinstance(message, m.Failed):
            self.failure = message.summary
        elif isinstance(message, m.Logged):
            self._shown.line(message.text)

    def _on_opened(self, message: "m.RunOpened") -> None:
        self.path = message.path
        self._epochs = message.epochs
        self._shown.line(f"{message.title}: {message.total} samples, run folder {message.path}")
        for truth in message.truths:
            self._shown.line(f"{truth.title}: {truth.metric.replace('_', ' ')} {truth.value:.5g}")
        if message.notice:
            self._shown.line(message.notice)

    def _on_progress(self, message: "m.Progress") -> None:
        self._seconds_left = message.seconds_left
        done = float(message.epoch)
        if message.phase in ("loading", "training"):
            done += message.step / max(1, message.steps) - 1
        detail = "" if message.seconds_left is None else f"{duration(message.seconds_left)} left"
        description = f"epoch {message.epoch}/{message.epochs}"
        if message.phase != "training":
            description = f"{description} {message.phase}"
        fraction = done / max(1, message.epochs)
        self._shown.update(min(max(fraction, 0.0), 1.0), description, detail)

    def _on_epoch(self, message: "m.EpochDone") -> None:
        self.epoch = message.epoch
        names = ("loss", "validation_loss", "reconstruction_mse")
        text = f"epoch {message.epoch}/{self._epochs}  {figures(message.metrics, names)}"
        if self._seconds_left is not None and message.epoch < self._epochs:
            text += f"  {duration(self._seconds_left)} left"
        self._shown.line("  ".join([text, *message.events]))


def duration(seconds: float) -> str:
    """A time span as a person reads it: "8 s", "3 min 20 s", "2 h 5 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def figures(metrics: Mapping[str, float], names: tuple[str, ...]) -> str:
    """Those of the named metrics that there are, in one line."""
    return "  ".join(
        f"{name.replace('_', ' ')} {metrics[name]:.5g}" for name in names if name in metrics
    )
