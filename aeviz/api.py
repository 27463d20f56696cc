"""The Python interface: a run and what can be asked of it. numpy in, numpy out."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from aeviz.kept import EpochWord as EpochWord
from aeviz.messages import ByteArray
from aeviz.studied import StudiedRun

if TYPE_CHECKING:
    from aeviz.asked import Sweep
    from aeviz.export.latents import Encoded
    from aeviz.plane import Plane


class Run(StudiedRun):
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

        Example:
            >>> found = run.encode_data("digits")
            >>> found.save("latents.csv")
            >>> found.z.shape
            (1797, 2)
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

        Example:
            >>> run.export("decoder", "decoder.safetensors")
            0.0
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

        Example:
            >>> run.projector("projector")
            []
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
        images, size = self._images(), min(max(self.sample_shape[:2]), 64)
        if images is not None and len(images) == len(found.z):
            return write_projector(Path(folder), found, sheets.image_cells(images, size))
        return write_projector(Path(folder), found, None)

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

        Example:
            >>> run.sprites("samples.png", columns=50)
            '1,797 pictures of 8 × 8 pixels in 50 columns'
        """
        from aeviz.export.sprites import sprite_sheet
        from aeviz.runs.atomic import write_bytes

        images = self._images()
        if images is None:
            raise ValueError("a sheet of samples is one of images, and this run has none")
        content, words = sprite_sheet(images, columns)
        write_bytes(Path(path), content)
        return words

    def _images(self) -> ByteArray | None:
        """The kept samples as pictures, uint8 (N, H, W, C); None where they are no images."""
        from aeviz.export import sheets

        kept = self.folder.samples
        if not self.is_image or kept is None or not len(kept):
            return None
        return sheets.pictures(np.asarray(kept, np.float32) / np.float32(self._white))[0]

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

        Example:
            >>> (row,) = run.measure(["active_units"])
            >>> row["name"], row["unit"]
            ('active_units', 'dimensions')
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

    def map_picture(
        self,
        epoch: EpochWord = "last",
        *,
        plane: "Plane | None" = None,
        colour: str = "label",
        hidden: Sequence[int] = (),
        only: ArrayLike | None = None,
        without: ArrayLike | None = None,
        selected: ArrayLike = (),
        region: Sequence[float] | None = None,
        size: tuple[int, int] | None = None,
        layers: Sequence[str] = (),
        sweep: "Sweep | None" = None,
        paths: Sequence[ArrayLike] = (),
        anchors: ArrayLike = (),
        draws: ArrayLike = (),
        pin: ArrayLike | None = None,
        condition: Any = None,
        title: str | None = None,
        legend: bool = True,
        scale: int = 2,
    ) -> ByteArray:
        """The map of an epoch with axes, title and legend, as the window draws it.

        Args:
            epoch: Which one.
            plane: Which plane of more than two dimensions, see `plane`.
            colour: By "label", by "part" (training and validation), by "condition", of a model
                that is told a choice, or by what else is known of the samples, "known:NAME".
            hidden: Groups of the legend that are not drawn: labels, parts or choices by number, -1
                for samples without one.
            only: Numbers of the only samples that are drawn; None for all.
            without: Numbers of samples that are not drawn.
            selected: Numbers of samples that are ringed; of more than 60 the others fade instead.
            region: x from, x to, y from, y to; None for all samples, both axes in one scale.
            size: Of the plot in logical pixels, without what stands around it.
            layers: Under the points a density ("histogram", "prior", "posterior", "gmm", "flow") or
                "stretch"; "unlikely" hatches where hardly any latents are; "ellipses" of the
                posteriors of all samples, at most 300, or "ellipses of selected".
            sweep: Decodes under the points, from `sweep`.
            paths: Curves of latents, each (S, D), such as the `z` of `along`; the first stands out.
            anchors: Latents that a path goes through, (A, D).
            draws: Latents with a diamond each, (K, D).
            pin: The latent that is marked, (D,).
            condition: As in `decode`, for "stretch".
            title: Over it; None for run and epoch, "" for none.
            legend: Whether the groups are named beside it.
            scale: Pixels for every logical one.

        Returns:
            uint8 (H, W, 3).

        Raises:
            ValueError: If there is no such plane, colouring or layer.
            EpochError: If that epoch's latents, or weights where they are needed, are not there.

        Example:
            >>> from PIL import Image
            >>> picture = run.map_picture(layers=["gmm"], pin=(0.5, 1.0))
            >>> Image.fromarray(picture).save("map.png")
        """
        # Longer than the limit: everything that a map can show is an argument with its own name.
        from aeviz import drawing

        options = drawing.MapOptions(
            colour=colour,
            hidden=hidden,
            only=only,
            without=without,
            selected=selected,
            region=region,
            size=size,
            layers=layers,
            sweep=sweep,
            paths=paths,
            anchors=anchors,
            draws=draws,
            pin=pin,
            condition=condition,
            title=title,
            has_legend=legend,
            scale=scale,
        )
        return drawing.map_picture(self, self._number(epoch), plane, options)

    def loss_picture(
        self,
        quantity: str = "loss",
        *,
        log: bool = False,
        title: str | None = None,
        size: tuple[int, int] = (640, 360),
    ) -> ByteArray:
        """The chart of the losses over the epochs, as the window draws it.

        Args:
            quantity: "loss" with its terms, or one other name of `metrics`.
            log: Whether the vertical axis is logarithmic.
            title: Over it; None for the run's, "" for none.
            size: Of the plot in logical pixels; there are two pixels for each.

        Returns:
            uint8 (H, W, 3); validation is dashed, what is known in advance dotted.

        Raises:
            ValueError: If there is no such metric.

        Example:
            >>> from PIL import Image
            >>> Image.fromarray(run.loss_picture(log=False)).save("losses.png")
        """
        from aeviz import drawing

        return drawing.loss_picture(self, quantity, is_log=log, title=title, size=size)


def load(path: str | os.PathLike[str]) -> Run:
    """Open a run folder; see `Run`.

    Example:
        >>> run = load(folder)
        >>> run.epochs, run.latent_dim, run.sample_shape
        (30, 2, (8, 8, 1))
    """
    return Run(path)
