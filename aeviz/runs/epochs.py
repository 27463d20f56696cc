"""The files of epochs, `latents/` and `weights/`: written, found, thinned, removed."""

import errno
import logging
import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from aeviz.runs.atomic import make_folder, remove, save_error, write_bytes
from aeviz.runs.reading import refuse_link
from aeviz.runs.schema import (
    AXES,
    LATENTS,
    WEIGHTS,
    TrainConfig,
    axes_file,
    latents_file,
    weights_file,
)
from aeviz.runs.thinning import to_remove

GIGABYTE = 10**9
EPOCH_FILES = {LATENTS: latents_file, AXES: axes_file, WEIGHTS: weights_file}
"""Folder → the name of an epoch's file in it, relative to the run folder."""

_NAME = re.compile(r"epoch-(\d{5,8})\.")

logger = logging.getLogger(__name__)


def epochs_in(folder: Path) -> list[int]:
    """Epochs that have a file in a folder, in no order; none where there is no such folder."""
    try:
        names = os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [int(match[1]) for match in map(_NAME.match, names) if match]


class EpochFiles:
    """What a writer knows about the files of epochs: which there are, and their sizes."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._sizes = {folder: self._sizes_in(folder) for folder in EPOCH_FILES}

    @property
    def epochs(self) -> set[int]:
        """Epochs that have a file."""
        return set().union(*self._sizes.values())

    def write(self, epoch: int, contents: Mapping[str, bytes]) -> dict[str, str]:
        """Write the files of an epoch.

        Args:
            epoch: Their epoch.
            contents: Folder → content.

        Returns:
            Path relative to the run folder → SHA-256.

        Raises:
            SaveError: If one cannot be written.
        """
        if not self._root.is_dir():  # it went during the training: its epochs belong nowhere else
            missing = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
            raise save_error(self._root, 0, missing)
        hashes = {}
        for folder, data in contents.items():
            name = EPOCH_FILES[folder](epoch)
            refuse_link(self._root / folder)
            if not (self._root / folder).is_dir():  # that of the axes, which few runs need
                make_folder(self._root / folder)
            hashes[name] = write_bytes(self._root / name, data)
            self._sizes[folder][epoch] = len(data)
        return hashes

    def remove(self, epoch: int) -> None:
        """Remove what there is of an epoch."""
        for folder, name in EPOCH_FILES.items():
            remove(self._root / name(epoch))
            self._sizes[folder].pop(epoch, None)

    def thin(self, train: Mapping[str, Any], staying: Collection[int]) -> None:
        """Remove files of older epochs until the budgets hold; their lines stay.

        A reader that asks for such a file is told which epochs are near. What Windows does not
        let go because a reader has it open is tried again with the next epoch.

        Args:
            train: The settings with `latents_budget` and `weights_budget`, in gigabytes.
            staying: Epochs that stay, whatever they take.
        """
        default = TrainConfig()
        budgets = {
            LATENTS: train.get("latents_budget", default.latents_budget),
            WEIGHTS: train.get("weights_budget", default.weights_budget),
        }
        for folder, budget in budgets.items():
            for epoch in to_remove(self._sizes[folder], budget * GIGABYTE, staying):
                self._thin(folder, epoch)

    def _thin(self, folder: str, epoch: int) -> None:
        path = self._root / EPOCH_FILES[folder](epoch)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            logger.info("%s stays for now: %s", path, error.strerror)
            return
        del self._sizes[folder][epoch]
        if folder == LATENTS and epoch in self._sizes[AXES]:
            self._thin(AXES, epoch)

    def _sizes_in(self, folder: str) -> dict[int, int]:
        sizes = {}
        for epoch in epochs_in(self._root / folder):
            path = self._root / EPOCH_FILES[folder](epoch)
            if path.is_file():
                sizes[epoch] = path.lstat().st_size
        return sizes
