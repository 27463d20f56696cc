"""Colours of labels, the same in the window and in what leaves it."""

import numpy as np
from numpy.typing import NDArray

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
    return np.array([_rgb(name) for name in names[:count]], np.uint8)


def scale_colours(count: int) -> NDArray[np.uint8]:
    """Colours of a scale of numbers, evenly apart to the eye, uint8 (count, 3).

    The middle part of viridis: its ends would vanish before a dark and a light ground.
    """
    from cmap import Colormap

    places = np.linspace(0.12, 0.93, count)
    table = np.asarray(Colormap("viridis")(places))[:, :3]
    return np.asarray(np.rint(table * 255), np.uint8)


def _rgb(name: str) -> tuple[int, int, int]:
    return int(name[1:3], 16), int(name[3:5], 16), int(name[5:7], 16)
