"""Writes a run without end, for `test_kill`: prints what is certain to be on the disk.

Run as `python -m tests.runs.writer_process FOLDER`; goes on where a killed one stopped.
"""

import itertools
import sys
from pathlib import Path
from typing import Any

import numpy as np

from aeviz.runs.schema import RUN_JSON
from aeviz.runs.writer import RunWriter
from tests.runs.making import make_writer, weights_of, write_epoch

BULK = 2**16
"""Elements of an array that makes writing take long enough to be hit."""


def large_weights(epoch: int) -> dict[str, Any]:
    return {**weights_of(epoch), "bulk": np.full(BULK, epoch, np.float32)}


def state_of(epoch: int) -> dict[str, bytes]:
    return {"epoch.bin": str(epoch).encode(), "bulk.bin": bytes([epoch % 256]) * BULK}


def main(path: Path) -> None:
    exists = (path / RUN_JSON).exists()
    writer = RunWriter.reopen(path) if exists else make_writer(path, weights_budget=0.02)
    begun = writer.epochs[-1].epoch + 1 if writer.epochs else 0
    print("ready", flush=True)
    for epoch in itertools.count(begun):
        write_epoch(writer, epoch, weights=large_weights(epoch))
        print("epoch", epoch, flush=True)
        writer.write_checkpoint(state_of(epoch))
        print("checkpoint", epoch, flush=True)
        if epoch % 7 == 6:
            writer.go_back(epoch - 2)
            print("back", epoch - 2, flush=True)
            write_epoch(writer, epoch - 1, weights=large_weights(epoch - 1))
            write_epoch(writer, epoch, weights=large_weights(epoch))
        if epoch % 5 == 4:
            writer.set_status("stopped")
            writer.close()
            writer = RunWriter.reopen(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
