"""Colours of themes, labels and curves, the same in the window and in what leaves it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Tokens:
    """The colours of a theme, as "#rrggbb".

    Attributes:
        window: Behind everything.
        surface: Behind plots, lists and fields.
        raised: Buttons and headers.
        line: Borders, grids, axes.
        text: What is read.
        muted: What is read second: units, captions, axis labels.
        accent: What can be acted on, the playhead, the pin.
        accent_text: Text on the accent.
        good: A training that goes well, a value to trust.
        warning: A notice, a clipped decode.
        error: What went wrong.
        missing: Points without a label.
        series: Curves of charts and terms of formulas, in order.
    """

    window: str
    surface: str
    raised: str
    line: str
    text: str
    muted: str
    accent: str
    accent_text: str
    good: str
    warning: str
    error: str
    missing: str
    series: tuple[str, ...]


LIGHT = Tokens(
    window="#f4f5f7",
    surface="#ffffff",
    raised="#fbfbfc",
    line="#d9dee5",
    text="#1c2128",
    muted="#5d6875",
    accent="#2463d6",
    accent_text="#ffffff",
    good="#1a7f4b",
    warning="#a15c00",
    error="#c0262d",
    missing="#b4bac2",
    series=("#1c2128", "#2463d6", "#d1660a", "#8a3fb8", "#1a8a6a", "#b8336a"),
)
DARK = Tokens(
    window="#15181c",
    surface="#1c2025",
    raised="#252a30",
    line="#343b44",
    text="#e7eaee",
    muted="#9aa5b2",
    accent="#6c9dff",
    accent_text="#0d1420",
    good="#55c78d",
    warning="#f0b357",
    error="#ff7b7f",
    missing="#5a626c",
    series=("#e7eaee", "#6c9dff", "#ffa04d", "#c792f0", "#4fd0a8", "#f57fae"),
)

# Okabe and Ito (2008), for up to eight labels; black is left out, it would vanish in the dark.
_OKABE_ITO = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442")
# Ten colours found by searching for the largest smallest distance in OKLab (×100) under normal,
# protan, deutan and tritan vision (Machado et al., 2009), and from both backgrounds and the grey of
# missing labels: 15.9, 9.3 and 8.2 … 8.6, where Petroff's ten (2021), with two greys, have 9.0 and
# 6.1 … 8.4. tests/gui/test_theme.py recomputes it.
_TEN = (
    "#0069d2", "#d2b400", "#a51e1e", "#3ce187", "#872d96",
    "#f07887", "#5aa53c", "#00a5ff", "#966900", "#9678c3",
)  # fmt: skip


def label_colours(count: int) -> NDArray[np.uint8]:
    """Colours of labels that stay apart, also for colour-blind readers, uint8 (count, 3)."""
    if count <= len(_OKABE_ITO):
        names: tuple[str, ...] = _OKABE_ITO
    elif count <= len(_TEN):
        names = _TEN
    else:
        from cmap import Colormap

        table = np.asarray(Colormap("glasbey:glasbey").lut(256))[:, :3]
        # What is nearly black or white would vanish in one of the themes.
        light = table @ (0.2126, 0.7152, 0.0722)
        table = table[(light > 0.22) & (light < 0.85)]
        return np.asarray(np.rint(table[np.arange(count) % len(table)] * 255), np.uint8)
    return np.array([rgb(name) for name in names[:count]], np.uint8)


def scale_colours(count: int) -> NDArray[np.uint8]:
    """Colours of a scale of numbers, evenly apart to the eye, uint8 (count, 3).

    The middle part of viridis: its ends would vanish before a dark and a light ground.
    """
    from cmap import Colormap

    places = np.linspace(0.12, 0.93, count)
    table = np.asarray(Colormap("viridis")(places))[:, :3]
    return np.asarray(np.rint(table * 255), np.uint8)


def curve_colours(terms: Sequence[str], colours: Tokens) -> dict[str, str]:
    """Name of a metric → colour of its curve and of its place in the formula.

    The total is neutral, its terms take the colours in order, the mean error has the last one.
    """
    own = colours.series[1:-1]
    made = {"loss": colours.series[0], "reconstruction_mse": colours.series[-1]}
    made |= {name: own[number % len(own)] for number, name in enumerate(terms)}
    return made


def rgb(name: str) -> tuple[int, int, int]:
    """The parts of "#rrggbb"."""
    return int(name[1:3], 16), int(name[3:5], 16), int(name[5:7], 16)
