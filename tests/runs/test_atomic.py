import errno
import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aeviz.runs import atomic
from aeviz.runs.arrays import parse_array, parse_weights
from aeviz.runs.atomic import SaveError, array_bytes, json_bytes, weights_bytes, write_bytes
from aeviz.runs.reading import parse_json
from tests.runs.making import temporary_files


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond `size` bytes: a disk that is full."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_is_written_whole_and_its_hash_returned(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    assert write_bytes(path, b"new") == hashlib.sha256(b"new").hexdigest()
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["file"]


def test_an_empty_file_and_a_view_of_numbers_can_be_written(tmp_path: Path) -> None:
    write_bytes(tmp_path / "empty", b"")
    numbers = np.arange(3, dtype=np.int16)
    write_bytes(tmp_path / "numbers", memoryview(numbers))
    assert (tmp_path / "empty").read_bytes() == b""
    assert (tmp_path / "numbers").read_bytes() == numbers.tobytes()


def test_a_system_that_takes_few_bytes_at_a_time_gets_them_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, memoryview(data)[:7]))
    write_bytes(tmp_path / "file", b"x" * 100)
    assert (tmp_path / "file").read_bytes() == b"x" * 100


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_full_disk_leaves_the_old_file_at_every_size(tmp_path: Path) -> None:
    path, data = tmp_path / "file", b"n" * 5000
    path.write_bytes(b"old")
    for size in range(0, len(data), 250):
        with largest_file(size), pytest.raises(SaveError) as caught:
            write_bytes(path, data)
        assert caught.value.errno == errno.EFBIG
        assert path.read_bytes() == b"old"
        assert not temporary_files(tmp_path)
    with largest_file(len(data)):
        write_bytes(path, data)
    assert path.read_bytes() == data


def test_a_full_disk_is_one_sentence_with_path_need_and_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int, data: memoryview) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    monkeypatch.setattr(atomic, "_free_bytes", lambda folder: 12_300)
    with pytest.raises(SaveError) as caught:
        write_bytes(tmp_path / "file", b"x" * 2_500_000)
    assert str(caught.value) == (
        f"{tmp_path / 'file'} cannot be written because the disk is full: it needs 2.5 MB, "
        "12.3 kB are free; make room there or choose another folder"
    )
    assert (caught.value.need, caught.value.free) == (2_500_000, 12_300)
    assert not os.listdir(tmp_path)


def test_any_other_failure_says_what_the_system_says(tmp_path: Path) -> None:
    with pytest.raises(SaveError, match="cannot be written: No such file or directory"):
        write_bytes(tmp_path / "nowhere" / "file", b"")


def test_a_disk_that_gives_back_other_bytes_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"old")
    monkeypatch.setattr(atomic, "file_digest", lambda path: "another")
    with pytest.raises(SaveError, match="other bytes"):
        write_bytes(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"old"


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_symbolic_link_is_replaced_and_its_target_left_alone(tmp_path: Path) -> None:
    victim, link = tmp_path / "victim", tmp_path / "link"
    victim.write_bytes(b"precious")
    link.symlink_to(victim)
    write_bytes(link, b"new")
    assert victim.read_bytes() == b"precious"
    assert not link.is_symlink()


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_link_laid_at_the_temporary_name_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "trap").symlink_to(tmp_path / "victim")
    monkeypatch.setattr(atomic, "temporary_beside", lambda path: tmp_path / "trap")
    with pytest.raises(SaveError, match="File exists"):
        write_bytes(tmp_path / "file", b"new")
    assert not (tmp_path / "victim").exists()


def test_a_name_as_long_as_the_system_allows_can_be_written(tmp_path: Path) -> None:
    write_bytes(tmp_path / ("n" * 250), b"x")


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.arange(6, dtype=np.float32).reshape(3, 2).T,
        np.zeros((0, 3), np.float32),
    ],
)
def test_arrays_come_back_as_they_were(array: Any) -> None:
    back = parse_array(array_bytes(array), "file", np.float32, 2)
    np.testing.assert_array_equal(back, array)
    assert not back.flags.writeable


def test_arrays_of_objects_are_refused() -> None:
    with pytest.raises(ValueError, match="Object arrays"):
        array_bytes(np.array([{}, None], object))


def test_weights_come_back_as_they_were() -> None:
    weights = {
        "turned": np.arange(6, dtype=np.float32).reshape(2, 3).T,
        "number": np.array(7, np.int64),
        "empty": np.zeros((0, 3), np.float32),
    }
    back = parse_weights(weights_bytes(weights), "file")
    assert back.keys() == weights.keys()
    for name, array in weights.items():
        np.testing.assert_array_equal(back[name], array)
        assert back[name].shape == array.shape


def test_json_keeps_every_text_and_refuses_what_is_not_finite() -> None:
    value = {"umlaut": "Schöne Ziffern, 数字", "undecodable": "\udcff", "line": "\n\u2028"}
    assert parse_json(json_bytes(value), "file") == value
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_bytes({"loss": float("nan")})
