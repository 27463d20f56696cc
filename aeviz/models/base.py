"""What every model is: the interface, its optional abilities, its registry.

The signatures were tried on paper against every family of the list before the first model landed:

* linear, deep, convolutional, sparse, contractive: `encode`, `decode`, `loss`;
* denoising: `loss` corrupts with `step.generator`;
* stacked: `Staged`, one list of parameters per stage;
* VAE, β-VAE, capacity-annealed, β-TC: `Posterior` + `Likelihood` + `Prior`; schedules read
  `step.progress`, β-TC reads `step.samples`, live weights come in `step.weights`;
* Poisson and negative binomial likelihoods: `DataSpec.size` is the median library size;
* conditional VAE: `Conditional`, `batch.condition` and the `condition` argument of both maps;
* InfoVAE / WAE: `loss` draws from its prior with `step.generator`;
* VQ-VAE and VQ-VAE-2: z is the flattened quantised map, `Codebook`, `Staged` for the prior;
* two decoders: `Conditional` whose choices are the domains;
* topological: `host_step = True`, since the spanning tree is found on the host;
* flows: `encode` and `decode` are the two directions, D = F, `Likelihood`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, NamedTuple, Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor, nn

from aeviz.messages import Term, TruthLine
from aeviz.models.options import configure

ConditionKind = Literal["", "choice", "numbers", "sample"]
"""What a model is told beside a sample: nothing, a choice, numbers, or (a part of) the sample."""


@dataclass(frozen=True)
class DataSpec:
    """What a model may know of the data before it sees a batch.

    Attributes:
        shape: (C, H, W) for images, (F,) for tables.
        samples: Number of training samples.
        bounded: Whether every scaled value lies in [0, 1].
        classes: Number of classes, 0 without labels.
        conditions: What `Batch.condition` can be: names of the choices, or of the numeric columns.
        condition_kind: "choice", "numbers" or "sample"; empty where the model is told nothing.
        condition_mean: Of every numeric column over the training samples.
        condition_scale: Its standard deviation, never 0.
        size: Median of a sample's sum (the library size of counts); 0 where it means nothing.
        step: Distance between two values that a feature can have (1/255 of bytes); 0 for numbers
            of any value.
        entropy: Differential entropy in nats of what the samples were drawn from, scaled as the
            model sees them; None where it is not known.
    """

    shape: tuple[int, ...]
    samples: int = 1
    bounded: bool = True
    classes: int = 0
    conditions: tuple[str, ...] = ()
    condition_kind: ConditionKind = ""
    condition_mean: tuple[float, ...] = ()
    condition_scale: tuple[float, ...] = ()
    size: float = 0.0
    step: float = 0.0
    entropy: float | None = None

    @property
    def features(self) -> int:
        """Number of values of a sample."""
        count = 1
        for length in self.shape:
            count *= length
        return count

    @property
    def is_image(self) -> bool:
        """Whether a sample has the shape (C, H, W)."""
        return len(self.shape) == 3


@dataclass(frozen=True, eq=False)
class Batch:
    """Some training samples.

    Attributes:
        x: Scaled samples, float32 (B, C, H, W) or (B, F).
        labels: int64 (B,), -1 where missing; None without labels.
        index: Which samples of the data set, int64 (B,).
        condition: Every sample's own: int64 (B,) for choices, -1 where missing; float32 (B, K) for
            numbers, NaN where missing; the scaled sample itself, (B, …); None without.
    """

    x: Tensor
    labels: Tensor | None
    index: Tensor
    condition: Tensor | None = None


@dataclass(frozen=True)
class Step:
    """Where in the training a loss is asked for.

    Attributes:
        epoch: From 1; 0 for the validation before training.
        step: Optimiser steps done so far, over all epochs.
        steps: Optimiser steps planned, over all epochs; 1 at least.
        samples: Number of training samples (β-TC-VAE's N).
        generator: Source of every random number of the loss, on the device of the batch.
        weights: The options marked live as they stand now, by name.
        stage: Number of the stage of a `Staged` model.
    """

    epoch: int
    step: int
    steps: int
    samples: int
    generator: torch.Generator | None
    weights: Mapping[str, float] = field(default_factory=dict)
    stage: int = 0

    @property
    def progress(self) -> float:
        """Share of the training that is done, in [0, 1]."""
        return min(1.0, self.step / max(1, self.steps))


class Losses(NamedTuple):
    """A loss and its terms.

    Attributes:
        total: What is minimised, a scalar: a mean over the batch.
        parts: The terms before weighting, by the names of `LatentModel.terms`; scalars, means over
            the batch, sums over features and latent dimensions. They become the curves.
    """

    total: Tensor
    parts: dict[str, Tensor]


class LatentModel(nn.Module, ABC):
    """An encoder and a decoder with a loss. Abstract; concrete models are final.

    A concrete model is built as `Model(data: DataSpec, config)` and finds its shared parts as
    functions in `layers.py`, not in base classes.

    Attributes:
        latent_dim: D.
        bounded: Whether every decode lies in [0, 1]. Decodes are never clipped to keep it.
        host_step: Whether the loss needs the host (a spanning tree): it skips the meta-device test.
        is_pairwise: Whether the loss compares the samples of a batch with each other, so that it is
            no mean over them.
    """

    latent_dim: int
    bounded: bool = False
    host_step: ClassVar[bool] = False
    is_pairwise: ClassVar[bool] = False

    @abstractmethod
    def encode(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map scaled samples (B, …) to latents (B, D); for a posterior its mean."""

    @abstractmethod
    def decode(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map latents (B, D) to scaled samples (B, …); for a likelihood its mean."""

    @abstractmethod
    def loss(self, batch: Batch, step: Step) -> Losses:
        """The loss of a batch, differentiable in every parameter of the stage."""

    @property
    @abstractmethod
    def terms(self) -> tuple[Term, ...]:
        """The loss's terms with title, formula, unit and weight, in the order of the formula."""


@runtime_checkable
class Posterior(Protocol):
    """Has a Gaussian posterior with diagonal covariance."""

    def posterior(self, x: Tensor, condition: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """`mu` and `log_var` of q(z|x), each (B, D)."""
        ...


@runtime_checkable
class Prior(Protocol):
    """Has a prior over latents."""

    def log_prior(self, z: Tensor) -> Tensor:
        """Log p(z) in nats, (B,)."""
        ...

    def draw_prior(self, count: int, generator: torch.Generator) -> Tensor:
        """Draws from the prior, (count, D)."""
        ...


@runtime_checkable
class Likelihood(Protocol):
    """Has a likelihood of samples given latents."""

    def log_likelihood(self, x: Tensor, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Log p(x|z) in nats per sample, summed over features, (B,)."""
        ...


@runtime_checkable
class Codebook(Protocol):
    """Quantises latents to codes: a map of them for each level, the coarsest first.

    Attributes:
        level_names: Such as "top" and "bottom"; one empty name where there is one level.
        map_sizes: Height and width of each level's map.
    """

    level_names: tuple[str, ...]
    map_sizes: tuple[tuple[int, int], ...]

    def codebook(self, level: int = 0) -> Tensor:
        """The codes of a level, (K, d)."""
        ...

    def codes(self, x: Tensor) -> tuple[Tensor, ...]:
        """Number of the code at every place, int64 (B, h, w) of each level."""
        ...

    def quantise(self, z: Tensor) -> tuple[Tensor, ...]:
        """Numbers of the codes that are nearest to latents (B, D), as `codes`."""
        ...

    def look_up(self, codes: Sequence[Tensor]) -> Tensor:
        """The latents (B, D) of numbers of codes; the way back of `quantise`."""
        ...


@runtime_checkable
class Counting(Protocol):
    """Has figures of an epoch that are no means over samples, such as a perplexity."""

    def counts(self, z: Tensor) -> Tensor:
        """What the figures are computed from, for some latents (B, D); counts can be added."""
        ...

    def figures(self, counts: Tensor) -> dict[str, float]:
        """The figures by the names of their metrics."""
        ...


@runtime_checkable
class Classifying(Protocol):
    """Tells the class of a sample from its latent, in its last stage if it has several.

    Attributes:
        classes: How many classes it tells apart; 0 where it was built without.
    """

    classes: int

    def class_scores(self, z: Tensor) -> Tensor:
        """Logits of the classes for latents (B, D), (B, K)."""
        ...


@runtime_checkable
class Conditional(Protocol):
    """Is told a condition beside the sample or the latent; None means that it is not known.

    Attributes:
        condition_kind: What a condition is; see `Batch.condition`.
        condition_names: The choices, the numeric columns, or which part of the sample.
    """

    condition_kind: ConditionKind
    condition_names: tuple[str, ...]


@runtime_checkable
class Staged(Protocol):
    """Trains in stages, `--epochs` each."""

    stages: tuple[str, ...]

    def stage_parameters(self, stage: int) -> Sequence[nn.Parameter]:
        """What is trained in that stage."""
        ...


@runtime_checkable
class Described(Protocol):
    """Can say its layers for the drawing of the model."""

    def layout(self) -> Sequence[int]:
        """Widths from input to output with the latent in the middle: 784, 256, 2, 256, 784."""
        ...


@runtime_checkable
class KnownTruth(Protocol):
    """Knows in advance a value that its training can reach."""

    def truths(self, x: Tensor) -> tuple[TruthLine, ...]:
        """Lines for the chart, computed on the scaled training samples (N, …)."""
        ...


@runtime_checkable
class Preparing(Protocol):
    """Looks at the training samples once, before the first step of a new run."""

    def prepare(self, x: Tensor) -> None:
        """Take constants from the scaled training samples (N, …) into buffers."""
        ...


@runtime_checkable
class Corrupting(Protocol):
    """Learns to undo a corruption of its input."""

    def corrupt(
        self, x: Tensor, generator: torch.Generator | None, weights: Mapping[str, float]
    ) -> Tensor:
        """The samples (B, …) with noise at the levels that the live weights say."""
        ...


@runtime_checkable
class Invertible(Protocol):
    """Is a bijection of samples and latents with a density of samples."""

    def log_density(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """`log p_z(f(x))` and `log |det ∂f/∂x|` in nats, each (B,); their sum is log p(x)."""
        ...

    def dequantised(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Samples (B, …) as the loss takes them: values in steps are spread over their step."""
        ...

    def standardised(self, x: Tensor) -> Tensor:
        """Samples (B, …) as the first transform takes them, (B, D)."""
        ...

    def onwards(self, y: Tensor, stage: int) -> Sequence[tuple[Tensor, Tensor]]:
        """Places y (B, D) after so many transforms, and where each further one takes them.

        With each the log |det| in nats since y, (B,).
        """
        ...


ABILITIES: Mapping[str, type[Any]] = {
    "posterior": Posterior,
    "prior": Prior,
    "likelihood": Likelihood,
    "codebook": Codebook,
    "conditional": Conditional,
    "staged": Staged,
    "known-truth": KnownTruth,
    "corrupting": Corrupting,
    "invertible": Invertible,
}
"""What only some models can do, by the names that run folder and window use."""


def abilities(model: LatentModel) -> tuple[str, ...]:
    """Names of the abilities that a model has, in the order of the table."""
    return tuple(name for name, protocol in ABILITIES.items() if isinstance(model, protocol))


@dataclass(frozen=True)
class ModelEntry:
    """A registered model.

    Attributes:
        name: The name on the command line.
        title: The name a person reads.
        summary: One plain sentence.
        source: Paper or book.
        model: The class.
        config: Its pydantic dataclass; the field descriptions become form and help.
        data: The kinds of data that it takes: "image", "table".
        defaults: Training settings that it changes, by name.
        dataset: The built-in data set that it trains on where none is named.
    """

    name: str
    title: str
    summary: str
    source: str
    model: type[LatentModel]
    config: type[Any]
    data: tuple[str, ...] = ("image", "table")
    defaults: Mapping[str, Any] = field(default_factory=dict)
    dataset: str = "digits"

    def build(self, data: DataSpec, options: Mapping[str, Any]) -> LatentModel:
        """Make the model from plain options; raises ValueError naming the wrong one."""
        return self.model(data, configure(self.config, options, "model"))


MODELS: dict[str, ModelEntry] = {}
"""Every registered model by name; `aeviz.models` fills it by importing its own files."""

ModelClass = TypeVar("ModelClass", bound=type[LatentModel])


def register_model(
    name: str,
    *,
    title: str,
    summary: str,
    source: str,
    config: type[Any],
    data: tuple[str, ...] = ("image", "table"),
    defaults: Mapping[str, Any] | None = None,
    dataset: str = "digits",
) -> Callable[[ModelClass], ModelClass]:
    """Enter a model class into the registry under a name that nobody else has.

    Raises:
        ValueError: If the name is taken.
    """

    def enter(model: ModelClass) -> ModelClass:
        if name in MODELS:
            raise ValueError(f"a model named {name!r} is registered already")
        MODELS[name] = ModelEntry(
            name, title, summary, source, model, config, data, dict(defaults or {}), dataset
        )
        return model

    return enter
