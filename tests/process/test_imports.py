"""What the light commands import: who asks for help does not wait for numpy, torch or Qt."""

import json
import subprocess
import sys

HEAVY = {"torch", "numpy", "PySide6", "pydantic", "pyqtgraph", "scipy", "sklearn", "numba", "h5py"}
"""Top-level modules that no help and no list needs."""

COMMANDS = ("--help", "train --help", "measure --help", "doctor --help", "list models")

SCRIPT = """
import contextlib, io, json, sys
from aeviz.cli import main
found = {}
for line in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()):
        assert main(line.split()) == 0, line
    found[line] = sorted({name.partition(".")[0] for name in sys.modules})
print(json.dumps(found))
"""


def test_help_and_lists_import_neither_numpy_nor_torch_nor_qt() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(COMMANDS)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    imported: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    assert {line: HEAVY & set(names) for line, names in imported.items()} == {
        line: set() for line in COMMANDS
    }
