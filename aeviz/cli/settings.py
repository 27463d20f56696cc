"""`--config` and `--set` as settings of a training, with a sentence for every wrong word."""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from aeviz.cli.console import CommandError
from aeviz.dotted import BESIDE, GROUPS


def read_config(path: Path) -> dict[str, Any]:
    """The settings of a TOML file, in the same form as `run.json`."""
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CommandError(f"--config {path}: there is no such file") from error
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"--config {path} cannot be read: {error}") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise CommandError(f"--config {path} is not valid TOML: {error}") from error
    for name, value in read.items():
        if name not in (*GROUPS, *BESIDE):
            known = ", ".join((*GROUPS, *BESIDE))
            raise CommandError(f"--config {path}: unknown key {name!r}; known are {known}")
        if name in GROUPS and not isinstance(value, dict):
            raise CommandError(f"--config {path}: {name!r} must be a table, [{name}]")
    return read


def split_assignments(assignments: Iterable[str]) -> dict[str, str]:
    """The words of `--set KEY=VALUE` by their dotted names; a later one wins."""
    split: dict[str, str] = {}
    for word in assignments:
        key, sign, value = word.partition("=")
        key = key.strip()
        group, _, name = key.partition(".")
        if not sign or not ((group in GROUPS and name) or key in BESIDE):
            groups = ", ".join(GROUPS)
            raise CommandError(
                f"--set {word}: write GROUP.NAME=VALUE with one of the groups {groups};"
                " `aeviz list models` names the options"
            )
        split[key] = value.strip()
    return split
