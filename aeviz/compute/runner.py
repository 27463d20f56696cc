"""A training from its settings to a run folder, as one generator of messages.

The window's training thread, the command line and Python all pull the same generator: not pulling
is pausing, `close()` saves and stops, and both act within one step.
"""

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
from aeviz.compute.opened import OpenedRun
from aeviz.compute.preparing import (
    Prepared,
    as_trained_by,
    device_again,
    load,
    make_training,
    planned,
    prepare,
    refuse_changed_data,
    refuse_world,
    restore,
    set_threads,
)
from aeviz.compute.recording import Recorder, free_folder, refuse_used
from aeviz.compute.settings import SettingsError, complete, live_options
from aeviz.compute.training import EpochResult, TrainingDiverged, Yielded, fit
from aeviz.messages import Failed, Message, TrainingChanged
from aeviz.runs.atomic import SaveError
from aeviz.runs.planned import has_more
from aeviz.runs.run import RunFolder
from aeviz.runs.schema import SAMPLES_BUDGET, Status
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
    refuse_world()
    if out is not None:
        refuse_used(out)
    device = choose(settings["device"])
    set_threads(threads)
    yield TrainingChanged(state="loading")
    dataset = yield from load(settings, data_dir)
    prepared = prepare(settings, dataset, device)
    training = prepared.training
    with closing(fit(training)) as fitting:
        first = yield from _first_epoch(fitting)
        name = f"{settings['model']['name']}-{settings['data']['name']}"
        path = free_folder(runs_dir, name) if out is None else out
        with _create(path, prepared) as writer:
            recorder = Recorder(writer, training, on_weights)
            began = _begin(recorder, first)
            opened = OpenedRun(recorder.run, RunFolder.open(path), is_live=True)
            opening = [opened.opened(), began]
            yield from _go_on(recorder, fitting, controls or Controls(), opening)


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
    done = folder.epochs[-1].epoch
    if not has_more(folder, epochs):
        reason = f"nothing left to do: {path} has {done} epochs"
        yield TrainingChanged(run=str(path), state="idle", reason=reason, epoch=done)
        return
    settings = planned(folder.info.settings, epochs)
    refuse_world()
    device, notice = device_again(settings["device"])
    set_threads(threads)
    yield TrainingChanged(run=str(path), state="loading")
    dataset = yield from load(settings, data_dir)
    refuse_changed_data(path, folder.info, dataset)
    spec = spec_from(folder.info.model["spec"])
    training = make_training(settings, as_trained_by(settings, dataset), spec, device)
    with RunWriter.reopen(path) as writer:
        notices = [notice, *restore(writer, training)]
        if folder.status == "finished":
            training.carry_on()
        writer.info.settings = settings
        writer.set_status("training")
        opened = OpenedRun(str(path), RunFolder.open(path), is_live=True)
        told = list(opened.epochs())
        last = Projection(told[-1].positions, told[-1].mean, told[-1].axes) if told else None
        recorder = Recorder(writer, training, on_weights, last)
        opening = [replace(opened.opened(), notice=" ".join(filter(None, notices))), *told]
        with closing(fit(training)) as fitting:
            yield from _go_on(recorder, fitting, controls or Controls(), opening)


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
        samples=dataset.samples[kept],
        conditions=None if prepared.told is None else prepared.told.of(parts.shown),
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
    recorder: Recorder,
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
    try:
        yield from opening
        yield TrainingChanged(run=recorder.run, state="training", epoch=recorder.epoch)
        yield from _pull(recorder, fitting, controls)
        if controls.is_stopping:
            recorder.stop()
        else:
            recorder.end("finished", recorder.training.ending)
    except GeneratorExit:
        recorder.stop()
        raise
    except TrainingDiverged as error:
        failure = _end_badly(recorder, "diverged", str(error))
    except (RuntimeError, MemoryError, OSError, ValueError) as error:
        sentence = explain(error)
        _end_badly(recorder, "interrupted", sentence or str(error))
        if sentence is None:
            raise
        failure = sentence
    # outside the handlers: a kept exception would keep the tensors of its frames
    if failure:
        yield Failed(run=recorder.run, where="training", summary=failure)
    reason = failure or recorder.writer.info.reason or "finished"
    yield TrainingChanged(run=recorder.run, state="idle", reason=reason, epoch=recorder.epoch)


def _pull(
    recorder: Recorder, fitting: Generator[Yielded, None, None], controls: Controls
) -> Messages:
    """Messages of the training until it ends or is to be stopped."""
    for item in fitting:
        yield recorder.tell(item)
        if item is not None:
            controls.obey(recorder.writer.control() or {})
        if controls.is_paused:
            yield from _wait(recorder, controls)
        if controls.has_turns:
            yield from _turn(recorder, controls)
        if controls.is_stopping:
            return


def _wait(recorder: Recorder, controls: Controls) -> Messages:
    """Pause, as `control.json` or another thread asked, until it asks to go on or to stop."""
    yield TrainingChanged(run=recorder.run, state="paused", epoch=recorder.epoch)
    while controls.is_paused and not controls.is_stopping:
        time.sleep(PAUSE_SECONDS)
        controls.obey(recorder.writer.control() or {})
        yield None
    yield TrainingChanged(run=recorder.run, state="training", epoch=recorder.epoch)


def _turn(recorder: Recorder, controls: Controls) -> Messages:
    """Set options that wait to be turned; a wrong one is told and left out."""
    settings = recorder.writer.info.settings
    live = live_options(settings)
    for dotted, value in controls.take_turns():
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


def _end_badly(recorder: Recorder, status: Status, reason: str) -> str:
    """Write how it ended, if the disk still takes it; returns the reason."""
    with suppress(SaveError):
        recorder.end(status, reason)
    return reason
