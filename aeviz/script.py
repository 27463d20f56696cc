"""Scripts that make a figure again, as text: values, calls, statements, laid out for readers.

What a script says comes from data and folders of strangers: every word of theirs goes through
`quoted`, so that it is a string or a comment and never code.
"""

import ast
import textwrap
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz.plane import Direction, Plane, dimension

WIDTH = 88
"""Columns of a line that is not broken; formatters break at 88 or more."""

MOST_INLINE = 16
"""Numbers in a row at most that stand one after the other in code; more are a text of numbers."""

_IMPORTS = (
    ("Path", "from pathlib import Path"),
    ("aeviz", "import aeviz"),
    ("np", "import numpy as np"),
    ("Image", "from PIL import Image"),
)
_OF_PLANE = ("Direction", "Plane", "two_dimensions")


class Name(str):
    """A piece of code, such as a variable."""

    __slots__ = ()


@dataclass(frozen=True)
class Call:
    """A call, to be laid out.

    Attributes:
        name: What is called.
        arguments: Values by position.
        named: Values by name; those that are None are left out.
    """

    name: str
    arguments: Sequence[Any] = ()
    named: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Recipe:
    """How a figure is made again, once `run` is loaded.

    Attributes:
        what: The figure in words, such as "grid of decodes".
        lines: Statements; they make `picture`.
        notes: Sentences about what the script leaves out.
    """

    what: str
    lines: Sequence[str]
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Origin:
    """Where a figure comes from.

    Attributes:
        title: Of the run.
        path: Its folder, absolute.
        epoch: The shown one.
        version: Of aeviz.
    """

    title: str
    path: str
    epoch: int
    version: str


def text(recipe: Recipe, origin: Origin, script: PurePath | None = None) -> str:
    """A whole script that loads a run and writes a picture.

    Args:
        recipe: What it makes.
        origin: Of what.
        script: The file that it is written to: a run in that file's folder is then found beside
            it, and the picture has its name. None for a script to be pasted somewhere.
    """
    target: Any = f"{recipe.what.split()[0]}.png"
    if script is not None:
        target = Name('Path(__file__).with_suffix(".png")')
    loaded = Call("aeviz.load", [_place(origin.path, script)])
    body = [
        assigned("run", loaded),
        *recipe.lines,
        assigned("target", target),
        "Image.fromarray(picture).save(target)",
        "print(target)",
    ]
    told = f"epoch {origin.epoch} of {quoted(origin.title)}"
    head = [
        f"# The {recipe.what} at {told}, written by aeviz {origin.version}.",
        f"# Run: {quoted(origin.path)}",
        *(f"# {note}" for note in recipe.notes),
    ]
    imports = _imports("\n".join(body))
    return "\n".join([*head, *imports, "", *body]) + "\n"


def _place(path: str, script: PurePath | None) -> Any:
    """A run folder as it is found from a script."""
    folder = type(script)(path) if script is not None else None
    if script is None or folder is None or not folder.is_relative_to(script.parent):
        return path
    beside = folder.relative_to(script.parent).as_posix()
    return Name(f"Path(__file__).parent / {quoted(beside)}")


def _imports(body: str) -> Iterator[str]:
    """Imports of the names that a script uses: the standard library, then the others."""
    used = {node.id for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Name)}
    of_plane = [name for name in _OF_PLANE if name in used]
    for name, line in _IMPORTS:
        if name not in used:
            continue
        if name == "Image" and of_plane:
            yield f"from aeviz.plane import {', '.join(of_plane)}"
        yield line
        if name == "Path":
            yield ""


# ── statements ────────────────────────────────────────────────────────────────────────────────


def assigned(name: str, value: Any) -> str:
    """`name = value` in as many lines as it needs."""
    return f"{name} = {laid(value, 0, len(name) + 3)}"


def laid(value: Any, indent: int = 0, before: int = 0) -> str:
    """A value as code, in one line where it fits, else a line for each part.

    Args:
        value: Numbers, words, tuples, lists, arrays, planes, `Call` and `Name`.
        indent: Of the line that it begins in.
        before: Columns of that line that stand before it.

    Example:
        >>> print(laid(Call("run.draw", [16, 3], {"using": "gmm", "sample": None})))
        run.draw(16, 3, using="gmm")
    """
    value = _plain(value)
    line = in_line(value)
    if "\n" not in line and indent + before + _columns(line) <= WIDTH:
        return line
    if isinstance(value, Call):
        return _broken(f"{value.name}(", _parts(value), ")", indent)
    if isinstance(value, list | tuple) and len(value):
        ends = "[]" if isinstance(value, list) else "()"
        return _broken(ends[0], [("", each) for each in value], ends[1], indent)
    return line


def _broken(start: str, parts: Sequence[tuple[str, Any]], end: str, indent: int) -> str:
    inner = " " * (indent + 4)
    rows = [f"{inner}{name}{laid(value, indent + 4, len(name) + 1)}," for name, value in parts]
    return "\n".join([start, *rows, " " * indent + end])


def _parts(call: Call) -> list[tuple[str, Any]]:
    named = [(f"{name}=", each) for name, each in call.named.items() if each is not None]
    return [*(("", each) for each in call.arguments), *named]


def in_line(value: Any) -> str:
    """A value as code in one line."""
    value = _plain(value)
    if isinstance(value, Name):
        return str(value)
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, Call):
        inner = ", ".join(f"{name}{in_line(each)}" for name, each in _parts(value))
        return f"{value.name}({inner})"
    if isinstance(value, list):
        return f"[{', '.join(in_line(each) for each in value)}]"
    if isinstance(value, tuple):
        inner = ", ".join(in_line(each) for each in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return str(value) if isinstance(value, np.float32) else repr(value)


def _plain(value: Any) -> Any:
    """Arrays and planes as what code can say of them."""
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, Plane):
        return _plane(value)
    if isinstance(value, Direction):
        return _direction(value)
    if isinstance(value, np.integer):
        return int(value)
    return float(value) if isinstance(value, np.float64) else value


def _array(values: NDArray[Any]) -> Any:
    """A row of few numbers as a tuple, a table as a list of rows, many as a text of numbers."""
    if values.ndim == 2 and len(values) <= MOST_INLINE:
        return [_array(row) for row in values]
    if values.ndim == 1 and len(values) <= MOST_INLINE:
        return tuple(values.tolist()) if values.dtype.kind in "iu" else tuple(values)
    words = " ".join(str(each) for each in values.reshape(-1))
    lines = textwrap.fill(words, WIDTH, break_long_words=False, break_on_hyphens=False)
    kind = "int" if values.dtype.kind in "iu" else f"np.{values.dtype}"
    made = Call("np.fromstring", [Name(f'"""\n{lines}\n"""'), Name(kind)], {"sep": " "})
    if values.ndim == 1:
        return made
    return Name(f"{laid(made)}.reshape(-1, {values.shape[1]})")


def _plane(plane: Plane) -> Call:
    """A plane by the shortest way to make it."""
    epoch = None if plane.epoch < 0 else plane.epoch
    if len(plane.directions) == 2:
        first, second = plane.directions
        if (first, second) == (dimension(first.numbers[0]), dimension(second.numbers[0])):
            numbers = [first.numbers[0], second.numbers[0]]
            return Call("two_dimensions", numbers, {"base": plane.base, "epoch": epoch})
    named = {
        "directions": plane.directions or None,
        "base": plane.base,
        "epoch": epoch,
    }
    return Call("Plane", [plane.kind], named)


def _direction(direction: Direction) -> Call:
    named = {"start": direction.start or None}
    return Call("Direction", [direction.kind, direction.numbers, direction.title], named)


# ── words ─────────────────────────────────────────────────────────────────────────────────────


def quoted(words: str) -> str:
    r"""Words of anybody as a string in one line, in double quotes where that needs no more escapes.

    Example:
        >>> print(quoted('a "b"\n'), quoted("it's"), quoted("\\"))
        'a "b"\n' "it's" "\\"
    """
    # A double quote in front makes `repr` choose single ones, and escape those alone.
    body = repr('"' + words)[2:-1].replace("\\'", "'")
    if body.count('"') > body.count("'"):
        return "'" + body.replace("'", "\\'") + "'"
    return '"' + body.replace('"', '\\"') + '"'


def _columns(line: str) -> int:
    """How wide a line is: East Asian letters take two columns."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WFA" else 1 for letter in line)
