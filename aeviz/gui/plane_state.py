"""Which plane the map shows, and every epoch on it."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from aeviz import geometry
from aeviz import messages as m
from aeviz.plane import PCA, Plane

FIT = "fit-plane"
"""The job that fits a learned plane."""

_REMEMBERED = 1024


class PlaneState(QObject):
    """Epochs as they were told, on the map's own plane, and as they are shown, on a chosen one.

    Another plane is shown once every epoch lies on it: no film is of two planes.

    Signals:
        changed(Plane): Another plane is shown; `epochs` has every epoch on it.
        wanted_changed(): A plane is wanted, came nearer, was given up or is shown.
    """

    changed = Signal(object)
    wanted_changed = Signal()

    def __init__(self, post: Callable[[m.Message], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._post = post
        self._run: m.RunOpened | None = None
        self.shown: Plane = PCA
        self.wanted: Plane | None = None
        self._kept: Plane = PCA
        self.told: list[m.EpochDone] = []
        self._made: dict[Plane, dict[int, m.EpochDone]] = {}
        self._inverses: dict[Plane, m.Inverse] = {}
        self._places: OrderedDict[bytes, NDArray[np.float32]] = OrderedDict()

    def reset(self, run: m.RunOpened | None) -> None:
        """A run is told from its beginning; another one begins with the map's own plane."""
        is_same = run is not None and self._run is not None and run.run == self._run.run
        shown, inverses = self.shown, self._inverses
        self.give_up()
        self._kept = shown if is_same else PCA
        self._run, self.shown, self.told = run, PCA, []
        self._made, self._inverses = {}, inverses if is_same else {}
        self._places.clear()
        self.wanted_changed.emit()

    # ── choosing ──────────────────────────────────────────────────────────────────────────────

    @property
    def refusal(self) -> str:
        """Why no other plane can be shown, "" where one can."""
        if self._run is None:
            return "Open a run first."
        dimensions = self._run.latent_dim
        if dimensions > 2:
            return "" if self.told else "The first epoch is on its way."
        if dimensions == 2:
            return "This latent space has two dimensions: the map shows it as it is."
        return "This latent space has one dimension: there is no other plane."

    def choose(self, plane: Plane) -> None:
        """Show another plane, when every epoch lies on it."""
        if self.refusal or plane == (self.wanted or self.shown):
            return
        self.give_up()
        if plane in (PCA, self.shown):
            self._show(plane)
            return
        self.wanted = plane
        self._made[plane] = {}
        if plane.is_learned and plane not in self._inverses and self._run is not None:
            self._post(m.FitPlane(run=self._run.run, path=self._run.path, plane=plane))
        else:
            self._ask()
        self.wanted_changed.emit()

    def give_up(self) -> None:
        """Want no other plane any more."""
        if self.wanted is None:
            return
        if self.wanted.is_learned and self.wanted not in self._inverses:
            self._post(m.CancelJob(job=FIT))
        self._made.pop(self.wanted, None)
        self.wanted = None
        self.wanted_changed.emit()

    def fail(self) -> None:
        """A plane could not be made: keep what is shown, or go back to the map's own."""
        if self.wanted is not None:
            self.give_up()
        elif self.shown != PCA:
            self._show(PCA)

    @property
    def share_made(self) -> float:
        """How many of the epochs lie on the wanted plane, as a share."""
        made = self._made.get(self.wanted, {}) if self.wanted is not None else {}
        return len(made) / len(self.told) if self.told else 0.0

    def _show(self, plane: Plane) -> None:
        self.shown, self.wanted = plane, None
        self._made = {plane: self._made[plane]} if plane != PCA else {}
        self._inverses = {p: inverse for p, inverse in self._inverses.items() if p == plane}
        self._places.clear()
        self.changed.emit(plane)
        self.wanted_changed.emit()

    # ── epochs ────────────────────────────────────────────────────────────────────────────────

    @property
    def epochs(self) -> list[m.EpochDone]:
        """Every epoch on the shown plane, up to the first that is not there yet."""
        if self.shown == PCA:
            return list(self.told)
        made = self._made[self.shown]
        found = []
        for number in range(len(self.told)):
            if number not in made:
                break
            found.append(made[number])
        return found

    def tell(self, done: m.EpochDone) -> bool:
        """Take an epoch as it was told; False where it comes again on the plane that is shown."""
        if done.epoch > len(self.told):
            return False  # an epoch in between is missing: its line was unreadable
        self.told[done.epoch : done.epoch + 1] = [done]
        for made in self._made.values():
            made.pop(done.epoch, None)
        if self._kept != PCA:
            kept, self._kept = self._kept, PCA
            self.choose(kept)
        else:
            self._ask()
        return self.shown == PCA

    def take_inverse(self, message: m.PlaneFitted) -> None:
        """A learned plane was fitted."""
        if message.plane == self.wanted:
            self._inverses[message.plane] = message.inverse
            self._ask()
            self.wanted_changed.emit()

    def take(self, message: m.Projected) -> list[m.EpochDone]:
        """Take an epoch on a plane; returns what can now be shown besides what is."""
        made = self._made.get(message.plane)
        if made is None or message.epoch >= len(self.told):
            return []
        made[message.epoch] = self._dressed(message)
        if message.plane == self.shown:
            return self.epochs[message.epoch :]
        if len(made) == len(self.told):
            self._show(message.plane)
        else:
            self.wanted_changed.emit()
        return []

    def _dressed(self, message: m.Projected) -> m.EpochDone:
        """The epoch as it was told, with the positions of a plane."""
        return replace(
            self.told[message.epoch],
            positions=message.positions,
            mean=message.mean,
            axes=message.axes,
            share=message.share,
            titles=message.titles,
            inverse=message.inverse,
        )

    def _ask(self) -> None:
        """Ask for the epochs that are missing on the plane that is wanted, or else shown."""
        plane = self.shown if self.wanted is None else self.wanted
        inverse = self._inverses.get(plane)
        if self._run is None or plane == PCA or (plane.is_learned and inverse is None):
            return
        made = self._made[plane]
        missing = tuple(number for number in range(len(self.told)) if number not in made)
        if missing:
            run = self._run.run
            self._post(m.Project(run=run, plane=plane, epochs=missing, inverse=inverse))

    # ── the way there and back ────────────────────────────────────────────────────────────────

    def latents_at(self, done: m.EpochDone, positions: NDArray[np.float32]) -> NDArray[np.float32]:
        """The latents (K, D) under positions (K, 2) of the map at an epoch."""
        found = geometry.latents_at(done, positions)
        if done.inverse is not None and len(found) == 1:
            self._remember(found[0], positions[0])
        return found

    def position_of(self, done: m.EpochDone, z: NDArray[np.float32]) -> NDArray[np.float32]:
        """Where a latent (D,) lies on the map at an epoch, (2,); see `positions_of`.

        On a learned map a latent that was made from a place of it lies there.
        """
        key = np.asarray(z, np.float32).tobytes() if done.inverse is not None else b""
        if key in self._places:
            self._places.move_to_end(key)
            return self._places[key]
        return self.positions_of(done, z[None]).reshape(2)

    def positions_of(self, done: m.EpochDone, z: NDArray[np.float32]) -> NDArray[np.float32]:
        """Where latents (K, D) lie on the map at an epoch, (K, 2); see `geometry.positions_of`."""
        return geometry.positions_of(done, z)

    def _remember(self, z: NDArray[np.float32], place: NDArray[np.float32]) -> None:
        """Keep the place that a latent was made from: a pin stays where the mouse put it."""
        self._places[z.tobytes()] = np.array(place, np.float32)
        while len(self._places) > _REMEMBERED:
            self._places.popitem(last=False)
