"""A folder of pictures as a data set: listed, looked at, decoded into one array, and kept."""

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz.data.apart import Limits
from aeviz.data.dataset import Column, DataError, Dataset, Reporter, divide
from aeviz.data.pictures import kept
from aeviz.data.pictures.choosing import HEADERS, PIXELS, Looks, choose, spread
from aeviz.data.pictures.decoding import Plan
from aeviz.data.pictures.kept import Kept
from aeviz.data.pictures.listing import Listing, list_pictures
from aeviz.data.pictures.options import Wishes
from aeviz.data.pictures.pool import Pool
from aeviz.data.tables.settling import several

VERSION = 1
"""Rises when the same files would become other bytes."""

LIMITS = Limits(memory=2 * 2**30, cpu_seconds=24 * 3600, seconds=30.0)
"""Of a process that decodes: the largest picture as colours, and a few copies of it."""

BEARABLE = 0.01
"""The share of pictures that may be unreadable and are left out; from it on all are refused."""

ENOUGH = 10
"""Unreadable pictures from which on nobody looks for more of them, once they are too many."""

NAMED = 3
SHARE_OF_LOOKING = 0.1


@dataclass
class _Outcome:
    """What became of the pictures of a folder.

    Attributes:
        total: How many there are.
        lost: Row → why it could not be read.
        traits: How many had what is worth a remark.
    """

    total: int
    lost: dict[int, str] = field(default_factory=dict)
    traits: Counter[str] = field(default_factory=Counter)


def load_pictures(path: Path, wishes: Wishes, report: Reporter) -> Dataset:
    """Read a folder of pictures, or take from the cache what became of it.

    Raises:
        DataError: If there is no picture, too many cannot be read, or the disk is full.
    """
    report(0.0, "Looking for pictures")
    listing = list_pictures(path)
    key = _key(listing, wishes)
    found = kept.find(key) or _made(path, listing, wishes, key, report)
    lost = [int(row) for row in found.facts["lost"]]
    names = [_said(name) for name in np.delete(np.array(listing.files, object), lost)]
    return Dataset(
        name=str(path),
        title=path.name,
        samples=found.samples,
        scaling=divide(255),
        labels=None if listing.labels is None else np.delete(listing.labels, lost),
        class_names=tuple(map(_said, listing.class_names)),
        source=str(path),
        columns=()
        if listing.parts is None
        else (Column("folder", np.delete(listing.parts, lost), tuple(listing.part_names)),),
        sample_names=tuple(names),
        remarks=(*listing.remarks, *found.facts["remarks"]),
    )


def _key(listing: Listing, wishes: Wishes) -> str:
    words = json.dumps([VERSION, listing.stamp, asdict(wishes)])
    return hashlib.sha256(words.encode()).hexdigest()[:32]


def _said(name: str) -> str:
    """A name of a file that can be written anywhere, whatever its bytes are."""
    return name.encode("utf-8", "replace").decode()


def _made(path: Path, listing: Listing, wishes: Wishes, key: str, report: Reporter) -> Kept:
    with kept.making() as place:
        outcome = _Outcome(len(listing.files))
        with Pool(path, place, LIMITS) as pool:
            plan, remarks = _looked(path, pool, listing, wishes, report)
            file = _empty(place, (outcome.total, plan.height, plan.width, plan.channels))
            for row, answer in _decoded(pool, listing, plan, file, report):
                _note(outcome, row, answer)
                _check(path, listing, outcome, is_done=False)
        _check(path, listing, outcome, is_done=True)
        _compact(place, sorted(outcome.lost))
        shape = [outcome.total - len(outcome.lost), plan.height, plan.width, plan.channels]
        remarks = [*remarks, *_remarks(listing, plan, outcome)]
        facts = {"shape": shape, "lost": sorted(outcome.lost), "remarks": remarks}
        kept.keep(place, key, facts)
    found = kept.find(key)
    if found is None:
        raise DataError(f"{path}: what was decoded cannot be read back from {kept.folder()}")
    return found


# ── looking and decoding ──────────────────────────────────────────────────────────────────────


def _looked(
    path: Path, pool: Pool, listing: Listing, wishes: Wishes, report: Reporter
) -> tuple[Plan, Sequence[str]]:
    """The plan, by some of the pictures."""
    rows = spread(len(listing.files), HEADERS)
    deep = [rows[place] for place in spread(len(rows), PIXELS)]
    looks, outcome = Looks(), _Outcome(len(rows))
    work = pool.work(
        {"do": "look", "deep": deep},
        [(row, listing.files[row]) for row in rows],
        lambda share, phrase: report(SHARE_OF_LOOKING * share, phrase),
        "Looked at",
    )
    for row, answer in work:
        looks.add(answer)
        if "error" in answer:
            outcome.lost[row] = str(answer["error"])
            _check(path, listing, outcome, is_done=False)
    if not looks.seen:
        raise DataError(f"{path}: {_lost(listing, outcome.lost)}")
    return choose(looks, wishes)


def _decoded(
    pool: Pool, listing: Listing, plan: Plan, file: Path, report: Reporter
) -> Iterator[tuple[int, Any]]:
    return pool.work(
        {"do": "decode", "plan": plan.to_json(), "array": str(file)},
        list(enumerate(listing.files)),
        lambda share, phrase: report(SHARE_OF_LOOKING + (1 - SHARE_OF_LOOKING) * share, phrase),
        "Decoded",
    )


def _empty(place: Path, shape: tuple[int, ...]) -> Path:
    """A file for the array, of its whole size on the disk: a full disk is found now."""
    size = int(np.prod(shape, dtype=np.float64))
    free = shutil.disk_usage(place).free
    if size > min(free, LIMITS.output):
        raise DataError(
            f"the decoded pictures take {size / 2**30:.1f} GB, and {place.parent} has room for "
            f"{min(free, LIMITS.output) / 2**30:.1f} GB: choose a smaller data.size"
        )
    file = place / kept.SAMPLES
    np.lib.format.open_memmap(file, "w+", np.uint8, shape).flush()
    if hasattr(os, "posix_fallocate"):
        with file.open("r+b") as opened:
            try:
                os.posix_fallocate(opened.fileno(), 0, file.stat().st_size)
            except OSError as error:
                raise DataError(f"{file} cannot be written: {error.strerror or error}") from error
    return file


def _compact(place: Path, lost: Sequence[int]) -> None:
    """Close the gaps of the rows that stayed empty; their neighbours keep their order."""
    if not lost:
        return
    file, closed = place / kept.SAMPLES, place / "closed.npy"
    old = np.load(file, mmap_mode="r", allow_pickle=False)
    new = np.lib.format.open_memmap(closed, "w+", np.uint8, (len(old) - len(lost), *old.shape[1:]))
    at = 0
    for first, end in zip([-1, *lost], [*lost, len(old)], strict=True):
        count = end - first - 1
        _copy(old[first + 1 : end], new[at : at + count])
        at += count
    new.flush()
    del old, new
    closed.replace(file)


def _copy(source: NDArray[np.uint8], target: NDArray[np.uint8], rows: int = 1024) -> None:
    for first in range(0, len(source), rows):
        target[first : first + rows] = source[first : first + rows]


# ── what is told ──────────────────────────────────────────────────────────────────────────────


def _note(outcome: _Outcome, row: int, answer: Any) -> None:
    if "error" in answer:
        outcome.lost[row] = str(answer["error"])
    outcome.traits.update(answer.get("traits", ()))


def _check(path: Path, listing: Listing, outcome: _Outcome, *, is_done: bool) -> None:
    """Refuse a folder of which too much is damaged.

    Raises:
        DataError: With how many and the first of them.
    """
    lost = outcome.lost
    if len(lost) < BEARABLE * outcome.total or (not is_done and len(lost) < ENOUGH):
        return
    count = f"{len(lost):,}" if is_done else f"{len(lost):,} or more"
    raise DataError(
        f"{path}: {count} of {len(listing.files):,} pictures cannot be read, which is not under "
        f"{BEARABLE:.0%}: {_lost(listing, lost)}; mend or remove them"
    )


def _lost(listing: Listing, lost: dict[int, str]) -> str:
    """The first pictures that could not be read, and why."""
    first = [f"{_said(listing.files[row])} {lost[row]}" for row in sorted(lost)[:NAMED]]
    more = f", and {len(lost) - NAMED:,} more" if len(lost) > NAMED else ""
    return ", ".join(first) + more


def _remarks(listing: Listing, plan: Plan, outcome: _Outcome) -> list[str]:
    """What a person should know of how the pictures became samples."""
    traits, size = outcome.traits, f"{plan.width} × {plan.height}"
    how = {"crop": "cut and brought", "pad": "padded and brought", "stretch": "stretched"}[plan.fit]
    sentences = {
        "resized": f"{{}} were {how} to {size} (data.size, data.fit)",
        "transparency": f"{{}} have transparency, with {plan.background} behind it "
        "(data.background)",
        "palette": "{} have a palette, which was turned into colours",
        "CMYK": "{} are in CMYK, and were turned into red, green and blue without a profile",
        "16 bits": f"{{}} have more than 8 bits: {plan.white:,} is white",
        "clipped": f"{{}} are brighter than {plan.white:,}, and were clipped there",
        "turned": "{} were turned as their EXIF says",
        "colour lost": "{} have colours that became grey (data.colour)",
    }
    remarks = [
        "pictures: " + sentence.format(f"{traits[trait]:,} of {outcome.total:,}")
        for trait, sentence in sentences.items()
        if traits[trait]
    ]
    if outcome.lost:
        count, named = len(outcome.lost), _lost(listing, outcome.lost)
        pictures = several(
            count, "picture that cannot be read was", "pictures that cannot be read were"
        )
        remarks.append(f"{pictures} left out: {named}")
    return remarks
