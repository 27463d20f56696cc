"""The link from a session file to its run: where the run lies, and whether it is still the same."""

import ntpath
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from aeviz import paths
from aeviz.runs.atomic import json_bytes
from aeviz.runs.info import read_info
from aeviz.runs.metrics import MetricsReader
from aeviz.runs.reading import RunError
from aeviz.runs.schema import RUN_JSON
from aeviz.sessions.fields import Fields

KINDS = ("relative", "absolute", "demo")
LONGEST_PATH = 4096


@dataclass(frozen=True)
class Link:
    """What a session file says of its run.

    Attributes:
        kind: Whether `path` begins at the session's folder, or is absolute; "demo" has none.
        path: With forward slashes where it is relative.
        id: Hash of what never changes in a run.
        epoch: The epoch that was shown, -1 for none.
        check: What the run says of that epoch's files, "" for nothing.
    """

    kind: str
    path: str
    id: str
    epoch: int
    check: str


@dataclass(frozen=True)
class Found:
    """The run of a session, as it is now.

    Attributes:
        path: Its folder; "" where it is gone.
        last_epoch: The newest whole epoch, -1 without any.
        is_same: Whether it is the run that was saved.
        notice: What has changed, in one sentence, or "".
    """

    path: str = ""
    last_epoch: int = -1
    is_same: bool = False
    notice: str = ""


def link_to(run: Path, session: Path | None, epoch: int) -> Link:
    """The link to a run that is shown.

    Args:
        run: Its folder.
        session: The session file; None for one that never moves and is written often: the link is
            absolute then, and the epochs are not looked at.
        epoch: The shown epoch.

    Raises:
        RunError: If the run cannot be read.
    """
    check = "" if session is None else _epochs(run).get(epoch, "")
    link = Link("absolute", str(run), identity(run), epoch, check)
    if os.path.realpath(run) == os.path.realpath(paths.demo()):
        return replace(link, kind="demo", path="")
    relative = None if session is None else _relative(run, session)
    return link if relative is None else replace(link, kind="relative", path=relative)


def identity(run: Path) -> str:
    """Hash of what never changes in a run, also while its training goes on.

    Raises:
        RunError: If it cannot be read.
    """
    info = read_info(run)
    settings = {name: info.settings.get(name) for name in ("data", "model", "seed")}
    fixed = {"created": info.created, "settings": settings, "files": info.files}
    return sha256(json_bytes(fixed)).hexdigest()


def link_row(link: Link) -> dict[str, Any]:
    """The link as it stands in the file."""
    return dict(vars(link))


def link_from(row: Any, where: str) -> Link:
    """The link in a session file.

    Raises:
        SessionError: If a field is wrong, or leads to another computer.
    """
    fields = Fields(row, where, {}, "run.")
    link = Link(
        kind=fields.one_of("kind", KINDS),
        path=fields.text("path", LONGEST_PATH),
        id=fields.text("id"),
        epoch=fields.whole("epoch", -1, 10_000_000),
        check=fields.text("check"),
    )
    is_remote = link.path.replace("\\", "/").startswith("//")
    is_absolute = os.path.isabs(link.path) or ntpath.isabs(link.path) or link.path[1:2] == ":"
    if is_remote or (link.kind == "relative" and (is_absolute or not link.path)):
        raise fields.wrong("path", "must be a path on this computer, from the session's folder")
    if link.kind == "absolute" and not is_absolute:
        raise fields.wrong("path", "must be an absolute path")
    return link


def find(link: Link, session: Path) -> Found:
    """The run of a session file: where the link says, else in the folder of the session file."""
    places = _places(link, session)
    known = [(place, _identity_or_none(place)) for place in places]
    same = next((place for place, found in known if found == link.id), None)
    if same is not None:
        return _found_same(same, link, session)
    other = next((place for place, found in known if found is not None), None)
    if other is not None:
        notice = (
            f"{session.name}: the run {other} is another one than when the session was saved; "
            "what does not fit it is left out."
        )
        return Found(str(other), max(_epochs(other), default=-1), False, notice)
    notice = (
        f"{session.name}: its run {places[0]} is gone; put the folder back, or beside the session "
        "file, and open it again."
    )
    return Found(notice=notice)


def _found_same(run: Path, link: Link, session: Path) -> Found:
    epochs = _epochs(run)
    notice = ""
    if link.epoch >= 0 and link.epoch not in epochs:
        notice = f"{session.name}: epoch {link.epoch} of {run} is gone; the last one is shown."
    elif link.check and epochs[link.epoch] != link.check:
        notice = (
            f"{session.name}: epoch {link.epoch} of {run} was trained anew since the session was "
            "saved, so that its map can look different."
        )
    return Found(str(run), max(epochs, default=-1), True, notice)


def _places(link: Link, session: Path) -> list[Path]:
    """Where the run may be, the likeliest first."""
    if link.kind == "demo":
        return [paths.demo()]
    folder = Path(os.path.realpath(session)).parent
    path = link.path if link.kind == "absolute" else os.path.join(folder, *link.path.split("/"))
    first = Path(os.path.normpath(path))
    return [first, folder / first.name] if first.name else [first]


def _relative(run: Path, session: Path) -> str | None:
    """The way from a session file to its run; None where they share no folder but the root."""
    folder, target = os.path.realpath(session.parent), os.path.realpath(run)
    try:
        shared = os.path.commonpath([folder, target])
    except ValueError:  # on two drives
        return None
    if os.path.dirname(shared) == shared:
        return None
    return Path(os.path.relpath(target, folder)).as_posix()


def _identity_or_none(run: Path) -> str | None:
    try:
        return identity(run) if (run / RUN_JSON).is_file() else None
    except (OSError, RunError):
        return None


def _epochs(run: Path) -> Mapping[int, str]:
    """The epochs of a run, and a hash of what it says of each one's files."""
    reader = MetricsReader(run)
    try:
        reader.poll()
    except (OSError, RunError):
        return {}
    return {line.epoch: _check(line.hashes) for line in reader.lines}


def _check(hashes: Mapping[str, str]) -> str:
    return sha256(json_bytes(dict(hashes), indent=None)).hexdigest()
