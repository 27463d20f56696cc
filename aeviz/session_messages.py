"""The messages about session files; see `aeviz.messages`."""

from collections.abc import Hashable
from dataclasses import dataclass

from aeviz.messages import Message
from aeviz.shown import Shown


@dataclass(frozen=True, eq=False, kw_only=True)
class OpenSession(Message):
    """Read a session file: answered by `SessionOpened`, or by `Failed` where it cannot be used."""

    path: str


@dataclass(frozen=True, eq=False, kw_only=True)
class SaveSession(Message):
    """Write a session file: answered by `SessionSaved`.

    Attributes:
        path: The session file.
        run_path: The run folder that is shown.
        shown: What is shown of it.
    """

    path: str
    run_path: str
    shown: Shown


@dataclass(frozen=True, eq=False, kw_only=True)
class Autosave(Message):
    """Keep what is shown, in case the program crashes; only the newest waits.

    Attributes:
        run_path: The run folder that is shown.
        shown: What is shown of it.
        name: The session file that it belongs to, or the title of the run.
        is_last: Whether the window is being closed: then it is what the next start shows.
    """

    run_path: str
    shown: Shown
    name: str
    is_last: bool = False

    @property
    def key(self) -> Hashable:
        """One window has one state."""
        return ("autosave", self.is_last)


@dataclass(frozen=True, eq=False, kw_only=True)
class ForgetLeft(Message):
    """Remove what a crashed window left; the next one, if any, is then told.

    Attributes:
        path: As `SessionLeft` named it.
        is_shown: Whether it is shown here now: then it goes only if this window has kept it.
    """

    path: str
    is_shown: bool = False


@dataclass(frozen=True, eq=False, kw_only=True)
class SessionOpened(Message):
    """A session file was read.

    Attributes:
        path: The session file.
        run_path: Its run folder, "" where it is gone.
        shown: What it shows, as far as the run still has it.
        is_same: Whether the run is the one that was saved; if not, what speaks of single samples
            does not fit.
        notice: What has changed since, in one sentence, or "".
    """

    path: str
    run_path: str
    shown: Shown
    is_same: bool = True
    notice: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class SessionSaved(Message):
    """A session file was written; `why_not` is a sentence where it was not."""

    path: str
    shown: Shown
    why_not: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class SessionLeft(Message):
    """A window that crashed has left what it showed.

    Attributes:
        path: The newest sound file of it.
        name: The session file or run that it showed.
        time: When it was kept, in seconds since 1970.
    """

    path: str
    name: str
    time: float
