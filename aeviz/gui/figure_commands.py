"""The commands that save and copy figures of the map, the losses and every panel."""

from functools import partial

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from aeviz.gui.commands import Commands
from aeviz.gui.docks import Docks
from aeviz.gui.figure import Figure
from aeviz.gui.figure_dialog import FigureDialog, Maker, copy_figure
from aeviz.gui.figure_words import about_of, title_of
from aeviz.gui.inspectors.base import Inspector
from aeviz.gui.latent_view import LatentView
from aeviz.gui.loss_plot import LossPlot
from aeviz.gui.plot_figures import loss_figure, map_figure
from aeviz.gui.script_commands import ScriptCommands
from aeviz.gui.session import Session

NO_RUN = "There is no run whose map could be drawn."


class FigureCommands(QObject):
    """Joins "Save figure…" and "Copy picture of the map" to the views.

    Args:
        session: With the run.
        view: The map.
        docks: The panels, of which each may have a figure.
        commands: The table.
        scripts: What makes the figures again in Python.
        parent: The window.
    """

    def __init__(
        self,
        session: Session,
        view: LatentView,
        docks: Docks,
        commands: Commands,
        scripts: ScriptCommands,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._scripts = scripts
        self._session, self._view, self._docks = session, view, docks
        self._commands = commands
        commands.connect_to("figure.save", self._on_save)
        commands.connect_to("figure.copy", self._on_copy)
        session.run_changed.connect(self._on_changed)
        self._on_changed()

    def _window(self) -> QWidget:
        """Asked for, not kept: a window that its own parts hold would never go."""
        window = self.parent()
        assert isinstance(window, QWidget)
        return window

    @property
    def makers(self) -> dict[str, Maker]:
        """What makes the figure of every view that can be drawn, by its title."""
        found: dict[str, Maker] = {"Map": self._map, "Losses": self._losses}
        for dock in self._docks.docks.values():
            panel = dock.widget()
            if isinstance(panel, Inspector):
                found[dock.windowTitle()] = partial(_of_panel, panel)
        return found

    def _map(self, has_legend: bool) -> Figure | None:
        session = self._session
        if session.run is None or not session.epochs:
            return None
        return map_figure(self._view, title_of(session), about_of(session), has_legend=has_legend)

    def _losses(self, has_legend: bool) -> Figure | None:
        session, plot = self._session, self._window().findChild(LossPlot)
        if session.run is None or not isinstance(plot, LossPlot) or not plot.curve_names:
            return None
        title = f"{session.run.title}, losses"
        return loss_figure(plot, title, about_of(session), has_legend=has_legend)

    @Slot()
    def _on_changed(self) -> None:
        why_not = "" if self._session.run is not None else NO_RUN
        for name in ("figure.save", "figure.copy"):
            self._commands.allow(name, why_not)

    @Slot()
    def _on_save(self) -> None:
        dialog = FigureDialog(self._session, self.makers, self._scripts, self._window())
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    @Slot()
    def _on_copy(self) -> None:
        figure = self._map(True)
        if figure is not None:
            copy_figure(self._session, figure)


def _of_panel(panel: Inspector, has_legend: bool) -> Figure | None:
    return panel.figure()
