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
ARRAY = "array "
"""Members of the archive; the prefix keeps names away from the arguments of `np.savez`."""


def pack(fields: Mapping[str, Any]) -> bytes:
    """Pack named values: numpy arrays, and whatever JSON can say.

    Tuples become lists, dataclasses mappings.
    """
    arrays = {name: value for name, value in fields.items() if isinstance(value, np.ndarray)}
    plain = {name: value for name, value in fields.items() if name not in arrays}
    header = np.frombuffer(json.dumps(plain, default=asdict).encode(), np.uint8)
    members: dict[str, Any] = {HEADER: header}
    members |= {ARRAY + name: value for name, value in arrays.items()}
    stream = io.BytesIO()
    np.savez(stream, **members)
    return stream.getvalue()


def unpack(parcel: bytes) -> dict[str, Any]:
    """The named values that were packed; arrays are read-only.

    Raises:
        ValueError: If these are not the bytes of `pack`.
    """
    try:
        with np.load(io.BytesIO(parcel), allow_pickle=False) as archive:
            fields: dict[str, Any] = json.loads(archive[HEADER].tobytes())
            for member in archive.files:
                if member != HEADER:
                    array = archive[member]
                    array.flags.writeable = False
                    fields[member.removeprefix(ARRAY)] = array
    except (ValueError, KeyError, OSError, EOFError, BadZipFile) as error:
        raise ValueError("the child process sent something that cannot be read") from error
    return fields
