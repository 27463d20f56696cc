"""Fits of densities to latents: remembered, and carried on where a superseded question left them.

A question is dropped when a newer one of the same view comes, on every move of the mouse. A fit
that began anew each time would never end while the mouse moves.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Generator, Hashable
from typing import Generic, TypeVar

import numpy as np

from aeviz.messages import FloatArray

MARKS = 2048
"""Latents at most by which a set of latents is told from others."""

Step = TypeVar("Step")
Fit = TypeVar("Fit")


class Fits(Generic[Step, Fit]):
    """The last fits, and those under way. Used by one thread.

    Args:
        kept: How many of each.
    """

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._done: OrderedDict[Hashable, Fit] = OrderedDict()
        self._under_way: OrderedDict[Hashable, Generator[Step, None, Fit]] = OrderedDict()

    def follow(
        self, key: Hashable, start: Callable[[], Generator[Step, None, Fit]]
    ) -> Generator[Step, None, Fit]:
        """Carry a fit on to its end; it yields what the fit yields.

        Args:
            key: What is fitted and how.
            start: Begins it, where nobody has yet.

        Returns:
            The fit, at once where it was made before.
        """
        while key not in self._done:
            if key not in self._under_way:
                self._under_way[key] = start()
                while len(self._under_way) > self._kept:
                    self._under_way.popitem(last=False)[1].close()
            try:
                step = next(self._under_way[key])
            except StopIteration as end:
                self._done[key] = end.value
                del self._under_way[key]
            except BaseException:
                self._under_way.pop(key, None)
                raise
            else:
                yield step
        self._done.move_to_end(key)
        fit = self._done[key]
        while len(self._done) > self._kept:
            self._done.popitem(last=False)
        return fit

    def clear(self) -> None:
        """Forget all of them."""
        self._done.clear()
        self._under_way.clear()


def mark_of(latents: FloatArray) -> str:
    """What tells latents (N, D) from those of another epoch or run: a digest of some rows."""
    rows = np.ascontiguousarray(latents[:: len(latents) // MARKS + 1])
    return f"{hashlib.sha256(rows.tobytes()).hexdigest()} {latents.shape}"
