"""Layers that ask a question about the region of the map that is seen."""

from typing import Any, ClassVar

import numpy as np
from PySide6.QtCore import QTimer, Slot

from aeviz import messages as m
from aeviz.geometry import Region
from aeviz.gui.inspectors.cursor import NO_WEIGHTS, WAITING
from aeviz.gui.layers.base import Layer
from aeviz.gui.map_plot import MapPlot
from aeviz.gui.session import Session

LATE = 250
"""Milliseconds after which an answer that is still to come is spoken of."""


class RegionLayer(Layer):
    """Asks anew whenever what is seen, the epoch or the run changes; only the newest ask counts.

    Attributes:
        question: Its name.
        asked: The region and the epoch of the newest ask, None before there is one.
        shown_epoch: The epoch of what is shown, None while nothing is.
    """

    question: ClassVar[str]

    def __init__(self, session: Session, plot: MapPlot) -> None:
        super().__init__(session, plot)
        self.asked: tuple[Region, int, Any] | None = None
        self.shown_epoch: int | None = None
        self._late = QTimer(plot)  # it ends with the window, whoever holds the layer
        self._late.setSingleShot(True)
        self._late.setInterval(LATE)
        self._late.timeout.connect(self._on_late)
        session.epoch_changed.connect(self._on_epoch)
        session.epoch_added.connect(self._on_epoch)
        session.condition_changed.connect(self._on_changed)
        session.engine_ready.connect(self._on_changed)
        session.run_changed.connect(self._on_run_changed)
        session.answered.connect(self._on_answered)
        session.failed.connect(self._on_failed)
        plot.box.sigRangeChanged.connect(self._on_view_changed)
        plot.box.sigResized.connect(self._on_view_changed)

    # ── what a layer says of itself ───────────────────────────────────────────────────────────

    def arguments(self) -> dict[str, Any]:
        """What else the question is told, beside the region and the map's plane."""
        return {}

    def epoch(self) -> int:
        """The epoch that is asked about."""
        return self.session.epoch

    def take(self, answer: m.Answer, region: Region) -> None:
        """Show an answer to the newest ask."""

    def clear(self) -> None:
        """Show nothing."""

    def say(self, sentence: str, *, is_wrong: bool = False) -> None:
        """Say in one sentence why nothing is shown, or what is under way."""

    # ── what is asked ─────────────────────────────────────────────────────────────────────────

    @property
    def view(self) -> str:
        """The name that answers come back with."""
        return f"layer.{self.name}"

    def refresh(self) -> None:
        """Ask, or show nothing where nothing can be asked."""
        sentence = self.why_not() if self.is_on else ""
        if self.is_on and not sentence:
            self._ask()
            return
        self._forget()
        if self.is_on:
            self.say(sentence)

    def why_not(self) -> str:
        """Why nothing can be asked, "" if it can."""
        run = self.session.run
        if run is None or self.session.last_epoch < 0:
            return "No epoch to look at yet"
        if not run.decodes:
            return NO_WEIGHTS
        return "" if self.session.can_decode else WAITING

    def _forget(self) -> None:
        self.asked = self.shown_epoch = None
        self._late.stop()
        self.clear()

    def _ask(self) -> None:
        """Ask about what is seen, unless that was asked last."""
        region, session = self.region(), self.session
        if region is None or not self.plot.isVisible():
            return
        more = self.arguments()
        wanted = (region, self.epoch(), more)
        if wanted == self.asked:
            return
        self.asked = wanted
        if not self._late.isActive():
            self._late.start()
        done = session.epochs[session.epoch]
        plane = {"mean": done.mean, "axes": done.axes}
        session.ask(self.view, self.question, epoch=self.epoch(), region=region, **plane, **more)

    def region(self) -> Region | None:
        """What is seen: left, right, low, high; None before the map has a size."""
        (left, right), (low, high) = self.plot.box.viewRange()
        if not (np.isfinite([left, right, low, high]).all() and left < right and low < high):
            return None
        return None if self.plot.box.size().isEmpty() else (left, right, low, high)

    # ── what comes ────────────────────────────────────────────────────────────────────────────

    @Slot(int)
    def _on_epoch(self, epoch: int) -> None:
        if self.is_on and epoch == self.session.epoch:
            self.asked = None  # one that came anew has other weights, another plane other places
            self.refresh()

    @Slot(object)
    def _on_changed(self, state: object) -> None:
        if self.is_on:
            self.refresh()

    @Slot()
    def _on_view_changed(self) -> None:
        if self.is_on and self.session.epochs:
            self.refresh()

    @Slot(object)
    def _on_run_changed(self, run: m.RunOpened | None) -> None:
        self._forget()
        if self.is_on:
            self.refresh()

    @Slot(object)
    def _on_answered(self, answer: m.Answer) -> None:
        if answer.view != self.view or not self.is_on or self.asked is None:
            return
        region, epoch, _ = self.asked
        if answer.asked != epoch or tuple(answer.values["region"]) != region:
            return
        self._late.stop()
        self.shown_epoch = answer.epoch
        self.take(answer, region)

    @Slot(object)
    def _on_failed(self, message: m.Failed) -> None:
        if self.is_on and message.view == self.view:
            self._late.stop()
            self.clear()
            self.say(message.summary, is_wrong=True)

    @Slot()
    def _on_late(self) -> None:
        if self.shown_epoch is None:
            self.say("On its way …")
        elif self.asked is not None and self.shown_epoch != self.asked[1]:
            self.say(f"Of epoch {self.shown_epoch}; epoch {self.asked[1]} is on its way")
