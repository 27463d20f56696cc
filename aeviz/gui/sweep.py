"""The grid sweep: decodes over square cells that cover the visible region of the map."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from aeviz import messages as m
from aeviz.geometry import Region
from aeviz.gui import recipes
from aeviz.gui.session import Session
from aeviz.script import Call

VIEW = "sweep"
SIDES = (5, 10, 15, 20, 30, 40)
"""Cells along the longer side that can be chosen."""

_PAUSE_MS = 40
"""How long the view has to rest before it is asked anew: a pan at 60 Hz asks some times, not 60."""


class Cells:
    """A lattice of square cells over a region of the map, the highest row first.

    Every decode belongs to the middle of its cell. Cells lie at multiples of their side, so that
    they stay where they are while the map is panned.

    Args:
        region: What has to be covered.
        count: Cells along its longer side, about: one more where the edges fall between cells.
    """

    def __init__(self, region: Region, count: int) -> None:
        left, right, low, high = region
        self.side = max(right - left, high - low) / count
        first, last = math.floor(left / self.side), math.ceil(right / self.side)
        bottom, top = math.floor(low / self.side), math.ceil(high / self.side)
        self.columns, self.rows = max(last - first, 1), max(top - bottom, 1)
        self.region: Region = (
            first * self.side,
            (first + self.columns) * self.side,
            bottom * self.side,
            (bottom + self.rows) * self.side,
        )

    @property
    def middles(self) -> NDArray[np.float32]:
        """Positions of the middles, row by row, (rows · columns, 2)."""
        left, _, low, _ = self.region
        across = left + (np.arange(self.columns) + 0.5) * self.side
        up = low + (np.arange(self.rows)[::-1] + 0.5) * self.side
        return np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2).astype(np.float32)

    def at(self, x: float, y: float) -> int:
        """The number of the cell over a position, -1 beside all of them."""
        left, _, _, high = self.region
        column, row = math.floor((x - left) / self.side), math.floor((high - y) / self.side)
        inside = 0 <= column < self.columns and 0 <= row < self.rows
        return row * self.columns + column if inside else -1


class Sweep(QObject):
    """What layer and panel show: one request for both, asked while one of them is seen.

    Signals:
        changed(): Other cells, or more of their decodes.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.session = session
        self.count = 15
        self.cells: Cells | None = None
        self.frames: NDArray[Any] | None = None
        self.missing: NDArray[np.bool_] = np.empty(0, bool)
        self._region: Region | None = None
        self._z: NDArray[np.float32] | None = None
        self._asked: Cells | None = None
        self._users: set[str] = set()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAUSE_MS)
        self._timer.timeout.connect(self._ask)
        session.run_changed.connect(self._on_run_changed)
        session.epoch_changed.connect(self._on_changed)
        session.epoch_added.connect(self._on_epoch_added)
        session.condition_changed.connect(self._on_changed)
        session.engine_ready.connect(self._on_changed)
        session.decoded.connect(self._on_decoded)

    def use(self, user: str, is_used: bool) -> None:
        """Say that a view shows the sweep, or does not any more."""
        before = bool(self._users)
        (self._users.add if is_used else self._users.discard)(user)
        if self._users and not before:
            self._ask()
        elif before and not self._users:
            self._timer.stop()

    def set_count(self, count: int) -> None:
        """Choose how many cells lie along the longer side."""
        if count != self.count:
            self.count = count
            self._ask()

    def set_region(self, region: Region) -> None:
        """The map shows another region."""
        if region != self._region:
            self._region = region
            if self._users:
                self._timer.start()

    def latent_of(self, cell: int) -> NDArray[np.float32] | None:
        """The latent (D,) of a shown cell by its number."""
        if self.cells is None:
            return None
        middle = self.cells.middles[cell]
        return self.session.latent_at(middle.tolist())

    @property
    def latents(self) -> NDArray[np.float32] | None:
        """Those of all shown cells, (K, D)."""
        return None if self.cells is None else self.session.latents_at(self.cells.middles)

    @Slot(object)
    def _on_run_changed(self, run: m.RunOpened | None) -> None:
        self.cells = self.frames = self._z = None
        self.changed.emit()
        self._ask()

    @Slot()
    def _on_changed(self) -> None:
        self._ask()

    @Slot(int)
    def _on_epoch_added(self, epoch: int) -> None:
        if epoch == self.session.epoch:
            self._ask()

    @Slot()
    def _ask(self) -> None:
        session, region = self.session, self._region
        if not self._users or region is None or not session.can_decode or session.last_epoch < 0:
            return
        if session.run is not None and session.run.latent_dim < 2:
            return
        cells = Cells(region, self.count)
        z = session.latents_at(cells.middles)
        if z is not None:
            self._asked, self._z = cells, z
            session.decode(VIEW, z)

    @Slot(object)
    def _on_decoded(self, message: m.Decoded) -> None:
        if message.view != VIEW or self._z is None or message.asked != self.session.epoch:
            return
        if message.condition != self.session.condition or not np.array_equal(message.z, self._z):
            return
        self.cells = self._asked
        self.frames = message.values if message.pictures is None else message.pictures
        flat = message.values.reshape(len(message.z), -1)
        self.missing = np.asarray(~np.isfinite(flat).all(axis=1), bool)
        self.changed.emit()


def sweep_of(session: Session) -> Sweep:
    """The sweep of a session, made when it is asked for first."""
    found = session.findChild(Sweep)
    return Sweep(session) if found is None else found


def sweep_call(session: Session, cells: Cells) -> Call:
    """The decodes of the cells over the map."""
    left, _, low, _ = cells.region
    side = cells.side
    region = (
        left + 0.5 * side,
        left + (cells.columns - 0.5) * side,
        low + 0.5 * side,
        low + (cells.rows - 0.5) * side,
    )
    named = {
        "region": region,
        "plane": recipes.shown_plane(session),
        "condition": recipes.told(session),
    }
    grid = (cells.columns, cells.rows)
    return Call("run.sweep", [grid, recipes.decoding_epoch(session)], named)
