"""Measures of a run: its own samples, another data set or a file, and what is found on them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import TypeAdapter
from torch import Tensor

from aeviz import data, paths
from aeviz.analysis.measures import Case, Row, all_measures, measured
from aeviz.compute import plugins, seeds
from aeviz.compute.conditions import Told, told_by
from aeviz.compute.loading import as_trained, data_hash
from aeviz.compute.plugin_needs import provide
from aeviz.compute.samples import SampleStore, split
from aeviz.data.dataset import DATASETS, Column, DataError, Dataset, Scaling
from aeviz.data.own import format_of, is_path
from aeviz.messages import Conditions, IntArray
from aeviz.models.base import LatentModel
from aeviz.runs.run import RunFolder
from aeviz.runs.schema import RunInfo

PARTS = ("train", "validation", "all")
"""What `part` can name of a run's own samples."""

MEASURED_VALUES = 2**26
"""Values of samples that stay on the disk and are measured; of more of them some at random."""

AT_ONCE = 4096
"""Samples that are scaled or encoded at a time."""


class Scaled:
    """Samples that are scaled when they are asked for: those of a data set larger than memory.

    Args:
        store: Of the data set.
        rows: Which of its samples.
    """

    def __init__(self, store: SampleStore, rows: IntArray) -> None:
        self._store = store
        self._rows = torch.from_numpy(rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, chosen: slice) -> Tensor:
        """Some of them, float32 (B, …)."""
        return self._store.take(self._rows[chosen])

    def at(self, places: Tensor) -> Tensor:
        """Those at some places, int64 (B,), in their order."""
        return self._store.take(self._rows[places])


class Samples(NamedTuple):
    """Samples as a model sees them, and what is known of them; see `Case`.

    `rows` are their numbers in their data set, `names` their own names, where they have some.
    """

    part: str
    x: Tensor | Scaled
    labels: IntArray | None = None
    columns: tuple[Column, ...] = ()
    condition: Tensor | None = None
    rows: IntArray | None = None
    names: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()


def measures_of(
    folder: RunFolder, model: LatentModel, samples: Samples, only: Sequence[str] = ()
) -> Iterator[tuple[float, str, Row | None]]:
    """Measure a model one measure after the other.

    Args:
        folder: The run, for its seed.
        model: In `eval()`, on the CPU, with the weights of an epoch.
        samples: What it is measured on.
        only: Names of measures; all of them where there is none.

    Yields:
        The share that is done with the title of what comes next and None; the row when it is done.

    Raises:
        ValueError: If there is no measure of a name.
    """
    chosen = all_measures(only)
    yield 0.0, "encoding", None
    samples = in_memory(samples, int(folder.info.settings["seed"]))
    assert isinstance(samples.x, Tensor)
    case = Case(
        model=model,
        x=samples.x,
        latents=encoded(model, samples),
        labels=samples.labels,
        columns=samples.columns,
        seed=seeds.derive(int(folder.info.settings["seed"]), "validation"),
        part=samples.part,
        condition=samples.condition,
    )
    for number, entry in enumerate(chosen):
        yield number / len(chosen), entry.title, None
        yield (number + 1) / len(chosen), entry.title, measured(entry, case)


@torch.no_grad()
def encoded(model: LatentModel, samples: Samples) -> NDArray[np.float32]:
    """Latents of samples, float32 (N, D); of a posterior its mean."""
    told = samples.condition
    slices = [slice(first, first + AT_ONCE) for first in range(0, len(samples.x), AT_ONCE)]
    z = [model.encode(samples.x[rows], None if told is None else told[rows]) for rows in slices]
    return torch.cat(z).float().numpy()


def own_columns(folder: RunFolder, data_dir: Path | None = None) -> tuple[Column, ...]:
    """What is known of all samples of a run's data set, with the factors they were made from.

    Raises:
        DataError: If the data set is not there, or is another one now.
    """
    return _own(folder, data_dir).columns


def own_samples(folder: RunFolder, part: str = "", data_dir: Path | None = None) -> Samples:
    """The samples that a run was trained on, or those that it held out.

    Args:
        folder: The run.
        part: One of `PARTS`; "" for those held out, where there are some, else those trained on.
        data_dir: Where torchvision's files lie; None for the default.

    Raises:
        DataError: If the data set is not there, is another one now, or the part is empty.
    """
    info, dataset = folder.info, _own(folder, data_dir)
    binarise = str(info.settings["data"].get("binarise", "no"))
    trained = as_trained(dataset, "no" if binarise == "no" else "fixed", int(info.settings["seed"]))
    train = info.settings["train"]
    parts = split(len(dataset), train["validation"], train["shown"], info.settings["seed"])
    rows = {"train": parts.train, "validation": parts.validation}
    rows["all"] = np.arange(len(dataset))
    part = part or ("validation" if len(parts.validation) else "train")
    if part not in rows or not len(rows[part]):
        there = ", ".join(name for name in PARTS if len(rows[name]))
        raise DataError(f"there is no part {part!r} of this run's samples; there are: {there}")
    return _taken(trained, info, rows[part], part)


def _own(folder: RunFolder, data_dir: Path | None) -> Dataset:
    """The data set that a run was trained on, as it is in its file."""
    info = folder.info
    dataset = _read(str(info.settings["data"]["name"]), info, data_dir)
    if data_hash(dataset) != info.data["sha256"]:
        raise DataError(
            f"{folder.path} was trained on other samples than {dataset.title} has now: name the "
            "samples to measure on with --data"
        )
    return dataset


def other_samples(
    folder: RunFolder, word: str, data_dir: Path | None = None, *, tells: bool = True
) -> Samples:
    """The samples of another data set by its name, or of a file or folder of a person's own.

    Args:
        folder: The run.
        word: The name, or the path.
        data_dir: Where torchvision's files lie; None for the default.
        tells: Whether they must say themselves what a conditional model is told of them.

    Raises:
        DataError: If there is no such data set or file, or its samples do not fit the run.
    """
    info = folder.info
    if Path(word).suffix in (".npz", ".npy") or _holds_arrays(Path(word)):
        return _from_file(Path(word), info)
    dataset = _in_order(_read(word, info, data_dir), info)
    wanted = tuple(info.data["sample_shape"])
    if dataset.sample_shape != wanted:
        raise DataError(f"{word}: its samples are {dataset.sample_shape}, this run's are {wanted}")
    if info.settings["data"].get("binarise", "no") != "no":
        dataset = as_trained(dataset, "fixed", int(info.settings["seed"]))
    if not dataset.is_image:
        dataset = replace(dataset, scaling=Scaling.from_json(info.data["scaling"]))
    return _taken(dataset, info, np.arange(len(dataset)), word, tells=tells)


def _read(name: str, info: RunInfo, data_dir: Path | None) -> Dataset:
    """A data set; that of the run with the run's options, any other with its own."""
    where = paths.data_dir() if data_dir is None else data_dir
    options = dict(info.settings["data"])
    if name not in DATASETS and not is_path(name):
        provide(info, ("data",))
        plugins.demand()
    return data.load(name, where, options if options.pop("name") == name else {})


def _in_order(dataset: Dataset, info: RunInfo) -> Dataset:
    """A table with the features of the run in their order, where it has them all by name."""
    wanted = list(info.data["feature_names"])
    there = {name: place for place, name in enumerate(dataset.feature_names)}
    has_all = bool(wanted) and all(name in there for name in wanted)
    if dataset.is_image or list(there) == wanted or not has_all:
        return dataset
    order = [there[name] for name in wanted]
    return replace(
        dataset,
        samples=np.ascontiguousarray(dataset.samples[:, order]),
        scaling=Scaling.from_json(info.data["scaling"]),
        feature_names=tuple(wanted),
    )


def _taken(
    dataset: Dataset, info: RunInfo, rows: IntArray, part: str, *, tells: bool = True
) -> Samples:
    """Some samples of a data set as the model sees them."""
    told_of = _told(info, dataset) if tells else None
    store = SampleStore(dataset, torch.device("cpu"), told=told_of)
    known = Samples(
        part=part,
        x=Scaled(store, rows),
        labels=None if dataset.labels is None else dataset.labels[rows],
        columns=tuple(replace(column, values=column.values[rows]) for column in dataset.columns),
        rows=rows,
        names=tuple(dataset.sample_names[row] for row in rows) if dataset.sample_names else (),
        class_names=dataset.class_names,
    )
    tells_sample = told_of is not None and told_of.values is None
    if store.reads_ahead and not tells_sample:
        told_here = None if told_of is None else told_of.of(rows)
        condition = None if told_here is None else torch.from_numpy(told_here.copy())
        return known._replace(condition=condition)
    batches = [store.batch(numbers) for numbers in torch.split(torch.from_numpy(rows), AT_ONCE)]
    told = [batch.condition for batch in batches if batch.condition is not None]
    x = torch.cat([batch.x for batch in batches])
    return known._replace(x=x, condition=torch.cat(told) if told else None)


def in_memory(samples: Samples, seed: int) -> Samples:
    """Samples as one tensor; of those that are too many for it some at random, and `part` says so.

    Args:
        samples: Possibly on the disk.
        seed: Of the run.
    """
    if not isinstance(samples.x, Scaled):
        return samples
    count = len(samples.x)
    most = max(1, MEASURED_VALUES // samples.x[0:1].numel())
    chosen = np.sort(seeds.numpy_generator(seed, "shown").permutation(count)[:most])
    x = torch.cat([samples.x[row : row + 1] for row in chosen.tolist()])
    some = f"{samples.part}, {len(chosen):,} of {count:,} at random" if most < count else None
    return samples._replace(
        part=some or samples.part,
        x=x,
        labels=None if samples.labels is None else samples.labels[chosen],
        columns=tuple(replace(own, values=own.values[chosen]) for own in samples.columns),
        condition=None if samples.condition is None else samples.condition[chosen],
        rows=None if samples.rows is None else samples.rows[chosen],
        names=tuple(samples.names[row] for row in chosen.tolist()) if samples.names else (),
    )


def _told(info: RunInfo, dataset: Dataset) -> Told | None:
    """What the model is told of the samples: choices by the numbers that they have in the run."""
    told, row = told_by(info.settings, dataset), info.model.get("conditions")
    if told is None or row is None:
        return told
    try:
        return told.among(TypeAdapter(Conditions).validate_python(row))
    except ValueError as error:
        raise DataError(f"{dataset.name}: {error}") from error


def _holds_arrays(path: Path) -> bool:
    """Whether a path is there and is NumPy's, told by its content."""
    return str(path) not in DATASETS and path.exists() and format_of(path).name.startswith("NumPy")


def _from_file(path: Path, info: RunInfo) -> Samples:
    """Samples under `x` or alone in the file, labels under `y`."""
    arrays = _arrays(path)
    x = arrays.get("x", next(iter(arrays.values())))
    wanted = tuple(info.data["sample_shape"])
    if len(wanted) == 3 and x.ndim == 3 and wanted[2] == 1:
        x = x[..., np.newaxis]
    if x.shape[1:] != wanted or not len(x) or x.dtype.kind not in "uif":
        raise DataError(f"{path}: its samples are {x.shape[1:]}, this run's are {wanted}")
    scaling = Scaling.from_json(info.data["scaling"])
    is_scaled = len(wanted) == 3 and x.dtype.kind == "f"
    scaled = x.astype(np.float32) if is_scaled else scaling.apply(x)
    if not np.isfinite(scaled).all():
        raise DataError(f"{path}: a value is not finite")
    labels = arrays.get("y")
    if labels is not None and (labels.shape != (len(x),) or labels.dtype.kind not in "ui"):
        raise DataError(f"{path}: y must be one whole number for each of the {len(x):,} samples")
    first = np.moveaxis(scaled, -1, 1) if len(wanted) == 3 else scaled
    return Samples(
        part=path.name,
        x=torch.from_numpy(np.ascontiguousarray(first)),
        labels=None if labels is None else labels.astype(np.int64),
    )


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    try:
        found = np.load(path, allow_pickle=False)
        return {"x": found} if isinstance(found, np.ndarray) else dict(found)
    except FileNotFoundError as error:
        raise DataError(f"{path}: there is no such file or data set") from error
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path} cannot be read as .npz or .npy: {error}") from error
