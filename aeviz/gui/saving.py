"""Figures of panels as files: asks where to, writes, says how it went."""

import re
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from aeviz import messages as m
from aeviz.gui import exporting
from aeviz.gui.figure import FILTERS, Figure, bytes_of
from aeviz.gui.session import Session


def ask_where(parent: QWidget, caption: str, run_title: str, what: str) -> Path | None:
    """The file that the person names for a picture, None if they do not.

    Args:
        parent: The panel.
        caption: Of the dialog.
        run_title: What the proposed name begins with.
        what: What it ends with, such as "film".
    """
    name = re.sub(r"[^\w.-]+", "-", run_title).strip("-.") or "run"
    chosen, _ = QFileDialog.getSaveFileName(parent, caption, f"{name}-{what}.png", FILTERS)
    return Path(chosen) if chosen else None


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
