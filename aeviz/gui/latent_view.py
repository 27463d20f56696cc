"""The latent map: every sample at its latent, moving with the epochs; hover, click, pan, zoom."""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QSize, Qt, Slot
from PySide6.QtGui import QAction, QKeyEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from aeviz import colouring, geometry, raster
from aeviz.gui import theme
from aeviz.gui.hands import Hands, make_layers
from aeviz.gui.legend import Legend
from aeviz.gui.map_bar import MapBar
from aeviz.gui.map_notes import EmptyNote, note_on
from aeviz.gui.map_plot import MARGIN, MapPlot
from aeviz.gui.session import Session, has_own_choice
from aeviz.messages import RunOpened
from aeviz.plane import Plane

_NARROW = 340

MOST_RINGS = 60
"""Selected samples that are ringed; where more are selected, the others fade."""

FADED = 0.18
"""How much of a faded point's colour is left over the ground."""


class LatentView(QWidget):
    """The map with its legend.

    What a click or a drag does is the tool's; a double-click that it leaves shows everything again.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.plot = MapPlot()
        self.legend = Legend()
        self.empty = EmptyNote(self)
        self._colouring: colouring.Colouring | None = None
        self._hidden_others: dict[str, frozenset[int]] = {}
        self._extents: list[geometry.Region] = []
        self._between = np.empty((0, 2), np.float32)
        self._is_automatic = True
        self._chosen: geometry.Region | None = None
        self.menu_actions: list[QAction] = []
        self.layers = make_layers(session, self.plot)
        self.hands = Hands(session, self.plot, self.layers)
        self._build()
        self._dress_layers()
        self._connect()
        self._on_run_changed(session.run)

    def _build(self) -> None:
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setFocusProxy(self.plot)
        self.setAccessibleName(self.tr("Latent map"))
        self.plot.setAccessibleDescription(
            self.tr("Arrow keys move the pin, Home shows everything, plus and minus zoom.")
        )
        self.bar = MapBar(self.session)
        self.bar.add_legends(each.legend for each in self.layers if each.legend is not None)
        below = QHBoxLayout()
        below.setSpacing(0)
        below.addWidget(self.plot, 1)
        below.addWidget(self.legend)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.bar)
        layout.addLayout(below, 1)
        self.reset_action = QAction(self.tr("Show everything"), self)
        self.reset_action.setShortcut(Qt.Key.Key_Home)
        self.reset_action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self.aspect_action = QAction(self.tr("One scale for both axes"), self)
        self.aspect_action.setCheckable(True)
        self.aspect_action.setChecked(True)
        self.addActions([self.reset_action, self.aspect_action])

    def _connect(self) -> None:
        plot, session = self.plot, self.session
        plot.pointed.connect(self._on_pointed)
        plot.left.connect(self._on_left)
        plot.clicked.connect(self._on_clicked)
        plot.double_clicked.connect(self._on_double_clicked)
        plot.menu_asked.connect(self._on_menu_asked)
        plot.nudged.connect(self._on_nudged)
        plot.moved_by_hand.connect(self._on_moved_by_hand)
        self.reset_action.triggered.connect(self.reset)
        self.aspect_action.toggled.connect(self._on_aspect)
        self.legend.hidden_changed.connect(self._on_legend_hidden)
        self.legend.rows.select_asked.connect(self._on_select_asked)
        self.legend.colour_chosen.connect(session.set_colour)
        session.run_changed.connect(self._on_run_changed)
        session.epoch_added.connect(self._on_epoch_added)
        session.playhead_changed.connect(self._on_playhead_changed)
        session.epoch_changed.connect(self._on_epoch_changed)
        session.plane_changed.connect(self._on_plane_changed)
        session.hovered_changed.connect(self._on_hovered_changed)
        session.pin_changed.connect(self._on_pin_changed)
        session.selection_changed.connect(self._on_selection_changed)
        session.hidden_changed.connect(self._on_hidden_changed)
        session.masked_changed.connect(self._on_masked_changed)
        session.colour_changed.connect(self._on_colour_changed)
        session.known_changed.connect(self._on_known_changed)

    # ── the run and its time ──────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_run_changed(self, run: RunOpened | None) -> None:
        self._extents = [self._extent(done.positions) for done in self.session.epochs]
        self._is_automatic, self._chosen, self.plot.region = True, None, None
        self._hidden_others = {}
        self.hands.put_away()
        self._between = np.empty((0 if run is None else len(run.index), 2), np.float32)
        self.plot.set_titles(*axis_titles(0 if run is None else run.latent_dim))
        self._recolour()
        self._move()
        self._on_pin_changed(self.session.pin)

    @staticmethod
    def _extent(positions: NDArray[np.float32]) -> geometry.Region:
        return geometry.extent(positions, MARGIN)

    @Slot(int)
    def _on_epoch_added(self, epoch: int) -> None:
        extent = self._extent(self.session.epochs[epoch].positions)
        self._extents[epoch : epoch + 1] = [extent]
        if epoch == 0:
            self._recolour()
        if epoch in (self.session.epoch, self.session.epoch + 1):
            self._move()

    @Slot(float)
    def _on_playhead_changed(self, time: float) -> None:
        self._move()

    @Slot(object)
    def _on_plane_changed(self, plane: Plane) -> None:
        """Other positions of the same samples: what is selected, pinned and hovered stays."""
        run = self.session.run
        self._extents = [self._extent(done.positions) for done in self.session.epochs]
        self._is_automatic, self._chosen, self.plot.region = True, None, None
        titles = self.session.epochs[self.session.epoch].titles
        if run is not None:
            self.plot.set_titles(*(titles[:2] if titles else axis_titles(run.latent_dim)))
        self._move()

    @Slot(int)
    def _on_epoch_changed(self, epoch: int) -> None:
        self._on_pin_changed(self.session.pin)
        self.plot.point_again()
        self._refresh_notes()

    def _move(self) -> None:
        """Put the points where they are at the playhead, and the view around them."""
        session = self.session
        self._refresh_notes()
        if not session.epochs or self._colouring is None:
            self.plot.points.clear()
            self.plot.chosen.clear()
            return
        epoch = session.epoch
        fraction = session.playhead - epoch
        here, extent = session.epochs[epoch].positions, self._extents[epoch]
        if fraction > 0 and epoch < session.last_epoch:
            there = session.epochs[epoch + 1].positions
            geometry.lerp(here, there, fraction, out=self._between)
            self.plot.move_points(self._between)
            ends = np.asarray(extent), np.asarray(self._extents[epoch + 1])
            x, to_x, y, to_y = geometry.lerp(*ends, fraction).tolist()
            extent = (x, to_x, y, to_y)
        else:
            self.plot.move_points(here)
        if self._is_automatic:
            self.plot.hold(extent, at_once=fraction == 0)
        self.plot.show_ring(session.hovered)
        self._show_rings()

    # ── colours ───────────────────────────────────────────────────────────────────────────────

    @property
    def hidden(self) -> frozenset[int]:
        """The keys that the legend hides now."""
        if self.session.colour == "label":
            return self.session.hidden
        return self._hidden_others.get(self.session.colour, frozenset())

    @Slot(str)
    def _on_known_changed(self, name: str) -> None:
        """Offer it; colours by what it replaced are of yesterday."""
        if self.session.run is not None:
            self.legend.offer_known([known.name for known in self.session.run.known])
        if self.session.colour == colouring.KNOWN + name:
            self._recolour()

    @property
    def colouring(self) -> colouring.Colouring | None:
        """Which group every sample is in, None without a run."""
        return self._colouring

    def _recolour(self) -> None:
        """Another run or another colouring."""
        run, colour = self.session.run, self.session.colour
        if run is None:
            self._colouring = None
            self.legend.hide()
            return
        about = run.conditions
        self.legend.offer_condition(about.name if about and has_own_choice(run) else "")
        self.legend.offer_known([known.name for known in run.known])
        self._colouring = colouring.colouring_of(run, colour)
        self.legend.set_colouring(self._colouring, self.hidden, colour)
        self._show_legend()
        positions = self.session.positions
        if positions is not None:
            self._colour_points(positions)

    def _colour_points(self, positions: NDArray[np.float32]) -> None:
        """Give the points their colours anew, those that fade and those that do not."""
        codes, palette = self._codes(), self._palette()
        self.plot.points.set_points(positions, codes, self._faded(palette))
        if self._fades:
            nothing = len(palette) - 1
            chosen = np.full(len(codes), nothing, np.uint16)
            rows = self.session.selection
            rows = rows[rows < len(codes)]
            chosen[rows] = codes[rows]
            self.plot.chosen.set_points(positions, chosen, palette)
        else:
            self.plot.chosen.clear()

    @property
    def _fades(self) -> bool:
        """Whether so many samples are selected that what is not fades."""
        return len(self.session.selection) > MOST_RINGS

    def _faded(self, palette: raster.Pixels) -> raster.Pixels:
        """The palette of the points below the selection."""
        if not self._fades:
            return palette
        return raster.mixed(palette, theme.tokens(self.palette()).surface, FADED)

    def _palette(self) -> raster.Pixels:
        groups = self._colouring
        if groups is None:
            return np.zeros(1, np.uint32)
        # The last colour is that of masked samples: none.
        return np.append(groups.palette(theme.tokens(self.palette()), self.hidden), np.uint32(0))

    def _codes(self) -> NDArray[np.uint16]:
        """The colour of every sample, that of masked ones after those of all groups."""
        groups, masked = self._colouring, self.session.masked
        if groups is None:
            return np.empty(0, np.uint16)
        if masked is None:
            return groups.codes
        return np.where(masked, len(groups.groups), groups.codes).astype(np.uint16)

    def _repaint_colours(self) -> None:
        if self._colouring is not None and self.session.epochs:
            palette = self._palette()
            self.plot.points.set_palette(self._faded(palette))
            if self._fades:
                self.plot.chosen.set_palette(palette)

    def _dress_layers(self) -> None:
        for layer in self.layers:
            layer.dress(theme.tokens(self.palette()))

    def _show_legend(self) -> None:
        self.legend.setVisible(self.session.run is not None and self.width() >= _NARROW)

    @Slot(object)
    def _on_legend_hidden(self, hidden: frozenset[int]) -> None:
        if self.session.colour == "label":
            self.session.hide(hidden)
        else:
            self._hidden_others[self.session.colour] = hidden
            self._repaint_colours()

    @Slot(int)
    def _on_select_asked(self, key: int) -> None:
        """Select the samples of a row of the legend that are not hidden one by one."""
        groups, masked = self._colouring, self.session.masked
        if groups is None:
            return
        place = next((n for n, group in enumerate(groups.groups) if group.key == key), -1)
        chosen = groups.codes == place
        self.session.select(np.flatnonzero(chosen if masked is None else chosen & ~masked))

    @Slot(object)
    def _on_hidden_changed(self, hidden: frozenset[int]) -> None:
        self.legend.set_hidden(self.hidden)
        self._repaint_colours()

    @Slot(object)
    def _on_masked_changed(self, masked: NDArray[np.bool_] | None) -> None:
        positions = self.plot.points.positions
        if self.session.epochs:
            self._colour_points(positions)
        self._refresh_notes()

    @Slot(str)
    def _on_colour_changed(self, colour: str) -> None:
        self._recolour()
        self._move()

    # ── pointing ──────────────────────────────────────────────────────────────────────────────

    @Slot(QPointF, int)
    def _on_pointed(self, position: QPointF, row: int) -> None:
        self.session.move_cursor((position.x(), position.y()), row)

    @Slot()
    def _on_left(self) -> None:
        self.session.move_cursor(None)

    @Slot(QPointF, int, object)
    def _on_clicked(self, position: QPointF, row: int, keys: Qt.KeyboardModifier) -> None:
        self.hands.click(position, row, keys)

    @Slot(QPointF, int)
    def _on_double_clicked(self, position: QPointF, row: int) -> None:
        if not self.hands.double_click(position, row):
            self.reset()

    @Slot(QPointF)
    def _on_nudged(self, step: QPointF) -> None:
        session = self.session
        if not session.epochs or self.hands.nudge(step):
            return
        place = None if session.pin is None else session.position_of(session.pin)
        if session.pin is None or place is None:
            middle = self.plot.viewRect().center()
            session.set_pin(session.latent_at((middle.x(), middle.y())))
            return
        nudge = np.array([step.x(), step.y()], np.float32)
        if session.has_plane:
            session.set_pin(session.pin + session.epochs[session.epoch].axes @ nudge)
        else:
            session.set_pin(session.latent_at((place + nudge).tolist()))

    @Slot(int)
    def _on_hovered_changed(self, row: int) -> None:
        self.plot.show_ring(row)

    @Slot(object)
    def _on_pin_changed(self, z: NDArray[np.float32] | None) -> None:
        self.plot.show_pin(None if z is None else self.session.position_of(z))

    @Slot(object)
    def _on_selection_changed(self, rows: NDArray[np.int64]) -> None:
        if self.session.epochs and self._colouring is not None:
            self._colour_points(self.plot.points.positions)
        self._show_rings()

    def _show_rings(self) -> None:
        """Ring what is selected, unless it is told by what has faded."""
        rows = self.session.selection
        self.plot.show_rings(rows[:0] if self._fades else rows)

    # ── the view ──────────────────────────────────────────────────────────────────────────────

    @Slot()
    def reset(self) -> None:
        """Show every point of the shown time, and follow them again as they spread."""
        self._is_automatic, self._chosen, self.plot.region = True, None, None
        self._move()

    @property
    def region(self) -> geometry.Region | None:
        """The region that a person has chosen, None where the map follows the points."""
        if self._is_automatic or self._chosen is not None:
            return self._chosen
        (left, right), (low, high) = self.plot.box.viewRange()
        return left, right, low, high

    def show_region(self, region: geometry.Region | None) -> None:
        """Show a region as if a person had chosen it; None follows the points."""
        self.reset()
        if region is not None and self._is_near(region):
            left, right, low, high = map(float, region)
            self._is_automatic, self._chosen = False, (left, right, low, high)
            self.plot.look_at(region)

    def _is_near(self, region: geometry.Region) -> bool:
        """Whether a person could have come there: beyond, the arithmetic of plots gives way."""
        if not self._extents:
            return False
        left, right, low, high = self._extents[self.session.epoch]
        most = max(right - left, high - low) * 1e3
        x, y = (left + right) / 2, (low + high) / 2
        far = max(abs(region[0] - x), abs(region[1] - x), abs(region[2] - y), abs(region[3] - y))
        return far <= most and min(region[1] - region[0], region[3] - region[2]) >= most * 1e-8

    @property
    def hidden_by(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """The keys that the legend hides, by what the map is coloured by."""
        found = {**self._hidden_others, "label": self.session.hidden}
        return tuple(
            (colour, tuple(sorted(keys))) for colour, keys in sorted(found.items()) if keys
        )

    def hide_by(self, hidden: Mapping[str, Iterable[int]]) -> None:
        """Hide exactly these keys of the legend."""
        others = {colour: frozenset(keys) for colour, keys in hidden.items() if colour != "label"}
        self._hidden_others = others
        self.session.hide(hidden.get("label", ()))
        self._on_hidden_changed(self.session.hidden)

    def escape(self) -> None:
        """Give up what a tool is about; where nothing is, take pin and selection away."""
        if not self.hands.cancel():
            self.session.set_pin(None)
            self.session.select(())

    @Slot()
    def _on_moved_by_hand(self) -> None:
        self._is_automatic, self._chosen = False, None

    @Slot(bool)
    def _on_aspect(self, is_locked: bool) -> None:
        self.plot.set_aspect_locked(is_locked)
        self._refresh_notes()

    @Slot(QPoint)
    def _on_menu_asked(self, place: QPoint) -> None:
        at = self.plot.position_at(QPointF(self.plot.viewport().mapFromGlobal(place)))
        if at is not None and self.hands.menu(at):
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        menu.addActions(self.actions())
        if self.menu_actions:
            menu.addSeparator()
            menu.addActions(self.menu_actions)
        menu.popup(place)

    def _refresh_notes(self) -> None:
        session = self.session
        self.empty.say(session)
        self.plot.note.say(note_on(session, self.plot.is_aspect_locked))

    # ── Qt ────────────────────────────────────────────────────────────────────────────────────

    def sizeHint(self) -> QSize:
        """A map that can be read."""
        return QSize(760, 560)

    def minimumSizeHint(self) -> QSize:
        """A small one."""
        return QSize(220, 180)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the legend out where there is no room."""
        super().resizeEvent(event)
        self._show_legend()
        self.empty.setGeometry(self.rect())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter ends what a tool is about, Esc gives it up, Delete takes a part of it away."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.hands.finish():
            return
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.hands.erase():
            return
        if event.key() == Qt.Key.Key_Escape:
            self.escape()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Follow light and dark."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_colouring"):
            self._repaint_colours()
            self._dress_layers()


def axis_titles(dimensions: int) -> tuple[str, str]:
    """What the axes of the map are: latent dimensions, or principal components of more than two.

    Example:
        >>> axis_titles(2), axis_titles(32), axis_titles(1)
        (('z₁', 'z₂'), ('PC 1', 'PC 2'), ('z₁', ''))
    """
    if dimensions == 0:
        return ("", "")
    if dimensions == 1:
        return ("z₁", "")
    return ("z₁", "z₂") if dimensions == 2 else ("PC 1", "PC 2")
