"""What the child process is asked for: a look at an HDF5 file, or its samples."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aeviz.data.dataset import DataError
from aeviz.data.hdf import annotated, plain
from aeviz.data.hdf.tree import Tree
from aeviz.data.reader import Sink


def look(path: Path, options: Mapping[str, Any], sink: Sink) -> dict[str, Any]:
    """Whether it is AnnData, and the shape of a sample where that is clear without options."""
    with Tree(path) as tree:
        contents = tree.contents()
        if annotated.is_annotated(tree):
            return {"annotated": True, "shape": []}
        try:
            name = plain.choose(tree, contents)
            return {"annotated": False, "shape": list(plain.sample_shape(tree.array(name), name))}
        except DataError:
            if not contents.arrays:
                raise
            return {"annotated": False, "shape": []}  # reading says what has to be named


def read(path: Path, options: Mapping[str, Any], sink: Sink) -> dict[str, Any]:
    """The arrays of `tables.assembling.assemble`, whose facts are returned."""
    with Tree(path) as tree:
        read_it = annotated.read if annotated.is_annotated(tree) else plain.read
        return read_it(tree, options, sink)
