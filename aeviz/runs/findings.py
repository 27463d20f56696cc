"""`studies/`: what instruments found in a run, so that it is not computed twice.

No manifest promises these files: a reader that does not know them leaves them alone, and one that
is missing, damaged or of other latents is computed anew.
"""

import contextlib
import json
import logging
import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz.runs.arrays import parse_weights
from aeviz.runs.atomic import make_folder, remove, weights_bytes, write_bytes
from aeviz.runs.reading import RunError, read_bytes, refuse_link

STUDIES = "studies"
LIMIT = 256 * 2**20
"""Bytes of one file at most."""

BUDGET = 512 * 2**20
"""Bytes of all of them; over it the oldest go."""

VALUES = "values"
CHECK = "check"
ARRAY = "array "

Found = tuple[dict[str, NDArray[Any]], dict[str, Any]]
"""Arrays and plain values by name."""

logger = logging.getLogger(__name__)


def file_of(instrument: str, epoch: int, mark: str) -> str:
    """The file for the findings of an instrument.

    Args:
        instrument: Its name.
        epoch: Whose latents.
        mark: Of all else that the findings hang on; the same mark, the same findings.
    """
    word = re.sub(r"[^a-z0-9-]", "_", instrument.lower())
    digest = sha256(f"{instrument}\n{epoch}\n{mark}".encode()).hexdigest()[:16]
    return f"{STUDIES}/{word}-{epoch:05d}-{digest}.safetensors"


def write_findings(root: Path, name: str, arrays: Mapping[str, NDArray[Any]], values: Any) -> None:
    """Keep findings; where they cannot be written that is logged, and nothing else happens.

    Args:
        root: The run folder.
        name: From `file_of`.
        arrays: Numbers and truths.
        values: What JSON can say.
    """
    plain = json.dumps(values).encode()
    members: dict[str, NDArray[Any]] = {
        ARRAY + key: np.ascontiguousarray(array) for key, array in arrays.items()
    }
    members[VALUES] = np.frombuffer(plain, np.uint8)
    members[CHECK] = np.frombuffer(_digest(members), np.uint8)
    data = weights_bytes(members)
    if len(data) > LIMIT:
        return
    try:
        refuse_link(root / STUDIES)
        make_folder(root / STUDIES)
        _make_room(root / STUDIES, len(data))
        write_bytes(root / name, data)
    except (OSError, RunError) as error:
        logger.warning("%s", error)


def read_findings(root: Path, name: str) -> Found | None:
    """What was kept under a name; None where there is nothing that can be believed."""
    try:
        members = parse_weights(read_bytes(root, name, LIMIT), str(root / name))
        check = members.pop(CHECK).tobytes()
        if check != _digest(members):
            return None
        values = json.loads(members.pop(VALUES).tobytes())
    except (OSError, RunError, KeyError, ValueError):
        return None
    return {key.removeprefix(ARRAY): array for key, array in members.items()}, values


def _digest(members: Mapping[str, NDArray[Any]]) -> bytes:
    """Hash of names, types, shapes and bytes."""
    found = sha256()
    for key in sorted(members):
        array = members[key]
        found.update(f"{key} {array.dtype.str} {array.shape}\n".encode())
        found.update(array.tobytes())
    return found.digest()


def _make_room(folder: Path, size: int) -> None:
    """Remove the oldest until so many bytes more are within the budget."""
    files = sorted(folder.glob("*.safetensors"), key=lambda file: file.stat().st_mtime)
    held = sum(file.stat().st_size for file in files)
    for file in files:
        if held + size <= BUDGET:
            return
        held -= file.stat().st_size
        with contextlib.suppress(OSError):
            remove(file)
