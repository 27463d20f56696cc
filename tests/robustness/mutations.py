"""Damages the content of a file in the ways that disks, networks and strangers do."""

import re
from collections.abc import Callable, Iterator

import numpy as np

Generator = np.random.Generator
Mutation = Callable[[bytearray, Generator], bytearray]

NUMBERS = (b"1e999", b"NaN", b"-1", b"0", b"9" * 400, b"18446744073709551616", b"null", b'"x"')
TOKENS = (b"[" * 200, b"{", b'"', b"\\u0000", b"\x00", b"..", b"/etc/passwd", b"<b>", b"=1+1")
EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**62, 2**63 - 1, 2**64 - 1)


def _place(data: bytearray, draw: Generator) -> int:
    """A place in the file; half of them near its start, where headers are."""
    end = len(data) if draw.random() < 0.5 else min(len(data), 256)
    return int(draw.integers(0, max(end, 1)))


def flip(data: bytearray, draw: Generator) -> bytearray:
    """One to eight bits."""
    for _ in range(int(draw.integers(1, 9))):
        if data:
            data[_place(data, draw)] ^= 1 << int(draw.integers(0, 8))
    return data


def cut(data: bytearray, draw: Generator) -> bytearray:
    """The end is missing."""
    return data[: _place(data, draw)]


def remove(data: bytearray, draw: Generator) -> bytearray:
    """A piece is missing."""
    start = _place(data, draw)
    del data[start : start + int(draw.integers(1, 65))]
    return data


def insert(data: bytearray, draw: Generator) -> bytearray:
    """Noise in between."""
    start = _place(data, draw)
    data[start:start] = draw.bytes(int(draw.integers(1, 33)))
    return data


def blank(data: bytearray, draw: Generator) -> bytearray:
    """A block of zeros, as after a power loss."""
    start, size = _place(data, draw), int(draw.integers(1, 4096))
    data[start : start + size] = bytes(len(data[start : start + size]))
    return data


def repeat(data: bytearray, draw: Generator) -> bytearray:
    """A piece stands twice."""
    start, size = _place(data, draw), int(draw.integers(1, 200))
    data[start:start] = data[start : start + size]
    return data


def extreme(data: bytearray, draw: Generator) -> bytearray:
    """A whole number of two, four or eight bytes is as large or as small as it can be."""
    width = int(draw.choice((2, 4, 8)))
    value = int(EXTREMES[int(draw.integers(0, len(EXTREMES)))]) % 2 ** (8 * width)
    start = _place(data, draw)
    order = "little" if draw.random() < 0.5 else "big"
    data[start : start + width] = value.to_bytes(width, order)  # type: ignore[arg-type]
    return data


def number(data: bytearray, draw: Generator) -> bytearray:
    """A written number is another one, or none."""
    found = list(re.finditer(rb"-?\d+(\.\d+)?", bytes(data[:65536])))
    if not found:
        return flip(data, draw)
    match = found[int(draw.integers(0, len(found)))]
    data[match.start() : match.end()] = NUMBERS[int(draw.integers(0, len(NUMBERS)))]
    return data


def token(data: bytearray, draw: Generator) -> bytearray:
    """A word that means something to somebody."""
    start = _place(data, draw)
    data[start:start] = TOKENS[int(draw.integers(0, len(TOKENS)))]
    return data


MUTATIONS: tuple[Mutation, ...] = (
    flip, flip, flip, cut, remove, insert, blank, repeat, extreme, number, token,
)  # fmt: skip


def mutations(content: bytes, count: int, seed: int) -> Iterator[bytes]:
    """So many damaged contents, the same for the same seed; each differs from the sound one."""
    draw = np.random.default_rng(seed)
    made = 0
    while made < count:
        data = bytearray(content)
        for _ in range(1 if draw.random() < 0.8 else 3):
            data = MUTATIONS[int(draw.integers(0, len(MUTATIONS)))](data, draw)
        if bytes(data) != content:
            made += 1
            yield bytes(data)
