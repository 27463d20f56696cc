"""A data set and its registry: samples, labels, names, and how samples are scaled for a model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from aeviz.catalogue import Option

Samples = NDArray[Any]
Reporter = Callable[[float, str], None]
"""Told the share that is done, in [0, 1], and a short phrase; may raise to cancel."""


LEAST_COUNT = np.float32(-1 + 1e-6)
"""What is smaller has no logarithm; a decode of counts lies above it."""

MOST_LOGARITHM = np.float32(88)
"""Beyond it the exponential is infinite in single precision."""


class DataError(ValueError):
    """The data cannot be used as asked; the message names the file or field and what to do."""


class DataMissing(DataError):
    """The files of a data set are not on this computer; the message says where to put them."""


@dataclass(frozen=True, eq=False)
class Scaling:
    """Between own units and what a model sees: model = (own - shift) / scale, then · matrix.

    Of the kind "log1p" it begins with log(1 + own).

    Images of bytes use shift 0 and scale 255 (handwritten digits 16), so a model sees [0, 1];
    tables are standardised column by column, a constant column has scale 1; whitening mixes the
    features by a matrix.

    Attributes:
        shift: float32, a scalar array or (F,).
        scale: float32, a scalar array or (F,), never zero.
        kind: The word that says what was done: "divide", "standardise", "centre", "whiten", "none",
            "unit", "log1p"; "counts" where samples are counts and stay as they are, which tells
            models their library size.
        matrix: float32 (F, F), invertible, that rows of features are multiplied by, images as
            rows of H · W · C; None for none.
    """

    shift: NDArray[np.float32]
    scale: NDArray[np.float32]
    kind: str
    matrix: NDArray[np.float32] | None = None

    def apply(self, own: Samples) -> NDArray[np.float32]:
        """Samples in their own units to what a model sees."""
        own = own.astype(np.float32)
        if self.is_logarithmic:
            own = np.log1p(np.maximum(own, LEAST_COUNT))
        scaled = ((own - self.shift) / self.scale).astype(np.float32)
        return scaled if self.matrix is None else _mixed(scaled, self.matrix)

    def undo(self, scaled: NDArray[np.float32]) -> NDArray[np.float32]:
        """What a model sees to the samples' own units."""
        if self.matrix is not None:
            scaled = _mixed(scaled, self._inverse)
        own = (scaled * self.scale + self.shift).astype(np.float32)
        if self.is_logarithmic:
            own = np.expm1(np.minimum(own, MOST_LOGARITHM))
        return own

    @property
    def is_logarithmic(self) -> bool:
        """Whether a model sees logarithms."""
        return self.kind == "log1p"

    @property
    def is_plain(self) -> bool:
        """Whether a model sees images as the screen shows them: 0 is black and 1 is white."""
        return self.kind == "divide"

    def shown(self, scaled: NDArray[np.float32], white: float) -> NDArray[np.float32]:
        """Images as a model sees them with 0 for black and 1 for white."""
        return scaled if self.is_plain else self.undo(scaled) / np.float32(white)

    def to_json(self) -> dict[str, Any]:
        """Plain values for `run.json`; they round-trip exactly."""
        row = {"kind": self.kind, "shift": self.shift.tolist(), "scale": self.scale.tolist()}
        if self.matrix is not None:
            # nine digits tell every float32 apart and are half as long
            row["matrix"] = [[float(f"{value:.9g}") for value in line] for line in self.matrix]
        return row

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "Scaling":
        """The scaling that `to_json` wrote."""
        matrix = row.get("matrix")
        return cls(
            np.asarray(row["shift"], np.float32),
            np.asarray(row["scale"], np.float32),
            row["kind"],
            None if matrix is None else np.asarray(matrix, np.float32),
        )

    @cached_property
    def _inverse(self) -> NDArray[np.float32]:
        """Undoes `matrix`."""
        assert self.matrix is not None
        return np.linalg.inv(self.matrix.astype(np.float64)).astype(np.float32)


def _mixed(samples: NDArray[np.float32], matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Samples (N, …) with their features multiplied by a matrix (F, F)."""
    rows = samples.reshape(len(samples), -1) @ matrix
    return np.asarray(rows.reshape(samples.shape), np.float32)


def divide(by: float) -> Scaling:
    """Own units divided by a number: bytes by 255."""
    return Scaling(np.array(0, np.float32), np.array(by, np.float32), "divide")


def standardise(samples: NDArray[np.float32]) -> Scaling:
    """Every column to mean 0 and standard deviation 1; constant columns only to mean 0."""
    shift = samples.mean(axis=0, dtype=np.float64)
    spread = samples.std(axis=0, dtype=np.float64)
    scale = np.where(spread > 1e-12 * np.maximum(1.0, np.abs(shift)), spread, 1.0)
    return Scaling(shift.astype(np.float32), scale.astype(np.float32), "standardise")


def unscaled(kind: str = "none") -> Scaling:
    """Own units as they are: "none", "counts" for counts, "unit" for numbers in [0, 1]."""
    return Scaling(np.array(0, np.float32), np.array(1, np.float32), kind)


@dataclass(frozen=True, eq=False)
class Column:
    """One more thing that is known of every sample, beside its label.

    Attributes:
        name: What settings call it, such as "rotation".
        values: int64 (N,) choices, -1 where missing, or float32 (N,) numbers; read-only.
        names: One per choice; empty for numbers.
        unit: Of the numbers, or an empty string.
        is_factor: Whether the samples were generated from it (a factor of variation).
    """

    name: str
    values: NDArray[Any]
    names: tuple[str, ...] = ()
    unit: str = ""
    is_factor: bool = False

    def __post_init__(self) -> None:
        """Check the type and make the values read-only."""
        wanted = np.int64 if self.names else np.float32
        if self.values.ndim != 1 or self.values.dtype != wanted:
            raise DataError(
                f"column {self.name!r}: values must be {np.dtype(wanted)} of shape (N,)"
            )
        self.values.flags.writeable = False

    @property
    def is_choice(self) -> bool:
        """Whether its values are numbers of choices; else they are measurements."""
        return bool(self.names)


@dataclass(frozen=True, eq=False)
class Density:
    """The density that samples were drawn from, where it is known exactly.

    Attributes:
        log_density: Log density in nats at samples (N, F) in their own units, float64 (N,).
        entropy: Computes its differential entropy in nats: the lowest mean −log p(x) that any model
            of such samples can reach.
    """

    log_density: Callable[[NDArray[np.floating]], NDArray[np.float64]]
    entropy: Callable[[], float]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Samples with labels; immutable, its arrays read-only (possibly memory-mapped).

    Attributes:
        name: Registered name, or the path of a file.
        title: What a person reads.
        samples: Images uint8 (N, H, W, C), or tables float32 (N, F).
        scaling: How a model sees them.
        labels: int64 (N,), -1 where missing; None without labels.
        class_names: One per label.
        feature_names: One per column of a table.
        source: Where the data come from, with authors and year.
        licence: Under what terms they may be used.
        columns: What else is known of every sample.
        density: What the samples were drawn from, None where that is not known.
        sample_names: One per sample, or none at all.
        remarks: What a person should know of them, in sentences: what was guessed, what is odd.
    """

    name: str
    title: str
    samples: Samples
    scaling: Scaling
    labels: NDArray[np.int64] | None = None
    class_names: tuple[str, ...] = ()
    feature_names: tuple[str, ...] = ()
    source: str = ""
    licence: str = ""
    columns: tuple[Column, ...] = ()
    density: Density | None = None
    sample_names: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        if self.samples.ndim not in (2, 4) or not len(self.samples):
            raise DataError(
                f"{self.name}: samples must be (N, H, W, C) or (N, F) with at least one sample, "
                f"got {self.samples.shape}"
            )
        wanted = np.uint8 if self.samples.ndim == 4 else np.float32
        if self.samples.dtype != wanted:
            raise DataError(f"{self.name}: samples must be {np.dtype(wanted)}")
        if self.labels is not None and self.labels.shape != (len(self.samples),):
            raise DataError(
                f"{self.name}: {len(self.labels)} labels for {len(self.samples)} samples"
            )
        if self.sample_names and len(self.sample_names) != len(self.samples):
            raise DataError(
                f"{self.name}: {len(self.sample_names)} names for {len(self.samples)} samples"
            )
        for column in self.columns:
            if len(column.values) != len(self.samples):
                raise DataError(
                    f"{self.name}: column {column.name!r} has {len(column.values)} values for "
                    f"{len(self.samples)} samples"
                )
        for array in (self.samples, self.labels):
            if array is not None:
                array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def is_image(self) -> bool:
        """Whether a sample is an image (H, W, C); else it is a row of features."""
        return self.samples.ndim == 4

    @property
    def white(self) -> float:
        """The value of an image byte that is shown as white; 1 for tables."""
        if not self.is_image:
            return 1.0
        return float(self.scaling.scale.max()) if self.scaling.is_plain else 255.0

    @property
    def bounded(self) -> bool:
        """Whether a model sees every value in [0, 1]."""
        return self.scaling.kind == "unit" or (self.is_image and self.scaling.is_plain)

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """(H, W, C) or (F,)."""
        return tuple(self.samples.shape[1:])

    @property
    def model_shape(self) -> tuple[int, ...]:
        """(C, H, W) or (F,), what `DataSpec.shape` is."""
        if self.is_image:
            height, width, channels = self.sample_shape
            return (channels, height, width)
        return self.sample_shape


Loader = Callable[[Path, Reporter, Mapping[str, Any]], Dataset]
"""`load(data_dir, report, options)`: reads from disk; raises DataMissing, never downloads."""


@dataclass(frozen=True)
class DatasetEntry:
    """A registered data set.

    Attributes:
        name: The name on the command line.
        title: The name a person reads.
        summary: One plain sentence.
        source: Authors, year.
        kind: "image" or "table".
        load: Reads it.
        shape: (H, W, C) or (F,) of a sample where that is known before reading, else ().
        download: Fetches its files into a folder, None where nothing has to be fetched.
        options: Its own options, reached as `--set data.NAME=VALUE`.
        bounded: Whether a model sees values in [0, 1]; None where all images are and tables not.
        needs_files: Whether it is read from files that do not come with aeviz.
    """

    name: str
    title: str
    summary: str
    source: str
    kind: str
    load: Loader
    shape: tuple[int, ...] = ()
    download: Callable[[Path, Reporter], None] | None = None
    options: tuple[Option, ...] = field(default_factory=tuple)
    bounded: bool | None = None
    needs_files: bool = False


ONLY = Option(
    name="only",
    title="Classes",
    description="Names of the classes to keep, with commas between them; empty keeps all",
    kind="text",
    default="",
    advanced=True,
)
"""Of every data set with labels; `aeviz.data.load` obeys it."""

DATASETS: dict[str, DatasetEntry] = {}
"""Every registered data set by name; `aeviz.data` fills it by importing its own files."""

LoaderFunction = TypeVar("LoaderFunction", bound=Loader)


def register_dataset(
    name: str,
    *,
    title: str,
    summary: str,
    source: str,
    kind: str,
    shape: tuple[int, ...] = (),
    download: Callable[[Path, Reporter], None] | None = None,
    options: tuple[Option, ...] = (),
    bounded: bool | None = None,
    needs_files: bool = False,
    labelled: bool = True,
) -> Callable[[LoaderFunction], LoaderFunction]:
    """Enter a loader into the registry under a name that nobody else has.

    One that is labelled gets the option `ONLY` beside its own.

    Raises:
        ValueError: If the name is taken.
    """

    def enter(load: LoaderFunction) -> LoaderFunction:
        if name in DATASETS:
            raise ValueError(f"a data set named {name!r} is registered already")
        DATASETS[name] = DatasetEntry(
            name=name,
            title=title,
            summary=summary,
            source=source,
            kind=kind,
            load=load,
            shape=shape,
            download=download,
            options=(*options, ONLY) if labelled else options,
            bounded=bounded,
            needs_files=needs_files or download is not None,
        )
        return load

    return enter
