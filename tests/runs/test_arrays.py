import io
from typing import Any

import numpy as np
import pytest

from aeviz.runs.arrays import parse_any_array, parse_array, parse_weights
from aeviz.runs.atomic import array_bytes, weights_bytes
from aeviz.runs.reading import RunError

GOOD = array_bytes(np.zeros((4, 2), np.float32))


def with_header(**changed: Any) -> bytes:
    header = {"descr": "<f4", "fortran_order": False, "shape": (4, 2), **changed}
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, header)
    return buffer.getvalue() + bytes(32)


HOSTILE = {
    "nothing": b"",
    "another kind of file": b"<!doctype html><p>Not found",
    "cut": GOOD[:-1],
    "cut in the header": GOOD[:50],
    "too long": GOOD + b"\0",
    "a terabyte": with_header(shape=(2**38, 1)),
    "an overflow": with_header(shape=(2**62, 8)),
    "nothing times everything": with_header(shape=(2**60, 0)),
    "negative": with_header(shape=(-4, -2)),
    "objects": with_header(descr="|O"),
    "another dtype": with_header(descr="<f8", shape=(2, 2)),
    "another byte order": with_header(descr=">f4"),
    "three axes": with_header(shape=(2, 2, 2)),
    "a structure": with_header(descr=[("a", "<f4"), ("b", "<f4")], shape=(2, 2)),
    "a header of a megabyte": b"\x93NUMPY\x02\x00" + (2**20).to_bytes(4, "little") + b" " * 2**20,
    "an unknown version": b"\x93NUMPY\x09\x00" + GOOD[8:],
    "code in the header": b"\x93NUMPY\x01\x00\x20\x00" + b"__import__('os').getpid()".ljust(32),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_array_is_refused_by_name(name: str) -> None:
    with pytest.raises(RunError, match=r"latents/epoch-00003\.npy"):
        parse_array(HOSTILE[name], "latents/epoch-00003.npy", np.float32, 2)


OF_ANOTHER_KIND = {"another dtype", "another byte order", "three axes", "a structure"}
"""Those whose size is right: their kind is the caller's to check."""


@pytest.mark.parametrize("name", sorted(HOSTILE.keys() - OF_ANOTHER_KIND))
def test_a_hostile_array_of_any_kind_is_refused(name: str) -> None:
    with pytest.raises(RunError, match=r"samples\.npy"):
        parse_any_array(HOSTILE[name], "samples.npy")


def test_every_cut_of_weights_is_refused() -> None:
    data = weights_bytes({"a": np.ones((3, 4), np.float32)})
    for size in range(len(data)):
        with pytest.raises(RunError, match="no weights that can be read"):
            parse_weights(data[:size], "file")


def test_weights_of_a_type_that_numpy_lacks_are_refused() -> None:
    header = b'{"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}'
    with pytest.raises(RunError, match="no weights that can be read"):
        parse_weights(len(header).to_bytes(8, "little") + header + bytes(4), "file")
