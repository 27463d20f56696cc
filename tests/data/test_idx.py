"""The IDX reader: what it reads, and what it refuses with a sentence that names the file."""

import gzip
import os
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from aeviz.data.dataset import DataError
from aeviz.data.idx import BUDGET, read_idx
from tests.data.idx_files import CODES, idx_bytes, images

quick = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
GOOD = idx_bytes(images(3, side=4))
SHAPE = (None, 4, 4)


def packed_bytes(content: bytes) -> bytes:
    """Content as gzip without the time: it stands in the names of tests, which must not change."""
    return gzip.compress(content, mtime=0)


def refusal(path: Path, content: bytes, budget: int = BUDGET) -> str:
    """The sentence with which the content is refused; it names the file."""
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_idx(path, SHAPE, budget=budget)
    assert str(path) in str(caught.value)
    return str(caught.value)


# ── what it reads ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("packed", [False, True])
def test_every_type_comes_back_in_native_order(code: str, packed: bool, tmp_path: Path) -> None:
    array = (np.arange(24) - (0 if code == "u1" else 12)).astype(code).reshape(2, 3, 4)
    content = idx_bytes(array)
    path = tmp_path / "file"
    path.write_bytes(packed_bytes(content) if packed else content)
    read = read_idx(path, (None, 3, 4), code)
    assert read.dtype == np.dtype(code)
    assert read.dtype.isnative
    assert np.array_equal(read, array)


def test_the_content_decides_whether_a_file_is_packed(tmp_path: Path) -> None:
    packed, plain = tmp_path / "images", tmp_path / "images.gz"
    packed.write_bytes(packed_bytes(GOOD))
    plain.write_bytes(GOOD)
    assert np.array_equal(read_idx(packed, SHAPE), read_idx(plain, SHAPE))


def test_a_file_of_several_gzip_members_is_one_file(tmp_path: Path) -> None:
    path = tmp_path / "images.gz"
    path.write_bytes(packed_bytes(GOOD[:9]) + packed_bytes(b"") + packed_bytes(GOOD[9:]))
    assert np.array_equal(read_idx(path, SHAPE), images(3, side=4))


def test_it_tells_how_far_it_is_and_can_be_cancelled(tmp_path: Path) -> None:
    path = tmp_path / "images"
    path.write_bytes(idx_bytes(np.zeros((3, 2**10, 2**10), np.uint8)))
    told: list[float] = []
    read_idx(path, (None, None, None), report=told.append)
    assert told == sorted(told)
    assert len(told) == 3
    assert told[-1] == 1

    def cancel(fraction: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_idx(path, (None, None, None), report=cancel)


# ── what it refuses ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_cut_anywhere_is_refused(packed: bool, tmp_path: Path) -> None:
    content = packed_bytes(GOOD) if packed else GOOD
    for length in range(len(content)):
        sentence = refusal(tmp_path / "images", content[:length])
        if length == 0:
            assert "is empty (0 bytes)" in sentence
    if not packed:
        assert "truncated: 64 bytes expected, 63 found" in sentence


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (GOOD + b"\0", "too long: 64 bytes expected, 65 found"),
        (packed_bytes(GOOD + b"\0"), "too long: 64 bytes expected, more found"),
        (packed_bytes(GOOD[:-1]), "truncated: 64 bytes expected, 63 found"),
        (packed_bytes(GOOD) + b"rest", "is damaged"),
        (b"<!DOCTYPE html><html><body>Sign in", "not an IDX file but looks like a web page"),
        (b"\n  <html>", "not an IDX file but looks like a web page"),
        (packed_bytes(b"<html>404"), "not an IDX file but looks like a web page"),
        (b"version https://git-lfs.github.com/spec/v1", "looks like a Git LFS pointer"),
        (b"PK\x03\x04zip", "looks like a ZIP archive"),
        (b"\x89PNG\r\n", "looks like a PNG picture"),
        (b"\x93NUMPY\x01\x00", "looks like a NumPy file"),
        (b"\x00\x00\x07\x01" + bytes(8), "is not an IDX file"),
        (b"\x00\x00\x08\xff" + bytes(8), "is not an IDX file"),
        (b"\x00\x00\x08\x03\x00", "ends within its header"),
        (struct.pack(">HBB", 0, 8, 0) + b"\0", r"shape (), expected N × 4 × 4"),
        (idx_bytes(images(3, side=5)), "shape 3 × 5 × 5, expected N × 4 × 4"),
        (idx_bytes(images(3, side=4)[0]), "shape 4 × 4, expected N × 4 × 4"),
        (idx_bytes(images(3, side=4).astype(np.float32)), "type float32, expected uint8"),
        (idx_bytes(np.zeros((0, 4, 4), np.uint8)), "holds no values"),
    ],
)
def test_what_is_no_such_file_is_refused_by_its_kind(
    content: bytes, words: str, tmp_path: Path
) -> None:
    assert words in refusal(tmp_path / "images.gz", content)


def test_a_flipped_bit_in_a_packed_file_is_found_by_its_checksum(tmp_path: Path) -> None:
    packed = bytearray(packed_bytes(GOOD))
    packed[-6] ^= 1
    assert "is damaged (crc check failed" in refusal(tmp_path / "images.gz", bytes(packed))


def huge(samples: int) -> bytes:
    return struct.pack(">HBB3I", 0, 8, 3, samples, 4, 4)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (huge(2**32 - 1), "declares 68,719,476,736 bytes; at most 1,073,741,824 are read"),
        (huge(2**20), "truncated: 16,777,232 bytes expected, 16 found"),
        (packed_bytes(huge(2**20)), "packed bytes cannot hold"),
        (packed_bytes(GOOD + bytes(2**28)), "too long"),
    ],
    ids=["over budget", "declared only", "declared only, packed", "bomb"],
)
def test_a_size_that_cannot_be_takes_no_memory(content: bytes, words: str, tmp_path: Path) -> None:
    tracemalloc.start()
    try:
        assert words in refusal(tmp_path / "images", content)
        assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    finally:
        tracemalloc.stop()


def test_a_sparse_file_of_twenty_gigabytes_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "images"
    path.write_bytes(huge(20 * 2**26))
    os.truncate(path, 20 * 2**30 + 16)
    with pytest.raises(DataError, match="at most"):
        read_idx(path, SHAPE)


def test_what_is_no_file_is_refused_without_waiting(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not a file"):
        read_idx(tmp_path, SHAPE)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(DataError, match="is not a file"):
            read_idx(tmp_path / "pipe", SHAPE)
    with pytest.raises(DataError, match="absent cannot be read: no such file"):
        read_idx(tmp_path / "absent", SHAPE)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read every file"
)
def test_a_file_that_may_not_be_read_says_so(tmp_path: Path) -> None:
    path = tmp_path / "images"
    path.write_bytes(GOOD)
    path.chmod(0)
    with pytest.raises(DataError, match="cannot be read: permission denied"):
        read_idx(path, SHAPE)


# ── whatever comes ────────────────────────────────────────────────────────────────────────────


def read_or_refuse(path: Path, content: bytes) -> NDArray[np.uint8] | None:
    path.write_bytes(content)
    try:
        return read_idx(path, SHAPE, budget=2**16)
    except DataError as error:
        sentence = str(error)
    assert str(path) in sentence
    return None


@quick
@given(content=st.binary(max_size=200))
@example(content=b"\x1f\x8b")
@example(content=b"\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\x00\xff\xff")
def test_noise_is_refused(content: bytes, tmp_path: Path) -> None:
    assert read_or_refuse(tmp_path / "noise", content) is None


@quick
@given(
    flips=st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 255)), min_size=1, max_size=4),
    packed=st.booleans(),
)
def test_damage_is_refused_or_changes_values_only(
    flips: list[tuple[int, int]], packed: bool, tmp_path: Path
) -> None:
    content = bytearray(packed_bytes(GOOD) if packed else GOOD)
    for position, change in flips:
        content[position % len(content)] ^= change
    read = read_or_refuse(tmp_path / "images", bytes(content))
    if read is not None:
        assert read.shape == (3, 4, 4)
        if packed:  # its checksum still holds: only the gzip header can have changed
            assert np.array_equal(read, images(3, side=4))


@quick
@given(
    lengths=st.lists(st.integers(0, 2**32 - 1), max_size=9),
    code=st.integers(0, 255),
    body=st.binary(max_size=100),
    packed=st.booleans(),
)
def test_whatever_a_header_declares_is_read_or_refused(
    lengths: list[int], code: int, body: bytes, packed: bool, tmp_path: Path
) -> None:
    content = struct.pack(f">HBB{len(lengths)}I", 0, code, len(lengths), *lengths) + body
    read = read_or_refuse(tmp_path / "images", packed_bytes(content) if packed else content)
    if read is not None:
        assert read.tobytes() == body
