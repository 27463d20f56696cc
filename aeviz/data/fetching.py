"""Fetch the files of a data set with torchvision: visible, cancellable, all or nothing.

torchvision knows the addresses and checksums. It writes into a folder of our own beside the target,
and the files are moved to their place when all of them have arrived whole, so that a download that
breaks off leaves nothing half done.
"""

import errno
import os
import re
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from types import ModuleType
from typing import Any

from aeviz.data.dataset import DataError, Reporter

SILENCE = 30.0
"""Seconds that a server may say nothing before the download is given up."""

STAGING = ".aeviz-download-"
DAY = 86_400.0
MEGABYTE = 1_000_000


class _Cancelled(BaseException):
    """Carries what the reporter raised past torchvision, which retries after other exceptions."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__()
        self.cause = cause


@dataclass(frozen=True)
class TorchvisionData:
    """A data set of torchvision, as far as a download has to know it.

    Attributes:
        name: torchvision's class.
        title: The name a person reads.
        megabytes: Size of its packed files, for the share that is done.
        needed: The files that a person without network has to put into its folder.
        place: Its folder below torchvision's root; None for that of the MNIST family.
        arguments: What torchvision's class is told beside the root.
        left_out: Archives that are not kept once they are unpacked.
    """

    name: str
    title: str
    megabytes: float
    needed: tuple[str, ...]
    place: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    def folder(self, data_dir: Path) -> Path:
        """Where torchvision keeps its files."""
        return data_dir / (f"{self.name}/raw" if self.place is None else self.place)


def fetch_unless_whole(
    wanted: TorchvisionData,
    data_dir: Path,
    report: Reporter,
    load: Callable[[Reporter], object],
) -> None:
    """Download a data set unless `load` reads it: an earlier download may have broken off.

    Args:
        wanted: What to download.
        data_dir: Where torchvision's files go.
        report: Told about the download; `load` is given one that is told nothing.
        load: Reads the data set; raises DataError where it cannot.

    Raises:
        DataError: As `fetch`.
    """
    try:
        load(_quiet)
    except DataError:
        fetch(wanted, data_dir, report)


def _quiet(fraction: float, phrase: str) -> None:
    """Report to nobody."""


def fetch(wanted: TorchvisionData, data_dir: Path, report: Reporter) -> None:
    """Download a data set into the folder where torchvision would put it.

    Args:
        wanted: What to download.
        data_dir: Where torchvision's files go; made if need be.
        report: Told the share and "3.1 of 11.6 MB"; what it raises cancels, and is raised again.

    Raises:
        DataError: If torchvision cannot be imported, the server not be reached, a checksum is
            wrong or the files cannot be written.
    """
    report(0.0, "Importing torchvision")
    torchvision = _import_torchvision(wanted, data_dir)
    try:
        with _staging(data_dir) as staging, _reporting(torchvision, wanted.megabytes, report):
            _download(torchvision.datasets, wanted, staging)
            _move(wanted.folder(staging), wanted.folder(data_dir), wanted.left_out)
    except _Cancelled as cancelled:
        raise cancelled.cause from None
    except (RuntimeError, OSError, EOFError, HTTPException) as error:
        raise DataError(_explain(error, wanted, data_dir)) from error
    report(1.0, "Downloaded")


def _download(datasets: ModuleType, wanted: TorchvisionData, root: Path) -> None:
    """Let torchvision fetch and unpack into `root`, checking its checksums."""
    source = getattr(datasets, wanted.name)
    if hasattr(source, "split_list"):  # single files: read by us, without what torchvision needs
        address, name, checksum = source.split_list["train"]
        datasets.utils.download_url(address, str(root), name, checksum)
    else:
        source(str(root), download=True, **wanted.arguments)


def _import_torchvision(wanted: TorchvisionData, data_dir: Path) -> ModuleType:
    """Import torchvision, which fails beside another build of torch than it was made for."""
    try:
        import torchvision.datasets
    except (ImportError, RuntimeError, OSError) as error:
        raise DataError(
            f"torchvision, which downloads {wanted.title}, cannot be imported "
            f"({_reason(error)}): install the torchvision that belongs to this torch, or "
            f"{_by_hand(wanted, data_dir)}"
        ) from error
    module: ModuleType = torchvision
    return module


@contextmanager
def _staging(data_dir: Path) -> Iterator[Path]:
    """A folder in `data_dir` that is gone afterwards, together with those of killed processes."""
    data_dir.mkdir(parents=True, exist_ok=True)
    for left in data_dir.glob(f"{STAGING}*"):
        if time.time() - left.stat().st_mtime > DAY:
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(
        prefix=STAGING, dir=data_dir, ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)


@contextmanager
def _reporting(torchvision: ModuleType, megabytes: float, report: Reporter) -> Iterator[None]:
    """Let torchvision report to us, and give up on a silent server, for the length of a call.

    WORKAROUND torchvision has no way to follow a download: `tqdm` in its module
    `datasets.utils` is the one name that it reports to.
    """
    utils, silence = torchvision.datasets.utils, socket.getdefaulttimeout()
    theirs = utils.tqdm
    utils.tqdm = _bar(megabytes, report)
    socket.setdefaulttimeout(SILENCE)
    try:
        yield
    finally:
        utils.tqdm = theirs
        socket.setdefaulttimeout(silence)


def _bar(megabytes: float, report: Reporter) -> Callable[..., Any]:
    """A stand-in for tqdm's class that adds up the bytes of all files."""
    done = 0

    class Bar:
        def __init__(self, *arguments: Any, **keywords: Any) -> None:
            self.update(0)

        def __enter__(self) -> "Bar":
            return self

        def __exit__(self, *error: object) -> None:
            return None

        def update(self, count: int) -> None:
            nonlocal done
            done += count
            fetched = done / MEGABYTE
            phrase = f"{fetched:.1f} of {max(fetched, megabytes):.1f} MB"
            try:
                report(min(1.0, fetched / megabytes), phrase)
            except BaseException as error:
                raise _Cancelled(error) from error

    return Bar


def _move(source: Path, target: Path, left_out: Sequence[str]) -> None:
    """Move whole files to their place; each replaces its predecessor in one step."""
    target.mkdir(parents=True, exist_ok=True)
    for file in sorted(source.iterdir()):
        if file.name in left_out or not file.is_file():
            continue
        _sync(file)
        os.replace(file, target / file.name)


def _sync(file: Path) -> None:
    with file.open("rb+") as stream:
        os.fsync(stream.fileno())


def _explain(error: Exception, wanted: TorchvisionData, data_dir: Path) -> str:
    """One sentence about what went wrong and what to do."""
    failed = f"{wanted.title} was not downloaded"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{failed}: the disk of {data_dir} is full; make room and try again"
    if isinstance(error, OSError) and error.errno is not None and error.filename is not None:
        return f"{failed}: {error.filename}: {error.strerror}"
    by_hand = f"try again, or {_by_hand(wanted, data_dir)}"
    if "corrupt" in str(error):
        return (
            f"{failed}: what arrived has the wrong checksum, as when a login page answers in "
            f"place of the server; {by_hand}"
        )
    return f"{failed} ({_reason(error)}): check the network, {by_hand}"


def _by_hand(wanted: TorchvisionData, data_dir: Path) -> str:
    return f"put {' and '.join(wanted.needed)} into {wanted.folder(data_dir)}"


def _reason(error: BaseException) -> str:
    """The last line of what was raised: torchvision ends with what the last address answered."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    words = lines[-1].removeprefix("<urlopen error ").rstrip(".>")
    return re.sub(r"^\[Errno -?\d+\] ", "", words)
