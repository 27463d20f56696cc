"""What the TensorBoard projector reads: vectors.tsv with metadata.tsv, or a folder of them."""

from pathlib import Path

from aeviz.data.dataset import DataError, DatasetEntry
from aeviz.data.own import register_format
from aeviz.data.tables.assembling import table_entry
from aeviz.data.tables.options import CONSTANT, DUPLICATES, LABEL, MISSING, SCALING
from aeviz.data.tables.projector import pair_of

OPTIONS = (LABEL, MISSING, CONSTANT, DUPLICATES, SCALING)


def is_projector(path: Path, head: bytes) -> bool:
    """Whether a path is a projector's folder, its configuration, or vectors beside metadata."""
    try:
        return pair_of(path) is not None
    except DataError:
        return True  # its entry says what is wrong


@register_format("TensorBoard projector", recognises=is_projector, options=OPTIONS, order=40)
def projector_entry(path: Path) -> DatasetEntry:
    """Vectors with their metadata as a data set that can be trained on.

    Raises:
        DataError: If a configuration leads out of its folder, or to what is not there.
    """
    pair = pair_of(path)
    names = [] if pair is None else [each.name for each in (pair.vectors, pair.metadata) if each]
    summary = f"Vectors of the TensorBoard projector: {' with '.join(names)}."
    return table_entry(path, "aeviz.data.tables.projector:read", summary, OPTIONS)
