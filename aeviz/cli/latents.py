"""Latents on the command line: `--at -1,0`, files of points, the words for an epoch."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from aeviz.cli.console import CommandError

if TYPE_CHECKING:
    from aeviz.api import Run
    from aeviz.messages import FloatArray


def parse_epoch(word: str) -> int | str:
    """`--epoch E|last|best`."""
    if word in ("last", "best"):
        return word
    if word.isdecimal():
        return int(word)
    raise CommandError(f"--epoch {word}: write a number from 0, last or best")


def parse_points(words: Sequence[str], dimensions: int) -> "FloatArray":
    """The latents (B, D) of `--at Z`, each D numbers separated by commas."""
    import numpy as np

    return np.array([_parse_point(word, dimensions, "--at") for word in words], np.float32)


def parse_place(flag: str, word: str, run: "Run", epoch: int | str) -> "FloatArray":
    """The latent (D,) that `I` or `Z` names: a bare number is a sample's, `z:3` is a point."""
    import numpy as np

    if not word.isdecimal():
        return np.array(_parse_point(word, run.latent_dim, flag), np.float32)
    found = np.flatnonzero(run.index == int(word))
    if not found.size:
        raise CommandError(
            f"{flag} {word}: this run shows no sample of that number; its {len(run.index):,} "
            f"samples lie between {run.index.min()} and {run.index.max()}"
        )
    return np.asarray(run.latents(epoch)[found[0]])  # type: ignore[arg-type]


def _parse_point(word: str, dimensions: int, flag: str) -> list[float]:
    import numpy as np

    try:
        numbers = [float(part) for part in word.removeprefix("z:").split(",")]
    except ValueError as error:
        raise CommandError(
            f"{flag} {word}: write {dimensions} numbers separated by commas, such as"
            f" {','.join(['0'] * dimensions)}"
        ) from error
    if len(numbers) != dimensions:
        raise CommandError(f"{flag} {word}: this run has {_count(dimensions)}, not {len(numbers)}")
    with np.errstate(over="ignore"):
        is_finite = bool(np.isfinite(np.array(numbers, np.float32)).all())
    if not is_finite:
        raise CommandError(f"{flag} {word}: every number must be finite")
    return numbers


def read_points(path: Path, dimensions: int) -> "FloatArray":
    """The latents (B, D) of a file: .npy, .npz with `z`, or .csv with D columns or z1…zD."""
    readers = {".npy": _read_npy, ".npz": _read_npz, ".csv": _read_csv}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise CommandError(f"--points {path}: write a file .npy, .npz or .csv")
    try:
        points = reader(path, dimensions)
    except FileNotFoundError as error:
        raise CommandError(f"--points {path}: there is no such file") from error
    except (OSError, ValueError, EOFError) as error:
        raise CommandError(f"--points {path} cannot be read: {error}") from error
    return _check_points(path, points, dimensions)


def _check_points(path: Path, points: "FloatArray", dimensions: int) -> "FloatArray":
    import numpy as np

    if points.ndim != 2 or points.shape[1] != dimensions or not len(points):
        raise CommandError(
            f"--points {path}: an array of shape {points.shape}, but this run has"
            f" {_count(dimensions)}: (points, {dimensions})"
        )
    if points.dtype.kind not in "fiu" or not np.isfinite(points).all():
        raise CommandError(f"--points {path}: every entry must be a finite number")
    return points.astype(np.float32)


def _read_npy(path: Path, dimensions: int) -> "FloatArray":
    import numpy as np

    return np.asarray(np.load(path, allow_pickle=False))


def _read_npz(path: Path, dimensions: int) -> "FloatArray":
    import numpy as np

    with np.load(path, allow_pickle=False) as arrays:
        if "z" not in arrays:
            raise ValueError(f"no array 'z' in it; it has {', '.join(arrays.files) or 'none'}")
        return np.asarray(arrays["z"])


def _read_csv(path: Path, dimensions: int) -> "FloatArray":
    """Columns named z1…zD where there is a header, else all columns."""
    import numpy as np

    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = [row for row in csv.reader(file) if row]
    names = [f"z{number}" for number in range(1, dimensions + 1)]
    if rows and set(names) <= set(rows[0]):
        columns = [rows[0].index(name) for name in names]
        rows = [[row[column] for column in columns] for row in rows[1:]]
    try:
        return np.array([[float(cell) for cell in row] for row in rows], np.float32)
    except (ValueError, IndexError) as error:
        raise ValueError(f"{error}; write numbers, with a header {','.join(names)}") from error


def _count(dimensions: int) -> str:
    return "1 dimension" if dimensions == 1 else f"{dimensions} dimensions"
