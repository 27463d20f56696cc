"""Who trains: this process alone, or the ranks that a launcher has started."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from aeviz.compute.launcher import launched
from aeviz.compute.settings import SettingsError, model_entry
from aeviz.compute.world import World
from aeviz.runs.schema import Settings


@contextmanager
def joined(settings: Settings) -> Iterator[World]:
    """The world of a training, left when the training ends.

    Args:
        settings: Complete.

    Raises:
        SettingsError: If the ranks cannot meet or cannot train this together.
        RankLost: Instead of what a lost rank makes the libraries raise.
    """
    launch = launched()
    if launch is None:
        yield World()
        return
    if threading.current_thread() is not threading.main_thread():
        raise SettingsError(
            f"a window trains in one process, and a launcher has started {launch.size}: use "
            "`aeviz train`"
        )
    if settings["train"]["batch_size"] < launch.size:
        raise SettingsError(
            f"--batch-size {settings['train']['batch_size']} is the total of {launch.size} "
            "processes: give each at least one sample"
        )
    # Lightning Fabric takes a second to import, which a process alone does not pay for.
    from aeviz.compute.distributed import join
    from aeviz.compute.lifeline import RankLost

    is_staged = hasattr(model_entry(settings["model"]["name"]).model, "stage_parameters")
    world = join(launch, settings["device"], is_staged)
    try:
        yield world
    except BaseException as error:
        sentence = world.explain(error)
        world.close(sentence or str(error) or type(error).__name__)
        if sentence is not None and not isinstance(error, RankLost):
            raise RankLost(sentence, world.is_orphan) from error
        raise
    world.close()
