"""Downloads through torchvision, from a server on this computer."""

import gc
import gzip
import hashlib
import os
import socket
import sys
import tarfile
import threading
import warnings
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from aeviz import data
from aeviz.data import fetching
from aeviz.data.dataset import DataError
from tests.data.idx_files import idx_bytes, images, labels
from tests.data.vision_files import write_all

CONTENTS = {
    "train-images-idx3-ubyte.gz": images(40),
    "train-labels-idx1-ubyte.gz": labels(40),
    "t10k-images-idx3-ubyte.gz": images(10),
    "t10k-labels-idx1-ubyte.gz": labels(10),
}
Told = list[tuple[float, str]]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None: ...


@pytest.fixture(autouse=True)
def _urllibs_sockets() -> Iterator[None]:
    """Collect what urllib leaves to the collector after an error, within the test that made it."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder with the four files, and the address under which they are."""
    folder = tmp_path / "served"
    folder.mkdir()
    for name, array in CONTENTS.items():
        (folder / name).write_bytes(gzip.compress(idx_bytes(array), mtime=0))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def mirror(
    torchvision: Any, served: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., None]:
    """Let torchvision's MNIST come from these addresses, by default the server's."""
    folder, address = served
    resources = [(name, hashlib.md5((folder / name).read_bytes()).hexdigest()) for name in CONTENTS]

    def point(*addresses: str) -> None:
        monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", list(addresses or (address,)))
        monkeypatch.setattr(torchvision.datasets.MNIST, "resources", resources)

    return point


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "new" / "data"


def fetch(data_dir: Path) -> Told:
    told: Told = []
    data.download("mnist", data_dir, lambda fraction, phrase: told.append((fraction, phrase)))
    return told


def test_the_files_arrive_and_can_be_read(mirror: Callable[..., None], data_dir: Path) -> None:
    mirror()
    told = fetch(data_dir)
    assert [fraction for fraction, _ in told] == sorted(fraction for fraction, _ in told)
    assert told[0] == (0.0, "Importing torchvision")
    assert told[-1] == (1.0, "Downloaded")
    assert any(phrase.endswith("of 11.6 MB") for _, phrase in told)
    assert len(data.load("mnist", data_dir)) == 40
    names = {path.name for path in (data_dir / "MNIST" / "raw").iterdir()}
    assert names == set(CONTENTS) | {name.removesuffix(".gz") for name in CONTENTS}
    assert [path.name for path in data_dir.iterdir()] == ["MNIST"]


@pytest.fixture
def others(
    torchvision: Any, served: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let torchvision's other sets come from the server, packed as theirs are."""
    made = tmp_path / "made"
    made.mkdir()
    write_all(made)
    folder, address = served

    def pack(name: str, *files: Path) -> tuple[str, str]:
        """An archive or file on the server: its address and checksum."""
        path = folder / name
        if name.endswith(".zip"):
            with zipfile.ZipFile(path, "w") as archive:
                for file in files:
                    archive.writestr(f"gzip/{file.name}.gz", gzip.compress(file.read_bytes()))
        elif name.endswith(".tar.gz"):
            with tarfile.open(path, "w:gz") as archive:
                for file in files:
                    archive.add(file, f"cifar-10-batches-py/{file.name}")
        else:
            content = files[0].read_bytes()
            path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return address + name, hashlib.md5(path.read_bytes()).hexdigest()

    sets = torchvision.datasets
    url, md5 = pack("gzip.zip", *(made / "EMNIST" / "raw").iterdir())
    monkeypatch.setattr(sets.EMNIST, "url", url)
    monkeypatch.setattr(sets.EMNIST, "md5", md5)
    raw = sorted((made / "QMNIST" / "raw").iterdir())
    train = [pack(f"{file.name}.gz", file) for file in raw]
    monkeypatch.setattr(sets.QMNIST, "resources", {"train": train})
    for kind, name in ((sets.USPS, "usps.bz2"), (sets.SVHN, "train_32x32.mat")):
        url, md5 = pack(name, made / name)
        monkeypatch.setattr(kind, "split_list", {"train": [url, name, md5]})
    url, md5 = pack("cifar.tar.gz", *(made / "cifar-10-batches-py").iterdir())
    for name, value in (("url", url), ("filename", "cifar.tar.gz"), ("tgz_md5", md5)):
        monkeypatch.setattr(sets.CIFAR10, name, value)
    for name in ("train_list", "test_list"):
        monkeypatch.setattr(sets.CIFAR10, name, [])
    monkeypatch.setattr(sets.CIFAR10, "_check_integrity", lambda self: False)
    monkeypatch.setattr(sets.CIFAR10, "__init__", _only_download)


def _only_download(self: Any, root: str, download: bool) -> None:
    """What the class does before it reads files whose checksums are those of the real ones."""
    assert download
    self.root = root
    self.download()


OTHERS = {
    "emnist": (50, ["EMNIST"]),
    "qmnist": (50, ["QMNIST"]),
    "usps": (50, ["usps.bz2"]),
    "svhn": (50, ["train_32x32.mat"]),
    "cifar10": (50, ["cifar-10-batches-py"]),
}


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.usefixtures("others")
def test_other_sets_arrive_too_and_archives_are_not_kept(name: str, data_dir: Path) -> None:
    told: Told = []
    data.download(name, data_dir, lambda fraction, phrase: told.append((fraction, phrase)))
    assert any(" MB" in phrase for _, phrase in told)
    samples, kept = OTHERS[name]
    assert len(data.load(name, data_dir)) == samples
    assert [path.name for path in data_dir.iterdir()] == kept
    assert not list(data_dir.rglob("*.zip"))
    told.clear()
    data.download(name, data_dir, lambda fraction, phrase: told.append((fraction, phrase)))
    assert told == []


def test_files_that_are_there_are_not_fetched_again(
    mirror: Callable[..., None], data_dir: Path
) -> None:
    mirror()
    fetch(data_dir)
    assert fetch(data_dir) == []


def test_damaged_files_are_replaced(mirror: Callable[..., None], data_dir: Path) -> None:
    mirror()
    fetch(data_dir)
    file = data_dir / "MNIST" / "raw" / "train-images-idx3-ubyte"
    file.write_bytes(file.read_bytes()[:-1])
    fetch(data_dir)
    assert len(data.load("mnist", data_dir)) == 40


def test_what_the_reporter_raises_cancels_and_leaves_nothing(
    mirror: Callable[..., None], data_dir: Path
) -> None:
    mirror()

    def cancel(fraction: float, phrase: str) -> None:
        if fraction > 0:
            raise InterruptedError("cancelled")  # an OSError, after which torchvision tries again

    before = sys.modules["torchvision"].datasets.utils.tqdm
    with pytest.raises(InterruptedError):
        data.download("mnist", data_dir, cancel)
    assert not list(data_dir.iterdir())
    assert sys.modules["torchvision"].datasets.utils.tqdm is before
    assert socket.getdefaulttimeout() is None


def test_a_wrong_checksum_is_explained_and_nothing_kept(
    mirror: Callable[..., None], served: tuple[Path, str], data_dir: Path
) -> None:
    mirror()
    (served[0] / "train-images-idx3-ubyte.gz").write_bytes(b"<html>Please sign in</html>")
    with pytest.raises(DataError, match="wrong checksum, as when a login page"):
        fetch(data_dir)
    assert not list(data_dir.iterdir())


def test_offline_says_which_files_to_put_where(mirror: Callable[..., None], data_dir: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        mirror(f"http://127.0.0.1:{unused.getsockname()[1]}/")
        with pytest.raises(DataError) as caught:
            fetch(data_dir)
    sentence = str(caught.value)
    assert "was not downloaded (Connection refused): check the network" in sentence
    assert f"put {' and '.join(list(CONTENTS)[:2])} into {data_dir / 'MNIST' / 'raw'}" in sentence


def test_a_silent_server_is_given_up(
    mirror: Callable[..., None], data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "SILENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mirror(f"http://127.0.0.1:{silent.getsockname()[1]}/")
        with pytest.raises(DataError, match="timed out"):
            fetch(data_dir)


def test_the_second_address_is_asked_when_the_first_fails(
    mirror: Callable[..., None], served: tuple[Path, str], data_dir: Path
) -> None:
    mirror(served[1] + "nowhere/", served[1])
    fetch(data_dir)
    assert len(data.load("mnist", data_dir)) == 40


def test_a_torchvision_that_cannot_be_imported_is_explained(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torchvision", None)
    monkeypatch.setitem(sys.modules, "torchvision.datasets", None)
    with pytest.raises(DataError, match=r"torchvision, which downloads MNIST, cannot be imported"):
        fetch(data_dir)


def test_a_folder_that_cannot_be_made_is_named(mirror: Callable[..., None], tmp_path: Path) -> None:
    mirror()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DataError, match=r"was not downloaded: .*file.*: (Not a directory|File ex)"):
        fetch(tmp_path / "file")


def test_folders_of_killed_downloads_are_swept_after_a_day(
    mirror: Callable[..., None], data_dir: Path
) -> None:
    mirror()
    for name, age in (("old", 2 * fetching.DAY), ("young", 0.0)):
        left = data_dir / f"{fetching.STAGING}{name}"
        left.mkdir(parents=True)
        seconds = left.stat().st_mtime - age
        os.utime(left, (seconds, seconds))
    fetch(data_dir)
    assert {path.name for path in data_dir.iterdir()} == {"MNIST", f"{fetching.STAGING}young"}
