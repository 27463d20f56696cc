"""`-o FILE`: which endings a verb writes, and writing them whole or not at all."""

from collections.abc import Sequence
from pathlib import Path

from aeviz.cli.console import CommandError


def ending(path: Path, allowed: Sequence[str]) -> str:
    """The ending of an output file without its dot; raises CommandError naming the allowed ones.

    Checked before the work, so that a long one is not done for nothing.
    """
    found = path.suffix.lower().removeprefix(".")
    if found not in allowed:
        names = ", ".join(f".{name}" for name in allowed)
        raise CommandError(f"-o {path}: the ending must be one of {names}")
    if not path.absolute().parent.is_dir():
        raise CommandError(f"-o {path}: there is no folder {path.absolute().parent}")
    if path.is_dir():
        raise CommandError(f"-o {path}: this is a folder")
    return found


def check_film(kind: str) -> None:
    """Refuse a film that cannot be written here, before the work."""
    if kind not in ("gif", "webp", "mp4"):
        return
    from aeviz.export.films import FilmError, check_kind

    try:
        check_kind(kind)
    except FilmError as error:
        raise CommandError(f"-o: {error}") from error
