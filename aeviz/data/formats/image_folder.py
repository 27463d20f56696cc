"""A folder of pictures as a data set: a class per sub-folder, or none."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aeviz.data.dataset import ONLY, Dataset, DatasetEntry, Reporter
from aeviz.data.options import BINARISE
from aeviz.data.own import register_format
from aeviz.data.pictures.assembling import load_pictures
from aeviz.data.pictures.listing import holds_pictures
from aeviz.data.pictures.options import OPTIONS, Wishes


def is_image_folder(path: Path, head: bytes) -> bool:
    """Whether a path is a folder with a picture in it or not far below."""
    return not head and path.is_dir() and holds_pictures(path)


@register_format("folder of pictures", recognises=is_image_folder, options=OPTIONS, order=50)
def image_folder_entry(path: Path) -> DatasetEntry:
    """A folder of pictures as a data set that can be trained on."""

    def load(data_dir: Path, report: Reporter, options: Mapping[str, Any]) -> Dataset:
        return load_pictures(path, Wishes.of(options), report)

    return DatasetEntry(
        name=str(path),
        title=path.name,
        summary="A folder of pictures.",
        source=str(path),
        kind="image",
        load=load,
        options=(*OPTIONS, BINARISE, ONLY),
        needs_files=True,
    )
