"""What a child process sends: plain values as JSON and arrays as .npy, packed into bytes.

Nothing that comes out of a child is ever turned into objects by name: a child that read a hostile
file cannot make this process run anything.
"""

import io
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from zipfile import BadZipFile

import numpy as np

HEADER = "plain values"
"""The member of the archive that holds them; no name of an array has a space."""


def pack(fields: Mapping[str, Any]) -> bytes:
    """Pack named values: numpy arrays, and whatever JSON can say.

    Tuples become lists, dataclasses mappings.
    """
    arrays: dict[str, Any] = {
        name: value for name, value in fields.items() if isinstance(value, np.ndarray)
    }
    plain = {name: value for name, value in fields.items() if name not in arrays}
    arrays[HEADER] = np.frombuffer(json.dumps(plain, default=asdict).encode(), np.uint8)
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def unpack(parcel: bytes) -> dict[str, Any]:
    """The named values that were packed; arrays are read-only.

    Raises:
        ValueError: If these are not the bytes of `pack`.
    """
    try:
        with np.load(io.BytesIO(parcel), allow_pickle=False) as archive:
            fields: dict[str, Any] = json.loads(archive[HEADER].tobytes())
            for name in archive.files:
                if name != HEADER:
                    fields[name] = archive[name]
                    fields[name].flags.writeable = False
    except (ValueError, KeyError, OSError, EOFError, BadZipFile) as error:
        raise ValueError("the child process sent something that cannot be read") from error
    return fields
