"""What the window asks of an instrument: done in a child process, so that nothing waits for it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from aeviz.runs.reading import RunError

if TYPE_CHECKING:
    from aeviz.analysis.instruments import Report

ARRAY = "array:"
"""How the fields of `look` that are arrays begin."""


def look(
    path: str, instrument: str, epoch: int, options: Mapping[str, Any], report: "Report"
) -> dict[str, Any]:
    """Put an instrument to a run for the window. Runs in the child process.

    Args:
        path: The run folder.
        instrument: Its name.
        epoch: Whose latents; the nearest that are kept.
        options: Those of the instrument.
        report: Told how far it is.

    Returns:
        The arrays by "array:NAME", and `values` and `epoch`.

    Raises:
        RunError: If it cannot be, with a sentence for a person.
    """
    from aeviz import api
    from aeviz.analysis.instruments import instrument as find
    from aeviz.analysis.measures import NotApplicable

    try:
        find(instrument, options)
    except ValueError as error:
        raise RunError(str(error)) from error
    run = api.load(path)
    at = run.folder.nearest_latents(epoch)
    try:
        found = run.study(instrument, at, progress=report, **options)
    except NotApplicable as error:
        sentence = str(error)
        raise RunError(f"{sentence[:1].upper()}{sentence[1:]}.") from error
    arrays = {ARRAY + name: np.asarray(array) for name, array in found.arrays.items()}
    return {**arrays, "values": dict(found.values), "epoch": at}
