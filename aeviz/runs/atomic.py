"""The one function every file of a run is written with: after it stands the old or the new file.

A temporary file beside the target, fsync, read back, rename, fsync of the folder.
"""

import contextlib
import errno
import hashlib
import io
import json
import os
import secrets
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

TEMPORARY = ".tmp-"
"""Start of the names of temporary files; what a killed process left is swept by these."""

# Windows has neither O_NOFOLLOW nor O_DIRECTORY and needs O_BINARY; POSIX has no O_BINARY.
NO_FOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
BINARY: int = getattr(os, "O_BINARY", 0)
FOLDER: int = getattr(os, "O_DIRECTORY", 0)
IS_WINDOWS = os.name == "nt"

REPLACE_PATIENCE = 2.0
"""Seconds for which a rename is tried again on Windows, where a reader's open file stops it."""

_DISK_FULL = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "files of this size are not allowed there",
}


class SaveError(OSError):
    """A file could not be written; what stood there before still stands.

    Attributes:
        path: The file that was to be written.
        need: Its size in bytes.
        free: Free bytes of its disk, None when not known.
    """

    path: Path = Path()
    need: int = 0
    free: int | None = None


def save_error(path: Path, need: int, cause: OSError) -> SaveError:
    """The error to raise for a failed write: one sentence with path, reason, need and free."""
    free = _free_bytes(path.parent)
    reason = _DISK_FULL.get(cause.errno or 0)
    if reason is None:
        sentence = f"{path} cannot be written: {cause.strerror or cause}"
    else:
        room = "an unknown amount is" if free is None else f"{_bytes(free)} are"
        sentence = (
            f"{path} cannot be written because {reason}: it needs {_bytes(need)}, {room} free; "
            "make room there or choose another folder"
        )
    error = SaveError(sentence)
    error.errno, error.path, error.need, error.free = cause.errno, path, need, free
    return error


def write_bytes(path: Path, data: bytes | memoryview, *, mode: int = 0o666) -> str:
    """Replace a file as a whole, or leave it as it is.

    Args:
        path: The file; its folder must exist. A symbolic link there is replaced, not followed.
        data: The whole content.
        mode: Who may read and write the file, less what the umask takes away.

    Returns:
        SHA-256 of the content in hexadecimal.

    Raises:
        SaveError: When anything failed; the temporary file is gone and the old file stands.
    """
    view = memoryview(data).cast("B")
    digest = hashlib.sha256(view).hexdigest()
    temporary = temporary_beside(path)
    try:
        create(temporary, view, mode)
        if file_digest(temporary) != digest:
            raise OSError(errno.EIO, "the disk gives back other bytes than were written")
        _replace(temporary, path)
        sync_folder(path.parent)
    except OSError as error:
        raise save_error(path, len(view), error) from error
    finally:
        remove(temporary)
    return digest


def create(path: Path, data: bytes | memoryview, mode: int = 0o666) -> None:
    """Write a file that must not exist yet and bring it to the disk.

    Raises:
        OSError: As the system says it; the file may stand there in part.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_FOLLOW | BINARY
    descriptor = os.open(path, flags, mode)
    try:
        write_all(descriptor, memoryview(data))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, view: memoryview) -> None:
    """Write all bytes: one call to the system can take fewer than it was given."""
    while view:
        written = os.write(descriptor, view)
        if not written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        view = view[written:]


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content in hexadecimal."""
    with os.fdopen(os.open(path, os.O_RDONLY | NO_FOLLOW | BINARY), "rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk; Windows does so by itself."""
    if IS_WINDOWS:
        return
    descriptor = os.open(folder, os.O_RDONLY | FOLDER)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems cannot do this to folders and say so with EINVAL.
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)


def make_folder(path: Path) -> bool:
    """Make a folder with those above it, and bring its name to the disk.

    Returns:
        Whether it is new; one that is there will do.

    Raises:
        SaveError: If it cannot be made.
    """
    new = [folder for folder in (path, *path.parents) if not folder.exists()]
    try:
        path.mkdir(parents=True, exist_ok=True)
        for folder in new:
            sync_folder(folder.parent)
    except OSError as error:
        for folder in new:
            remove_if_empty(folder)
        raise save_error(path, 0, error) from error
    return bool(new)


def temporary_beside(path: Path) -> Path:
    """A name nobody uses, short so that it fits where the target's name just fits."""
    return path.with_name(TEMPORARY + secrets.token_hex(6))


def remove(path: Path) -> None:
    """Remove a file that nobody needs any more; what cannot be removed stays."""
    with contextlib.suppress(OSError):
        path.unlink()


def remove_if_empty(path: Path) -> None:
    """Remove a folder that is empty; any other stays."""
    with contextlib.suppress(OSError):
        path.rmdir()


def array_bytes(array: NDArray[Any]) -> bytes:
    """The content of a `.npy` file; arrays of objects raise ValueError."""
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.asarray(array, order="C"), allow_pickle=False)
    return buffer.getvalue()


def weights_bytes(weights: Mapping[str, NDArray[Any]]) -> bytes:
    """The content of a `.safetensors` file."""
    plain = {name: np.asarray(array, order="C") for name, array in weights.items()}
    return safetensors.numpy.save(plain)


def json_bytes(value: Any, *, indent: int | None = 1) -> bytes:
    """The content of a `.json` file; numbers that are not finite raise ValueError."""
    separators = (",", ":") if indent is None else None
    text = json.dumps(
        value, ensure_ascii=False, allow_nan=False, indent=indent, separators=separators
    )
    # Undecodable bytes of file names stand in Python texts as lone surrogates, which UTF-8
    # refuses; a backslash escape is what JSON writes for them.
    return text.encode("utf-8", "backslashreplace")


def _replace(source: Path, target: Path) -> None:
    """Rename over the target; on Windows wait for readers that have it open for a moment."""
    deadline = time.monotonic() + REPLACE_PATIENCE
    while True:
        try:
            os.replace(source, target)
            return
        except PermissionError:
            if not IS_WINDOWS or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _free_bytes(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def _bytes(count: int) -> str:
    """A size as a person reads it: 1.4 MB."""
    if count < 1000:
        return f"{count} bytes"
    for unit, size in (("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count / 1e3:.1f} kB"
