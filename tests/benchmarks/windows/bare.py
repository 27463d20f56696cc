"""Child process of the training benchmark: a bare loop that does a turn for every line it reads.

    python -m tests.benchmarks.windows.bare SETTINGS THREADS

It prints samples per second of each turn.
"""

import json
import sys

import torch

from aeviz.compute.device import choose
from aeviz.compute.preparing import prepare
from aeviz.compute.settings import complete
from tests.benchmarks.models import bare_steps, dataset_of, rate, step_seconds

SECONDS = 2.0
"""Of a turn."""


def main() -> None:
    """Do what the lines ask."""
    torch.set_num_threads(int(sys.argv[2]))
    settings = complete(json.loads(sys.argv[1]))
    side = bare_steps(prepare(settings, dataset_of(settings), choose("cpu")).training, fused=True)
    side(20)
    count = max(1, round(SECONDS / step_seconds(side)))
    for _ in sys.stdin:
        print(rate(side, count), flush=True)


if __name__ == "__main__":
    main()
