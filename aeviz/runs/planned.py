"""How many epochs a run will have: every stage of its model takes as many as the settings say."""

from collections.abc import Sequence

from aeviz.runs.metrics import EpochLine
from aeviz.runs.run import RunFolder


def planned_epochs(each: int, stages: int, lines: Sequence[EpochLine]) -> int:
    """Number of the last epoch, if the training goes on to its planned end.

    Args:
        each: Epochs of a stage.
        stages: How many the model has; 0 where it is trained as a whole.
        lines: The epochs that there are, ascending. A stage may have ended early, and the best
            weights may have been restored in an epoch beyond the last.
    """
    if not lines:
        return each * max(1, stages)
    last = lines[-1]
    begun = [line.epoch for line in lines if line.stage == last.stage]
    start = begun[0] - 1 if last.stage else 0
    return max(start + max(1, stages - last.stage) * each, last.epoch)


def has_more(folder: RunFolder, each: int) -> bool:
    """Whether a training to so many epochs, in each stage, has something left to do."""
    lines = folder.epochs
    if not lines:
        return True
    if lines[-1].epoch < planned_epochs(each, len(folder.info.model.get("stages", ())), lines):
        return True
    # It may have ended before it went back to the best weights.
    train = folder.info.settings["train"]
    is_whole = folder.status == "finished" or not train.get("patience")
    return not is_whole and each >= train["epochs"]
