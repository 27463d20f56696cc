"""Themes: colours of labels stay apart for every reader, text can be read on its background."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from aeviz.gui import theme

FloatArray = NDArray[np.float64]

# Machado, Oliveira & Fernandes, 2009, severity 1, on linear RGB
VISIONS: dict[str, FloatArray] = {
    "normal": np.eye(3),
    "protan": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deutan": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritan": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
# Ottosson, 2020
TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def linear(colours: NDArray[np.uint8]) -> FloatArray:
    shares = colours / 255.0
    return np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)


def oklab(colours: NDArray[np.uint8], vision: str) -> FloatArray:
    seen = np.clip(linear(colours) @ VISIONS[vision].T, 0, 1)
    lab: FloatArray = 100 * np.cbrt(seen @ TO_CONES.T) @ TO_LAB.T
    return lab


def smallest_distance(colours: NDArray[np.uint8], vision: str) -> float:
    lab = oklab(colours, vision)
    apart = np.linalg.norm(lab[:, None] - lab[None], axis=-1)
    return float(apart[np.triu_indices(len(colours), 1)].min())


def rgb(name: str) -> NDArray[np.uint8]:
    colour = QColor(name)
    return np.array([[colour.red(), colour.green(), colour.blue()]], np.uint8)


def contrast(first: str, second: str) -> float:
    """WCAG 2 contrast ratio."""
    weights = np.array([0.2126, 0.7152, 0.0722])
    lights = sorted(float((linear(rgb(name)) @ weights).item()) for name in (first, second))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


@pytest.mark.parametrize("vision", VISIONS)
def test_ten_labels_stay_apart_for_every_reader(vision: str) -> None:
    assert smallest_distance(theme.label_colours(10), vision) >= (15 if vision == "normal" else 8)


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
def test_labels_stand_out_from_background_and_missing_ones(colours: theme.Tokens) -> None:
    for name, least in ((colours.surface, 15.0), (colours.missing, 8.0)):
        both = np.concatenate([theme.label_colours(10), rgb(name)])
        lab = oklab(both, "normal")
        assert np.linalg.norm(lab[:-1] - lab[-1], axis=1).min() >= least


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
def test_no_label_of_many_vanishes(colours: theme.Tokens) -> None:
    lab = oklab(np.concatenate([theme.label_colours(60), rgb(colours.surface)]), "normal")
    assert np.linalg.norm(lab[:-1] - lab[-1], axis=1).min() >= 12


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
def test_text_can_be_read(colours: theme.Tokens) -> None:
    for background in (colours.window, colours.surface, colours.raised):
        for text in (colours.text, colours.muted, colours.error, colours.warning, colours.accent):
            assert contrast(text, background) >= 4.5, (text, background)


@pytest.mark.parametrize("count", [1, 2, 7, 8, 10, 11, 60, 300])
def test_every_number_of_labels_has_colours(count: int) -> None:
    colours = theme.label_colours(count)
    assert colours.shape == (count, 3)
    assert colours.dtype == np.uint8
    assert len(np.unique(colours, axis=0)) >= min(count, 150)


def test_tokens_follow_the_palette(qtbot: QtBot) -> None:
    assert theme.tokens(theme.palette(theme.DARK)) is theme.DARK
    assert theme.tokens(theme.palette(theme.LIGHT)) is theme.LIGHT
