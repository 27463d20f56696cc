"""Points along a spiral in space, coloured by its turns."""

import numpy as np

from aeviz.data.dataset import Dataset, register_dataset, standardise

TURNS = 3


@register_dataset(
    "spiral",
    title="Spiral",
    summary="Points along a spiral in space",
    source="an example of the help",
    kind="table",
    shape=(3,),
)
def spiral(data_dir, report, options):
    """`report(share, phrase)` shows progress where reading takes long."""
    turns = np.random.default_rng(0).uniform(0, TURNS, 600)
    angle = 2 * np.pi * turns
    columns = (turns * np.cos(angle), turns * np.sin(angle), turns)
    samples = np.stack(columns, 1).astype(np.float32)
    return Dataset(
        name="spiral",
        title="Spiral",
        samples=samples,
        scaling=standardise(samples),
        labels=turns.astype(np.int64),
        class_names=("first turn", "second turn", "third turn"),
        feature_names=("x", "y", "height"),
        source="an example of the help",
    )
