"""One Python file as a plug-in: read once, hashed, and run as a module; what fails has a line.

The bytes that were hashed are the bytes that run: the file cannot be exchanged in between.
"""

import hashlib
import importlib.abc
import importlib.util
import os
import stat
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path

from aeviz.runs.atomic import BINARY

LARGEST = 16 * 2**20
"""Bytes of a plug-in at most: one that is larger is no program that a person wrote."""


class PluginError(ValueError):
    """A plug-in cannot be used; the message names the file, the line and what is wrong."""


@dataclass(frozen=True)
class Source:
    """A plug-in before it runs.

    Attributes:
        path: The file, whole and without links.
        content: What it holds.
        sha256: Hash of the content in hexadecimal.
    """

    path: str
    content: bytes
    sha256: str


def read(path: Path | str) -> Source:
    """Read a plug-in without running it.

    Raises:
        PluginError: If it is not there, is no Python file, or cannot be read.
    """
    whole = os.path.realpath(path)
    if not whole.endswith(".py"):
        raise PluginError(f"{path} is no plug-in: a plug-in is one Python file, NAME.py")
    try:
        content = _content(whole)
    except OSError as error:
        raise PluginError(
            f"{path}: the plug-in cannot be read: {error.strerror or error}"
        ) from error
    if len(content) > LARGEST:
        raise PluginError(f"{path} is larger than {LARGEST // 2**20} MB: it is no plug-in")
    return Source(whole, content, hashlib.sha256(content).hexdigest())


def run(source: Source) -> None:
    """Run a plug-in as a module of its own.

    Raises:
        PluginError: If that fails, with the file, the line and the reason; nothing is undone.
    """
    name = module_name(source)
    spec = importlib.util.spec_from_loader(name, _Loader(source), origin=source.path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their annotations up there
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        sys.modules.pop(name, None)
        raise PluginError(complaint(source.path, error)) from error
    except BaseException:
        sys.modules.pop(name, None)
        raise


def module_name(source: Source) -> str:
    """What Python calls the module of a plug-in: another content has another name."""
    return f"aeviz_plugin_{source.sha256[:16]}"


def complaint(what: str, error: BaseException, folder: str | None = None) -> str:
    """What is wrong with a plug-in in one sentence: file, line, reason.

    Args:
        what: The path of a file, or what a person calls an installed package.
        error: What went wrong while it was loaded.
        folder: Where the files of the package lie; None for a file.
    """
    if isinstance(error, SystemExit):
        reason = "it ends the program while it is being loaded"
    elif isinstance(error, SyntaxError):
        reason = error.msg or "this is no Python"
    else:
        first = " ".join(str(error).split())[:300]
        kind = type(error).__name__
        reason = first if isinstance(error, ValueError) and first else f"{kind}: {first}"
    places = [place for place in _places(error) if place[0].startswith(folder or what)]
    if not places:
        return f"{what}: {reason}"
    file, line = places[-1]
    return f"{what if folder is None else f'{what}, {file}'}, line {line}: {reason}"


def _places(error: BaseException) -> list[tuple[str, int]]:
    """Files and lines that led to an error, the last one nearest to it."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [(frame.filename, frame.lineno or 0) for frame in frames]
    if isinstance(error, SyntaxError) and error.filename:
        places.append((error.filename, error.lineno or 0))
    return places


class _Loader(importlib.abc.SourceLoader):
    """Gives Python the bytes that were read; writes no compiled copy beside the file."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def get_filename(self, fullname: str) -> str:
        return self._source.path

    def get_data(self, path: str) -> bytes:
        if path != self._source.path:
            raise OSError(f"{path} is no part of the plug-in")  # a compiled copy is never read
        return self._source.content


def _content(path: str) -> bytes:
    """The bytes of a regular file, one more than allowed at most; a pipe is never waited for."""
    flags = os.O_RDONLY | BINARY | getattr(os, "O_NONBLOCK", 0)
    with os.fdopen(os.open(path, flags), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("it is not a regular file")
        return file.read(LARGEST + 1)
