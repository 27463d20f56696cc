"""A decode with the nearest real sample beside it: two pictures, a profile, a place in a plane."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from aeviz.gui import theme
from aeviz.gui.captions import LabelName, tip
from aeviz.gui.image_label import ImageLabel
from aeviz.gui.labels import ElidedLabel, caption_label, heading_label
from aeviz.gui.plane_view import PlaneView, is_planar
from aeviz.gui.profile import Profile
from aeviz.gui.theme import SPACE
from aeviz.gui.tiles import SampleStyle
from aeviz.messages import Decoded, RunOpened

_MOST = 256
"""Largest side of a picture in logical pixels."""


class DecodeView(QWidget):
    """Draws what it is told; the inspector decides what and when, and where `coordinates` stand."""

    def __init__(self) -> None:
        super().__init__()
        self.picture = ImageLabel("Decoded picture")
        self.neighbour = ImageLabel("Nearest sample")
        self.profile = Profile("Decoded features")
        self.plane = PlaneView("Decode in the plane of the two features")
        self.coordinates = caption_label("", "text")
        self.coordinates.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.origin = caption_label("")
        self.name = LabelName()
        self.distance = ElidedLabel("", "muted")
        self.distance.setFont(theme.caption(self.font()))
        self._style = SampleStyle()
        self._decode: NDArray[Any] | None = None
        self._sample: NDArray[Any] | None = None
        self._lay_out()

    def _lay_out(self) -> None:
        pair = QHBoxLayout()
        pair.setSpacing(SPACE)
        columns: tuple[Sequence[QWidget], ...] = (
            (self.picture, heading_label("Decode"), self.origin),
            (self.neighbour, heading_label("Nearest sample"), self.name, self.distance),
        )
        for widgets in columns:
            cell = QWidget()
            stack = QVBoxLayout(cell)
            stack.setContentsMargins(0, 0, 0, 0)
            stack.setSpacing(2)
            for widget in widgets:
                stack.addWidget(widget)
            pair.addWidget(cell, 1, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        column.addLayout(pair)
        column.addWidget(self.profile)
        column.addWidget(self.plane)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Enlarge both pictures equally; columns may differ by a pixel."""
        super().resizeEvent(event)
        side = (self.width() - SPACE) // 2 - 2
        for picture in (self.picture, self.neighbour):
            picture.set_most(min(side, _MOST))

    def set_run(self, run: RunOpened, style: SampleStyle) -> None:
        """Prepare for the samples of a run and show none yet."""
        self._style, self._decode, self._sample = style, None, None
        for picture in (self.picture, self.neighbour):
            picture.setVisible(run.is_image)
            if run.is_image:
                picture.set_shape(run.sample_shape[0], run.sample_shape[1])
        in_plane = is_planar(run)
        self.plane.setVisible(in_plane)
        self.plane.set_run(run if in_plane else None)
        self.profile.setVisible(not run.is_image and not in_plane)
        if not run.is_image:
            self.profile.set_features(run.feature_names, style)
        self.clear_decode()
        self.clear_neighbour()

    def clear_decode(self) -> None:
        """Show no decode."""
        self._decode = None
        self.picture.set_image(None)
        self.coordinates.say("")
        self.origin.say("")
        self._draw_profile()

    def clear_neighbour(self) -> None:
        """Show no sample."""
        self._sample = None
        self.neighbour.set_image(None)
        self.name.say("–")
        self.distance.set_text("")
        self._draw_profile()

    def show_decode(self, message: Decoded, coordinates: str, whole: str) -> None:
        """Show the first decode of an answer.

        Args:
            message: The answer.
            coordinates: Its latent as a short text.
            whole: Its latent in full, for the tool tip.
        """
        is_known = bool(np.isfinite(message.values[0]).any())
        if message.pictures is not None:
            self.picture.set_image(message.pictures[0] if is_known else None)
        self._decode = message.values[0] if is_known else None
        self.coordinates.say(coordinates)
        self.coordinates.setToolTip(tip(whole))
        self.picture.setAccessibleDescription(f"Decode at {coordinates}")
        self.origin.say(f"epoch {message.epoch}")
        self._draw_profile()

    def name_neighbour(self, name: str, colour: QColor | None, distance: str) -> None:
        """Say which sample is nearest; its picture may come later."""
        self.name.say(name, colour)
        self.distance.set_text(distance)

    def show_neighbour(self, sample: NDArray[Any]) -> None:
        """Show the nearest sample, in its own units."""
        self._sample = sample
        if sample.ndim == 3:
            self.neighbour.set_image(np.asarray(sample, np.uint8), self._style.white)
            self.neighbour.setAccessibleDescription(self.name.text)
        self._draw_profile()

    def _draw_profile(self) -> None:
        """Draw the decode as bars and the sample as lines, or both as places in a plane."""
        if self.plane.isVisibleTo(self):
            self.plane.show_places(self._decode, self._sample)
        if not self.profile.isVisibleTo(self):
            return
        if self._decode is not None and self._decode.ndim == 1:
            self.profile.show_values(self._decode, self._sample, ("decode", "nearest sample"))
        elif self._sample is not None:
            self.profile.show_values(self._sample)
        else:
            self.profile.clear()
