"""What `run.json` says: the format's version, names of the files, and the settings of a training.

The settings of a training have one form everywhere (`--set`, `--config`, `run.json`, the window):

    {"data":  {"name": "digits", …its options},
     "model": {"name": "vae", "latent_dim": 2, …its options},
     "train": {"epochs": 30, "batch_size": 128, …},
     "seed": 0, "device": "auto"}
"""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

FORMAT = 1
"""Version of the run folder. A reader refuses a larger one and keeps keys it does not know."""

RUN_JSON = "run.json"
METRICS = "metrics.jsonl"
LATENTS = "latents"
WEIGHTS = "weights"
AXES = "axes"
SAMPLES = "samples.npy"
INDEX = "latents/index.npy"
LABELS = "latents/labels.npy"
PARTS = "latents/part.npy"
CONDITIONS = "latents/conditions.npy"
COLUMNS = "latents/columns.npy"
NAMES = "latents/names.npy"
CHECKPOINT = "checkpoint"
CONTROL = "control.json"
PROGRESS = "progress.json"
LOCK = "lock"
MANIFEST = "manifest.json"

SAMPLES_BUDGET = 64 * 2**20
"""Bytes of `samples.npy` at most; beyond it the folder keeps the first rows and says how many."""

NAMES_BUDGET = 32 * 2**20
"""Bytes of `names.npy` at most; a run with more of them keeps none."""

COLUMNS_BUDGET = 64 * 2**20
"""Bytes of `columns.npy` at most; the first columns are kept."""

FORBID_EXTRA = ConfigDict(extra="forbid")
LIVE = {"live": True}
ADVANCED = {"advanced": True}

OPTIMISERS = ("adam", "adamw", "nadam", "radam", "adamax", "adagrad", "rmsprop", "sgd")
"""Names of the optimisers, from the usual to the rare."""

Status = Literal["training", "finished", "stopped", "diverged", "interrupted"]


def latents_file(epoch: int) -> str:
    """Name of an epoch's latents, relative to the run folder."""
    return f"{LATENTS}/epoch-{epoch:05d}.npy"


def axes_file(epoch: int) -> str:
    """Name of the axes that an epoch's latents lie along, where they have many dimensions."""
    return f"{AXES}/epoch-{epoch:05d}.npy"


def weights_file(epoch: int) -> str:
    """Name of an epoch's weights, relative to the run folder."""
    return f"{WEIGHTS}/epoch-{epoch:05d}.safetensors"


@dataclass(frozen=True, config=FORBID_EXTRA)
class TrainConfig:
    """How a model is trained; every field is `--set train.NAME=VALUE`."""

    epochs: Annotated[
        int, Field(ge=0, le=1_000_000, title="Epochs", description="Passes over the training part")
    ] = 30
    batch_size: Annotated[
        int,
        Field(ge=1, le=1_000_000, title="Batch size", description="Samples per optimiser step"),
    ] = 128
    lr: Annotated[
        float,
        Field(
            ge=1e-9,
            le=100,
            title="Learning rate",
            description="Step size of the optimiser",
            json_schema_extra={"live": True, "logarithmic": True},
        ),
    ] = 1e-3
    optimiser: Annotated[
        Literal["adam", "adamw", "nadam", "radam", "adamax", "adagrad", "rmsprop", "sgd"],
        Field(title="Optimiser", description="Rule that turns gradients into steps"),
    ] = "adam"
    momentum: Annotated[
        float,
        Field(
            ge=0,
            le=0.9999,
            title="Momentum",
            description="β₁ of Adam and its kin, momentum of SGD and RMSprop",
            json_schema_extra={
                "advanced": True,
                "when": ["optimiser", *(name for name in OPTIMISERS if name != "adagrad")],
            },
        ),
    ] = 0.9
    weight_decay: Annotated[
        float,
        Field(
            ge=0,
            le=10,
            title="Weight decay",
            description="Pull of the weights towards zero",
            json_schema_extra=ADVANCED,
        ),
    ] = 0.0
    schedule: Annotated[
        Literal["constant", "step", "cosine", "plateau", "one-cycle"],
        Field(
            title="Schedule",
            description="How the learning rate changes: step multiplies it after some epochs, "
            "cosine falls to nothing, plateau falls when the loss stops falling, one-cycle rises "
            "to it and falls to nothing",
        ),
    ] = "constant"
    lr_factor: Annotated[
        float,
        Field(
            ge=1e-6,
            le=0.99,
            title="Factor of a fall",
            description="What the learning rate is multiplied with when it falls",
            json_schema_extra={"when": ["schedule", "step", "plateau"]},
        ),
    ] = 0.1
    lr_every: Annotated[
        int,
        Field(
            ge=0,
            le=1_000_000,
            title="Epochs between falls",
            description="Epochs after which the learning rate falls, again and again; 0 takes half "
            "and three quarters of the training",
            json_schema_extra={"when": ["schedule", "step"]},
        ),
    ] = 0
    lr_patience: Annotated[
        int,
        Field(
            ge=1,
            le=1_000_000,
            title="Patience of a fall",
            description="Epochs without a smaller loss after which the learning rate falls",
            json_schema_extra={"when": ["schedule", "plateau"]},
        ),
    ] = 10
    warmup: Annotated[
        float,
        Field(
            ge=0,
            le=1_000_000,
            title="Warm-up",
            description="Epochs in which the learning rate rises evenly from nothing; may be a "
            "part of one",
            json_schema_extra=ADVANCED,
        ),
    ] = 0.0
    patience: Annotated[
        int,
        Field(
            ge=0,
            le=1_000_000,
            title="Early stopping",
            description="Epochs without a smaller loss (of the validation part where there is one) "
            "after which the training ends with the best weights; 0 never stops early",
        ),
    ] = 0
    min_change: Annotated[
        float,
        Field(
            ge=0,
            le=1e9,
            title="Smallest change",
            description="By how much a loss must be smaller to count, for early stopping and the "
            "schedule plateau",
            json_schema_extra=ADVANCED,
        ),
    ] = 0.0
    validation: Annotated[
        float,
        Field(
            ge=0,
            le=0.95,
            title="Validation share",
            description="Share of the samples that is held out, chosen at random by the seed",
        ),
    ] = 0.1
    clip: Annotated[
        float,
        Field(
            ge=0,
            le=1e6,
            title="Gradient clipping",
            description="Largest norm of the gradient; 0 does not clip",
            json_schema_extra=ADVANCED,
        ),
    ] = 0.0
    ema: Annotated[
        float,
        Field(
            ge=0,
            le=0.99999,
            title="Average of the weights",
            description="Share of a running average of the weights that stays at a step, such as "
            "0.999; the average is then what is measured, shown and decoded; 0 takes the weights "
            "themselves",
            json_schema_extra=ADVANCED,
        ),
    ] = 0.0
    precision: Annotated[
        Literal["32", "bf16", "fp16"],
        Field(
            title="Precision",
            description="Bits in which the layers compute while training; the loss keeps 32, and "
            "fp16 needs a CUDA device",
            json_schema_extra=ADVANCED,
        ),
    ] = "32"
    checkpoint_every: Annotated[
        int,
        Field(
            ge=1,
            le=1_000_000,
            title="Epochs per checkpoint",
            description="Epochs after which the state is saved from which a killed training goes "
            "on; a stop always saves it",
            json_schema_extra=ADVANCED,
        ),
    ] = 1
    shown: Annotated[
        int,
        Field(
            ge=1,
            le=10_000_000,
            title="Shown samples",
            description="Samples at most whose positions are kept at every epoch, at random beyond",
            json_schema_extra=ADVANCED,
        ),
    ] = 200_000
    strategy: Annotated[
        Literal["ddp", "fsdp"],
        Field(
            title="Strategy",
            description="How several processes share the model: ddp gives each a copy, fsdp "
            "divides a large one over CUDA devices; one process alone does neither",
            json_schema_extra=ADVANCED,
        ),
    ] = "ddp"
    weights_budget: Annotated[
        float,
        Field(
            ge=1e-6,
            le=1e6,
            title="Weights on disk",
            description="Gigabytes of weights kept; beyond it every second older epoch goes",
            json_schema_extra=ADVANCED,
        ),
    ] = 2.0
    latents_budget: Annotated[
        float,
        Field(
            ge=1e-6,
            le=1e6,
            title="Latents on disk",
            description="Gigabytes of latents kept; beyond it every second older epoch goes",
            json_schema_extra=ADVANCED,
        ),
    ] = 2.0


Settings = dict[str, Any]


@dataclass(config=ConfigDict(extra="allow"))
class RunInfo:
    """The content of `run.json`. Keys it does not know are kept when it is written again.

    Attributes:
        format: Version of the run folder.
        aeviz: Version of the program that wrote it.
        created: Local time with offset, ISO 8601.
        title: What a person reads; can be renamed.
        notes: The person's own words.
        settings: The settings of the training, complete, with every default written out.
        data: What is needed to show samples without the data set: `name`, `title`, `kind`
            ("image" or "table"), `source`, `licence`, `path` (relative to the run, "" for
            built-in), `sha256` (of the samples and labels), `samples` (how many it has),
            `sample_shape`, `white`, `scaling` (`Scaling.to_json`), `class_names`, `feature_names`,
            `columns` (`name`, `unit` and `names` of the choices of each kept column).
        model: `name`, `title`, `latent_dim`, `bounded`, `parameters`, `stages`,
            `spec` (the fields of `DataSpec`), `terms` and `truths` (fields of `Term`, `TruthLine`),
            `conditions` (fields of `Conditions`) where it is told any.
        versions: Package name → version.
        device: Where it trained, with the device's name.
        threads: Threads of torch while training.
        world_size: Number of ranks.
        status: How it ended, or "training".
        reason: One sentence about the status.
        files: SHA-256 of the files that are written once: samples, index, labels, parts,
            conditions, columns, names.
        plugins: What brought the model or the data where aeviz does not: `path` and `sha256` of a
            Python file, or `package` and `version`; `models` and `data`, the names it brought.
    """

    settings: Settings
    data: Settings
    model: Settings
    format: int = FORMAT
    aeviz: str = ""
    created: str = ""
    title: str = ""
    notes: str = ""
    versions: Settings = Field(default_factory=dict)
    device: str = "cpu"
    threads: int = 1
    world_size: int = 1
    status: Status = "training"
    reason: str = ""
    files: dict[str, str] = Field(default_factory=dict)
    plugins: list[Settings] = Field(default_factory=list)
