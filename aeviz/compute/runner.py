"""A training from its settings to a run folder, as one generator of messages.

The window's training thread, the command line and Python all pull the same generator: not pulling
is pausing, `close()` saves and stops, and both act within one step.
"""

import logging
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from aeviz.analysis.projection import Projection
from aeviz.compute.building import spec_from
from aeviz.compute.controls import Controls
from aeviz.compute.device import choose, explain
from aeviz.compute.history import Weights
from aeviz.compute.info import columns_of, names_of
from aeviz.compute.joining import joined
from aeviz.compute.opened import OpenedRun
from aeviz.compute.plugin_needs import provide
from aeviz.compute.preparing import (
    Prepared,
    as_trained_by,
    device_again,
    load,
    make_training,
    planned,
    prepare,
    refuse_changed_data,
    restore,
    restore_beside,
    set_threads,
)
from aeviz.compute.recording import Onlooker, Recorder, free_folder, refuse_used, run_name
from aeviz.compute.settings import SettingsError, complete, live_options
from aeviz.compute.training import EpochResult, Training, TrainingDiverged, Yielded, fit
from aeviz.data.dataset import Dataset
from aeviz.data.mapped import rows_of
from aeviz.messages import Failed, Logged, Message, TrainingChanged
from aeviz.runs.atomic import SaveError
from aeviz.runs.planned import has_more
from aeviz.runs.run import RunFolder
from aeviz.runs.schema import SAMPLES_BUDGET, RunInfo, Settings, Status
from aeviz.runs.writer import RunWriter

__all__ = ["Controls", "Messages", "train", "train_on"]

Messages = Generator[Message | None, None, None]
"""None between two steps, so that whoever pulls can pause or stop there."""

OnWeights = Callable[[Weights], None]

PAUSE_SECONDS = 0.05
"""Between two looks whether a pause that `control.json` asked for is over."""


def train(
    settings: Mapping[str, Any],
    *,
    out: Path | None,
    data_dir: Path | None = None,
    controls: Controls | None = None,
    on_weights: OnWeights | None = None,
    threads: int | None = None,
    runs_dir: Path,
) -> Messages:
    """Train a model into a new run folder.

    What fails before the first epoch leaves no folder.

    Args:
        settings: As in `Train`; what is missing has defaults.
        out: The run folder; None takes a free one in `runs_dir`.
        data_dir: Where torchvision's files lie; None for the default.
        controls: Turns options and stops, from another thread or a signal handler.
        on_weights: Gets copies of the weights at every epoch and at most every 100 ms between.
        threads: Threads of torch; None leaves them as they are.
        runs_dir: Where a free folder is looked for.

    Yields:
        `TrainingChanged`, `Progress`, `RunOpened` once, `EpochDone` from epoch 0 on; None between
        two steps. A training that diverges or runs out of memory ends with `Failed`.

    Raises:
        SettingsError, DeviceError, DataError, RunError, SaveError: With one sentence each.
    """
    settings = complete(settings)
    controls = controls or Controls()
    with joined(settings) as world:
        if out is not None and world.is_first:
            refuse_used(out)
        device = choose(world.device_of(settings["device"]))
        set_threads(threads)
        yield TrainingChanged(state="loading")
        dataset = yield from load(settings, data_dir, world)
        if world.is_first:
            yield from _remarks(dataset)
        prepared = prepare(settings, dataset, device, world)
        with closing(fit(prepared.training)) as fitting:
            first = yield from _first_epoch(fitting)
            if not world.is_first:
                yield from _look_on(prepared.training, settings, fitting, controls)
                return
            path = free_folder(runs_dir, run_name(settings)) if out is None else out
            with _create(path, prepared) as writer:
                recorder = Recorder(writer, prepared.training, on_weights)
                began = _begin(recorder, first)
                opened = OpenedRun(recorder.run, RunFolder.open(path), is_live=True)
                opening = [opened.opened(), began]
                world.begin_run(path)
                yield from _go_on(recorder, fitting, controls, opening)


def train_on(
    path: Path,
    epochs: int,
    *,
    data_dir: Path | None = None,
    controls: Controls | None = None,
    on_weights: OnWeights | None = None,
    threads: int | None = None,
) -> Messages:
    """Go on with the training of a run folder, exactly where its checkpoint stands.

    Args:
        path: The run folder.
        epochs: The total to reach; of every stage, where the model trains in stages.
        data_dir: As in `train`.
        controls: As in `train`.
        on_weights: As in `train`.
        threads: As in `train`.

    Yields:
        As `train`; `RunOpened` is followed by the `EpochDone` of every epoch that stands already.

    Raises:
        RunError: If the run has no checkpoint, its data have changed, or somebody writes it.
    """
    folder = RunFolder.open(path)
    if not has_more(folder, epochs):
        yield _nothing_left(path, folder.epochs[-1].epoch)
        return
    settings = _provided(folder.info, epochs)
    controls = controls or Controls()
    with joined(settings) as world:
        device, notice = device_again(world.device_of(settings["device"]))
        set_threads(threads)
        yield TrainingChanged(run=str(path), state="loading")
        dataset = yield from load(settings, data_dir, world)
        refuse_changed_data(path, folder.info, dataset)
        spec = spec_from(folder.info.model["spec"])
        training = make_training(settings, as_trained_by(settings, dataset), spec, device, world)
        if not world.is_first:
            path = world.begin_run(None)
            restore_beside(path, training)
            if folder.status == "finished":
                training.carry_on()
            with closing(fit(training)) as fitting:
                yield from _go_on(Onlooker(path, training, settings), fitting, controls, ())
            return
        with RunWriter.reopen(path) as writer:
            notices = [notice, *restore(writer, training)]
            if folder.status == "finished":
                training.carry_on()
            opening, last = _reopened(writer, settings, notices, world.size)
            recorder = Recorder(writer, training, on_weights, last)
            world.begin_run(path)
            with closing(fit(training)) as fitting:
                yield from _go_on(recorder, fitting, controls, opening)


def _provided(info: RunInfo, epochs: int) -> Settings:
    """The settings up to so many epochs, once the plug-ins of the run are there."""
    provide(info, ("models", "data"))
    return planned(info.settings, epochs)


def _nothing_left(path: Path, done: int) -> TrainingChanged:
    reason = f"nothing left to do: {path} has {done} epochs"
    return TrainingChanged(run=str(path), state="idle", reason=reason, epoch=done)


def _reopened(
    writer: RunWriter, settings: Settings, notices: Sequence[str], size: int
) -> tuple[list[Message], Projection | None]:
    """The messages that open a run which goes on, and the projection of its last epoch."""
    writer.info.settings, writer.info.world_size = settings, size
    writer.set_status("training")
    opened = OpenedRun(str(writer.path), RunFolder.open(writer.path), is_live=True)
    told = list(opened.epochs())
    last = Projection(told[-1].positions, told[-1].mean, told[-1].axes) if told else None
    notice = " ".join(filter(None, notices))
    return [replace(opened.opened(), notice=notice), *told], last


def _look_on(
    training: Training,
    settings: Settings,
    fitting: Generator[Yielded, None, None],
    controls: Controls,
) -> Messages:
    """Train as a rank that neither measures nor writes."""
    onlooker = Onlooker(training.world.begin_run(None), training, settings)
    yield from _go_on(onlooker, fitting, controls, ())


def _first_epoch(
    fitting: Generator[Yielded, None, None],
) -> Generator[Message | None, None, EpochResult]:
    """Measure epoch 0: what fails here leaves no folder."""
    try:
        for item in fitting:
            if isinstance(item, EpochResult):
                return item
            yield item
    except (RuntimeError, MemoryError) as error:
        sentence = explain(error)
        if sentence is None:
            raise
        raise torch.OutOfMemoryError(sentence) from error
    raise RuntimeError("the training ended before its first epoch")


def _create(path: Path, prepared: Prepared) -> RunWriter:
    parts, dataset = prepared.training.split, prepared.dataset
    kept = parts.shown[: max(1, SAMPLES_BUDGET // dataset.samples[:1].nbytes)]
    return RunWriter.create(
        path,
        prepared.info,
        index=parts.shown,
        labels=None if dataset.labels is None else dataset.labels[parts.shown],
        parts=parts.parts,
        samples=rows_of(dataset.samples, kept),
        conditions=None if prepared.told is None else prepared.told.of(parts.shown),
        columns=columns_of(dataset, prepared.training.config.shown, parts.shown),
        names=names_of(dataset, parts.shown),
    )


def _begin(recorder: Recorder, first: EpochResult) -> Message | None:
    """Record epoch 0; a folder in which that fails is removed."""
    try:
        return recorder.tell(first)
    except BaseException:
        with suppress(ValueError, OSError):
            recorder.writer.discard()
        raise


def _go_on(
    recorder: Recorder | Onlooker,
    fitting: Generator[Yielded, None, None],
    controls: Controls,
    opening: Sequence[Message | None],
) -> Messages:
    """Train to the end, or until it is stopped or fails; the folder says how it ended.

    Args:
        recorder: Writes and tells.
        fitting: The training.
        controls: What is asked of it.
        opening: Messages to begin with.
    """
    failure = ""
    world = recorder.training.world
    agreed = world.agreed(controls)
    try:
        yield from opening
        yield TrainingChanged(run=recorder.run, state="training", epoch=recorder.epoch)
        yield from _pull(recorder, fitting, controls, agreed)
        if agreed.is_stopping:
            world.gather(recorder.training)
            world.remember(recorder.training.generators, recorder.training.tally)
            recorder.stop()
        else:
            recorder.end("finished", recorder.training.ending)
    except GeneratorExit:
        recorder.stop()
        raise
    except TrainingDiverged as error:
        world.tell(error)
        failure = _end_badly(recorder, "diverged", str(error))
    except (RuntimeError, MemoryError, OSError, ValueError) as error:
        sentence = world.explain(error) or explain(error)
        _end_badly(recorder, "interrupted", sentence or str(error))
        if sentence is None or world.size > 1:  # the other ranks have to hear of it
            raise
        failure = sentence
    # outside the handlers: a kept exception would keep the tensors of its frames
    if failure:
        yield Failed(run=recorder.run, where="training", summary=failure)
    reason = failure or recorder.reason or "finished"
    yield TrainingChanged(run=recorder.run, state="idle", reason=reason, epoch=recorder.epoch)


def _pull(
    recorder: Recorder | Onlooker,
    fitting: Generator[Yielded, None, None],
    controls: Controls,
    agreed: Controls,
) -> Messages:
    """Messages of the training until it ends or is to be stopped.

    Args:
        recorder: Writes and tells.
        fitting: The training.
        controls: What is asked of this process.
        agreed: What all processes that train together act on; the same where there is one.
    """
    for item in fitting:
        yield recorder.tell(item)
        if item is not None:
            controls.obey(recorder.control())
            recorder.training.world.agree(controls, agreed, item)
        if agreed.is_paused:
            yield from _wait(recorder, controls, agreed)
        if agreed.has_turns:
            yield from _turn(recorder, agreed)
        if agreed.is_saving:
            yield _save(recorder, agreed)
        if agreed.is_stopping:
            return
        recorder.training.is_single = controls.is_single


def _wait(recorder: Recorder | Onlooker, controls: Controls, agreed: Controls) -> Messages:
    """Pause, as `control.json` or another thread asked, until it asks to go on or to stop."""
    world = recorder.training.world
    recorder.pause()
    yield TrainingChanged(run=recorder.run, state="paused", epoch=recorder.epoch)
    while agreed.is_paused and not agreed.is_stopping:
        if world.is_first:
            time.sleep(PAUSE_SECONDS)
        controls.obey(recorder.control())
        world.agree(controls, agreed, None)
        yield None
    yield TrainingChanged(run=recorder.run, state="training", epoch=recorder.epoch)


def _turn(recorder: Recorder | Onlooker, agreed: Controls) -> Messages:
    """Set options that wait to be turned; a wrong one is told and left out."""
    settings = recorder.settings
    live = live_options(settings)
    for dotted, value in agreed.take_turns():
        name = dotted.rpartition(".")[2]
        group = "train" if name == "lr" else "model"
        try:
            if name not in live:
                raise SettingsError(f"{dotted!r} cannot be turned while training runs")
            complete({**settings, group: {**settings[group], name: value}})
        except SettingsError as error:
            yield Failed(run=recorder.run, where="training", summary=str(error))
        else:
            recorder.training.turn(name, value)


def _save(recorder: Recorder | Onlooker, agreed: Controls) -> Message | None:
    """Write a checkpoint, as a cluster asks that may soon take the computer away."""
    agreed.is_saving = False
    training = recorder.training
    training.world.gather(training)
    training.world.remember(training.generators, training.tally)
    sentence = recorder.save()
    return Logged(level=logging.INFO, name="aeviz", text=sentence, time=time.time())


def _remarks(dataset: Dataset) -> Messages:
    """What a person should know of the data, a line each."""
    for remark in dataset.remarks:
        text = f"{dataset.title}: {remark}"
        yield Logged(level=logging.INFO, name="aeviz", text=text, time=time.time())


def _end_badly(recorder: Recorder | Onlooker, status: Status, reason: str) -> str:
    """Write how it ended, if the disk still takes it; returns the reason."""
    with suppress(SaveError):
        recorder.end(status, reason)
    return reason
