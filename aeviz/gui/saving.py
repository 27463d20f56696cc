"""Figures of panels as files: asks where to, writes, says how it went."""

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QFileDialog, QWidget

from aeviz import messages as m
from aeviz.gui import exporting
from aeviz.gui.exports import base_name
from aeviz.gui.figure import FILTERS, Figure, bytes_of
from aeviz.gui.film_options import told_of
from aeviz.gui.session import Session

VALUES = "CSV table (*.csv);;Parquet (*.parquet);;NumPy arrays (*.npz)"
"""Formats of decodes as values, in Qt's spelling."""


def is_values(path: Path) -> bool:
    """Whether a name asks for values in place of a picture."""
    return path.suffix.lower() in (".csv", ".parquet", ".npz")


def ask_where(
    parent: QWidget, caption: str, run_title: str, what: str, *, has_values: bool = False
) -> Path | None:
    """The file that the person names for a picture, None if they do not.

    Args:
        parent: The panel.
        caption: Of the dialog.
        run_title: What the proposed name begins with.
        what: What it ends with, such as "film".
        has_values: Whether what is shown can be written as values too.
    """
    filters = f"{FILTERS};;{VALUES}" if has_values else FILTERS
    name = f"{base_name(run_title)}-{what}.png"
    chosen, chosen_filter = QFileDialog.getSaveFileName(parent, caption, name, filters)
    if not chosen:
        return None
    path, wanted = Path(chosen), re.search(r"\*(\.\w+)", chosen_filter)
    return path if path.suffix or wanted is None else path.with_suffix(wanted[1])


def save_values(
    session: Session,
    path: Path,
    z: NDArray[np.float32],
    how: str,
    **more: Any,
) -> None:
    """Have decodes written as values, marked as generated; `job_done` says how it went.

    Args:
        session: At whose epoch, and with whose condition, they are decoded.
        path: Its ending says the format.
        z: Latents (B, D).
        how: How they came to be, such as "decoded along a path".
        more: What else the writer takes: `x`, their decodes where they are known; `seed`;
            `columns`, what else is known of each, (B,) by name.
    """
    told = told_of(session)
    session.export("values", str(path), {"z": z, "how": how, "condition": told, **more})


def save_figure(session: Session, figure: Figure | None, path: Path, scale: float = 2.0) -> None:
    """Write a figure as the ending of the name says; `noticed` or `failed` says how it went.

    Args:
        session: Told how it went.
        figure: None where there is nothing to be seen, which is said.
        path: Without an ending a PNG picture.
        scale: Pixels of a PNG picture for every logical one.
    """
    target = path if path.suffix else path.with_suffix(".png")
    try:
        if figure is None:
            raise exporting.ExportError("There is nothing to be saved yet.")
        save_bytes(session, bytes_of(figure, target, scale), target)
    except exporting.ExportError as error:
        session.receive(m.Failed(where="export", summary=str(error)))


def save_bytes(session: Session, content: bytes, path: Path) -> None:
    """Write a file whole; `noticed` or `failed` of the session says how it went."""
    try:
        exporting.write_whole(path, content)
    except exporting.ExportError as error:
        session.receive(m.Failed(where="export", summary=str(error)))
    else:
        session.noticed.emit(f"Saved {path}")
