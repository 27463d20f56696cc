"""What a child process sends: values come back as they were, anything else is refused."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aeviz.compute.parcel import HEADER, pack, unpack
from aeviz.messages import Attribute


def test_values_and_arrays_come_back() -> None:
    fields = {
        "kind": "done",
        "counts": (1, 2),
        "white": 16.0,
        "nothing": None,
        "attributes": (Attribute("x", "number", 0.0, None, "é"),),
        "file": np.arange(6, dtype=np.uint8).reshape(2, 3),
        "empty": np.empty((0, 2), np.float32),
    }
    back = unpack(pack(fields))
    assert back.keys() == fields.keys()
    assert back["counts"] == [1, 2]
    assert Attribute(**back["attributes"][0]) == fields["attributes"][0]
    for name in ("file", "empty"):
        assert np.array_equal(back[name], fields[name])
        assert back[name].dtype == fields[name].dtype
        assert not back[name].flags.writeable


def test_objects_are_never_made_from_a_parcel() -> None:
    stream = io.BytesIO()
    evil = np.array([print], dtype=object)
    np.savez(stream, **{HEADER: np.frombuffer(b"{}", np.uint8), "x": evil})
    with pytest.raises(ValueError, match="cannot be read"):
        unpack(stream.getvalue())


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=100))
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        unpack(noise)
