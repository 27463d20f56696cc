"""The lock of a run folder: one writer, and who it is for everybody else.

A lock is taken over only when its holder is proven dead, which only the same computer can do.
"""

import datetime
import os
import secrets
import stat
import sys
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from aeviz.runs.atomic import (
    BINARY,
    NO_FOLLOW,
    create,
    json_bytes,
    remove,
    save_error,
    temporary_beside,
    write_all,
)
from aeviz.runs.process import LARGEST_PID, Process, is_dead, this_process
from aeviz.runs.reading import RunError, parse_json, read_bytes
from aeviz.runs.schema import LOCK

RECORD_SIZE = 2048
"""Bytes of a lock: always the same, so that a takeover overwrites it with one write."""

ATTEMPTS = 5
"""How often the lock is tried for when it vanishes between two looks."""


@dataclass(frozen=True)
class Holder:
    """What a lock says.

    Attributes:
        process: Who holds it.
        since: Local time with offset, ISO 8601, for a person.
        token: Tells two locks of one process apart.
    """

    process: Process
    since: str
    token: str

    def to_bytes(self) -> bytes:
        """The content of the file: JSON, filled up with spaces."""
        row = {**asdict(self.process), "since": self.since, "token": self.token}
        return json_bytes(row).ljust(RECORD_SIZE - 1) + b"\n"

    @classmethod
    def from_bytes(cls, data: bytes, where: str) -> "Holder":
        """What `to_bytes` wrote.

        Raises:
            RunError: If it is something else.
        """
        row = parse_json(data, where)
        names = [field.name for field in fields(Process)]
        if not isinstance(row, dict) or not _is_record(row, [*names, "since", "token"]):
            raise RunError(f"{where} is no lock that aeviz wrote")
        return cls(Process(**{name: row[name] for name in names}), row["since"], row["token"])


class Lock:
    """The right to write a run folder, held from `take` to `release`."""

    def __init__(self, path: Path, holder: Holder) -> None:
        self._path = path
        self._holder = holder

    @classmethod
    def take(cls, root: Path) -> "Lock":
        """Become the writer of a folder.

        Raises:
            RunError: If somebody else is, or cannot be proven dead; it names host and process.
            SaveError: If the folder cannot be written.
        """
        path = root / LOCK
        holder = Holder(this_process(), _now(), secrets.token_hex(8))
        try:
            for _ in range(ATTEMPTS):
                if _create_at_once(path, holder.to_bytes()) or _take_over(path, holder):
                    return cls(path, holder)
        except OSError as error:
            raise save_error(path, RECORD_SIZE, error) from error
        raise RunError(f"{path} changes all the time: another process wants to write here too")

    def release(self) -> None:
        """Let others write; a lock that is no longer this one stays. Idempotent.

        Raises:
            RunError: If it cannot be read any more.
            SaveError: If it cannot be removed.
        """
        for is_last in (False, True):  # or this process would keep itself from writing later
            try:
                if holder_of(self._path.parent) == self._holder:
                    self._path.unlink(missing_ok=True)
                return
            except RunError:
                if is_last:
                    raise
            except OSError as error:
                if is_last:
                    raise save_error(self._path, 0, error) from error


def holder_of(root: Path) -> Holder | None:
    """Who holds the lock of a folder, or None.

    Raises:
        RunError: If there is a lock that cannot be read.
    """
    try:
        data = read_bytes(root, LOCK, RECORD_SIZE)
    except FileNotFoundError:
        return None
    return Holder.from_bytes(data, str(root / LOCK))


def may_be_written(root: Path) -> bool:
    """Whether a folder has a writer, as far as nobody can prove the contrary."""
    try:
        holder = holder_of(root)
    except RunError:
        return True
    return holder is not None and not is_dead(holder.process)


def _create_at_once(path: Path, record: bytes) -> bool:
    """Make the lock with its content in one moment; False when there is one already."""
    temporary = temporary_beside(path)
    try:
        create(temporary, record)
        try:
            os.link(temporary, path)
        except FileExistsError:
            return False
        except OSError:
            return _create_plainly(path, record)
        return True
    finally:
        remove(temporary)


def _create_plainly(path: Path, record: bytes) -> bool:
    """As `_create_at_once`, on file systems without hard links: first the name, then content."""
    try:
        create(path, record)
    except FileExistsError:
        return False
    return True


def _take_over(path: Path, holder: Holder) -> bool:
    """Overwrite a dead process's lock; False when it vanished meanwhile."""
    try:
        descriptor = os.open(path, os.O_RDWR | NO_FOLLOW | BINARY)
    except FileNotFoundError:
        return False
    try:
        _exclude_others(descriptor, path)
        return _overwrite(descriptor, path, holder)
    finally:
        os.close(descriptor)


def _overwrite(descriptor: int, path: Path, holder: Holder) -> bool:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise RunError(f"{path} is no lock that aeviz wrote; delete it to write here")
    if not _is_still_there(path, status):
        return False
    _refuse_living(os.read(descriptor, RECORD_SIZE), path)
    os.lseek(descriptor, 0, os.SEEK_SET)
    # Within one page and of the old length, so a kill leaves the old or the new record.
    write_all(descriptor, memoryview(holder.to_bytes()))
    os.fsync(descriptor)
    return True


def _is_still_there(path: Path, status: os.stat_result) -> bool:
    """Whether the name still means the file that was opened."""
    try:
        return os.path.samestat(os.lstat(path), status)
    except FileNotFoundError:
        return False


def _refuse_living(data: bytes, path: Path) -> None:
    try:
        other = Holder.from_bytes(data, str(path))
    except RunError as error:
        raise RunError(f"{error}; delete it if no aeviz writes this run any more") from error
    if is_dead(other.process):
        return
    process = other.process
    where = f"process {process.pid} on {process.host}, since {other.since}"
    advice = "wait for it or stop it"
    if process.host != this_process().host or process.namespace != this_process().namespace:
        advice += f"; if it is gone, delete {path}"
    raise RunError(f"{path.parent} is being written by {where}: {advice}")


if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    def _exclude(descriptor: int) -> None:
        # Far behind the end: Windows would also keep readers from the bytes themselves.
        os.lseek(descriptor, 2**20, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)

else:
    import fcntl

    def _exclude(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _exclude_others(descriptor: int, path: Path) -> None:
    """Keep others from taking the same lock over at the same time; ends with the descriptor."""
    try:
        _exclude(descriptor)
    except OSError as error:
        raise RunError(
            f"{path} is being taken over by another process; try again, or delete it if no "
            "aeviz writes this run any more"
        ) from error


def _is_record(row: dict[str, Any], names: list[str]) -> bool:
    texts = [row.get(name) for name in names if name != "pid"]
    pid = row.get("pid")
    return (
        all(isinstance(text, str) for text in texts) and type(pid) is int and 0 < pid <= LARGEST_PID
    )


def _now() -> str:
    return datetime.datetime.now().astimezone().isoformat(timespec="seconds")
