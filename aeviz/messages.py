"""Every message that crosses a thread: frozen dataclasses of numpy arrays and plain values.

Requests are imperatives, answers participles. A message with a key replaces its unread
predecessor with the same key in a `Mailbox`; one without is never dropped. Arrays in messages are
read-only by agreement: who posts one does not write to it again. Each names its `run`, since
several can be open.

Axis letters: N samples, B batch, H rows, W columns, C channels, F features, D latent dimensions.
"""

# Longer than the limit: all that crosses a thread stands in this one table.

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from aeviz.plane import Plane

FloatArray = NDArray[np.float32]
ByteArray = NDArray[np.uint8]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Message:
    """What every message has: the run it speaks of ("" where it speaks of none)."""

    run: str = ""

    @property
    def key(self) -> Hashable | None:
        """Equal keys replace each other while unread; None never does."""
        return None


# ── requests to the training thread ───────────────────────────────────────────────────────────


@dataclass(frozen=True, eq=False, kw_only=True)
class Train(Message):
    """Start a training.

    Attributes:
        settings: The mapping of `run.json`: groups "data", "model", "train", each with "name"
            (data and model) and options; "seed" and "device" beside them.
        out: The run folder to write; None lets the engine choose a free one.
        data_dir: Where torchvision's files lie; None for the default.
    """

    settings: Mapping[str, Any]
    out: str | None = None
    data_dir: str | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class TrainOn(Message):
    """Go on with the training of a run folder up to `epochs` in total."""

    path: str
    epochs: int
    data_dir: str | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class TrainOutside(Message):
    """Start a training as a process of its own, which outlives the window.

    Attributes:
        settings: As in `Train`; not used to go on.
        devices: How many devices of this computer it uses.
        resume: The run folder to go on with, "" for a new one.
        epochs: The total to go on to.
    """

    settings: Mapping[str, Any]
    devices: int = 1
    resume: str = ""
    epochs: int = 0


@dataclass(frozen=True, eq=False, kw_only=True)
class Pause(Message):
    """Stop pulling training steps; nothing is lost.

    `Pause`, `Continue`, `Stop` and `Turn` that name a run which another process trains are left in
    its folder, where that process looks twice a second.
    """


@dataclass(frozen=True, eq=False, kw_only=True)
class Continue(Message):
    """Go on after `Pause`."""


@dataclass(frozen=True, eq=False, kw_only=True)
class StepOnce(Message):
    """Do one optimiser step, then pause."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Stop(Message):
    """End the training within one batch; what it has is saved and can go on later."""


@dataclass(frozen=True, eq=False, kw_only=True)
class StopOutside(Message):
    """Ask every training outside that this window has started to save and end."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Turn(Message):
    """Set an option marked live (β, learning rate…) while training runs."""

    name: str
    value: float

    @property
    def key(self) -> Hashable:
        """Only the newest value of an option counts."""
        return ("turn", self.run, self.name)


# ── requests to the inference thread ──────────────────────────────────────────────────────────


@dataclass(frozen=True, eq=False, kw_only=True)
class OpenRun(Message):
    """Read a run folder: answered by `RunOpened` and one `EpochDone` per epoch."""

    path: str


@dataclass(frozen=True, eq=False, kw_only=True)
class CloseRun(Message):
    """Forget a run: its weights and arrays go."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Decode(Message):
    """Decode latents with the weights of a whole epoch; the newest request of a view wins.

    Attributes:
        view: Who asks; the answer carries it back.
        z: Latents of shape (B, D).
        epoch: Whole epoch; -1 asks for the newest weights, also between epochs.
        condition: What a conditional model is told: a choice by name or number, a number for every
            column, or the row of the shown sample whose part it is; an array with one for every
            latent; None for the first choice, the means, or row 0.
    """

    view: str
    z: FloatArray
    epoch: int
    condition: Any = None

    @property
    def key(self) -> Hashable:
        """One pending request per view."""
        return ("decode", self.run, self.view)


@dataclass(frozen=True, eq=False, kw_only=True)
class Reconstruct(Message):
    """Encode and decode samples with the weights of one or several epochs.

    Answered by one `Reconstructed` per epoch, as they come.

    Attributes:
        view: Who asks.
        rows: Which of the shown samples, as row numbers of the map, shape (K,).
        epochs: Whole epochs; -1 for the newest weights.
        condition: What a conditional model decodes under, as in `Decode`, or as many as there are
            rows; None for every sample's own. It always encodes under their own.
    """

    view: str
    rows: IntArray
    epochs: tuple[int, ...]
    condition: Any = None

    @property
    def key(self) -> Hashable:
        """One pending request per view."""
        return ("reconstruct", self.run, self.view)


@dataclass(frozen=True, eq=False, kw_only=True)
class Project(Message):
    """Lay the latents of epochs on another plane of the map: one `Projected` for each epoch.

    Attributes:
        plane: Which plane.
        epochs: Which epochs, in rising order.
        inverse: What was fitted, for a plane that is.
    """

    plane: Plane
    epochs: tuple[int, ...]
    inverse: "Inverse | None" = None

    @property
    def key(self) -> Hashable:
        """One plane of a run is made at a time."""
        return ("project", self.run)


@dataclass(frozen=True, eq=False, kw_only=True)
class FetchSamples(Message):
    """Read shown samples that the window does not hold: answered by `SamplesFetched`."""

    view: str
    rows: IntArray

    @property
    def key(self) -> Hashable:
        """One pending request per view."""
        return ("samples", self.run, self.view)


@dataclass(frozen=True, eq=False, kw_only=True)
class SaveNotes(Message):
    """Write what a person named into the run folder: answered by `NotesSaved`.

    Attributes:
        notes: See `aeviz.runs.notes.write_notes`.
    """

    notes: Mapping[str, Any]

    @property
    def key(self) -> Hashable:
        """Only the newest notes of a run are written."""
        return ("notes", self.run)


@dataclass(frozen=True, eq=False, kw_only=True)
class Ask(Message):
    """Ask a question registered by name in `aeviz.analysis`: answered by `Answer`.

    The question "describe" needs no run: its arguments are the settings of a `Train`, its answer's
    `values` hold the layers, the parameter count and the loss terms of the model they would make.
    """

    view: str
    question: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    epoch: int = -1

    @property
    def key(self) -> Hashable:
        """One pending question per view."""
        return ("ask", self.run, self.view)


# ── requests to the child process ─────────────────────────────────────────────────────────────


@dataclass(frozen=True, eq=False, kw_only=True)
class DescribeData(Message):
    """Summarise a data set for the data page: answered by `DataDescribed`."""

    view: str
    settings: Mapping[str, Any]
    data_dir: str | None = None

    @property
    def key(self) -> Hashable:
        """One pending description per view."""
        return ("describe-data", self.view)


@dataclass(frozen=True, eq=False, kw_only=True)
class PreviewData(Message):
    """Look at a file of a person's own without reading all of it: answered by `DataPreviewed`.

    Attributes:
        path: The file or folder.
        options: Those of its data set that a person has set.
    """

    path: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> Hashable:
        """Only the newest counts."""
        return "preview-data"


@dataclass(frozen=True, eq=False, kw_only=True)
class Download(Message):
    """Fetch the files of a data set with torchvision: `JobProgress`, then `JobDone`."""

    name: str
    data_dir: str | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class FitPlane(Message):
    """Fit the positions of a learned plane: `JobProgress`, then `PlaneFitted` and `JobDone`.

    Attributes:
        path: The run folder.
        plane: Its kind and the epoch whose latents are laid out.
    """

    path: str
    plane: Plane


@dataclass(frozen=True, eq=False, kw_only=True)
class StudyRun(Message):
    """Put an instrument to the latents of an epoch: `JobProgress`, then `Studied` and `JobDone`.

    Attributes:
        path: The run folder.
        view: Who asks.
        instrument: Its name.
        epoch: Whose latents; the nearest that are kept.
        options: Those of the instrument, plain values.
    """

    path: str
    view: str
    instrument: str
    epoch: int
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def job(self) -> str:
        """What `JobProgress`, `JobDone` and `CancelJob` call it."""
        return study_job(self.view)


def study_job(view: str) -> str:
    """The name of the job that a view's `StudyRun` becomes."""
    return f"study-{view}"


@dataclass(frozen=True, eq=False, kw_only=True)
class ExportRun(Message):
    """Write something of a run for other programs: `JobProgress`, then `JobDone`.

    Attributes:
        path: The run folder.
        what: "latents", "metrics", "encoder", "decoder", "projector", "sprites", "report"; films
            are "film" of the training, "path" and "traversal"; "values" are decodes of a panel.
        target: The file or folder.
        epoch: Whose weights or latents.
        options: What else the writer in `results` takes, plain values and arrays: of a path `z`,
            float32 (T, D), and `condition`; of every film `cut`, how it is made.
    """

    path: str
    what: str
    target: str
    epoch: int
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, kw_only=True)
class CancelJob(Message):
    """End the child process of the job that `JobProgress` named."""

    job: str


# ── answers ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Term:
    """One term of a loss, as formula, curve and tooltip show it.

    Attributes:
        name: The name of its curve in the metrics.
        title: What a person reads, such as "KL divergence".
        formula: Its formula in plain text with Unicode signs, without its weight.
        unit: Such as "nats per sample" or "squared error per sample".
        definition: One sentence.
        weight: The option that multiplies it, such as "beta", or an empty string.
    """

    name: str
    title: str
    formula: str
    unit: str
    definition: str
    weight: str = ""


@dataclass(frozen=True)
class TruthLine:
    """A value that is known in advance, drawn as a line on a chart of the losses.

    Attributes:
        metric: The curve that it belongs to, such as "reconstruction_mse".
        value: Where the line lies.
        title: Such as "PCA optimum, 2 components".
        definition: One sentence that says what it is and of which samples.
        for_draws: Whether it holds as well where the training sees binary draws of the samples,
            anew in every epoch.
    """

    metric: str
    value: float
    title: str
    definition: str
    for_draws: bool = False


@dataclass(frozen=True)
class Conditions:
    """What a model is told beside a sample or a latent, and what a person can choose from.

    Attributes:
        name: The option: "label", columns with commas between them, "upper-half", "silhouette".
        kind: "choice", "numbers" or "sample".
        names: The choices, or the numeric columns; of a sample which part of it.
        units: Of the numeric columns.
        ranges: Smallest and largest number of every column among the training samples.
        middles: Their means.
    """

    name: str
    kind: Literal["choice", "numbers", "sample"]
    names: tuple[str, ...]
    units: tuple[str, ...] = ()
    ranges: tuple[tuple[float, float], ...] = ()
    middles: tuple[float, ...] = ()


@dataclass(frozen=True, eq=False)
class Known:
    """One more thing that is known of every sample, beside its label.

    Attributes:
        name: What a person reads.
        values: float32 (N,): numbers, NaN where missing; of choices which one, -1 where missing.
        names: One per choice; empty for numbers.
        unit: Of the numbers, or "".
    """

    name: str
    values: FloatArray
    names: tuple[str, ...] = ()
    unit: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class EngineReady(Message):
    """torch is there: decoding and training can be asked for.

    Attributes:
        device: What "auto" resolves to: "cpu", "cuda" or "mps".
        reason: One sentence why.
        devices: Every device that can be chosen.
        count: How many accelerators of one kind a training outside can use together.
        versions: Package name → version.
    """

    device: str
    reason: str
    devices: tuple[str, ...]
    versions: Mapping[str, str]
    count: int = 1


@dataclass(frozen=True, eq=False, kw_only=True)
class SeePlugin(Message):
    """What is in that file? Answered by `PluginSeen`, or by `Failed`; the file is not run.

    Attributes:
        path: A Python file.
    """

    path: str


@dataclass(frozen=True, eq=False, kw_only=True)
class LoadPlugin(Message):
    """The user trusts a Python file: remember it, and run it.

    Attributes:
        path: The file.
        sha256: Hash of the content that the user was asked about.
    """

    path: str
    sha256: str


@dataclass(frozen=True, eq=False, kw_only=True)
class ForgetPlugin(Message):
    """The user does not trust a file any more.

    Attributes:
        path: The file.
    """

    path: str


@dataclass(frozen=True, eq=False, kw_only=True)
class PluginSeen(Message):
    """What a file is that the user wants as a plug-in.

    Attributes:
        path: The whole path.
        sha256: Hash of its content.
    """

    path: str
    sha256: str


@dataclass(frozen=True)
class PluginRow:
    """A plug-in in the list of plug-ins.

    Attributes:
        name: Name of the file, or package and version.
        path: The file, "" for a package.
        says: What it brings, in words.
        sentence: Why it is not loaded, or "".
        is_loaded: Whether it is.
        is_trusted: Whether the user's answer about this file is remembered.
    """

    name: str
    path: str = ""
    says: str = ""
    sentence: str = ""
    is_loaded: bool = False
    is_trusted: bool = False


@dataclass(frozen=True, eq=False, kw_only=True)
class PluginsChanged(Message):
    """Plug-ins were loaded or forgotten.

    Attributes:
        plugins: All that there are.
        models: The models that they bring, as rows of the catalogue.
        data: The data sets that they bring.
    """

    plugins: tuple[PluginRow, ...] = ()
    models: tuple[Mapping[str, Any], ...] = ()
    data: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class NeededPlugin:
    """A plug-in that a run's model needs and that is not loaded.

    Attributes:
        title: Its file's name, or package and version.
        path: The file, "" where there is none that could be allowed.
        sha256: Hash of what it holds now.
        has_changed: Whether it held something else when the run was trained.
        what: What it brought: "the model 'tiny'".
        sentence: That it is not loaded, with all that is known of it.
    """

    title: str
    path: str = ""
    sha256: str = ""
    has_changed: bool = False
    what: str = ""
    sentence: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class RunOpened(Message):
    """A run can be shown, from a folder or from a training that has just begun.

    Attributes:
        path: The run folder.
        title: What a person reads.
        settings: As in `Train`.
        sample_shape: (H, W, C) for images, (F,) for tables.
        white: The value of an image byte that is shown as white (255, or 16 for digits).
        latent_dim: D.
        index: Which samples of the data set are shown, shape (N,).
        labels: Label of every shown sample, shape (N,), -1 where missing; None without labels.
        parts: 0 for train, 1 for validation, shape (N,) uint8.
        class_names: Name of each label.
        feature_names: Name of each feature of a table.
        samples: The shown samples in their own units, (N, H, W, C) uint8 or (N, F) float32,
            read-only; the first rows only where the run folder keeps a part; None without any.
        total: How many samples the data set has.
        epochs: How many epochs are planned.
        terms: The loss's terms, in the order of the formula.
        truths: Lines known in advance.
        status: "training", "finished", "stopped", "diverged" or "interrupted".
        notice: A sentence to show once (such as that the original data are gone), or "".
        decodes: False where no weights can answer (a run that cannot be built here).
        bounded: Whether decodes promise to lie in [0, 1].
        abilities: What only some models can do, by the names of `aeviz.models.base.ABILITIES`.
        stages: Names of the stages of a model that trains in stages.
        conditions: What a conditional model can be told; None for the others.
        told: The condition of every shown sample: its choice (N,), -1 where missing, or its numbers
            (N, K), NaN where missing; None where it is the sample itself.
        notes: What a person named in it, see `aeviz.runs.notes`.
        needs: Plug-ins that its model needs and that are not loaded: until they are, it does not
            decode.
        known: What else is known of the shown samples.
        names: Of the shown samples, one each or none.
    """

    path: str
    title: str
    settings: Mapping[str, Any]
    sample_shape: tuple[int, ...]
    white: float
    latent_dim: int
    index: IntArray
    labels: IntArray | None
    parts: ByteArray
    class_names: tuple[str, ...]
    feature_names: tuple[str, ...]
    samples: NDArray[Any] | None
    total: int
    epochs: int
    terms: tuple[Term, ...] = ()
    truths: tuple[TruthLine, ...] = ()
    status: str = "finished"
    notice: str = ""
    decodes: bool = True
    bounded: bool = True
    abilities: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    conditions: Conditions | None = None
    told: NDArray[Any] | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[NeededPlugin, ...] = ()
    known: tuple[Known, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def is_image(self) -> bool:
        """Whether a sample is an image; else it is a row of features, shown as a profile."""
        return len(self.sample_shape) == 3


@dataclass(frozen=True, eq=False)
class Inverse:
    """The learned way back from a map that is no plane: pairs of a position and a latent.

    Attributes:
        positions: float32 (M, 2).
        latents: float32 (M, D).
        error: Median distance between a latent and what the other pairs make of its position, over
            pairs that were held out, as a share of the spread of the latents.
        total: How many samples there are; M of them, chosen at random, were fitted.
    """

    positions: FloatArray
    latents: FloatArray
    error: float
    total: int


@dataclass(frozen=True, eq=False, kw_only=True)
class EpochDone(Message):
    """One whole epoch, with the positions of all shown samples.

    Attributes:
        epoch: 0 is before training.
        positions: What the map draws, float32 (N, 2).
        mean: Origin of the map in the latent space, shape (D,).
        axes: Map coordinates to latents, shape (D, 2): z = mean + axes @ position. All 0 where
            `inverse` is the way back.
        metrics: Loss terms and measures of this epoch; validation ones start with "validation_".
        events: Sentences to mark on the timeline, such as a turned weight.
        has_weights: Whether this epoch can decode.
        stage: Number of the stage that it is part of, where a model trains in stages.
        share: Share of the latents' variance that lies in the plane; NaN where that means nothing.
        titles: What the axes are where a plane was chosen; empty for the map's own plane.
        inverse: The way back where the map is no plane, else None.
    """

    epoch: int
    positions: FloatArray
    mean: FloatArray
    axes: FloatArray
    metrics: Mapping[str, float]
    events: tuple[str, ...] = ()
    has_weights: bool = True
    stage: int = 0
    share: float = math.nan
    titles: tuple[str, ...] = ()
    inverse: Inverse | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Projected(Message):
    """One epoch on a plane that was asked for; the fields are those of `EpochDone`."""

    plane: Plane
    epoch: int
    positions: FloatArray
    mean: FloatArray
    axes: FloatArray
    share: float
    titles: tuple[str, ...]
    inverse: Inverse | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class PlaneFitted(Message):
    """The positions of a learned plane and its way back."""

    plane: Plane
    inverse: Inverse


@dataclass(frozen=True, eq=False, kw_only=True)
class Studied(Message):
    """What an instrument found.

    Attributes:
        view: Who asked.
        instrument: Its name.
        epoch: Whose latents.
        asked: The epoch that was asked for.
        options: Those that were asked for.
        arrays: By name, read-only.
        values: By name.
        seconds: That it took, the start of the child process included.
    """

    view: str
    instrument: str
    epoch: int
    asked: int
    options: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Progress(Message):
    """How far the training is, at most every 50 ms.

    Attributes:
        phase: "loading", "training", "validating", "encoding", "saving".
        epoch: The epoch in progress, from 1.
        epochs: How many are planned.
        step: Step within the epoch, from 1.
        steps: Steps of an epoch.
        losses: Newest loss terms, by name.
        samples_per_second: Training throughput; 0 when not known.
        seconds_left: Estimate; None when not known.
    """

    phase: str
    epoch: int
    epochs: int
    step: int
    steps: int
    losses: Mapping[str, float] = field(default_factory=dict)
    samples_per_second: float = 0.0
    seconds_left: float | None = None

    @property
    def key(self) -> Hashable:
        """Only the newest counts."""
        return ("progress", self.run)


TrainingState = Literal["idle", "loading", "training", "paused"]


@dataclass(frozen=True, eq=False, kw_only=True)
class TrainingChanged(Message):
    """The training began, paused, went on or ended.

    Attributes:
        state: What it is now.
        reason: One sentence when it ended ("finished", "stopped at epoch 3", …), else "".
        epoch: Last whole epoch.
        where: Who trains it where that is another process ("process 4711 on node7"), else "".
    """

    state: TrainingState
    reason: str = ""
    epoch: int = 0
    where: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class OutsideChanged(Message):
    """The trainings outside that this window has started and that go on: their run folders."""

    runs: tuple[str, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class Decoded(Message):
    """Decodes, ready for the screen.

    Attributes:
        view: Who asked.
        z: The latents that were asked for, (B, D).
        epoch: The epoch whose weights answered (the nearest kept one where it was thinned).
        asked: The epoch that was asked for.
        values: Decodes in the data's own scale, float32 (B, H, W, C) in [0, 1] units or (B, F).
        pictures: For images contiguous uint8 (B, H, W, C), clipped; None for tables.
        clipped: Share of values outside [0, 1] that the pictures clip.
        condition: What was asked for.
    """

    view: str
    z: FloatArray
    epoch: int
    asked: int
    values: FloatArray
    pictures: ByteArray | None
    clipped: float = 0.0
    condition: Any = None

    @property
    def key(self) -> Hashable:
        """Only the newest answer to a view counts."""
        return ("decoded", self.run, self.view)


@dataclass(frozen=True, eq=False, kw_only=True)
class Reconstructed(Message):
    """Reconstructions of shown samples at one epoch.

    Attributes:
        rows: The asked rows, (K,).
        epoch: The epoch whose weights answered.
        asked: The epoch that was asked for.
        z: Their latents at that epoch, (K, D).
        values: Reconstructions as `Decoded.values`.
        pictures: As `Decoded.pictures`.
        difference: Reconstruction minus original in [0, 1] units or the table's own, as `values`.
        error: Mean squared error per feature in the model's scale ([0, 1] or standardised), (K,).
        condition: What was asked for.
    """

    view: str
    rows: IntArray
    epoch: int
    asked: int
    z: FloatArray
    values: FloatArray
    pictures: ByteArray | None
    difference: FloatArray
    error: FloatArray
    condition: Any = None

    @property
    def key(self) -> Hashable:
        """Only the newest answer to a view and epoch counts."""
        return ("reconstructed", self.run, self.view, self.asked)


@dataclass(frozen=True, eq=False, kw_only=True)
class NotesSaved(Message):
    """Whether the notes of a run were written: `why_not` is a sentence, or "" where they were."""

    why_not: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class SamplesFetched(Message):
    """Shown samples in their own units: (K, H, W, C) uint8 or (K, F) float32."""

    view: str
    rows: IntArray
    samples: NDArray[Any]

    @property
    def key(self) -> Hashable:
        """Only the newest answer to a view counts."""
        return ("fetched", self.run, self.view)


@dataclass(frozen=True, eq=False, kw_only=True)
class Answer(Message):
    """The answer to an `Ask`: named arrays and plain values.

    Attributes:
        view: Who asked.
        question: What.
        epoch: The epoch whose weights answered.
        arrays: By name.
        values: By name.
        asked: The epoch that was asked for.
    """

    view: str
    question: str
    epoch: int
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    asked: int = -1

    @property
    def key(self) -> Hashable:
        """Only the newest answer to a view counts."""
        return ("answer", self.run, self.view)


@dataclass(frozen=True)
class Attribute:
    """One attribute of a data set, as the data page lists it.

    Attributes:
        name: Feature or column name; "pixels" for images, "label" for the labels.
        kind: "image", "number", "category".
        low: Smallest value, None for categories.
        high: Largest value, None for categories.
        detail: One short phrase (shape, units, number of classes).
    """

    name: str
    kind: str
    low: float | None
    high: float | None
    detail: str


@dataclass(frozen=True, eq=False, kw_only=True)
class DataDescribed(Message):
    """A data set in numbers and a few samples, for the data page.

    Attributes:
        name: Registered name or path.
        available: False where its files are not on this computer.
        sentence: Where the data come from; or what to do when they are not available.
        counts: Samples per class, in the order of `class_names`; empty without labels.
        attributes: Every attribute with kind and range.
        remarks: What a person should know of it, in sentences.
        thumbnails: Some samples, (K, H, W, C) uint8 or (K, F) float32.
        thumbnail_labels: Their labels, (K,), -1 where missing.
    """

    view: str
    name: str
    title: str
    available: bool
    sentence: str
    source: str = ""
    licence: str = ""
    samples: int = 0
    sample_shape: tuple[int, ...] = ()
    white: float = 255.0
    class_names: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    feature_names: tuple[str, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    remarks: tuple[str, ...] = ()
    thumbnails: NDArray[Any] | None = None
    thumbnail_labels: IntArray | None = None

    @property
    def key(self) -> Hashable:
        """Only the newest description for a view counts."""
        return ("data-described", self.view)


@dataclass(frozen=True)
class ColumnSeen:
    """A column of a table as its beginning shows it.

    Attributes:
        name: Unlike every other one's.
        kind: "number", "text", "empty".
        role: "feature", "label", "colour", "name", "ignored".
        missing: Cells without a value among those that were seen.
    """

    name: str
    kind: str
    role: str
    missing: int


@dataclass(frozen=True, eq=False, kw_only=True)
class DataPreviewed(Message):
    """What a file of a person's own looks like, before it is read.

    Attributes:
        path: The file or folder.
        options: Those it was looked at with.
        format: What kind of file it is, "" where no format knows it.
        entry: Its data set as a row of the catalogue, empty where there is none.
        sentence: What is wrong with it or undecided, or "".
        found: Option of a table → the word that "auto" stands for in this file.
        columns: The first columns of a table, at most 100.
        all_columns: The names of all of them.
        roles: The roles of all of them.
        rows: The first rows as words, as many cells as `columns`.
        samples: How many there are, 0 where that is not known.
        features: How many a sample of a table has, 0 where that is not known.
        is_estimate: Whether only the beginning of the file was seen.
        remarks: What a person should know, in sentences.
    """

    path: str
    options: Mapping[str, Any]
    format: str
    entry: Mapping[str, Any]
    sentence: str = ""
    found: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[ColumnSeen, ...] = ()
    all_columns: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    samples: int = 0
    features: int = 0
    is_estimate: bool = False
    remarks: tuple[str, ...] = ()

    @property
    def key(self) -> Hashable:
        """Only the newest counts."""
        return "data-previewed"


@dataclass(frozen=True, eq=False, kw_only=True)
class JobProgress(Message):
    """How far the child process is: `fraction` in [0, 1], None when not known."""

    job: str
    title: str
    fraction: float | None
    detail: str = ""

    @property
    def key(self) -> Hashable:
        """Only the newest counts."""
        return ("job", self.job)


@dataclass(frozen=True, eq=False, kw_only=True)
class JobDone(Message):
    """The child process ended: `outcome` is "done", "cancelled" or "failed"."""

    job: str
    outcome: Literal["done", "cancelled", "failed"]
    sentence: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class Failed(Message):
    """Something went wrong; the program goes on.

    Attributes:
        where: Which part: "training", "inference", "question", "open", "data"…
        summary: One sentence that names the file or field and what to do.
        details: The traceback as text, or "".
        view: The view whose request it was, or "".
    """

    where: str
    summary: str
    details: str = ""
    view: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class Logged(Message):
    """A line for the log panel."""

    level: int
    name: str
    text: str
    time: float
