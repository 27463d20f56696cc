"""The Python interface: a run and what can be asked of it. numpy in, numpy out."""

import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from aeviz.asked import AskedRun
from aeviz.kept import EpochWord as EpochWord
from aeviz.messages import ByteArray

if TYPE_CHECKING:
    from aeviz.export.latents import Encoded


class Run(AskedRun):
    """A run folder: its history, and its model at any kept epoch.

    Args:
        path: The run folder.

    Raises:
        RunError: If it is none, with a sentence that names the file.
    """

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
            self.latents(number), self.index, self.labels, self.class_names, epoch=number
        )
        kept, images = self.folder.samples, None
        if self.is_image and kept is not None and len(kept) == len(found.z):
            grey = np.asarray(kept, np.float32) / np.float32(self._white)
            size = min(max(self.sample_shape[:2]), 64)
            images = sheets.image_cells(sheets.pictures(grey)[0], size)
        return write_projector(Path(folder), found, images)

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

    # ── pictures ──────────────────────────────────────────────────────────────────────────────

    def cells(self, x: ArrayLike) -> ByteArray:
        """Decodes as the cells of a sheet: images enlarged by whole pixels, tables as bars.

        Args:
            x: Decodes, (N, …), as `decode` gives them. Those that are NaN are left empty.

        Returns:
            uint8 (N, H, W, 3). Bars are in standard deviations of their features; of images what
            lies outside [0, 1] is clipped.

        Raises:
            ValueError: If the shape is wrong.
        """
        from aeviz.export import sheets

        values = np.asarray(x, np.float32)
        if values.ndim != len(self.sample_shape) + 1 or values.shape[1:] != self.sample_shape:
            wanted = ", ".join(str(length) for length in self.sample_shape)
            raise ValueError(f"x must be (N, {wanted}), got {values.shape}")
        lacking = ~np.isfinite(values.reshape(len(values), -1)).all(axis=1)
        values = np.where(np.isfinite(values), values, np.float32(0))
        if self.is_image:
            made = sheets.image_cells(sheets.pictures(values)[0])
        else:
            made = sheets.profile_cells(self.standardised(values))
        made[lacking] = 255
        return made

    def picture(
        self, x: ArrayLike, columns: int | None = None, *, pale: ArrayLike | None = None
    ) -> ByteArray:
        """Decodes side by side as one picture, as `aeviz sweep`, `path` and `draw` write it.

        Args:
            x: Decodes (N, …), as `decode` gives them; or as rows and columns, (R, C, …).
            columns: Cells in a row; None for those of `x`, or for a square.
            pale: Which rows are pale, such as those of dead dimensions, (R,).

        Returns:
            uint8 (H, W, 3).

        Raises:
            ValueError: If the shape is wrong.

        Example:
            >>> from PIL import Image
            >>> Image.fromarray(run.picture(run.sweep(10).x)).save("sweep.png")
        """
        from aeviz.export import sheets

        values = np.asarray(x, np.float32)
        if values.ndim == len(self.sample_shape) + 2:
            columns = columns or values.shape[1]
            values = values.reshape(-1, *values.shape[2:])
        made = self.cells(values)
        columns = columns or max(1, math.ceil(math.sqrt(len(made))))
        if pale is not None:
            # Three quarters of the way to paper.
            is_pale = np.repeat(np.asarray(pale, np.bool_), columns)[: len(made)]
            made[is_pale] = 255 - (255 - made[is_pale]) // 4
        return sheets.sheet(made, columns)


def load(path: str | os.PathLike[str]) -> Run:
    """Open a run folder; see `Run`."""
    return Run(path)
