"""The Python interface: a run and what can be asked of it. numpy in, numpy out."""

import math
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import TypeAdapter

from aeviz.data.dataset import Scaling
from aeviz.errors import ConditionError, DrawError, EpochError, PathError
from aeviz.messages import ByteArray, Conditions, FloatArray, IntArray
from aeviz.runs.run import RunError, RunFolder

if TYPE_CHECKING:
    from torch import Tensor

    from aeviz.analysis.draws import Source
    from aeviz.analysis.paths import Method
    from aeviz.analysis.projection import Projection
    from aeviz.analysis.traversal import Traversal
    from aeviz.compute.decoding import Decoder
    from aeviz.export.latents import Encoded
    from aeviz.plane import Plane

EpochWord = int | Literal["last", "best"]

SLICE_VALUES = 4 * 2**20
"""Values of the samples that are encoded or decoded at once: large layers fit into the memory."""


class Run:
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
            z: Latents, (N, D).
            epoch: Whose weights decode.
            condition: As in `encode`; of a part of a sample the number of the sample in `index`, or
                images. None for the first choice, the means, or the first sample that is kept.

        Returns:
            Images float32 (N, H, W, C) with 0 black and 1 white, never clipped; or rows of a
            table (N, F) in their own units. Where a flow's inverse is too inaccurate even in
            double precision, the row is NaN.

        Raises:
            ValueError: If the shape is wrong or a number is not finite.
            ConditionError: If there is no such condition.
            EpochError: If that epoch's weights are not there.
        """
        latents = np.asarray(z, np.float32)
        if latents.ndim != 2 or latents.shape[1] != self.latent_dim:
            raise ValueError(f"z must be (N, {self.latent_dim}), got {latents.shape}")
        if not np.isfinite(latents).all():
            raise ValueError("z must be finite")
        decoder = self._decoder_at(epoch)
        told = self._told(decoder, self._or_first(condition), len(latents))
        decoded = self._in_slices(latents, decoder.decode, self.sample_shape, told)
        if self.is_image:
            return self._scaling.shown(decoded, self._white)
        return self._scaling.undo(decoded)

    def walk(
        self,
        anchors: ArrayLike,
        steps: int = 16,
        epoch: EpochWord = "last",
        *,
        method: "Method" = "straight",
        condition: Any = None,
    ) -> FloatArray:
        """Latents along a path through anchors; `decode` them to see it.

        Args:
            anchors: Latents that it passes, (A, D), two or more.
            steps: Latents along it, with both ends.
            epoch: Whose decoder, and whose latents, the path follows.
            method: "straight", "slerp", "spline", "density" or "geodesic"; see `analysis.paths`.
            condition: As in `decode`, for a geodesic.

        Returns:
            Float32 (steps, D); the first and the last row are the outer anchors.

        Raises:
            PathError: If no path can be made of them.
            EpochError: If that epoch's weights, or latents, are not there.
        """
        from aeviz.analysis import paths
        from aeviz.compute.telling import default_condition, to_model

        points = np.asarray(anchors, np.float32)
        if points.ndim != 2 or points.shape[1] != self.latent_dim:
            raise PathError(f"anchors must be (A, {self.latent_dim}), got {points.shape}")
        latents = self.latents(epoch) if method == "density" else None
        decoder = self._decoder_at(epoch)
        model, row = decoder.model, self._told(decoder, self._or_first(condition), 1)
        told = default_condition(model) if row is None else row[0]

        def decode(z: "Tensor") -> "Tensor":
            return model.decode(z, to_model(model, told, len(z)))

        try:
            return paths.path(method, points, steps, decode=decode, latents=latents)
        except ValueError as error:
            raise PathError(str(error)) from error

    def draw(
        self,
        count: int = 100,
        epoch: EpochWord = "last",
        *,
        using: "Source" = "prior",
        sample: int | None = None,
        seed: int = 0,
    ) -> FloatArray:
        """Draw latents; `decode` them to see new samples.

        Args:
            count: How many.
            epoch: Whose model, and whose latents, they are drawn from.
            using: "prior", of the model; "gmm" or "flow", a Gaussian mixture or a flow that is
                fitted to the latents; "posterior", of one sample.
            sample: Number of that sample in `index`.
            seed: The same seed draws the same latents.

        Returns:
            Float32 (count, D).

        Raises:
            DrawError: If the model has no prior or posterior, or there is no such sample.
            EpochError: If that epoch's weights, or latents, are not there.
        """
        from aeviz.analysis import draws

        model, own, told = self._decoder_at(epoch).model, None, None
        if using == "posterior":
            if sample is None:
                raise DrawError("a posterior is that of a sample: say of which one")
            own, told = self._shown(np.array([self._row_of(sample)]))
        try:
            return draws.draw(
                using, count, seed, model=model, latents=self.latents(epoch), sample=own, told=told
            )
        except ValueError as error:
            raise DrawError(str(error)) from error

    def traverse(
        self, steps: int = 11, epoch: EpochWord = "last", *, sample: int | None = None
    ) -> "Traversal":
        """Latents along every dimension, from the 1 % to the 99 % quantile of the posterior.

        Args:
            steps: Latents along a dimension.
            epoch: Whose latents give the ranges.
            sample: Number in `index` of the sample whose latent they go through; None for the
                median of the latents.

        Returns:
            `order` of the dimensions, the `weight` that each carries (nats of KL, or variance),
            which are `dead`, and the latents `z` (D, steps, D) in that order.

        Raises:
            DrawError: If there is no such sample.
            EpochError: If that epoch's weights, or latents, are not there.
        """
        from aeviz.analysis.traversal import TRAVERSED, posteriors, traversal
        from aeviz.models.base import Posterior

        latents, model = self.latents(epoch), self._decoder_at(epoch).model
        base = None if sample is None else latents[self._row_of(sample)]
        kept = self.folder.samples
        if kept is None or not isinstance(model, Posterior):
            return traversal(latents, None, steps, base)
        rows = np.random.default_rng(0).permutation(len(kept))[:TRAVERSED]
        return traversal(*posteriors(model, *self._shown(rows)), steps, base)

    def encode_data(
        self,
        data: str | None = None,
        epoch: EpochWord = "last",
        *,
        part: str = "all",
        condition: Any = None,
        data_dir: str | os.PathLike[str] | None = None,
    ) -> "Encoded":
        """Encode a whole data set, as `aeviz encode` does.

        Args:
            data: A data set by its name, or a file or folder; None for the run's own.
            epoch: Whose weights encode.
            part: Of the run's own samples: "train", "validation" or "all".
            condition: What a conditional model is told of all samples, as in `encode`; None for
                what the data set says of each.
            data_dir: Where torchvision's files lie; None for the default.

        Returns:
            Latents `z` (N, D) with `index`, the samples' numbers in their data set, and `labels`,
            `class_names` and `names` where there are any. `save(path)` writes them.

        Raises:
            ValueError: If the data set does not exist or fit, with a sentence.
            EpochError: If that epoch's weights are not there.
        """
        from aeviz.compute import evaluating
        from aeviz.export.latents import Encoded

        where = None if data_dir is None else Path(data_dir)
        decoder = self._decoder_at(epoch)
        if data is None:
            samples = evaluating.own_samples(self.folder, part, where)
        else:
            tells = condition is None
            samples = evaluating.other_samples(self.folder, data, where, tells=tells)
        if condition is not None:
            told = self._condition(decoder, condition, len(samples.x))
            samples = samples._replace(condition=told)
        z = evaluating.encoded(decoder.model, samples)
        return Encoded(
            z=z,
            index=np.arange(len(z)) if samples.rows is None else samples.rows,
            labels=samples.labels,
            class_names=samples.class_names or self.class_names,
            names=samples.names,
            epoch=self._loaded,
        )

    def export(
        self,
        part: Literal["encoder", "decoder"],
        path: str | os.PathLike[str],
        epoch: EpochWord = "last",
    ) -> float:
        """Write encoder or decoder for other programs, compared with torch before it is written.

        Samples go in and come out in the units of `encode` and `decode`, latents as float32 (N, D);
        a conditional model takes `condition` as its second input.

        Args:
            part: Which one.
            path: Ends with .onnx, .pt2 (a torch.export package) or .safetensors (weights alone).
            epoch: Whose weights.

        Returns:
            The largest difference to torch's answers, relative to the largest of them.

        Raises:
            ValueError: If the model cannot be written so, with a sentence that says what can.
            EpochError: If that epoch's weights are not there.
        """
        from aeviz.compute.interchange import KINDS, write_part
        from aeviz.runs.atomic import write_bytes

        target = Path(path)
        kind = target.suffix.lower().removeprefix(".")
        if kind not in KINDS:
            known = ", ".join(f".{each}" for each in KINDS)
            raise ValueError(f"{target.name}: a model is written as {known}")
        model = self._decoder_at(epoch).model
        written = write_part(model, self.folder.info, part, kind, self._loaded)
        write_bytes(target, written.content)
        return written.difference

    def projector(self, folder: str | os.PathLike[str], epoch: EpochWord = "last") -> list[str]:
        """Write the latents of the shown samples for the TensorBoard projector.

        Args:
            folder: New or empty; it gets tensors.tsv, metadata.tsv, sprite.png and
                projector_config.pbtxt.
            epoch: Whose latents.

        Returns:
            Sentences about what could not be shown, such as pictures that are too many.

        Raises:
            EpochError: If that epoch's latents are not there.
        """
        from aeviz.export import sheets
        from aeviz.export.latents import Encoded
        from aeviz.export.projector import write_projector

        number = self._number(epoch)
        found = Encoded(
            self.latents(number),
            self.index,
            self.labels,
            self.class_names,
            self.folder.names,
            epoch=number,
        )
        images = self._images()
        if images is not None and len(images) == len(found.z):
            images = sheets.image_cells(images, min(max(self.sample_shape[:2]), 64))
        else:
            images = None
        return write_projector(Path(folder), found, images)

    def sprites(self, path: str | os.PathLike[str], columns: int | None = None) -> str:
        """Write the samples that the run keeps as one PNG, in the order of `index`.

        Args:
            path: The file.
            columns: Pictures in a row; None for about as many as there are rows. The file says it
                as text, too.

        Returns:
            How many pictures there are, how large, in how many columns.

        Raises:
            ValueError: If the samples are no images, or too many for a sheet.
        """
        from aeviz.export.sprites import sprite_sheet
        from aeviz.runs.atomic import write_bytes

        images = self._images()
        if images is None:
            raise ValueError("a sheet of samples is one of images, and this run has none")
        content, words = sprite_sheet(images, columns)
        write_bytes(Path(path), content)
        return words

    def measure(
        self,
        only: Sequence[str] = (),
        *,
        part: str = "",
        data: str | None = None,
        epoch: EpochWord = "last",
        data_dir: str | os.PathLike[str] | None = None,
    ) -> list[dict[str, Any]]:
        """Measure the model on samples, as `aeviz measure --json` does.

        Args:
            only: Names of measures, such as ("elbo", "iwae"); all of them where there is none.
            part: Of the run's own samples: "train", "validation" or "all"; "" for those held out.
            data: A data set by its name, or a file, in place of the run's own samples.
            epoch: Whose weights are measured.
            data_dir: Where torchvision's files lie; None for the default.

        Returns:
            One dict for each measure: name, title, value, unit, part, epoch, definition; "stderr"
            where the value is a mean; a value of None has a "reason".

        Raises:
            ValueError: If a measure, part or data set does not exist or fit, with a sentence.
            EpochError: If that epoch's weights are not there.
        """
        found = self.measuring(only, part=part, data=data, epoch=epoch, data_dir=data_dir)
        return [row for *_, row in found if row is not None]

    def measuring(
        self,
        only: Sequence[str] = (),
        *,
        part: str = "",
        data: str | None = None,
        epoch: EpochWord = "last",
        data_dir: str | os.PathLike[str] | None = None,
    ) -> Iterator[tuple[float, str, dict[str, Any] | None]]:
        """The same step by step: the share done and what is measured, with a row when it is."""
        from aeviz.analysis.measures import as_mapping
        from aeviz.compute import evaluating

        only = (only,) if isinstance(only, str) else only
        number, where = self._number(epoch), None if data_dir is None else Path(data_dir)
        model = self._decoder_at(number).model
        if data is None:
            samples = evaluating.own_samples(self.folder, part, where)
        else:
            samples = evaluating.other_samples(self.folder, data, where)
        for share, title, row in evaluating.measures_of(self.folder, model, samples, only):
            yield share, title, None if row is None else as_mapping(row, number)

    def styles(self, count: int, epoch: EpochWord = "last", *, seed: int = 0) -> FloatArray:
        """Latents that show how much decodes differ: draws from the prior, float32 (count, D).

        A model without a prior gives the latents of shown samples, chosen at random.
        """
        from aeviz.analysis.styles import draw_styles

        model = self._decoder_at(epoch).model
        return draw_styles(model, self.latents(epoch), count, seed)

    def plane(self, epoch: EpochWord = "last", plane: "Plane | None" = None) -> "Projection":
        """The plane that the map shows at an epoch: `positions` (N, 2), `mean`, `axes`.

        Above two dimensions each epoch's is turned onto the one before, as in the window. Another
        plane of them is made by `aeviz.plane`: `two_dimensions(2, 6)`, `Plane("lda")`.
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

    def _images(self) -> ByteArray | None:
        """The kept samples as pictures, uint8 (N, H, W, C); None where they are no images."""
        from aeviz.export import sheets

        kept = self.folder.samples
        if not self.is_image or kept is None or not len(kept):
            return None
        return sheets.pictures(np.asarray(kept, np.float32) / np.float32(self._white))[0]

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


def load(path: str | os.PathLike[str]) -> Run:
    """Open a run folder; see `Run`."""
    return Run(path)
