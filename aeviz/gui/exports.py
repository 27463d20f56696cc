"""What of a run can be written for other programs, and in which formats."""

import re
from dataclasses import dataclass
from pathlib import Path

MODEL = "ONNX (*.onnx);;torch.export package (*.pt2);;Weights as safetensors (*.safetensors)"


@dataclass(frozen=True)
class Export:
    """One thing that can be written.

    Attributes:
        what: Its name in `messages.ExportRun`.
        text: Its line in the menu.
        tip: One sentence.
        ending: Of the proposed file, "" for a folder.
        filters: Formats, in Qt's spelling.
        needs_model: Whether it needs a model that a run folder holds.
    """

    what: str
    text: str
    tip: str
    ending: str
    filters: str = ""
    needs_model: bool = True


EXPORTS = (
    Export(
        "latents",
        "Export &latents…",
        "Encode every sample of the run's data set, with labels.",
        "csv",
        "CSV table (*.csv);;NumPy arrays (*.npz);;Parquet (*.parquet);;AnnData (*.h5ad)",
    ),
    Export(
        "metrics",
        "Export &metrics…",
        "Every loss and measure at every epoch.",
        "csv",
        "CSV table (*.csv)",
        needs_model=False,
    ),
    Export("encoder", "Export the &encoder…", "The encoder for other programs.", "onnx", MODEL),
    Export("decoder", "Export the &decoder…", "The decoder for other programs.", "onnx", MODEL),
    Export(
        "projector",
        "Export a &projector folder…",
        "Latents, labels and pictures for the TensorBoard projector.",
        "",
        needs_model=False,
    ),
    Export(
        "sprites",
        "Export a &sheet of samples…",
        "The samples as one PNG picture, in the order of the latents; it says its columns.",
        "png",
        "PNG picture (*.png)",
        needs_model=False,
    ),
    Export(
        "report",
        "Write a &report…",
        "One HTML file that tells of the run: curves, map, decodes, numbers.",
        "html",
        "HTML page (*.html)",
    ),
    Export(
        "film",
        "&Film…",
        "The training, the path or a traversal as GIF, WebP or MP4.",
        "gif",
        needs_model=False,
    ),
)


FILMS = {"gif": "GIF (*.gif)", "webp": "WebP (*.webp)", "mp4": "MP4 (*.mp4)"}
"""Formats of films by their endings, in Qt's spelling."""


def base_name(title: str) -> str:
    """What the proposed name of a file begins with."""
    return re.sub(r"[^\w.-]+", "-", title).strip("-.") or "run"


def with_ending(path: Path, export: Export, chosen_filter: str) -> Path:
    """The path with the ending of the chosen format, where it was written without one."""
    if path.suffix or not export.ending:
        return path
    found = re.search(r"\*(\.\w+)", chosen_filter)
    return path.with_suffix(found[1] if found else f".{export.ending}")
