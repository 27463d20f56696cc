"""What a start of the window is asked for, and the error that says why it cannot be done."""

from dataclasses import dataclass


class CannotStart(RuntimeError):
    """The window cannot be opened or shown here; the message says why and what to do."""


@dataclass(frozen=True)
class Shot:
    """What a picture of the window shows.

    Attributes:
        path: Run folder or session file; None for the demo.
        width: Width of the window in points.
        height: Its height.
        scale: Pixels per point.
        theme: "light" or "dark".
        view: Name or title of the dock to bring to the front; None leaves the standard layout.
        epoch: The epoch under the playhead: a number, "last" or "best"; None for that of the
            session, of a run the last.
    """

    path: str | None = None
    width: int = 1600
    height: int = 1000
    scale: int = 1
    theme: str = "light"
    view: str | None = None
    epoch: int | str | None = None
