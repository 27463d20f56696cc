"""What a run folder keeps: its epochs, latents and samples, and its model at any kept epoch."""

import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import TypeAdapter

from aeviz.data.dataset import Scaling
from aeviz.errors import ConditionError, DrawError, EpochError
from aeviz.messages import Conditions, FloatArray, IntArray
from aeviz.runs.run import RunError, RunFolder

if TYPE_CHECKING:
    from torch import Tensor

    from aeviz.analysis.projection import Projection
    from aeviz.compute.decoding import Decoder
    from aeviz.plane import Plane

EpochWord = int | Literal["last", "best"]

SLICE_VALUES = 4 * 2**20
"""Values of the samples that are encoded or decoded at once: large layers fit into the memory."""


class KeptRun:
    """A run folder: its history, and its model at any kept epoch.

    Args:
        path: The run folder.

    Raises:
        RunError: If it is none, with a sentence that names the file.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.folder = RunFolder.open(Path(path))
        self._scaling = Scaling.from_json(self.folder.info.data["scaling"])
        self._white = float(self.folder.info.data.get("white", 255.0))
        self._decoder: Decoder | None = None
        self._loaded = -1

    def __repr__(self) -> str:
        return f"<aeviz.Run {self.path}: {self.title}, {self.epochs} epochs, {self.status}>"

    @property
    def path(self) -> Path:
        """The run folder."""
        return self.folder.path

    @property
    def title(self) -> str:
        """What a person reads."""
        return self.folder.info.title

    @property
    def status(self) -> str:
        """How it ended, or "training": finished, stopped, diverged, interrupted."""
        return str(self.folder.status)

    @property
    def epochs(self) -> int:
        """Number of the last whole epoch; 0 is before training."""
        lines = self.folder.epochs
        return lines[-1].epoch if lines else -1

    @property
    def latent_dim(self) -> int:
        """Number of latent dimensions D."""
        return int(self.folder.info.model["latent_dim"])

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """(H, W, C) for images, (F,) for tables."""
        return tuple(self.folder.info.data["sample_shape"])

    @property
    def is_image(self) -> bool:
        """Whether a sample is an image; else it is a row of features."""
        return len(self.sample_shape) == 3

    @property
    def feature_names(self) -> tuple[str, ...]:
        """One per column of a table."""
        return tuple(self.folder.info.data.get("feature_names", ()))

    @property
    def class_names(self) -> tuple[str, ...]:
        """One per label."""
        return tuple(self.folder.info.data.get("class_names", ()))

    @property
    def index(self) -> IntArray:
        """Which samples of the data set the latents belong to, (N,)."""
        return self.folder.index

    @property
    def labels(self) -> IntArray | None:
        """Label of every sample of `index`, -1 where missing; None without labels."""
        return self.folder.labels

    @property
    def parts(self) -> NDArray[np.uint8]:
        """0 for train, 1 for validation, (N,)."""
        return self.folder.parts

    @property
    def samples(self) -> NDArray[Any] | None:
        """The samples of `index` in their own units, as far as the run keeps them; None where none.

        Bytes (K, H, W, C), of digits from 0 to 16; rows of a table float32 (K, F). Read-only.
        """
        return self.folder.samples

    @property
    def metrics(self) -> dict[str, NDArray[np.float64]]:
        """Loss terms and measures by name, each (E,) from epoch 0 on; NaN where one is missing."""
        lines = self.folder.epochs
        names = dict.fromkeys(name for line in lines for name in line.metrics)
        return {
            name: np.array([line.metrics.get(name, np.nan) for line in lines], np.float64)
            for name in names
        }

    @property
    def conditions(self) -> Conditions | None:
        """What a conditional model can be told; None of a model without conditions."""
        row = self.folder.info.model.get("conditions")
        return None if row is None else TypeAdapter(Conditions).validate_python(row)

    @property
    def own_conditions(self) -> NDArray[Any] | None:
        """The condition of every sample of `index`: its choice (N,) or its numbers (N, K).

        None of a model without conditions, and where the condition is the sample itself.
        """
        return self.folder.conditions

    def latents(self, epoch: EpochWord = "last") -> FloatArray:
        """Latents of the shown samples at an epoch, float32 (N, D).

        Up to 32 dimensions they are those that were recorded. Of more the run keeps what lies along
        the first 32 principal axes of that epoch: this is then their projection on those axes, back
        in D dimensions. For the exact ones `encode` the samples with that epoch's weights.

        Raises:
            EpochError: If the epoch does not exist or its latents were thinned out.

        Example:
            >>> run.latents(epoch=3).shape
            (1797, 2)
        """
        number = self._number(epoch)
        if not self.folder.has_latents(number):
            near = self.folder.nearest_latents(number)
            raise EpochError(f"the latents of epoch {number} were thinned out; nearest is {near}")
        return np.asarray(self.folder.latents(number), np.float32)

    def encode(
        self, samples: ArrayLike, epoch: EpochWord = "last", *, condition: Any = None
    ) -> FloatArray:
        """Encode samples.

        Args:
            samples: Images (N, H, W) or (N, H, W, C), as bytes or as floats with 0 black and 1
                white; rows of a table (N, F) in their own units.
            epoch: Whose weights encode.
            condition: What a conditional model is told, one for all samples or one for each: a
                choice by name or number, numbers (K,) or (N, K). None where it is not known; a part
                of the sample is then taken from the sample itself.

        Returns:
            Latents, float32 (N, D); for a posterior its mean.

        Raises:
            ValueError: If the shape is wrong.
            ConditionError: If there is no such condition.
            EpochError: If that epoch's weights are not there.

        Example:
            >>> run.encode(run.samples[:5]).shape
            (5, 2)
        """
        scaled = self._to_model(np.asarray(samples))
        decoder = self._decoder_at(epoch)
        told = self._told(decoder, condition, len(scaled))
        return self._in_slices(scaled, decoder.encode, (self.latent_dim,), told)

    def decode(
        self, z: ArrayLike, epoch: EpochWord = "last", *, condition: Any = None
    ) -> FloatArray:
        """Decode latents.

        Args:
            z: Latents, (N, D); or as rows and columns, (R, C, D).
            epoch: Whose weights decode.
            condition: As in `encode`; of a part of a sample the number of the sample in `index`, or
                images. None for the first choice, the means, or the first sample that is kept.

        Returns:
            Images float32 (N, H, W, C) with 0 black and 1 white, never clipped; or rows of a
            table (N, F) in their own units; of rows and columns (R, C, …). Where a flow's inverse
            is too inaccurate even in double precision, the row is NaN.

        Raises:
            ValueError: If the shape is wrong or a number is not finite.
            ConditionError: If there is no such condition.
            EpochError: If that epoch's weights are not there.

        Example:
            >>> run.decode([[0.0, 1.0]]).shape
            (1, 8, 8, 1)
        """
        whole = np.asarray(z, np.float32)
        if whole.ndim not in (2, 3) or whole.shape[-1] != self.latent_dim:
            raise ValueError(f"z must be (N, {self.latent_dim}), got {whole.shape}")
        if not np.isfinite(whole).all():
            raise ValueError("z must be finite")
        latents = whole.reshape(-1, self.latent_dim)
        decoder = self._decoder_at(epoch)
        told = self._told(decoder, self._or_first(condition), len(latents))
        decoded = self._in_slices(latents, decoder.decode, self.sample_shape, told)
        return self._own_units(decoded).reshape(*whole.shape[:-1], *self.sample_shape)

    def plane(self, epoch: EpochWord = "last", plane: "Plane | None" = None) -> "Projection":
        """The plane that the map shows at an epoch: `positions` (N, 2), `mean`, `axes`.

        Above two dimensions each epoch's is turned onto the one before, as in the window. Another
        plane of them is made by `aeviz.plane`: `two_dimensions(2, 6)`, `Plane("lda")`.

        Example:
            >>> laid = run.plane(3)
            >>> laid.positions.shape, laid.axes.tolist()
            ((1797, 2), [[1.0, 0.0], [0.0, 1.0]])
        """
        return self.planes([self._number(epoch)], plane)[0]

    def planes(self, epochs: Sequence[int], plane: "Plane | None" = None) -> "list[Projection]":
        """The planes of several epochs, in rising order, from one pass over the run.

        Raises:
            ValueError: If there is no such plane.
        """
        from aeviz.analysis.embedding import projector_of
        from aeviz.analysis.planes import laid

        projector = projector_of(self.folder, plane)
        earlier = [line.epoch for line in self.folder.epochs] if self.latent_dim > 2 else []
        shown: Projection | None = None
        found = []
        for each in sorted({*epochs, *(e for e in earlier if e <= max(epochs))}):
            if each in epochs or self.folder.has_latents(each):
                shown = laid(projector, each, self.latents(each))
            if each in epochs and shown is not None:
                found.append(shown)
        return found

    def weights_epoch(self, epoch: EpochWord = "last") -> int:
        """The number of an epoch whose weights are there; raises EpochError otherwise."""
        number = self._number(epoch)
        kept = self.folder.weights_epochs
        if number not in kept:
            below = max((each for each in kept if each < number), default=None)
            above = min((each for each in kept if each > number), default=None)
            near = " and ".join(str(each) for each in (below, above) if each is not None)
            raise EpochError(f"the weights of epoch {number} were thinned out; nearest are {near}")
        return number

    # ── inside ────────────────────────────────────────────────────────────────────────────────

    def _number(self, epoch: EpochWord) -> int:
        if self.epochs < 0:
            raise EpochError(f"{self.path}: no epoch has been written yet")
        if epoch == "last":
            return self.epochs
        if epoch == "best":
            return self.folder.best_epoch
        if epoch not in {line.epoch for line in self.folder.epochs}:
            raise EpochError(f"there is no epoch {epoch}; this run has 0 to {self.epochs}")
        return int(epoch)

    def _decoder_at(self, epoch: EpochWord) -> "Decoder":
        """The model with the weights of an epoch."""
        from aeviz.compute.decoding import Decoder, tensors_of

        number = self.weights_epoch(epoch)
        if self._decoder is None:
            self._decoder = Decoder(self.folder.info)
        if number != self._loaded:
            weights = tensors_of(self.folder.weights(number))
            try:
                self._decoder.load(weights)
            except ValueError as error:
                raise RunError(f"{self.path}, epoch {number}: {error}") from error
            self._loaded = number
        return self._decoder

    def _told(self, decoder: "Decoder", condition: Any, count: int) -> NDArray[Any] | None:
        """A condition of one's choice as `count` rows that a decoder takes."""
        told = self._condition(decoder, condition, count)
        if told is None:
            return None
        return told.numpy() if told.ndim < 4 else told.movedim(1, -1).numpy()

    def _condition(self, decoder: "Decoder", condition: Any, count: int) -> "Tensor | None":
        """The same as its model takes it."""
        from aeviz.compute.telling import to_model

        about = self.conditions
        if about is not None and about.kind == "sample" and condition is not None:
            condition = self._sample_of(condition)
        try:
            return to_model(decoder.model, condition, count)
        except ValueError as error:
            raise ConditionError(str(error)) from error

    def _row_of(self, sample: int) -> int:
        """The row in `index` of a sample by its number."""
        found = np.flatnonzero(self.index == sample)
        if not found.size:
            raise DrawError(
                f"this run shows no sample {sample}; its {len(self.index):,} samples lie between "
                f"{self.index.min()} and {self.index.max()}"
            )
        return int(found[0])

    def _shown(self, rows: IntArray) -> "tuple[Tensor, Tensor | None]":
        """Shown samples as the model sees them, (K, C, H, W) or (K, F), and their conditions."""
        from torch import from_numpy

        from aeviz.compute.decoding import channels_first
        from aeviz.compute.telling import to_model

        kept = self.folder.samples
        if kept is None or rows.max(initial=0) >= len(kept):
            count = 0 if kept is None else len(kept)
            raise DrawError(f"this run keeps its first {count:,} samples alone, and none beyond")
        scaled, own = self._to_model(np.asarray(kept[rows])), self.own_conditions
        about = self.conditions
        condition: Any = None if own is None else own[rows]
        if about is not None and about.kind == "sample":
            condition = scaled
        told = to_model(self._decoder_at(self._loaded).model, condition, len(rows))
        return channels_first(from_numpy(scaled)), told

    def _scaled_rows(self, rows: IntArray) -> FloatArray:
        """Shown samples as the model sees them, (K, C, H, W) or (K, F)."""
        return np.asarray(self._shown(rows)[0].numpy())

    def _told_rows(self, rows: IntArray) -> "Tensor | None":
        """The conditions of shown samples as the model takes them."""
        return self._shown(rows)[1]

    def _own_units(self, values: FloatArray) -> FloatArray:
        """Samples as a model sees them, channels last, as a person reads them."""
        if self.is_image:
            return self._scaling.shown(values, self._white)
        return self._scaling.undo(values)

    def _model_units(self, own: FloatArray) -> FloatArray:
        """Samples in their own units as the model sees them, (K, C, H, W) or (K, F)."""
        scaled = self._scaling.apply(own)
        return np.ascontiguousarray(np.moveaxis(scaled, -1, 1)) if self.is_image else scaled

    def _model_condition(self, decoder: "Decoder", asked: Any, count: int) -> "Tensor | None":
        """A condition, or what is told without one, for `count` rows as the model takes it."""
        from aeviz.compute.telling import default_condition

        asked = self._or_first(asked)
        told = default_condition(decoder.model) if asked is None else asked
        return self._condition(decoder, told, count)

    def _or_first(self, condition: Any) -> Any:
        """The condition, or the first sample where a part of one has to be told and none was."""
        about = self.conditions
        if condition is None and about is not None and about.kind == "sample":
            return int(self.index[0])
        return condition

    def _sample_of(self, condition: Any) -> FloatArray:
        """The scaled image whose part is told: by its number in `index`, or images."""
        if np.ndim(condition):
            images = np.asarray(condition)
            return self._to_model(images if images.ndim > 3 else images[np.newaxis])
        kept = self.folder.samples
        found = np.flatnonzero(self.index == condition)
        if kept is None or not found.size or found[0] >= len(kept):
            shown = 0 if kept is None else len(kept)
            raise ConditionError(
                f"the condition is a sample by its number, and {condition!r} is none of the "
                f"{shown:,} that this run keeps"
            )
        return self._to_model(np.asarray(kept[found[:1]]))

    def _in_slices(
        self,
        rows: FloatArray,
        function: Callable[[FloatArray, Any], FloatArray],
        shape: tuple[int, ...],
        told: NDArray[Any] | None = None,
    ) -> FloatArray:
        """Map rows, each with what it is told, slice by slice: (N, …) to float32 (N, *shape)."""
        size = max(1, SLICE_VALUES // max(1, math.prod(self.sample_shape)))
        made = np.empty((len(rows), *shape), np.float32)
        for start in range(0, len(rows), size):
            part = slice(start, start + size)
            try:
                made[part] = function(rows[part], None if told is None else told[part])
            except ValueError as error:
                raise RunError(f"{self.path}, epoch {self._loaded}: {error}") from error
        return made

    def _to_model(self, samples: NDArray[Any]) -> FloatArray:
        """Samples in the scale that a model sees, float32 (N, H, W, C) or (N, F)."""
        shape = self.sample_shape
        if self.is_image and samples.ndim == 3 and shape[2] == 1:
            samples = samples[..., None]
        if samples.ndim != len(shape) + 1 or samples.shape[1:] != shape:
            wanted = ", ".join(str(length) for length in shape)
            raise ValueError(f"samples must be (N, {wanted}), got {samples.shape}")
        if not self.is_image:
            return self._scaling.apply(samples)
        # Bytes are in the data's own units (digits 0 to 16), floats in [0, 1] already.
        if samples.dtype.kind in "iub":
            return self._scaling.apply(samples)
        grey = samples.astype(np.float32)
        return grey if self._scaling.is_plain else self._scaling.apply(grey * self._white)

    def standardised(self, x: FloatArray) -> FloatArray:
        """Rows of a table as the model sees them: 0 is the mean, 1 a standard deviation."""
        return self._scaling.apply(x)
