"""An opened run, as the inference thread reads it: messages for the window, weights, samples.

Nothing here imports torch before weights are asked for: the first run is shown while torch is
still to come.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aeviz.analysis.planes import Projector
from aeviz.analysis.projection import Projection, project
from aeviz.compute.contents import Contents
from aeviz.compute.history import LIVE, History
from aeviz.compute.plugin_needs import missing, remarks
from aeviz.compute.standing import Standing
from aeviz.messages import (
    EpochDone,
    FloatArray,
    IntArray,
    NeededPlugin,
    Project,
    Projected,
    RunOpened,
)
from aeviz.runs.notes import read_notes
from aeviz.runs.planned import planned_epochs
from aeviz.runs.reading import RunError
from aeviz.runs.run import EpochLine, RunFolder

if TYPE_CHECKING:
    from torch import Tensor

    from aeviz.compute.decoding import Decoder
    from aeviz.compute.history import Tensors

LONGEST_GAP = 1000
"""Unreadable epochs in a row at most that are filled in."""


class OpenedRun:
    """A run folder with a cache of its weights and the model that they go into.

    Args:
        name: What messages call the run.
        folder: Where it lies.
        is_live: Whether this process trains it: its weights then come by messages.
    """

    def __init__(self, name: str, folder: RunFolder, *, is_live: bool = False) -> None:
        self.name = name
        self.folder = folder
        self.is_live = is_live
        self.history = History()
        self.contents = Contents(folder)
        self.standing = Standing(name, folder)
        self._decoder: Decoder | None = None
        self._projection: Projection | None = None
        self._projector: Projector | None = None
        self._untold: deque[EpochLine] = deque(folder.epochs)
        self._told = -1
        self._complaint = ""

    # ── for the window ────────────────────────────────────────────────────────────────────────

    def opened(self) -> RunOpened:
        """Everything but the epochs."""
        contents, folder = self.contents, self.folder
        needs = () if self.is_live else missing(folder.info)
        return RunOpened(
            run=self.name,
            path=str(folder.path),
            title=folder.info.title,
            settings=folder.info.settings,
            sample_shape=self.sample_shape,
            white=contents.data.white,
            latent_dim=self.latent_dim,
            index=folder.index,
            labels=folder.labels,
            parts=folder.parts,
            class_names=contents.class_names,
            feature_names=contents.data.feature_names,
            samples=folder.samples,
            total=contents.data.samples,
            epochs=planned_epochs(contents.epochs, len(contents.model.stages), folder.epochs),
            terms=contents.model.terms,
            truths=contents.model.truths,
            status=folder.status,
            notice=self._notice(needs),
            decodes=not needs and (bool(folder.weights_epochs) or folder.status == "training"),
            bounded=contents.model.bounded,
            abilities=contents.model.abilities,
            stages=contents.model.stages,
            conditions=contents.model.conditions,
            told=folder.conditions,
            notes=read_notes(folder.path),
            needs=needs,
            known=contents.known,
            names=folder.names,
        )

    def epochs(self) -> Iterator[EpochDone]:
        """Every epoch that was not told yet, in order; one whose line is unreadable is told so."""
        kept = self.folder.weights_epochs
        while self._untold:
            line = self._untold.popleft()
            if line.epoch - self._told <= LONGEST_GAP:
                for missing in range(self._told + 1, line.epoch):
                    yield self._missing(missing, line.epoch)
            self._told = max(self._told, line.epoch)
            yield self._epoch_done(line, line.epoch in kept)

    def refresh(self) -> None:
        """Look for new epochs; `epochs` has them then.

        Raises:
            RunError: If the folder cannot be read any more; only once while it stays so.
        """
        try:
            self._untold.extend(self.folder.refresh())
        except RunError as error:
            if str(error) != self._complaint:
                self._complaint = str(error)
                raise
        else:
            self._complaint = ""

    @property
    def is_followed(self) -> bool:
        """Whether another process is still writing it."""
        return not self.is_live and self.folder.status == "training"

    def _notice(self, needs: Sequence[NeededPlugin]) -> str:
        """What a person must know of this run, or ""."""
        kept = 0 if self.folder.samples is None else len(self.folder.samples)
        shown = len(self.folder.index)
        notices = [*self.folder.notices, *remarks(self.folder.info)]
        for need in needs:
            sentence = need.sentence[:1].upper() + need.sentence[1:]
            notices.append(f"{sentence}. Its map is shown without decoding")
        if kept < shown:
            notices.append(f"this run keeps {kept:,} of its {shown:,} samples to be looked at")
        return ". ".join(notices)

    def _epoch_done(self, line: EpochLine, has_weights: bool) -> EpochDone:
        projection, events = self._project(line.epoch)
        self._projection = projection
        return EpochDone(
            run=self.name,
            epoch=line.epoch,
            positions=projection.positions,
            mean=projection.mean,
            axes=projection.axes,
            share=projection.share,
            metrics=line.metrics,
            events=(*line.events, *events),
            has_weights=has_weights,
            stage=line.stage,
        )

    def _missing(self, epoch: int, next_epoch: int) -> EpochDone:
        """An epoch that left no readable line, so that the ones after it can be shown."""
        projection, _ = self._project(next_epoch)
        return EpochDone(
            run=self.name,
            epoch=epoch,
            positions=projection.positions,
            mean=projection.mean,
            axes=projection.axes,
            share=projection.share,
            metrics={},
            events=(f"the line of this epoch is damaged: positions of epoch {next_epoch}",),
            has_weights=False,
        )

    def _project(self, epoch: int) -> tuple[Projection, tuple[str, ...]]:
        """The positions of an epoch, or the nearest there are and a sentence that says so."""
        events: tuple[str, ...] = ()
        if not self.folder.has_latents(epoch):
            epoch = self.folder.nearest_latents(epoch)
            events = (f"positions of epoch {epoch}: those of this epoch were thinned out",)
        try:
            return project(self.folder.latents(epoch), self._projection), events
        except RunError as error:
            if self._projection is None:
                raise
            return self._projection, (f"positions of an epoch before: {error}",)

    def project(self, request: Project) -> Iterator[Projected | None]:
        """Epochs on another plane of the map, None between slices of a few milliseconds.

        Epochs of one plane that are asked for later are aligned to those before.

        Raises:
            RunError: If no latents can be read.
            ValueError: If there is no such plane.
        """
        projector = self._projector
        if projector is None or projector.plane != request.plane:
            projector = Projector(request.plane, self.folder.labels, request.inverse)
            self._projector = projector
        if self.is_live:
            self.folder.refresh()
        for epoch in request.epochs:
            latents = self.folder.latents(self.folder.nearest_latents(epoch))
            yield self._projected(request, epoch, (yield from projector.project(epoch, latents)))

    def _projected(self, request: Project, epoch: int, made: Projection) -> Projected:
        return Projected(
            run=self.name,
            plane=request.plane,
            epoch=epoch,
            positions=made.positions,
            mean=made.mean,
            axes=made.axes,
            share=made.share,
            titles=made.titles,
            inverse=made.inverse,
        )

    # ── for decoding ──────────────────────────────────────────────────────────────────────────

    @property
    def latent_dim(self) -> int:
        """D."""
        return self.contents.model.latent_dim

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """(H, W, C) for images, (F,) for tables."""
        return self.contents.data.sample_shape

    @property
    def is_image(self) -> bool:
        """Whether a sample is an image."""
        return len(self.sample_shape) == 3

    @property
    def decoder(self) -> "Decoder":
        """The model, built when it is first asked for. Needs torch."""
        if self._decoder is None:
            from aeviz.compute.decoding import Decoder

            self._decoder = Decoder(self.folder.info)
        return self._decoder

    def weights(self, asked: int) -> "tuple[int, Tensors]":
        """The weights of an epoch, of the nearest kept one where it was thinned. Needs torch.

        Args:
            asked: A whole epoch, or `LIVE` for the newest weights.

        Returns:
            The epoch that they are of (`LIVE` between epochs), and the tensors.

        Raises:
            RunError: If there are none, or the file is damaged.
        """
        if asked == LIVE and self.history.live is not None:
            return LIVE, self.history.live
        tensors = self.history.get(asked)
        if tensors is not None:
            return asked, tensors
        epoch = self._nearest(asked)
        tensors = self.history.get(epoch)
        return epoch, self._read_weights(epoch) if tensors is None else tensors

    def _nearest(self, asked: int) -> int:
        """The epoch nearest to `asked` whose weights are in memory or on disk."""
        if self.is_live:
            self.folder.refresh()
        kept = self.history.epochs | self.folder.weights_epochs
        if not kept:
            raise RunError(f"{self.folder.path}: this run has no weights, so it cannot decode")
        return max(kept) if asked == LIVE else min(kept, key=lambda epoch: abs(epoch - asked))

    def _read_weights(self, epoch: int) -> "Tensors":
        from aeviz.compute.decoding import tensors_of

        tensors = tensors_of(self.folder.weights(epoch))
        self.history.remember(epoch, tensors)
        return tensors

    def shown(self, rows: IntArray) -> NDArray[Any]:
        """Shown samples in their own units, (K, H, W, C) uint8 or (K, F) float32.

        Raises:
            RunError: If a row is none of the run's, or its sample is not kept.
        """
        samples, count = self.folder.samples, len(self.folder.index)
        if rows.size and (rows.min() < 0 or rows.max() >= count):
            raise RunError(f"this run shows {count:,} samples: there is no row {rows.max():,}")
        kept = 0 if samples is None else len(samples)
        if samples is None or (rows.size and rows.max() >= kept):
            raise RunError(f"{self.folder.path}: only the first {kept:,} samples are kept")
        return np.ascontiguousarray(samples[rows])

    def scaled(self, rows: IntArray) -> FloatArray:
        """Shown samples as the model sees them, (K, C, H, W) or (K, F)."""
        return self.model_units(self.shown(rows))

    def model_units(self, own: FloatArray) -> FloatArray:
        """Samples in their own units as the model sees them, (K, C, H, W) or (K, F).

        Raises:
            ValueError: If they have another shape than those of the run.
        """
        if own.shape[1:] != self.sample_shape:
            raise ValueError(f"a sample of this run is {self.sample_shape}, not {own.shape[1:]}")
        scaled = self.contents.scaling.apply(own)
        return np.ascontiguousarray(np.moveaxis(scaled, -1, 1)) if self.is_image else scaled

    def told(self, rows: IntArray) -> NDArray[Any] | None:
        """Every shown sample's own condition, for `Decoder`; None where it is not kept."""
        about, told = self.contents.model.conditions, self.folder.conditions
        if about is None:
            return None
        if about.kind == "sample":
            return self.contents.scaling.apply(self.shown(rows))
        return None if told is None else told[rows]

    def scaled_condition(self, rows: IntArray) -> "Tensor | None":
        """The same as the model takes it."""
        from aeviz.compute.telling import to_model

        return to_model(self.decoder.model, self.told(rows), len(rows))

    def model_condition(self, asked: Any, count: int) -> "Tensor | None":
        """A condition as messages name it for `count` rows, as the model takes it.

        Raises:
            ValueError: If the model cannot be told that.
        """
        from aeviz.compute.telling import default_condition, to_model

        told, model = self.condition(asked), self.decoder.model
        return to_model(model, default_condition(model) if told is None else told, count)

    def conditions(self, asked: Any, count: int) -> NDArray[Any] | None:
        """Conditions as messages name them for `count` rows: one for all, or as many.

        Raises:
            ValueError: If the model cannot be told that.
        """
        from aeviz.compute.telling import to_model

        told = to_model(self.decoder.model, self.condition(asked), count)
        if told is None:
            return None
        return told.numpy() if told.ndim < 4 else told.movedim(1, -1).numpy()

    def condition(self, asked: Any) -> Any:
        """A condition as messages name it, for `Decoder`: of samples' rows the samples.

        Raises:
            ValueError: If it is no row of a kept sample.
        """
        about = self.contents.model.conditions
        if about is None or about.kind != "sample":
            return asked
        if isinstance(asked, np.ndarray):
            return self.told(asked)
        row = 0 if asked is None else asked
        if not isinstance(row, int):
            raise ValueError(f"the condition is a shown sample, given by its row, not {row!r}")
        told = self.told(np.array([row], np.int64))
        return None if told is None else told[0]

    def latents(self, epoch: int) -> FloatArray:
        """Latents (N, D) of the shown samples at an epoch, the nearest kept one."""
        last = self.folder.epochs[-1].epoch if self.folder.epochs else 0
        return self.folder.latents(self.folder.nearest_latents(last if epoch == LIVE else epoch))

    def own_units(self, values: FloatArray) -> FloatArray:
        """Decodes as a person reads them: images in [0, 1], tables in their own units."""
        scaling = self.contents.scaling
        if self.is_image:
            return scaling.shown(values, self.contents.data.white)
        return scaling.undo(values)
