"""The container of a session file: a zip of one JSON file and plain arrays, as NPZ has them.

Nothing in it is compressed, so that no file can ask for more memory than it is long, and equal
contents are equal bytes. Every array has its SHA-256 in the JSON, which has its own.
"""

import io
import zipfile
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from numpy.typing import NDArray

from aeviz import __version__
from aeviz.runs.atomic import array_bytes, json_bytes
from aeviz.runs.reading import RunError, parse_json

SESSION_JSON = "session.json"
JSON_LIMIT = 16 * 2**20
"""Bytes of `session.json` at most."""
FORMAT = 1
"""Of the file. A larger one is refused, fields that are not known are left alone."""
MOST_MEMBERS = 2048

_MOMENT = (1980, 1, 1, 0, 0, 0)
_MODE = 0o644 << 16


class SessionError(ValueError):
    """A session file cannot be used; the message names the file and the field."""


def pack(content: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """The file as bytes: the same for the same content, whenever and wherever it is made.

    Args:
        content: The JSON; the keys "format", "aeviz", "arrays" and "check" are added to it.
        arrays: By names without an ending.
    """
    members = {f"{name}.npy": array_bytes(array) for name, array in arrays.items()}
    digests = {name: sha256(data).hexdigest() for name, data in members.items()}
    rest = {"format": FORMAT, "aeviz": __version__, **content, "arrays": digests}
    row = {**rest, "check": _check(rest)}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in {SESSION_JSON: json_bytes(row), **members}.items():
            archive.writestr(_described(name), data)
    return buffer.getvalue()


def unpack(data: bytes, where: str) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The JSON of a session file, and the content of its arrays by their names.

    Args:
        data: The whole file.
        where: Its path, for messages.

    Raises:
        SessionError: If it is no such file, is damaged, or holds what aeviz does not write.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = _members(archive, len(data), where)
    except SessionError:
        raise
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError,
            RuntimeError, OverflowError, MemoryError) as error:  # fmt: skip
        raise SessionError(f"{where} is no session file, or only a part of one: {error}") from error
    row = _json(members.pop(SESSION_JSON, None), where)
    return row, _arrays(row, members, where)


def _described(name: str) -> zipfile.ZipInfo:
    """What the zip says of a member, the same on every system."""
    entry = zipfile.ZipInfo(name, _MOMENT)
    entry.create_system, entry.external_attr = 3, _MODE
    return entry


def _members(archive: zipfile.ZipFile, size: int, where: str) -> dict[str, bytes]:
    """The content of every member, none longer than the file itself."""
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if len(names) > MOST_MEMBERS or len(set(names)) < len(names):
        raise SessionError(f"{where} is no session file: its parts are too many or stand twice")
    for entry in entries:
        _refuse_foreign(entry, size, where)
    return {entry.filename: archive.read(entry) for entry in entries}


def _refuse_foreign(entry: zipfile.ZipInfo, size: int, where: str) -> None:
    """Refuse a member that is compressed, encrypted, or claims to be longer than the file."""
    name = entry.filename[:80]
    is_plain = entry.compress_type == zipfile.ZIP_STORED and not entry.flag_bits & 0x1
    if not is_plain or entry.compress_size != entry.file_size:
        raise SessionError(
            f"{where}: {name!r} in it is compressed or encrypted, which no session file is"
        )
    most = JSON_LIMIT if name == SESSION_JSON else size
    if not 0 <= entry.file_size <= min(size, most):
        raise SessionError(
            f"{where}: {name!r} in it has {entry.file_size} bytes, which is too much"
        )


def _json(data: bytes | None, where: str) -> dict[str, Any]:
    if data is None:
        raise SessionError(f"{where} is no session file: there is no {SESSION_JSON} in it")
    try:
        row = parse_json(data, f"{where}: {SESSION_JSON}")
    except RunError as error:
        raise SessionError(str(error)) from error
    if not isinstance(row, dict):
        raise SessionError(f"{where}: {SESSION_JSON} in it holds no session")
    _refuse_newer(row, where)
    if row.get("check") != _check({key: row[key] for key in row if key != "check"}):
        raise SessionError(f"{where} is damaged: the hash of its content is another one")
    return row


def _refuse_newer(row: dict[str, Any], where: str) -> None:
    """Refuse another format, before anything else of it is believed."""
    version = row.get("format")
    if type(version) is not int or version < 1:
        raise SessionError(f"{where}: the field 'format' must be a whole number from 1")
    if version > FORMAT:
        raise SessionError(
            f"{where} has format {version}, written by a newer aeviz; this is aeviz {__version__}, "
            f"which reads formats up to {FORMAT}: update aeviz"
        )


def _arrays(row: dict[str, Any], members: dict[str, bytes], where: str) -> dict[str, bytes]:
    """The arrays that the JSON promises, each as it was written; others are left alone."""
    promised = row.get("arrays")
    if not isinstance(promised, dict):
        raise SessionError(f"{where}: the field 'arrays' must say which arrays there are")
    found = {}
    for name, digest in promised.items():
        if name not in members:
            raise SessionError(f"{where} is damaged: {name!r} is missing in it")
        if sha256(members[name]).hexdigest() != digest:
            raise SessionError(f"{where} is damaged: the hash of {name!r} in it is another one")
        found[name.removesuffix(".npy")] = members[name]
    return found


def _check(rest: Mapping[str, Any]) -> str:
    """Hash of all but the hash."""
    return sha256(json_bytes(rest, indent=None)).hexdigest()
