"""What stands before the first step: data, model and generators, for a new run or an old one."""

import math
from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from aeviz import paths
from aeviz.compute import checkpoint
from aeviz.compute.building import live_weights, new_model
from aeviz.compute.conditions import Told, told_by, with_conditions
from aeviz.compute.device import Device, DeviceError, choose, repeat_exactly
from aeviz.compute.info import run_info, truths_of
from aeviz.compute.loading import as_trained, data_hash, load_dataset
from aeviz.compute.samples import SampleStore, Split, data_spec, split, with_hidden_labels
from aeviz.compute.settings import SettingsError, complete, live_options
from aeviz.compute.training import Training
from aeviz.compute.world import World
from aeviz.data.dataset import Dataset
from aeviz.messages import IntArray, Message
from aeviz.models.base import DataSpec, Preparing
from aeviz.runs.checkpoint import read_checkpoint
from aeviz.runs.reading import RunError
from aeviz.runs.run import RunFolder
from aeviz.runs.schema import RunInfo, Settings, TrainConfig
from aeviz.runs.writer import RunWriter

MOST_VALUES = 2**26
"""Values at most that a model sees before the first step."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A training that can begin, and what its run folder will say."""

    training: Training
    dataset: Dataset
    info: RunInfo
    told: Told | None = None


def prepare(
    settings: Settings, dataset: Dataset, device: Device, world: World | None = None
) -> Prepared:
    """Make the model and everything around it."""
    config = TrainConfig(**settings["train"])
    parts = split(len(dataset), config.validation, config.shown, settings["seed"])
    told = told_by(settings, dataset)
    spec = with_conditions(data_spec(dataset, len(parts.train)), told, parts.train)
    trained = as_trained_by(settings, dataset)
    if settings["data"].get("binarise", "no") != "no":
        spec = replace(spec, step=1.0)
    training = make_training(settings, trained, spec, device, world)
    show_samples(training)
    truths = truths_of(training.model, training.store, training.split)
    info = run_info(settings, dataset, training.model, spec, truths, device)
    info.world_size = training.world.size
    if told is not None:
        told = told.seen_by(parts.train)
        info.model["conditions"] = asdict(told.about)
    return Prepared(training, trained, info, told)


def show_samples(training: Training) -> None:
    """Let a model that wants to see training samples first see them, evenly chosen if many."""
    if isinstance(training.model, Preparing):
        features = math.prod(training.store.shape)
        rows = training.split.train[:: len(training.split.train) * features // MOST_VALUES + 1]
        x = training.store.take(torch.from_numpy(rows.copy()).to(training.store.device))
        training.model.prepare(x.cpu())  # Apple's GPU knows no double precision


def as_trained_by(settings: Settings, dataset: Dataset) -> Dataset:
    """The data set as a training with these settings sees it."""
    return as_trained(dataset, settings["data"].get("binarise", "no"), settings["seed"])


def make_training(
    settings: Settings,
    dataset: Dataset,
    spec: DataSpec,
    device: Device,
    world: World | None = None,
) -> Training:
    """A training at its very start.

    Raises:
        SettingsError: If an option of the model does not suit the data.
    """
    config, seed = TrainConfig(**settings["train"]), settings["seed"]
    repeat_exactly(device.torch)
    try:
        model = new_model(settings["model"], spec, seed).to(device.torch)
    except ValueError as error:
        raise SettingsError(str(error)) from error
    parts = split(len(dataset), config.validation, config.shown, seed)
    store = SampleStore(
        dataset,
        device.torch,
        dynamic=settings["data"].get("binarise", "no") == "dynamic",
        told=told_by(settings, dataset),
        labels=shown_labels(settings, dataset, parts),
    )
    return Training(
        model,
        store,
        parts,
        config,
        seed=seed,
        weights=live_weights(settings["model"], live_options(settings)),
        world=world,
    )


def shown_labels(settings: Settings, dataset: Dataset, parts: Split) -> IntArray | None:
    """The labels that batches show, where the model's option `labels` hides some; else None."""
    count = settings["model"].get("labels")
    if count is None or dataset.labels is None:
        return None
    return with_hidden_labels(dataset.labels, parts.train, int(count), settings["seed"])


def load(
    settings: Settings, data_dir: Path | None, world: World
) -> Generator[Message | None, None, Dataset]:
    """Read the data set that the settings name; yields how far it is.

    Rank 0 reads first: only one process may download.
    """
    where = paths.data_dir() if data_dir is None else data_dir
    if not world.is_first:
        world.meet()
    dataset = yield from load_dataset(settings["data"], where, settings["train"]["epochs"])
    if world.is_first:
        world.meet()
    return dataset


def planned(settings: Mapping[str, Any], epochs: int) -> Settings:
    """The settings of a run with another total of epochs."""
    return complete({**settings, "train": {**settings["train"], "epochs": epochs}})


def device_again(word: str) -> tuple[Device, str]:
    """The device of the run; the CPU, with a notice, where it is not there any more."""
    try:
        return choose(word), ""
    except DeviceError as error:
        return choose("cpu"), f"Going on on the CPU: {error}."


def refuse_changed_data(path: Path, info: RunInfo, dataset: Dataset) -> None:
    """Raise RunError if a run was trained on other samples than the data set has now."""
    if data_hash(dataset) != info.data["sha256"]:
        raise RunError(
            f"{path} was trained on other samples than {dataset.title} has now (their SHA-256 "
            "differs): it can be looked at, but its training cannot go on"
        )


def restore(writer: RunWriter, training: Training) -> list[str]:
    """Bring the training to the checkpoint; returns notices about what is different now."""
    files = writer.read_checkpoint()
    if files is None:
        raise RunError(f"{writer.path} has no checkpoint: its training cannot go on exactly")
    counters = checkpoint.restore(training, files)
    writer.go_back(training.epoch)
    last = writer.epochs[-1].epoch if writer.epochs else -1
    if last < training.epoch - 1:
        raise RunError(f"{writer.path}: the checkpoint is of epoch {training.epoch}, not {last}")
    training.reported = last
    return _differences(counters, training.world)


def restore_beside(path: Path, training: Training) -> None:
    """As `restore`, on a rank that does not write; rank 0 has brought the folder in order."""
    folder = RunFolder.open(path)
    checkpoint.restore(training, read_checkpoint(path) or {})
    training.reported = folder.epochs[-1].epoch if folder.epochs else -1


def _differences(counters: Mapping[str, Any], world: World) -> list[str]:
    """Notices about what was otherwise when the checkpoint was written."""
    threads = torch.get_num_threads()
    now = {"torch": torch.__version__, "threads": threads, "processes": world.size}
    return [
        f"It was trained with {what} {counters[what]}, now it is {value}: the last digits may "
        "differ."
        for what, value in now.items()
        if what in counters and counters[what] != value
    ]


def set_threads(threads: int | None) -> None:
    """Let torch use so many threads; None leaves it as it is."""
    if threads is not None:
        torch.set_num_threads(threads)
