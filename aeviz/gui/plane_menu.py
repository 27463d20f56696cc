"""The button in the bar over the map that says which plane is shown, and its menu of others."""

from importlib.util import find_spec

import numpy as np
from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu

from aeviz.gui import captions
from aeviz.gui.plane_box import PlaneBox
from aeviz.gui.quiet_button import QuietButton
from aeviz.gui.session import Session
from aeviz.messages import RunOpened
from aeviz.plane import NAMES, PCA, Plane, PlaneKind

TIPS: dict[PlaneKind, str] = {
    "pca": "The plane in which the latents spread most; exact, turned as little as can be over "
    "the epochs.",
    "lda": "The plane in which the labels lie furthest apart; exact.",
    "tsne": "Keeps neighbours together. It is fitted to the shown epoch, which takes a while; the "
    "way back is learned.",
    "umap": "Keeps neighbours and groups together. It is fitted to the shown epoch, which takes a "
    "while; the way back is learned.",
}
BOXES = {
    "dimensions": ("Two dimensions…", "Two latent dimensions through a base point; exact."),
    "directions": ("Two directions…", "Two directions through a base point; exact."),
}
LONGEST = 130
"""Pixels of a plane's title at most; the tooltip and the map have all of it."""

NO_UMAP = "UMAP is an extra that is not installed: pip install 'aeviz[umap]'"


class PlaneButton(QuietButton):
    """Says which plane is shown; its menu chooses another."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._box: PlaneBox | None = None
        self.choices: dict[PlaneKind, QAction] = {}
        self.menu_of_planes = QMenu(self)
        self.menu_of_planes.setToolTipsVisible(True)
        self._fill()
        self.setMenu(self.menu_of_planes)
        self.menu_of_planes.aboutToShow.connect(self._on_about_to_show)
        session.run_changed.connect(self._on_run_changed)
        session.epoch_added.connect(self._on_epoch_added)
        session.epoch_changed.connect(self._on_epoch_changed)
        session.plane_changed.connect(self._on_plane_changed)
        session.planes.wanted_changed.connect(self._on_wanted_changed)
        self.refresh()

    def _fill(self) -> None:
        menu, group = self.menu_of_planes, QActionGroup(self)
        for kind in TIPS:
            action = self.choices[kind] = menu.addAction(NAMES[kind])
            action.setCheckable(True)
            action.setData(kind)
            action.triggered.connect(self._on_kind_chosen)
            group.addAction(action)
        menu.addSeparator()
        self.boxes = {name: menu.addAction(title) for name, (title, _) in BOXES.items()}
        for name, action in self.boxes.items():
            action.setCheckable(True)
            action.setData(name)
            action.setToolTip(BOXES[name][1])
            action.triggered.connect(self._on_box_asked)
            group.addAction(action)
        menu.addSeparator()
        self.again = menu.addAction("Fit again at this epoch")
        self.again.triggered.connect(self._on_again)
        self.cancel = menu.addAction("Cancel")
        self.cancel.triggered.connect(self._on_cancel)

    # ── what is shown ─────────────────────────────────────────────────────────────────────────

    def refresh(self) -> None:
        """Show what belongs to the state of the session."""
        planes = self._session.planes
        refusal = planes.refusal
        self.setEnabled(not refusal)
        wanted = planes.wanted
        if refusal:
            text, tip = "Plane", refusal
        elif wanted is None:
            text, tip = self._shown()
        else:
            made = planes.share_made
            text = f"{wanted.title} {made:.0%}…" if made else f"{wanted.title}…"
            tip = f"{wanted.title} is on its way; {planes.shown.title} is shown until then."
        if text != self.text():
            self.setText(text)
            self.updateGeometry()
        self.setToolTip(captions.tip(tip))
        self.setAccessibleName(text)

    def _shown(self) -> tuple[str, str]:
        """What is shown and how approximate the way back from it is, and the same at length."""
        session = self._session
        title = session.planes.shown.title
        elided = self.fontMetrics().elidedText(title, Qt.TextElideMode.ElideRight, LONGEST)
        text, tip = f"Plane: {elided}", f"{title}: the plane of the latent space that is shown."
        inverse = session.epochs[session.epoch].inverse if session.epochs else None
        if inverse is not None:
            text += f" ±{inverse.error:.0%}"
            tip = (
                f"The way back from the map is learned: {inverse.error:.0%} of the latents' spread "
                "is the median distance between a latent that was not learned from and what its "
                "place on the map is taken for."
            )
        return text, tip

    def reasons(self) -> dict[str, str]:
        """Why each entry of the menu cannot be chosen, "" where it can."""
        refusal, run = self._session.planes.refusal, self._session.run
        labels = None if run is None else run.labels
        found: dict[str, str] = dict.fromkeys((*TIPS, *BOXES), refusal)
        if not refusal and (labels is None or len(np.unique(labels[labels >= 0])) < 2):
            found["lda"] = "LDA needs samples of two labels or more."
        if not refusal and find_spec("umap") is None:
            found["umap"] = NO_UMAP
        return found

    @Slot()
    def _on_about_to_show(self) -> None:
        planes = self._session.planes
        now = planes.wanted or planes.shown
        reasons = self.reasons()
        for kind, action in self.choices.items():
            reason = reasons[kind]
            action.setEnabled(not reason)
            action.setToolTip(reason or TIPS[kind])
            action.setChecked(now.kind == kind)
        are_dimensions = all(each.kind == "dimension" for each in now.directions)
        self.boxes["dimensions"].setChecked(now.kind == "axes" and are_dimensions)
        self.boxes["directions"].setChecked(now.kind == "axes" and not are_dimensions)
        elsewhere = planes.shown.is_learned and planes.shown.epoch != self._session.epoch
        self.again.setVisible(elsewhere and planes.wanted is None)
        self.cancel.setVisible(planes.wanted is not None)

    # ── what is chosen ────────────────────────────────────────────────────────────────────────

    @Slot()
    def _on_kind_chosen(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.take(str(action.data()))

    def take(self, name: str) -> None:
        """Do what an entry of the menu does, by its name."""
        if name in BOXES:
            self.ask(dimensions_only=name == "dimensions")
            return
        for kind in self.choices:
            if kind == name:
                self.choose(kind)

    def choose(self, kind: PlaneKind) -> None:
        """Show a plane that needs no more words."""
        planes = self._session.planes
        if (planes.wanted or planes.shown).kind != kind:
            planes.choose(PCA if kind == "pca" else Plane(kind, epoch=self._session.epoch))

    @Slot()
    def _on_again(self) -> None:
        planes = self._session.planes
        planes.choose(Plane(planes.shown.kind, epoch=self._session.epoch))

    @Slot()
    def _on_box_asked(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.take(str(action.data()))

    def ask(self, *, dimensions_only: bool) -> PlaneBox | None:
        """Let a person choose two directions; nothing waits for the answer."""
        if self._session.planes.refusal:
            return None
        if self._box is not None:
            self._box.close()
        self._box = PlaneBox(self._session, self.window(), dimensions_only=dimensions_only)
        self._box.finished.connect(self._on_box_finished)
        self._box.show()
        return self._box

    @Slot(int)
    def _on_box_finished(self, result: int) -> None:
        self._box = None

    @Slot()
    def _on_cancel(self) -> None:
        self._session.planes.give_up()

    # ── what the session says ─────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_run_changed(self, run: RunOpened | None) -> None:
        if self._box is not None:
            self._box.close()
        self.refresh()

    @Slot(int)
    def _on_epoch_added(self, epoch: int) -> None:
        if epoch == 0:
            self.refresh()

    @Slot(int)
    def _on_epoch_changed(self, epoch: int) -> None:
        if not self._session.has_plane:
            self.refresh()

    @Slot(object)
    def _on_plane_changed(self, plane: Plane) -> None:
        self.refresh()

    @Slot()
    def _on_wanted_changed(self) -> None:
        self.refresh()
