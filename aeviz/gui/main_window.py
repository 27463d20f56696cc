"""The window: the map over the timeline, panels around them, commands; it holds no logic."""

from pathlib import Path

from PySide6.QtCore import QSettings, Qt, Signal, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QMainWindow,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from aeviz import catalogue, paths
from aeviz.gui import theme
from aeviz.gui.about import AboutDialog
from aeviz.gui.autosaving import Autosaving
from aeviz.gui.closing import may_end_training, may_leave_outside
from aeviz.gui.command_palette import CommandPalette
from aeviz.gui.commands import Commands
from aeviz.gui.docks import Docks
from aeviz.gui.edit_commands import EditCommands
from aeviz.gui.export_commands import ExportCommands
from aeviz.gui.figure_commands import FigureCommands
from aeviz.gui.help_view import HelpDialog
from aeviz.gui.icons import icon
from aeviz.gui.inspectors.base import abilities_of
from aeviz.gui.latent_view import LatentView
from aeviz.gui.log_panel import LogPanel
from aeviz.gui.opening import Opening
from aeviz.gui.plan import Plan
from aeviz.gui.plane_commands import PlaneCommands
from aeviz.gui.plugin_commands import PluginCommands
from aeviz.gui.recent import RecentMenu, RecentRuns
from aeviz.gui.recovery_bar import RecoveryBar
from aeviz.gui.script_commands import ScriptCommands
from aeviz.gui.session import Session
from aeviz.gui.session_commands import SessionCommands
from aeviz.gui.status_bar import StatusBar
from aeviz.gui.timeline import Timeline
from aeviz.gui.tool_commands import ToolCommands
from aeviz.gui.toolbar import ToolBar
from aeviz.gui.training_commands import TrainingCommands
from aeviz.gui.training_panel import TrainingPanel
from aeviz.messages import RunOpened

_THEME = "theme"
_DROPS = 20  # of the files of one drop, how many are looked at


class MainWindow(QMainWindow):
    """Everything of one session on the screen.

    Args:
        session: What is shown.
        settings: Where layout, theme and recent runs are remembered; None reads and writes none,
            and asks nothing when the window is closed.
        rows: Models, data sets and presets to offer; by default the built catalogue.

    Signals:
        close_requested(): The person closes the window, and was asked where there was reason to;
            the program stops everything and closes it for good.
    """

    close_requested = Signal()

    def __init__(
        self,
        session: Session,
        settings: QSettings | None = None,
        rows: catalogue.Catalogue | None = None,
    ) -> None:
        super().__init__()
        self.session = session
        self._settings = settings
        self._is_closing = False
        self._is_fitted = False
        self.plan = Plan(rows or catalogue.load(), self)
        self.commands = Commands(parent=self)
        ToolCommands(session, self.commands, self)
        self.edit = EditCommands(session, self.commands, self)
        self.recent = RecentRuns(settings, self)
        self.opening = Opening(session, self.plan, settings, self)
        self.latent_view = LatentView(session)
        self.latent_view.menu_actions = self.commands.actions_of("Edit")
        self.timeline = Timeline(session)
        self.panel = TrainingPanel(session, self.plan, self.commands)
        self.status = StatusBar(session)
        self.docks = Docks(self)
        PlaneCommands(session, self.latent_view.bar.plane, self.commands, self)
        TrainingCommands(session, self.plan, self.commands, self)
        ExportCommands(session, self.commands, self)
        PluginCommands(session, self.plan, self.docks, self.commands, self)
        scripts = ScriptCommands(session, self.latent_view, self.docks, self.commands, self)
        FigureCommands(session, self.latent_view, self.docks, self.commands, scripts, self)
        self.files = SessionCommands(session, self.latent_view, self.docks, self.commands, self)
        self.autosaving = Autosaving(session, self.files)
        self._build()
        self._connect()
        self._restore()

    # ── building ──────────────────────────────────────────────────────────────────────────────

    def _build(self) -> None:
        self.setAcceptDrops(True)
        self.setDockNestingEnabled(True)
        self.setDocumentMode(True)
        # The columns at the sides are as high as the window; only the map gives way below.
        self.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        self.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        self.resize(1280, 800)
        self._build_centre()
        self.docks.add("training", self.tr("Training"), self.panel, "left")
        self.docks.add_inspectors(self.session)
        log = LogPanel(self.session)
        self.docks.add("log", self.tr("Log"), log, "bottom", shown=False)
        bar = ToolBar(self.session, self.plan, self.commands)
        for box in (bar.data, bar.model):
            box.chosen.connect(self._on_plan_chosen)
        self.addToolBar(bar)
        self.setStatusBar(self.status)
        self._build_menus()
        self.docks.finish()

    def _build_centre(self) -> None:
        centre = QWidget()
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(RecoveryBar(self.session, self.files))
        layout.addWidget(self.latent_view, 1)
        layout.addWidget(self.timeline)
        self.setCentralWidget(centre)
        # Space plays while map or timeline are in use; elsewhere it presses the focused button.
        play = self.commands.action("view.play")
        play.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        centre.addAction(play)

    def _build_menus(self) -> None:
        for name, title in (
            ("File", self.tr("&File")),
            ("Edit", self.tr("&Edit")),
            ("Training", self.tr("&Training")),
            ("Tools", self.tr("T&ools")),
            ("View", self.tr("&View")),
            ("Help", self.tr("&Help")),
        ):
            menu = self.menuBar().addMenu(title)
            menu.setToolTipsVisible(True)
            if name == "View":
                self._fill_view(menu)
            for command in self.commands.menu(name):
                if command.apart:
                    menu.addSeparator()
                menu.addAction(self.commands.action(command.id))
                if command.id == "run.open":
                    self._recent_menu = RecentMenu(self.recent, menu)
                    menu.addMenu(self._recent_menu)
                if command.id == "figure.save":
                    self._fill_exports(menu.addMenu(icon("download"), self.tr("&Export")))

    def _fill_exports(self, menu: QMenu) -> None:
        menu.setToolTipsVisible(True)
        for command in self.commands.menu("Export"):
            menu.addAction(self.commands.action(command.id))

    def _fill_view(self, menu: QMenu) -> None:
        panels = menu.addMenu(self.tr("&Panels"))
        self.docks.fill(panels)
        planes = menu.addMenu(self.tr("P&lane of the map"))
        planes.setToolTipsVisible(True)
        for command in self.commands.menu("Plane"):
            planes.addAction(self.commands.action(command.id))
        themes = menu.addMenu(icon("sun"), self.tr("&Theme"))
        for command in self.commands.menu("Theme"):
            themes.addAction(self.commands.action(command.id))
        menu.addSeparator()

    def _connect(self) -> None:
        to = self.commands.connect_to
        to("run.open", self._on_open)
        to("data.open", self.opening.on_open_data)
        to("data.folder", self.opening.on_open_folder)
        self.opening.data_taken.connect(self._on_plan_chosen)
        to("window.quit", self.close)
        to("view.play", self._on_play)
        to("view.clear", self._on_clear)
        to("view.reset", self._on_reset)
        to("help.show", self._on_help)
        to("help.palette", self._on_palette)
        to("help.about", self._on_about)
        for command in self.commands.menu("Theme"):
            to(command.id, self._on_theme)
        self._recent_menu.chosen.connect(self._on_recent_chosen)
        self.files.used.connect(self._on_session_used)
        self.files.restoring.finished.connect(self.edit.undo.begin_anew)
        self.session.run_changed.connect(self._on_run_changed)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._on_desktop_changed)

    def _restore(self) -> None:
        if self._settings is None:
            return
        self._is_fitted = self.docks.restore(self._settings)
        stored = str(self._settings.value(_THEME, "system"))
        action = next(
            (a for a in self.commands.actions() if a.objectName() == f"theme.{stored}"),
            self.commands.action("theme.system"),
        )
        action.setChecked(True)
        self._dress()

    # ── for the program ───────────────────────────────────────────────────────────────────────

    def stop(self) -> None:
        """Stop what moves by itself and close without a question; part of shutting down."""
        self.timeline.stop()
        self.files.watching.stop()
        self.autosaving.stop()
        if not self._is_closing:
            self._is_closing = True
            self.save_layout()

    def save_layout(self) -> None:
        """Remember the layout."""
        if self._settings is not None:
            self.docks.save(self._settings)
            self._settings.sync()

    # ── slots ─────────────────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_run_changed(self, run: RunOpened | None) -> None:
        self.docks.suit(() if run is None else abilities_of(run))
        if run is None:
            return
        if not self.session.trains_here:
            self.plan.set_settings(run.settings)
            self.opening.follow(run.settings)
        if run.path and Path(run.path) != paths.demo():
            self.recent.add(run.path)
        if run.notice:
            self.session.noticed.emit(run.notice)

    @Slot()
    def _on_plan_chosen(self) -> None:
        self.panel.show_setup()
        self.docks.docks["training"].raise_()

    @Slot()
    def _on_open(self) -> None:
        newest = self.recent.paths[0] if self.recent.paths else ""
        folder = str(Path(newest).parent) if newest else str(paths.window_runs())
        path = QFileDialog.getExistingDirectory(self, self.tr("Open a run folder"), folder)
        if path:
            self.session.open_run(path)

    @Slot(str)
    def _on_recent_chosen(self, path: str) -> None:
        self.opening.open(path)

    @Slot(str)
    def _on_session_used(self, path: str) -> None:
        self.recent.add(path)

    @Slot()
    def _on_play(self) -> None:
        self.timeline.toggle()

    @Slot()
    def _on_clear(self) -> None:
        self.latent_view.escape()

    @Slot()
    def _on_reset(self) -> None:
        self.docks.reset()

    @Slot()
    def _on_help(self) -> None:
        page = self.docks.help_of(QApplication.focusWidget())
        dialog = HelpDialog(page, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show()

    @Slot()
    def _on_palette(self) -> None:
        panels = [dock.toggleViewAction() for dock in self.docks.docks.values()]
        palette = CommandPalette(self.commands.actions(), panels, self)
        palette.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        palette.show()

    @Slot()
    def _on_about(self) -> None:
        dialog = AboutDialog(self.session.engine, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    @Slot()
    def _on_theme(self) -> None:
        if self._settings is not None:
            self._settings.setValue(_THEME, self._theme())
        self._dress()

    @Slot(Qt.ColorScheme)
    def _on_desktop_changed(self, scheme: Qt.ColorScheme) -> None:
        if self.commands.action("theme.system").isChecked():
            self._dress()

    def _theme(self) -> theme.ThemeName:
        names: tuple[theme.ThemeName, ...] = ("light", "dark")
        for name in names:
            if self.commands.action(f"theme.{name}").isChecked():
                return name
        return "system"

    def _dress(self) -> None:
        app = QApplication.instance()
        if isinstance(app, QApplication):
            theme.apply(app, self._theme())

    def _may_close(self) -> bool:
        """Ask before a training is ended, or left to itself, by closing the window."""
        if self._settings is None:
            return True
        return may_end_training(self, self.session) and may_leave_outside(self, self.session)

    # ── Qt ────────────────────────────────────────────────────────────────────────────────────

    def createPopupMenu(self) -> QMenu:
        """The menu on the bars: panels only, the toolbar stays."""
        menu = QMenu(self)
        for dock in self.docks.docks.values():
            menu.addAction(dock.toggleViewAction())
        return menu

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take folders and files that lie on this computer."""
        if any(url.isLocalFile() for url in event.mimeData().urls()[:_DROPS]):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the first run among what was dropped, without one the first file as data."""
        urls = event.mimeData().urls()[:_DROPS]
        event.acceptProposedAction()
        self.opening.open_dropped([Path(url.toLocalFile()) for url in urls if url.isLocalFile()])

    def showEvent(self, event: QShowEvent) -> None:
        """Fit the standard layout to the size that the window has by now."""
        super().showEvent(event)
        if not self._is_fitted:
            self._is_fitted = True
            self.docks.fit()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask where there is reason to, remember the layout, let the program stop everything."""
        if self._is_closing:
            event.accept()
            return
        if not self._may_close():
            event.ignore()
            return
        self._is_closing = True
        self.save_layout()
        self.close_requested.emit()
        event.accept()
