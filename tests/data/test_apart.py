"""Reading in a process of its own: what it finds comes back, what it breaks stays there."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aeviz import paths
from aeviz.data.apart import Limits, read_apart
from aeviz.data.dataset import DataError
from aeviz.data.reader import Sink

pytestmark = pytest.mark.skipif(os.name == "nt", reason="limits and signals of POSIX")


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A cache that no other process of the tests reads into at the same time."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def quiet(share: float, phrase: str) -> None:
    """Reports to nobody."""


def squares(path: Path, options: Mapping[str, Any], sink: Sink) -> dict[str, Any]:
    rows = sink.array("samples", (1000, options["columns"]), np.float32)
    rows[...] = np.arange(1000)[:, None] ** 2
    sink.report(0.5, "Half")
    sink.put("labels", np.arange(1000))
    return {"names": ["a", "b"], "file": path.name}


def misbehave(path: Path, options: Mapping[str, Any], sink: Sink) -> dict[str, Any]:
    how = options["how"]
    if how == "refuses":
        raise DataError(f"{path}: column 3 is odd")
    if how == "raises":
        raise KeyError("index 7")
    if how == "crashes":
        os.kill(os.getpid(), signal.SIGSEGV)
    if how == "hangs":
        time.sleep(60)
    if how == "works":
        while True:
            pass
    if how == "fills the memory":
        return {"length": len(bytearray(2**32))}
    if how == "fills the disk":
        sink.array("samples", (2**40,), np.float32)
    if how == "goes out":
        socket.create_connection(("127.0.0.1", 9))
    if how == "runs a program":
        subprocess.run(["true"], check=True)
    if how == "writes":
        Path(options["where"]).write_text("PWNED")
    return {}


def read(how: str, path: Path, **options: Any) -> None:
    limits = Limits(memory=2**30, cpu_seconds=1, seconds=6.0, output=2**30)
    read_apart(f"{__name__}:misbehave", path, {"how": how, **options}, quiet, limits)


def test_arrays_come_back_mapped_and_facts_as_they_are(tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    found = read_apart(
        f"{__name__}:squares",
        tmp_path / "own.bin",
        {"columns": 3},
        lambda share, phrase: told.append((share, phrase)),
    )
    assert isinstance(found.arrays["samples"], np.memmap)
    assert found.arrays["samples"][31].tolist() == [961.0] * 3
    assert found.arrays["labels"][-1] == 999
    assert found.facts == {"names": ["a", "b"], "file": "own.bin"}
    assert (0.5, "Half") in told
    assert not list((paths.cache() / "reading").iterdir())


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("refuses", "column 3 is odd"),
        ("raises", "is damaged: KeyError"),
        ("crashes", "what reads it crashed"),
        ("hangs", "no progress for 6 s"),
        ("works", "1 s of processor time"),
        ("fills the memory", "needs more than the 1 GB of memory"),
        ("fills the disk", "4096.0 GB, and"),
        ("goes out", "socket"),
        ("runs a program", "subprocess"),
    ],
)
def test_whatever_goes_wrong_is_one_sentence_with_the_file(
    how: str, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "own.bin"
    with pytest.raises(DataError, match=said) as caught:
        read(how, path)
    assert str(path) in str(caught.value)
    assert not list((paths.cache() / "reading").iterdir())


def test_a_reader_writes_nowhere_else(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="wants to write"):
        read("writes", tmp_path / "own.bin", where=str(tmp_path / "there"))
    assert not (tmp_path / "there").exists()


def test_who_does_not_wait_any_more_ends_the_reader(tmp_path: Path) -> None:
    def give_up(share: float, phrase: str) -> None:
        raise TimeoutError

    began = time.monotonic()
    with pytest.raises(TimeoutError):
        read_apart(f"{__name__}:misbehave", tmp_path / "x", {"how": "hangs"}, give_up)
    assert time.monotonic() - began < 10
