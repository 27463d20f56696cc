"""Levels of detail for a cloud that stands still, made in a thread of their own."""

import threading

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Slot

from aeviz import levels, raster

FROM = 500_000
"""Points from which it is worth it: fewer are drawn in a few milliseconds as they are."""

REST_MS = 200
"""For so long points do not move before they are sorted; an animation never waits for it."""


class Refining(QObject):
    """Sorts what it is given, if it stays the same for a moment.

    Args:
        parent: Whose points they are.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._given: tuple[NDArray[np.float32], NDArray[np.uint16], raster.Pixels] | None = None
        self._made: tuple[object, levels.Levels | None] | None = None
        self._thread: threading.Thread | None = None
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._on_rest)

    def give(
        self, positions: NDArray[np.float32], codes: NDArray[np.uint16], palette: raster.Pixels
    ) -> None:
        """Other points, or other ones of them are hidden; see `raster.Canvas.draw`."""
        before = self._given
        self._given = (positions, codes, palette)
        if before is not None and _is_same(before, self._given):
            self._given = before
            return
        self._made = None
        if len(codes) >= FROM:
            self._rest.start()
        else:
            self._rest.stop()

    @property
    def levels(self) -> levels.Levels | None:
        """What was given last as levels; None until they are there."""
        made = self._made
        return made[1] if made is not None and made[0] is self._given else None

    @property
    def is_busy(self) -> bool:
        """Whether levels are still to come."""
        is_sorting = self._thread is not None and self._thread.is_alive()
        return self._rest.isActive() or is_sorting

    @Slot()
    def _on_rest(self) -> None:
        if self._thread is not None and self._thread.is_alive():
            self._rest.start()  # of points that are gone; it ends within a second
            return
        # not a daemon: the interpreter must not go away under it
        self._thread = threading.Thread(
            target=self._sort, args=(self._given,), name="aeviz-levels", daemon=False
        )
        self._thread.start()

    def _sort(
        self, given: tuple[NDArray[np.float32], NDArray[np.uint16], raster.Pixels] | None
    ) -> None:
        """Runs in the thread; one assignment hands over what it has made."""
        if given is not None:
            made = levels.build(*given, raster.stride(len(given[1])))
            self._made = (given, made)


def _is_same(
    one: tuple[NDArray[np.float32], NDArray[np.uint16], raster.Pixels],
    other: tuple[NDArray[np.float32], NDArray[np.uint16], raster.Pixels],
) -> bool:
    """Whether the same points are to be seen, in whatever colours."""
    if one[0] is not other[0] or one[1] is not other[1] or len(one[2]) != len(other[2]):
        return False
    return np.array_equal(one[2] == 0, other[2] == 0)
