"""Runs a reader of `aeviz.data.apart` in the test's own process: a child costs half a second."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from aeviz.data.apart import Found
from aeviz.data.reader import Sink


class QuietSink(Sink):
    """Tells nobody how far it is."""

    def report(self, share: float, phrase: str) -> None:
        assert 0 <= share <= 1
        assert phrase


Reader = Callable[[Path, Mapping[str, Any], Sink], Mapping[str, Any]]


def read_here(reader: Reader, path: Path, folder: Path, **options: Any) -> Found:
    """What a reader finds; its arrays are made in `folder`."""
    for left in folder.glob("*.npy"):
        left.unlink()
    folder.mkdir(exist_ok=True)
    facts = reader(path, options, QuietSink(folder, 2**28))
    arrays = {file.stem: np.load(file, mmap_mode="r") for file in folder.glob("*.npy")}
    return Found(arrays, facts)
