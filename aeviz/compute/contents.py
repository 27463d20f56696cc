"""What `run.json` says of its data and model, checked: the folder may come from a stranger."""

import math
from typing import Annotated, Any

import numpy as np
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from aeviz.data.dataset import Scaling
from aeviz.messages import Conditions, Known, Term, TruthLine
from aeviz.runs.reading import RunError
from aeviz.runs.run import RunFolder

MOST_NAMES = 10_000
"""Class names at most that are made up for labels that have none."""

IGNORE_EXTRA = ConfigDict(extra="ignore")
Length = Annotated[int, Field(ge=1, le=2**31)]


@dataclass(frozen=True, config=IGNORE_EXTRA)
class ColumnPart:
    """A column that the run keeps of its samples; see `aeviz.messages.Known`."""

    name: str
    names: tuple[str, ...] = ()
    unit: str = ""


@dataclass(frozen=True, config=IGNORE_EXTRA)
class DataPart:
    """The part `data` of `run.json` that the window needs; see `RunInfo`."""

    sample_shape: Annotated[tuple[Length, ...], Field(min_length=1, max_length=3)]
    scaling: dict[str, Any]
    samples: Annotated[int, Field(ge=0)]
    white: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 255.0
    class_names: tuple[str, ...] = ()
    feature_names: tuple[str, ...] = ()
    columns: tuple[ColumnPart, ...] = ()


@dataclass(frozen=True, config=IGNORE_EXTRA)
class ModelPart:
    """The part `model` of `run.json` that the window needs; see `RunInfo`."""

    latent_dim: Length
    bounded: bool = True
    terms: tuple[Term, ...] = ()
    truths: tuple[TruthLine, ...] = ()
    abilities: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    conditions: Conditions | None = None


@dataclass(frozen=True, config=IGNORE_EXTRA)
class TrainPart:
    """The part `settings.train` of `run.json` that the window needs."""

    epochs: Annotated[int, Field(ge=0)]


_PARTS: dict[type[Any], TypeAdapter[Any]] = {
    part: TypeAdapter(part) for part in (DataPart, ModelPart, TrainPart)
}


class Contents:
    """The checked content of a run folder's `run.json`.

    Args:
        folder: The run folder.

    Raises:
        RunError: If a field is missing or impossible; the message names it.
    """

    def __init__(self, folder: RunFolder) -> None:
        info = folder.info
        self.data: DataPart = _checked(folder, DataPart, "data", info.data)
        self.model: ModelPart = _checked(folder, ModelPart, "model", info.model)
        train = _checked(folder, TrainPart, "settings.train", info.settings.get("train", {}))
        self.epochs: int = train.epochs
        self.scaling = self._scaling(folder)
        self.class_names = self._class_names(folder)
        self._check_samples(folder)
        self._check_conditions(folder)
        self.known = self._known(folder)

    def _known(self, folder: RunFolder) -> tuple[Known, ...]:
        """The columns that the run keeps of its samples."""
        parts, columns = self.data.columns, folder.columns
        if columns is None:
            return ()
        if columns.shape[1] != len(parts):
            raise _wrong(folder, "data.columns", f"there are {columns.shape[1]} columns")
        found = []
        for part, values in zip(parts, columns.T, strict=True):
            if part.names and not ((values >= -1) & (values < len(part.names))).all():
                raise _wrong(folder, "data.columns", f"{part.name!r} has choices without a name")
            found.append(Known(part.name, values, part.names, part.unit))
        return tuple(found)

    def _scaling(self, folder: RunFolder) -> Scaling:
        shapes = ((), self.data.sample_shape)
        try:
            scaling = Scaling.from_json(self.data.scaling)
        except (KeyError, TypeError, ValueError) as error:
            raise _wrong(folder, "data.scaling", f"it is not readable ({error})") from error
        for factor in (scaling.shift, scaling.scale):
            if factor.shape not in shapes or not np.isfinite(factor).all():
                raise _wrong(folder, "data.scaling", "it does not fit the samples")
        if not scaling.scale.all():
            raise _wrong(folder, "data.scaling", "a scale is 0")
        if scaling.matrix is not None:
            self._check_matrix(folder, scaling)
        return scaling

    def _check_matrix(self, folder: RunFolder, scaling: Scaling) -> None:
        """Refuse a matrix that does not fit the samples or cannot be undone."""
        matrix, features = scaling.matrix, math.prod(self.data.sample_shape)
        if matrix is None or matrix.shape != (features, features) or not np.isfinite(matrix).all():
            raise _wrong(folder, "data.scaling.matrix", "it does not fit the samples")
        try:
            undone = scaling.undo(np.zeros((1, *self.data.sample_shape), np.float32))
        except np.linalg.LinAlgError as error:
            raise _wrong(folder, "data.scaling.matrix", "it has no inverse") from error
        if not np.isfinite(undone).all():
            raise _wrong(folder, "data.scaling.matrix", "it has no inverse")

    def _class_names(self, folder: RunFolder) -> tuple[str, ...]:
        """A name for every label: its number where the run has none."""
        names, labels = self.data.class_names, folder.labels
        largest = -1 if labels is None or not labels.size else int(labels.max())
        if largest >= max(MOST_NAMES, len(names)):
            raise _wrong(folder, "data.class_names", f"there is none for the label {largest}")
        return names + tuple(str(label) for label in range(len(names), largest + 1))

    def _check_samples(self, folder: RunFolder) -> None:
        samples, shape = folder.samples, self.data.sample_shape
        if len(shape) == 2:
            raise _wrong(folder, "data.sample_shape", "it must be (H, W, C) or (F,)")
        if samples is not None and samples.shape[1:] != shape:
            raise _wrong(folder, "data.sample_shape", f"the samples are {samples.shape[1:]}")

    def _check_conditions(self, folder: RunFolder) -> None:
        """Refuse conditions that their names do not fit."""
        about, told = self.model.conditions, folder.conditions
        if about is None:
            return
        columns = len(about.names) if about.kind == "numbers" else 0
        fits = bool(about.names) and len(about.ranges) == len(about.middles) == columns
        flat = [number for pair in about.ranges for number in pair] + list(about.middles)
        if told is not None and about.kind == "choice":
            fits &= bool((told >= -1).all() and (told < len(about.names)).all())
        elif told is not None:
            fits &= told.ndim == 2 and told.shape[1] == columns
        if not fits or not np.isfinite(flat).all():
            raise _wrong(folder, "model.conditions", "it does not fit the conditions of the run")


def _checked(folder: RunFolder, part: type[Any], name: str, row: Any) -> Any:
    try:
        return _PARTS[part].validate_python(row)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in (name, *first["loc"]))
        raise _wrong(folder, place, first["msg"]) from error


def _wrong(folder: RunFolder, place: str, reason: str) -> RunError:
    return RunError(f"{folder.path / 'run.json'} is not valid at {place!r}: {reason}")
