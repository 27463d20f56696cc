"""Session files on the disk: written whole or not at all, read with nothing believed."""

from dataclasses import dataclass
from pathlib import Path

from aeviz.runs.atomic import write_bytes
from aeviz.runs.reading import RunError, read_bytes
from aeviz.sessions.archive import SessionError, pack, unpack
from aeviz.sessions.content import from_content, to_content
from aeviz.sessions.link import Link, link_from, link_row, link_to
from aeviz.shown import Shown

SUFFIX = ".aeviz"
FILE_LIMIT = 2**30
"""Largest session file in bytes."""


@dataclass(frozen=True, eq=False)
class SessionFile:
    """The content of a session file."""

    link: Link
    shown: Shown


def save(path: Path, run: Path, shown: Shown, *, is_kept_here: bool = False) -> None:
    """Write what is shown of a run.

    Args:
        path: The session file; one that a link leads to is replaced where it lies.
        run: The run folder.
        shown: What is shown.
        is_kept_here: Whether the file never moves and is written often; see `link_to`.

    Raises:
        RunError: If the run cannot be read any more.
        SessionError: If it shows what no session file may hold.
        SaveError: If the file cannot be written; the old one stands.
    """
    link = link_to(run, None if is_kept_here else path, int(shown.playhead))
    data = to_bytes(SessionFile(link, shown))
    from_bytes(data, str(path))  # what could not be read again must not replace what can
    write_bytes(path.resolve(), data)


def read(path: Path) -> SessionFile:
    """Read a session file, which may come from a stranger.

    Raises:
        SessionError: If it is none, of a newer format, damaged, or a field in it is wrong.
    """
    try:
        resolved = path.resolve()
        data = read_bytes(resolved.parent, resolved.name, FILE_LIMIT)
    except FileNotFoundError:
        raise SessionError(f"{path}: there is no such file") from None
    except (RunError, OSError, RuntimeError) as error:
        raise SessionError(str(error)) from error
    if not data:
        raise SessionError(f"{path} is empty; it is no session file")
    return from_bytes(data, str(path))


def to_bytes(session: SessionFile) -> bytes:
    """The content of the file; equal sessions are equal bytes."""
    content, arrays = to_content(session.shown)
    return pack({"run": link_row(session.link), **content}, arrays)


def from_bytes(data: bytes, where: str) -> SessionFile:
    """What `to_bytes` made.

    Raises:
        SessionError: If it is anything else.
    """
    row, arrays = unpack(data, where)
    if "run" not in row:
        raise SessionError(f"{where}: the field 'run' is missing")
    return SessionFile(link_from(row["run"], where), from_content(row, arrays, where))
