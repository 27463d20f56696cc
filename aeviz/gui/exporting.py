"""Saves what the window exports: whole files or none, and a sentence when it cannot be."""

import errno
import os
import secrets
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QImage, QImageWriter

_NEW = (
    os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
)


class ExportError(OSError):
    """The file could not be written; the message names it and says what to do."""


def png_bytes(image: QImage) -> bytes:
    """A picture as the content of a PNG file.

    Raises:
        ExportError: If there is no picture, which is what Qt makes of one that is too large.
    """
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    written = not image.isNull() and QImageWriter(buffer, QByteArray(b"png")).write(image)
    buffer.close()
    if not written or content.isEmpty():
        raise ExportError("The picture is too large to be made: show fewer samples or epochs.")
    return bytes(content.data())


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that at every moment the old or the new one is whole.

    The bytes go to a new file beside the target, reach the disk, and take its name.

    Raises:
        ExportError: If that fails; the old file stands as it was.
    """
    beside = path.with_name(f".{secrets.token_hex(6)}.part")
    try:
        _write_new(beside, content)
        os.replace(beside, path)
        _sync_folder(path.parent)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise ExportError(_sentence(path, len(content), error)) from error


def _write_new(path: Path, content: bytes) -> None:
    handle = os.open(path, _NEW, 0o666)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_folder(folder: Path) -> None:
    """Bring the new name to the disk; Windows has no handles of folders and needs none."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sentence(path: Path, size: int, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return (
            f"There is no room for {path} ({size / 1e6:.1f} MB): free some or choose another disk."
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{path} may not be written: choose another folder."
    if error.errno == errno.ENOENT:
        return f"There is no folder {path.parent}: choose one that exists."
    return f"{path} could not be written ({error.strerror or error}): choose another place."
