"""Instruments put to a run: the findings of an epoch, computed or read where they were kept."""

from collections.abc import Callable
from dataclasses import asdict, replace
from functools import cache, partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np

from aeviz.asked import AskedRun
from aeviz.kept import EpochWord
from aeviz.messages import FloatArray, IntArray
from aeviz.runs.findings import file_of, read_findings, write_findings
from aeviz.runs.reading import RunError

if TYPE_CHECKING:
    from torch import Tensor

    from aeviz.analysis.instruments import InstrumentEntry, Report, Study
    from aeviz.analysis.questions import Findings
    from aeviz.data.dataset import Column
    from aeviz.models.base import LatentModel


class StudiedRun(AskedRun):
    """A run whose latents are judged by instruments."""

    def study(
        self,
        instrument: str,
        epoch: EpochWord = "last",
        *,
        progress: "Report | None" = None,
        **options: Any,
    ) -> "Findings":
        """Put an instrument to the latents of an epoch, or read what it found there before.

        Args:
            instrument: Its name, such as "clusters"; `aeviz.analysis.instruments` has them all.
            epoch: Whose latents.
            progress: Called with the share that is done, None where nobody knows, and a phrase.
            options: Those of the instrument, by name.

        Returns:
            `arrays` and `values`, both by name.

        Raises:
            ValueError: If there is no such instrument or option, or it cannot answer; the sentence
                says why.
            EpochError: If that epoch's latents are not there.
        """
        from aeviz.analysis.instruments import instrument as find
        from aeviz.analysis.instruments import unheard
        from aeviz.analysis.questions import Findings

        entry, chosen = find(instrument, options)
        study = self._study(self.folder.nearest_latents(self._number(epoch)), progress or unheard)
        name = file_of(instrument, study.epoch, _mark(entry, chosen, study))
        kept = read_findings(self.path, name)
        if kept is not None:
            return Findings(*kept)
        found = entry.look(study, chosen)
        write_findings(self.path, name, found.arrays, found.values)
        return found

    def _study(self, epoch: int, report: "Report") -> "Study":
        """The run at an epoch, as instruments look at it."""
        from aeviz.analysis.instruments import Study
        from aeviz.compute import seeds

        folder = self.folder
        return Study(
            latents=self.latents(epoch),
            positions=self.plane(epoch).positions,
            parts=self.parts,
            labels=self.labels,
            index=self.index,
            class_names=self.class_names,
            feature_names=self.feature_names,
            is_image=self.is_image,
            read_columns=cache(self._columns),
            epoch=epoch,
            seed=seeds.derive(int(folder.info.settings.get("seed", 0)), "validation"),
            make_model=cache(partial(self._model_of, epoch)),
            read=self._reader(),
            tell=partial(self._told_at, epoch),
            own_units=self._own_units,
            metrics=self.metrics,
            settings=folder.info.settings,
            report=report,
        )

    def _model_of(self, epoch: int) -> "LatentModel":
        """The model with the weights of exactly this epoch."""
        from aeviz.analysis.measures import NotApplicable

        try:
            return self._decoder_at(epoch).model
        except (RunError, ValueError) as error:
            raise NotApplicable(str(error)) from error

    def _told_at(self, epoch: int, rows: IntArray) -> "Tensor | None":
        """The own conditions of shown samples, as the model of an epoch takes them."""
        from aeviz.compute.telling import to_model

        about, own, model = self.conditions, self.own_conditions, self._model_of(epoch)
        if about is not None and about.kind == "sample":
            return self._told_rows(rows)
        return to_model(model, None if own is None else own[rows], len(rows))

    def _columns(self) -> "tuple[Column, ...]":
        """What is known of the shown samples: from the data set, else what the run keeps."""
        from aeviz.compute import evaluating
        from aeviz.compute.contents import Contents
        from aeviz.data.dataset import Column, DataError

        try:
            columns = evaluating.own_columns(self.folder)
            return tuple(_of_rows(column, self.index) for column in columns)
        except (DataError, RunError, ValueError):
            return tuple(
                Column(
                    own.name,
                    own.values.astype(np.int64 if own.names else np.float32),
                    own.names,
                    own.unit,
                )
                for own in Contents(self.folder).known
            )

    def _reader(self) -> Callable[[IntArray], FloatArray]:
        """Shown samples as the model sees them, from the run or, beyond those, its data set."""
        from torch import from_numpy

        from aeviz.compute.decoding import channels_first

        kept = self.folder.samples
        count = 0 if kept is None else len(kept)

        @cache
        def rest() -> Any:
            from aeviz.analysis.measures import NotApplicable
            from aeviz.compute import evaluating
            from aeviz.data.dataset import DataError

            try:
                return evaluating.own_samples(self.folder, "all").x
            except (DataError, RunError, ValueError) as error:
                raise NotApplicable(f"the samples are not there any more: {error}") from error

        def read(rows: IntArray) -> FloatArray:
            if kept is not None and int(rows.max(initial=-1)) < count:
                scaled = from_numpy(self._to_model(np.asarray(kept[rows])))
                return np.asarray(channels_first(scaled).numpy())
            return _taken(rest(), self.index[rows])

        return read


def _taken(x: Any, numbers: IntArray) -> FloatArray:
    """Samples by their numbers, of a tensor or of samples on the disk."""
    from torch import Tensor, from_numpy

    rows = from_numpy(np.ascontiguousarray(numbers))
    return np.asarray((x[rows] if isinstance(x, Tensor) else x.at(rows)).numpy())


def _of_rows(column: "Column", index: IntArray) -> "Column":
    return replace(column, values=column.values[index])


def _mark(entry: "InstrumentEntry", options: Any, study: "Study") -> str:
    """What the findings hang on besides name and epoch."""
    latents = sha256(np.ascontiguousarray(study.latents).tobytes()).hexdigest()
    return f"{entry.version} {sorted(asdict(options).items())} {latents}"
