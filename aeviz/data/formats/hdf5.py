"""HDF5 files and AnnData (.h5ad) as data; both are opened in the child process only."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from aeviz.catalogue import Option
from aeviz.data.apart import Limits, read_apart
from aeviz.data.dataset import ONLY, Dataset, DatasetEntry, Reporter
from aeviz.data.hdf.options import ANNOTATED, PLAIN
from aeviz.data.options import BINARISE, choice
from aeviz.data.own import register_format
from aeviz.data.tables.assembling import assemble

SIGNATURE = b"\x89HDF\r\n\x1a\n"
QUICK = Limits(memory=2 * 2**30, cpu_seconds=60, seconds=30.0, output=2**26)
"""A look takes less than reading does."""


def is_hdf5(path: Path, head: bytes) -> bool:
    """Whether a file begins as HDF5 does."""
    return head.startswith(SIGNATURE)


@register_format("HDF5, AnnData", recognises=is_hdf5, options=(*PLAIN, *ANNOTATED), order=-10)
def hdf5_entry(path: Path) -> DatasetEntry:
    """An HDF5 file as a data set that can be trained on.

    Raises:
        DataError: If it is damaged, or holds nothing but what is not followed.
    """
    status = path.stat()
    is_annotated, shape = _look(path, status.st_size, status.st_mtime_ns)
    is_image = len(shape) == 3
    own: tuple[Option, ...] = ANNOTATED if is_annotated else PLAIN

    def load(data_dir: Path, report: Reporter, options: Mapping[str, Any]) -> Dataset:
        return load_hdf5(path, own, options, report)

    return DatasetEntry(
        name=str(path),
        title=path.stem,
        summary="Cells of an AnnData file." if is_annotated else "Samples of an HDF5 file.",
        source=str(path),
        kind="image" if is_image else "table",
        load=load,
        shape=shape,
        options=(*own, *((BINARISE,) if is_image else ()), ONLY),
        needs_files=True,
    )


def load_hdf5(
    path: Path, own: tuple[Option, ...], options: Mapping[str, Any], report: Reporter
) -> Dataset:
    """Read a file in the child process; its samples stay on the disk where they are large.

    Raises:
        DataError: One sentence that names the file and the data set.
    """
    for option in own:
        if option.kind == "choice":
            choice(options, option)
    wanted = {option.name: options.get(option.name, option.default) for option in own}
    return assemble(path, read_apart("aeviz.data.hdf.reading:read", path, wanted, report))


@lru_cache(maxsize=32)
def _look(path: Path, size: int, changed: int) -> tuple[bool, tuple[int, ...]]:
    """Whether a file is AnnData, and the shape of a sample: asked for again and again."""
    facts = read_apart("aeviz.data.hdf.reading:look", path, {}, lambda *_: None, QUICK).facts
    return bool(facts["annotated"]), tuple(map(int, facts["shape"]))
