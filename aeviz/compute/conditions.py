"""What a conditional model is told of every sample, found in the data set by name."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz.compute.settings import SettingsError, model_entry
from aeviz.data.dataset import Column, Dataset
from aeviz.messages import Conditions, IntArray
from aeviz.models.base import DataSpec
from aeviz.models.told import OF_THE_SAMPLE

LABEL = "label"


@dataclass(frozen=True, eq=False)
class Told:
    """What a model is told of every sample of a data set.

    Attributes:
        about: Kind and names.
        values: Choices int64 (N,), -1 where missing; numbers float32 (N, K), NaN where missing;
            None where it is the sample itself.
    """

    about: Conditions
    values: NDArray[Any] | None

    def of(self, rows: IntArray) -> NDArray[Any] | None:
        """The values of some samples."""
        return None if self.values is None else self.values[rows]

    def among(self, about: Conditions) -> "Told":
        """The same with choices numbered as in `about`, by their names; -1 for other names.

        Raises:
            ValueError: If one of the two is a choice and the other is not.
        """
        if self.about.kind != about.kind:
            mine, theirs = (
                "choices" if a.kind == "choice" else "numbers" for a in (self.about, about)
            )
            raise ValueError(f"its {about.name!r} holds {mine}, and that of the run {theirs}")
        if about.kind != "choice" or self.values is None or self.about.names == about.names:
            return self
        numbers = {name: number for number, name in enumerate(about.names)}
        renamed = [numbers.get(name, -1) for name in self.about.names]
        table = np.array([*renamed, -1], np.int64)  # the last is that of a missing one, -1
        return Told(about, table[self.values])

    def seen_by(self, rows: IntArray) -> "Told":
        """The same with the ranges and means of the numbers of these samples."""
        if self.about.kind != "numbers" or self.values is None:
            return self
        numbers = [column[np.isfinite(column)] for column in self.values[rows].T]
        numbers = [column if column.size else np.zeros(1, np.float32) for column in numbers]
        about = replace(
            self.about,
            ranges=tuple((float(column.min()), float(column.max())) for column in numbers),
            middles=tuple(float(column.mean(dtype=np.float64)) for column in numbers),
        )
        return Told(about, self.values)


def told_by(settings: Mapping[str, Any], dataset: Dataset) -> Told | None:
    """What the model of a training is told; None for models without the option `condition`.

    Args:
        settings: Complete settings.
        dataset: What it is trained on.

    Raises:
        SettingsError: If the option names nothing that the data set has; it lists what there is.
    """
    wanted = settings["model"].get("condition", "")
    if not wanted:
        return None
    model = model_entry(str(settings["model"].get("name", "vae"))).model
    choices_only = getattr(model, "condition_kind", "") == "choice"
    return told_of(dataset, str(wanted), choices_only=choices_only)


def told_of(dataset: Dataset, wanted: str, *, choices_only: bool = False) -> Told:
    """What a condition of this name is of every sample of a data set.

    Args:
        dataset: The data set.
        wanted: As the option `model.condition` names it.
        choices_only: Whether the model takes choices alone: then only those are offered.

    Raises:
        SettingsError: If there is no such condition; the message lists those there are.
    """
    if wanted in OF_THE_SAMPLE and dataset.is_image:
        return Told(Conditions(wanted, "sample", (wanted,)), None)
    found = {column.name: column for column in choosable(dataset)}
    names = [name.strip() for name in wanted.split(",")]
    for name in names:
        if name not in found:
            raise SettingsError(_nothing(name, dataset, choices_only=choices_only))
    columns = [found[name] for name in names]
    if len(columns) == 1 and columns[0].is_choice:
        column = columns[0]
        return Told(Conditions(wanted, "choice", column.names), column.values)
    for column in columns:
        if column.is_choice:
            raise SettingsError(
                f"model.condition={wanted}: {column.name!r} has choices, and only columns of "
                "numbers can be told together; name it alone"
            )
    values = np.stack([column.values for column in columns], axis=1)
    units = tuple(column.unit for column in columns)
    return Told(Conditions(",".join(names), "numbers", tuple(names), units), values)


def choosable(dataset: Dataset) -> list[Column]:
    """The label as a column, where there is one, and the columns of a data set."""
    columns = [column for column in dataset.columns if column.name != LABEL]
    if dataset.labels is None:
        return columns
    count = max(int(dataset.labels.max(initial=-1)) + 1, len(dataset.class_names))
    more = tuple(str(number) for number in range(len(dataset.class_names), count))
    label = Column(LABEL, dataset.labels.astype(np.int64), dataset.class_names + more)
    return [label, *columns] if label.names else columns


def _nothing(name: str, dataset: Dataset, *, choices_only: bool) -> str:
    found = choosable(dataset)
    there = [column.name for column in found if column.is_choice or not choices_only]
    if dataset.is_image and not choices_only:
        there += OF_THE_SAMPLE
    if not there:
        further = "columns of choices" if choices_only else "columns"
        return (
            f"model.condition={name}: {dataset.title} has neither labels nor further {further} "
            "that a model could be told"
        )
    return f"model.condition={name}: {dataset.title} has no such column; there are: " + ", ".join(
        there
    )


def with_conditions(spec: DataSpec, told: Told | None, rows: IntArray) -> DataSpec:
    """What a model may know of the data, with what it is told; `rows` are the training samples."""
    if told is None:
        return spec
    spec = replace(spec, conditions=told.about.names, condition_kind=told.about.kind)
    if told.about.kind != "numbers" or told.values is None:
        return spec
    numbers = [column[np.isfinite(column)] for column in told.values[rows].T.astype(np.float64)]
    return replace(
        spec,
        condition_mean=tuple(float(column.mean()) if column.size else 0.0 for column in numbers),
        condition_scale=tuple(_spread(column) for column in numbers),
    )


def _spread(numbers: NDArray[np.float64]) -> float:
    """The standard deviation; 1 where the numbers are all the same."""
    spread = float(numbers.std()) if numbers.size else 0.0
    return spread if spread > 0 else 1.0
