"""The folder itself: made, found empty, swept, removed again."""

import os
from pathlib import Path

from aeviz.runs.atomic import TEMPORARY, make_folder, remove, remove_if_empty
from aeviz.runs.checkpoint import sweep_checkpoint
from aeviz.runs.reading import RunError, refuse_link
from aeviz.runs.schema import (
    AXES,
    CHECKPOINT,
    CONTROL,
    LATENTS,
    LOCK,
    MANIFEST,
    METRICS,
    PROGRESS,
    RUN_JSON,
    SAMPLES,
    WEIGHTS,
)

FOLDERS = (LATENTS, AXES, WEIGHTS, CHECKPOINT)
FILES = (SAMPLES, RUN_JSON, METRICS, MANIFEST, CONTROL, PROGRESS)


def make_empty(path: Path) -> bool:
    """Make the folder of a new run, and those above it.

    Returns:
        Whether it is new; an empty one that was there will do.

    Raises:
        RunError: If there is a file, or a folder with something in it.
        SaveError: If it cannot be made.
    """
    if path.exists() and not path.is_dir():
        raise RunError(f"{path} is a file; choose another name for the run")
    is_new = make_folder(path)
    require_empty(path)
    return is_new


def require_empty(path: Path) -> None:
    """Refuse a folder that holds anything but the lock.

    Raises:
        RunError: It names what else can be done.
    """
    if names_in(path) - {LOCK}:
        raise RunError(
            f"{path} is not empty: go on with the run that is there with --resume {path}, "
            "or choose another folder"
        )


def make_parts(root: Path) -> None:
    """Make the folders of latents and weights; what is there will do, a link will not.

    Raises:
        RunError: If one is a symbolic link.
        SaveError: If one cannot be made.
    """
    for folder in (root / LATENTS, root / WEIGHTS):
        refuse_link(folder)
        make_folder(folder)


def sweep(root: Path) -> None:
    """Remove what killed writers left unfinished: temporary files and parts of checkpoints.

    Raises:
        RunError: If a folder of the run is a symbolic link.
    """
    for folder in (root, *(root / name for name in FOLDERS)):
        if folder != root:
            refuse_link(folder)
        for name in names_in(folder):
            if name.startswith(TEMPORARY):
                remove(folder / name)
    sweep_checkpoint(root)


def remove_contents(root: Path) -> None:
    """Remove what a run consists of; what else lies in the folder stays."""
    for name in FILES:
        remove(root / name)
    for folder in (root / name for name in FOLDERS):
        for name in names_in(folder):
            remove(folder / name)
        remove_if_empty(folder)


def names_in(folder: Path) -> set[str]:
    """Names of what lies in a folder; none where there is no such folder."""
    try:
        return set(os.listdir(folder))
    except FileNotFoundError:
        return set()
