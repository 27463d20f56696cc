"""The groups and data sets of an HDF5 file, reached by hard links and by soft ones that stay in it.

HDF5 can make a file read others: by external links, external storage and virtual data sets. None of
them is followed, and everything else that is no plain array of honest size is refused by its name.

References:
    | HDF5 File Format Specification 3.0, "Link Message", "Data Layout Message"
    | https://support.hdfgroup.org/documentation/hdf5/latest/ (registered filters)
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from aeviz.data.dataset import DataError

FILTERS = {1: "deflate", 2: "shuffle", 3: "fletcher32", 5: "nbit", 6: "scaleoffset", 32000: "lzf"}
"""Filters that come with the library: what is packed with another is not read."""

OTHER_FILTERS = {4: "szip", 307: "bzip2", 32001: "blosc", 32004: "lz4", 32008: "bitshuffle"}
OTHER_FILTERS |= {32013: "zfp", 32015: "zstd", 32026: "blosc2"}

KINDS = {
    h5py.h5l.TYPE_HARD: "hard",
    h5py.h5l.TYPE_SOFT: "soft",
    h5py.h5l.TYPE_EXTERNAL: "external",
}
MOST_OBJECTS, MOST_DEPTH, MOST_LINKS = 20_000, 32, 16
MOST_CHUNK = 2**30
"""Bytes of a chunk at most: it is unpacked as a whole."""

SMALL = 2**24
MOST_PACKED = 1100
"""Deflate packs 1,032 bytes into one at best: what declares more than this was never written."""


@dataclass
class Contents:
    """What is in a file.

    Attributes:
        arrays: Paths of data sets that can be read.
        left: Path → why it cannot be, as the end of a sentence.
    """

    arrays: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)


class Tree:
    """An open file; a context manager.

    Raises:
        DataError: If it is no HDF5 file, or damaged.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = h5py.File(path, "r")
        except OSError as error:
            raise DataError(f"{path} is a damaged HDF5 file: {_words(error)}") from error

    def __enter__(self) -> "Tree":
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._file.close()

    def contents(self) -> Contents:
        """Every data set, found by walking all groups.

        Raises:
            DataError: If a group contains itself, or there are more than anybody looks through.
        """
        found = Contents()
        _walk(self._file, "", [_address(self._file)], found)
        return found

    def has(self, path: str) -> bool:
        """Whether something can be reached under a path."""
        try:
            self.at(path)
        except DataError:
            return False
        return True

    def mentions(self, path: str) -> bool:
        """Whether there is a name under a path, wherever it leads."""
        group, _, name = path.rpartition("/")
        return self.has(group) and _link(self.group(group), name)[0] != "none"

    def at(self, path: str) -> Any:
        """The group or data set under a path.

        Raises:
            DataError: If there is none, or a link on the way leads out of the file.
        """
        return self._resolve(path, MOST_LINKS)

    def array(self, path: str) -> h5py.Dataset:
        """The data set under a path, of honest size and readable type.

        Raises:
            DataError: If there is none, or it would read other files, needs a filter that does
                not come with the library, or declares more than it can hold.
        """
        found = self.at(path)
        if not isinstance(found, h5py.Dataset):
            raise DataError(f"its {shown(path)} is no array of numbers, but a group")
        why = flaw(found)
        if why:
            raise DataError(f"its {shown(path)} {why}")
        return found

    def group(self, path: str) -> h5py.Group:
        """The group under a path; raises DataError where there is none."""
        found = self.at(path)
        if not isinstance(found, h5py.Group):
            raise DataError(f"its {shown(path)} should be a group, and is an array")
        return found

    def _resolve(self, path: str, links: int) -> Any:
        here: Any = self._file
        parts = [part for part in path.split("/") if part not in ("", ".")]
        for depth, name in enumerate(parts):
            whole = "/".join(parts[: depth + 1])
            if not isinstance(here, h5py.Group):
                raise DataError(f"there is no {shown(whole)} in it")
            kind, target = _link(here, name)
            if kind == "soft":
                if not links:
                    raise DataError(f"its {shown(whole)} is a link that leads round in circles")
                start = "" if target.startswith("/") else "/".join(parts[:depth])
                rest = "/".join((start, target, *parts[depth + 1 :]))
                return self._resolve(rest, links - 1)
            why = _stranger(kind, target)
            if why:
                raise DataError(f"its {shown(whole)} {why}")
            here = here[name]
        return here


def shown(path: str) -> str:
    """A path as a sentence names it, whatever letters it has."""
    return ascii(path[:100] or "/") if not path.isprintable() else repr(path[:100] or "/")


def text(value: Any) -> str:
    """A word of a file as text, whatever its bytes are."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value).encode("utf-8", "replace").decode()


# ── walking ───────────────────────────────────────────────────────────────────────────────────


def _walk(group: h5py.Group, above: str, addresses: list[Any], found: Contents) -> None:
    if len(addresses) > MOST_DEPTH:
        raise DataError(f"its groups lie more than {MOST_DEPTH} deep, at {shown(above)}")
    for name in group:
        path = f"{above}/{name}" if above else name
        if len(found.arrays) + len(found.left) > MOST_OBJECTS:
            raise DataError(f"it holds more than {MOST_OBJECTS:,} objects: copy out what is meant")
        kind, target = _link(group, name)
        if kind == "soft":
            continue  # what it leads to is met where it is, or is asked for by name
        why = _stranger(kind, target)
        if why:
            found.left[path] = why
            continue
        each = group[name]
        if isinstance(each, h5py.Group):
            address = _address(each)
            if address in addresses:
                raise DataError(f"its group {shown(path)} contains itself: write the file anew")
            _walk(each, path, [*addresses, address], found)
        elif isinstance(each, h5py.Dataset):
            why = flaw(each)
            if why:
                found.left[path] = why
            else:
                found.arrays.append(path)


def _address(group: h5py.Group) -> Any:
    return h5py.h5o.get_info(group.id).addr


def _link(group: h5py.Group, name: str) -> tuple[str, str]:
    """The kind of a link ("hard", "soft", "external", "other" or "none") and where it leads.

    The low level is meant: `name in group` and `group.get` open what a link leads to.
    """
    raw, links = name.encode("utf-8", "surrogateescape"), group.id.links
    if not links.exists(raw):
        return "none", ""
    kind = KINDS.get(links.get_info(raw).type, "other")
    if kind == "soft":
        return kind, links.get_val(raw).decode("utf-8", "surrogateescape")
    return kind, text(links.get_val(raw)[0]) if kind == "external" else ""


def _stranger(kind: str, target: str) -> str:
    """Why a link is not followed; nothing for a hard one."""
    return {
        "hard": "",
        "none": "is not there",
        "external": f"is a link into another file ({shown(target)}), which is not followed",
    }.get(kind, "is a link of a kind that is not followed")


# ── what an array has to be ───────────────────────────────────────────────────────────────────


def flaw(array: h5py.Dataset) -> str:
    """Why a data set is not read, as the end of a sentence; nothing where it is.

    The storage is looked at before the shape, which opens the other files of a virtual data set.
    """
    plan = array.id.get_create_plist()
    if plan.get_external_count():
        name = text(plan.get_external(0)[0])
        return f"is stored in another file ({shown(name)}), which is not opened"
    if plan.get_layout() == h5py.h5d.VIRTUAL:
        return "is a virtual data set, made of other ones: copy them into one"
    return next(filter(None, (*_unknown_filters(plan), _size_flaw(array, plan))), "")


def _unknown_filters(plan: Any) -> Iterator[str]:
    for number in range(plan.get_nfilters()):
        code = int(plan.get_filter(number)[0])
        if code not in FILTERS:
            name = OTHER_FILTERS.get(code, "unknown to this program")
            yield (
                f"is packed with filter {code} ({name}), which is not read: repack the file with "
                "h5repack -f GZIP=4"
            )


def _size_flaw(array: h5py.Dataset, plan: Any) -> str:
    try:
        shape, width = array.shape, array.dtype.itemsize
    except (TypeError, ValueError):
        return "holds values of a type that is not read"
    if shape is None or 0 in shape:
        return "holds nothing"
    if plan.get_layout() == h5py.h5d.CHUNKED and math.prod(plan.get_chunk()) * width > MOST_CHUNK:
        return f"is stored in chunks of more than {MOST_CHUNK / 2**30:.0f} GB: rechunk it"
    declared, stored = math.prod(shape) * width, array.id.get_storage_size()
    if declared > SMALL and declared > stored * MOST_PACKED:
        return (
            f"declares {declared / 2**30:,.1f} GB of values and stores {stored:,} bytes: "
            "it was never written"
        )
    return ""


def is_numbers(array: h5py.Dataset) -> bool:
    """Whether it holds plain numbers or truth values."""
    return isinstance(array.dtype, np.dtype) and array.dtype.kind in "uifb"


def _words(error: BaseException) -> str:
    return " ".join(str(error).split())[:120]
