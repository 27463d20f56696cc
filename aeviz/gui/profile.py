"""A row of features as a profile: named bars for few features, a curve for many."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from aeviz.gui import wording
from aeviz.gui.bars import BarKind, BarRows, Bars
from aeviz.gui.curve import CurveProfile
from aeviz.gui.labels import caption_label
from aeviz.gui.numbers import measure
from aeviz.gui.tiles import SampleStyle
from aeviz.messages import FloatArray

MOST_BARS = 40
"""Beyond so many features their names cannot be read side by side: a curve is drawn."""

_COMPARABLE = 50.0
"""Features whose ranges differ by no more than this factor share one axis in their own units."""


class Profile(QWidget):
    """Shows one row of features, over a second one where that helps, or how two rows differ."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._names: tuple[str, ...] = ()
        self._style = SampleStyle()
        self._spread: FloatArray | None = None
        self.bars = BarRows(name)
        self.curve = CurveProfile(name)
        self.legend = caption_label("")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.bars)
        column.addWidget(self.curve)
        column.addWidget(self.legend)

    def set_features(
        self, names: Sequence[str], style: SampleStyle, spread: FloatArray | None = None
    ) -> None:
        """Say what the features are.

        Args:
            names: One per feature; features without a name are numbered.
            style: Their ranges over the run's samples, which the bars' ends stand for.
            spread: Their standard deviations over the run's samples, (F,), which errors are
                measured in.
        """
        count = 0 if style.low is None else len(style.low)
        self._names = tuple(names) or tuple(f"feature {i + 1}" for i in range(count))
        self._style, self._spread = style, spread
        self.bars.setVisible(self.has_bars)
        self.curve.setVisible(not self.has_bars)
        self.clear()

    @property
    def has_bars(self) -> bool:
        """Whether the features are few enough for a row each."""
        return len(self._names) <= MOST_BARS

    def clear(self) -> None:
        """Show nothing."""
        self.bars.set_bars(None)
        self.curve.show_nothing()
        self.legend.say("")

    def show_values(
        self,
        values: FloatArray,
        reference: FloatArray | None = None,
        names: tuple[str, str] = ("", ""),
    ) -> None:
        """Show a row (F,) in its own units, and a second one as marks or a second curve.

        Args:
            values: The row.
            reference: The second row.
            names: What the two are, for the legend and the tool tips.
        """
        if self.has_bars:
            self._show_value_bars(values, reference, names)
        else:
            self._show_curve(values, reference, names)

    def _show_value_bars(
        self, values: FloatArray, reference: FloatArray | None, names: tuple[str, str]
    ) -> None:
        marks = None if reference is None else self._style.fractions(reference)
        tips = [self._value_tip(i, values, reference, names) for i in range(len(values))]
        lengths = self._style.fractions(values)
        self._set_bars("value", lengths, values, tips, marks)
        told = f"Bar: {names[0]}. Line: {names[1]}. " if reference is not None else ""
        self.legend.say(f"{told}Each bar spans the feature's range over the run's samples.")

    def _value_tip(
        self, row: int, values: FloatArray, reference: FloatArray | None, names: tuple[str, str]
    ) -> str:
        text = f"{self._names[row]}: {measure(float(values[row]))}"
        if reference is not None:
            text += f" ({names[0]}), {measure(float(reference[row]))} ({names[1]})"
        if self._style.low is None or self._style.high is None:
            return text
        low, high = float(self._style.low[row]), float(self._style.high[row])
        return f"{text}. The run's samples go from {measure(low)} to {measure(high)}."

    def show_difference(self, difference: FloatArray) -> None:
        """Show reconstruction minus original, (F,), in the features' own units."""
        if not self.has_bars:
            self.curve.show_curves([difference], ["difference"], self._names)
            self.legend.say("Reconstruction minus original, in the features' own units.")
            return
        shares = np.asarray(difference / self._span(), np.float32)
        limit = wording.nice_ceiling(wording.largest(shares))
        tips = [
            f"{name}: reconstruction minus original is {measure(float(value))}, "
            f"{wording.signed_share(float(part))} of the feature's range"
            for name, value, part in zip(self._names, difference, shares, strict=True)
        ]
        self._set_bars("difference", np.asarray(shares / limit, np.float32), difference, tips)
        ends = wording.share(limit)
        self.legend.say(
            f"Reconstruction minus original. The bars end at ±{ends} of each feature's range."
        )

    def show_weights(self, weights: FloatArray) -> None:
        """Show what a unit weighs each feature with, (F,), as bars from the middle."""
        if not self.has_bars:
            self.curve.show_curves([weights], ["weight"], self._names)
        else:
            limit = wording.nice_ceiling(wording.largest(weights))
            tips = [
                f"{name}: weight {measure(float(value))} per standard deviation"
                for name, value in zip(self._names, weights, strict=True)
            ]
            self._set_bars("difference", np.asarray(weights / limit, np.float32), weights, tips)
        self.legend.say("Weight of each feature, standardised.")

    def show_error(self, difference: FloatArray) -> None:
        """Show the squared error of each feature, in standard deviations squared."""
        spread = self._span() if self._spread is None else self._spread
        squares = np.asarray((difference / np.where(spread > 0, spread, 1.0)) ** 2, np.float32)
        if not self.has_bars:
            self.curve.show_curves([squares], ["squared error"], self._names)
        else:
            limit = wording.nice_ceiling(wording.largest(squares))
            tips = [
                f"{name}: squared error {measure(float(value))} in standard deviations squared"
                for name, value in zip(self._names, squares, strict=True)
            ]
            self._set_bars("error", np.asarray(squares / limit, np.float32), squares, tips)
        self.legend.say(
            "Squared error of each feature, in standard deviations of the run's samples."
        )

    def _set_bars(
        self,
        kind: BarKind,
        lengths: FloatArray,
        values: FloatArray,
        tips: list[str],
        marks: FloatArray | None = None,
    ) -> None:
        texts = tuple(measure(float(value), 3) for value in values)
        self.bars.set_bars(Bars(kind, self._names, lengths, texts, tuple(tips), marks))

    def _span(self) -> FloatArray:
        """The width of each feature's range, 1 where it is constant."""
        if self._style.low is None or self._style.high is None:
            return np.ones(len(self._names), np.float32)
        span = self._style.high - self._style.low
        return np.asarray(np.where(span > 0, span, 1.0), np.float32)

    def _show_curve(
        self, values: FloatArray, reference: FloatArray | None, names: tuple[str, str]
    ) -> None:
        own = self._is_comparable()
        rows = [values] if reference is None else [values, reference]
        curves = rows if own else [self._style.fractions(row) for row in rows]
        ends = (0.0, 1.0)
        if own and self._style.low is not None and self._style.high is not None:
            ends = (float(self._style.low.min()), float(self._style.high.max()))
        self.curve.show_curves(curves, list(names), self._names, own=rows, ends=ends)
        thick = f"Thick: {names[0]}. Thin: {names[1]}. " if reference is not None else ""
        told = (
            "In the features' own units."
            if own
            else ("Each feature over its range in the run's samples: from 0 to 1.")
        )
        self.legend.say(thick + told)

    def _is_comparable(self) -> bool:
        span = self._span()
        return bool(span.max(initial=1.0) <= _COMPARABLE * span.min(initial=1.0))
