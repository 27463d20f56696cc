"""`manifest.json`: the SHA-256 of every file of a run whose training has ended."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from aeviz.runs.atomic import json_bytes, save_error, write_bytes
from aeviz.runs.checkpoint import checkpoint_hashes
from aeviz.runs.metrics import EpochLine
from aeviz.runs.reading import RunError, read_bytes, read_json
from aeviz.runs.schema import FORMAT, MANIFEST, METRICS, RUN_JSON


def write_manifest(root: Path, shown: Mapping[str, str], lines: Iterable[EpochLine]) -> None:
    """Write the hashes of all files that are there; those of arrays are known already.

    Args:
        root: The run folder.
        shown: Path relative to it → SHA-256, of the files that are written once.
        lines: The epochs.

    Raises:
        SaveError: If it cannot be written.
    """
    promised = dict(shown)
    for line in lines:
        promised.update(line.hashes)
    files = {name: digest for name, digest in promised.items() if (root / name).exists()}
    files.update(checkpoint_hashes(root))
    for name in (RUN_JSON, METRICS):
        if (root / name).exists():
            files[name] = sha256(read_bytes(root, name)).hexdigest()
    manifest = {"format": FORMAT, "files": dict(sorted(files.items()))}
    write_bytes(root / MANIFEST, json_bytes(manifest))


def forget_manifest(root: Path) -> None:
    """Remove the manifest, before a file changes of which it holds the hash.

    Raises:
        SaveError: If it cannot be removed.
    """
    path = root / MANIFEST
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise save_error(path, 0, error) from error


def promised_hash(root: Path, name: str) -> Any:
    """What the manifest says about a file; None where it says nothing or there is none.

    Raises:
        RunError: If it is damaged.
    """
    try:
        manifest = read_json(root, MANIFEST)
    except FileNotFoundError:
        return None
    files = manifest.get("files") if isinstance(manifest, dict) else None
    if not isinstance(files, dict):
        raise RunError(f"{root / MANIFEST} is no manifest; delete it to open the run without")
    return files.get(name)
