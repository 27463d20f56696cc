"""Make the files of `resources/data` from scikit-learn's copies and from fonts; run once, by hand.

    python packaging/make_builtin_data.py [FONT_FOLDER…]

Printed digits are drawn only where folders of fonts are named. aeviz reads these files instead of
asking scikit-learn, whose import costs a second. The tests compare them with scikit-learn's data
value by value.
"""

import csv
import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits, load_sample_images, load_wine

from aeviz.data.fonts import font_files, glyphs_in

FOLDER = Path(__file__).resolve().parent.parent / "resources" / "data"
CULTIVARS = ("Barolo", "Grignolino", "Barbera")
"""The three classes in scikit-learn's order: 59, 71 and 48 wines, as in Forina's table."""

FAMILIES = ("Inter-", "DejaVuSans", "DejaVuSerif", "NotoMono", "NotoSansMono")
"""Beginnings of the names of the files that digits are drawn from; all are free typefaces."""

TOO_THIN = ("Thin", "ExtraLight")
"""Weights that vanish at 8 × 8 pixels."""


def write_digits() -> None:
    """Write the images as uint8 (1797, 8, 8), values 0 to 16, and their labels."""
    digits = load_digits()
    np.savez_compressed(
        FOLDER / "digits.npz",
        x=digits.images.astype(np.uint8),
        y=digits.target.astype(np.uint8),
    )


def write_wine() -> None:
    """Write one row per wine: its cultivar, then the 13 measurements as printed by Python."""
    wine = load_wine()
    names = [_title(name) for name in wine.feature_names]
    with (FOLDER / "wine.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["class", *names])
        for row, label in zip(wine.data.tolist(), wine.target.tolist(), strict=True):
            writer.writerow([CULTIVARS[label], *row])


def write_photographs() -> None:
    """Write scikit-learn's two photographs in grey, uint8 (427, 640), by the names of patches.py.

    Grey is the luma of ITU-R BT.601: 0.299 R + 0.587 G + 0.114 B.
    """
    images = load_sample_images().images
    greys = [np.rint(image @ [0.299, 0.587, 0.114]).astype(np.uint8) for image in images]
    np.savez_compressed(FOLDER / "photographs.npz", China=greys[0], flower=greys[1])


def write_printed(folders: list[Path]) -> None:
    """Write the digits of fonts: uint8 (fonts, 10, 48, 48) with the fonts' names."""
    files = [path for path in font_files(folders) if path.name.startswith(FAMILIES)]
    glyphs = glyphs_in([path for path in files if not any(word in path.stem for word in TOO_THIN)])
    np.savez_compressed(FOLDER / "printed.npz", x=glyphs.bitmaps, names=np.array(glyphs.names))


def _title(name: str) -> str:
    """A column's name as a person writes it."""
    return name.replace("_", " ").replace("od280/od315", "OD280/OD315")


if __name__ == "__main__":
    write_digits()
    write_wine()
    write_photographs()
    if len(sys.argv) > 1:
        write_printed([Path(folder) for folder in sys.argv[1:]])
