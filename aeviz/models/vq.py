"""Vector-quantised autoencoder: every place of a sample's map takes a code of a codebook."""

from collections.abc import Sequence
from typing import Annotated, Literal, final

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from aeviz.messages import Term
from aeviz.models import code_prior
from aeviz.models.base import Batch, DataSpec, LatentModel, Losses, Step, register_model
from aeviz.models.body import (
    BodyConfig,
    DenseDecoder,
    is_sigmoid,
    layout_of,
    make_decoder,
    make_encoder,
    sizes,
)
from aeviz.models.code_loss import (
    autoencoder_losses,
    code_terms,
    frozen,
    prior_losses,
    reconstruction_of,
)
from aeviz.models.code_maps import CodeMaps, QuantisedMap, Size, map_decoder, map_encoder
from aeviz.models.code_options import (
    CodesConfig,
    MapBlocks,
    MapChannels,
    MapUpsampling,
    default_channels,
    is_bernoulli,
)
from aeviz.models.options import (
    FORBID_EXTRA,
    Activation,
    BatchNorm,
    Bias,
    DecoderWidths,
    Dropout,
    Output,
    Widths,
)

CONV, DENSE = {"when": ["body", "auto", "conv"]}, {"when": ["body", "auto", "dense"]}

CodeBody = Annotated[
    Literal["auto", "conv", "dense"],
    Field(
        title="Body",
        description="What encoder and decoder are made of: conv gives an image a map of codes, "
        "dense gives a sample a row of codes; auto takes what suits the data",
    ),
]

Places = Annotated[
    int,
    Field(
        ge=1,
        le=4096,
        title="Places",
        description="How many codes a sample gets from a dense body",
        json_schema_extra={**DENSE},
    ),
]

CodeWidths = Annotated[Widths, Field(json_schema_extra={**DENSE})]
CodeDecoderWidths = Annotated[DecoderWidths, Field(json_schema_extra={**DENSE, "advanced": True})]

CodeChannels = Annotated[MapChannels, Field(json_schema_extra={**CONV})]
CodeBlocks = Annotated[MapBlocks, Field(json_schema_extra={**CONV, "advanced": True})]
CodeUpsampling = Annotated[MapUpsampling, Field(json_schema_extra={**CONV, "advanced": True})]


@dataclass(frozen=True, config=FORBID_EXTRA)
class VQConfig(CodesConfig):
    """Options of the vector-quantised autoencoder."""

    body: CodeBody = "auto"
    widths: CodeWidths = (256, 128)
    places: Places = 16
    channels: CodeChannels = None
    blocks: CodeBlocks = 1
    activation: Activation = "relu"
    decoder_widths: CodeDecoderWidths = None
    upsampling: CodeUpsampling = "transposed"
    output: Output = "auto"
    dropout: Dropout = 0.0
    batch_norm: BatchNorm = False
    bias: Bias = True


@register_model(
    "vq-vae",
    title="Vector-quantised autoencoder",
    summary="Every place of a sample's map takes one of K learned codes, so a latent is a little "
    "mosaic, and a prior learns which mosaics occur.",
    source="van den Oord, Vinyals & Kavukcuoglu, 2017",
    config=VQConfig,
    defaults={"lr": 2e-3},
)
@final
class VQVAE(LatentModel):
    """One map of codes; z is the map of the codes themselves, (B, h·w·d).

    The loss is the reconstruction term plus β times the commitment of the encoder to its codes.
    The gradient passes the quantisation as if it were not there. A decode quantises first. In the
    second stage a prior over the code maps is learned, and nothing else moves.

    References:
        | Neural Discrete Representation Learning (van den Oord et al., 2017)
        | https://arxiv.org/abs/1711.00937
    """

    def __init__(self, data: DataSpec, config: VQConfig) -> None:
        super().__init__()
        body = body_of(config, data)
        stages = sizes(data, body) if body.body == "conv" else [(1, config.places)]
        self.shape = data.shape
        self.beta = config.beta
        self.is_bernoulli = is_bernoulli(config, data, config.output)
        self.bounded = self.is_bernoulli or is_sigmoid(body, data)
        self.learns_codes = config.codebook == "gradient"
        self.level_names = ("",)
        self.map_sizes: tuple[Size, ...] = (stages[-1],)
        self.maps = CodeMaps(config, self.map_sizes, self.level_names)
        self.latent_dim = self.maps.latent_dim
        self.widths = widths_of(data, body, self.latent_dim)
        self.encoder, self.decoder = make_body(data, body, config, stages, self.latent_dim)
        self.prior = code_prior.make_prior(config, self.map_sizes)
        self.stages = code_prior.STAGES[: 1 if self.prior is None else 2]

    def codes(self, x: Tensor) -> tuple[Tensor, ...]:
        """Number of the code at every place, int64 (B, h, w)."""
        return (self.maps.nearest(self._features(x)),)

    def encode(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """The map of the codes themselves, place after place, (B, D)."""
        return self.look_up(self.codes(x))

    def decode(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map latents (B, D), each place taken for its nearest code, to samples."""
        output = self._output(self.maps.map(self.quantise(z)[0]))
        return torch.sigmoid(output) if self.bounded else output

    def loss(self, batch: Batch, step: Step) -> Losses:
        """Reconstruction and commitment; in the second stage the prior's nats."""
        if self.prior is not None and step.stage > 0:
            with frozen(self.encoder, self.maps):
                codes = self.codes(batch.x)
            return prior_losses(self.prior, codes)
        quantised: QuantisedMap = self.maps(self._features(batch.x), 0, step.generator)
        reconstruction = reconstruction_of(
            batch.x,
            self._output(quantised.map),
            is_bernoulli=self.is_bernoulli,
            bounded=self.bounded,
        )
        beta = step.weights.get("beta", self.beta)
        return autoencoder_losses(
            reconstruction, (quantised,), beta, learns_codes=self.learns_codes
        )

    @property
    def terms(self) -> tuple[Term, ...]:
        """Those of the first stage, then that of the second."""
        return code_terms(
            is_bernoulli=self.is_bernoulli,
            learns_codes=self.learns_codes,
            has_prior=self.prior is not None,
        )

    def stage_parameters(self, stage: int) -> Sequence[nn.Parameter]:
        """Everything but the prior, then the prior alone."""
        if self.prior is not None and stage > 0:
            return list(self.prior.parameters())
        return [
            each for part in (self.encoder, self.maps, self.decoder) for each in part.parameters()
        ]

    def codebook(self, level: int = 0) -> Tensor:
        """The codes, (K, d)."""
        return self.maps.codebook(level)

    def quantise(self, z: Tensor) -> tuple[Tensor, ...]:
        """Numbers of the nearest codes of latents (B, D), int64 (B, h, w)."""
        return self.maps.quantise(z)

    def look_up(self, codes: Sequence[Tensor]) -> Tensor:
        """The latents (B, D) of codes int64 (B, h, w)."""
        return self.maps.look_up(codes)

    def log_prior(self, z: Tensor) -> Tensor:
        """Log p of the nearest codes in nats, (B,): of the whole map, not of its values."""
        return code_prior.log_prob(self.prior, self.quantise(z), self.maps.number)

    def draw_prior(self, count: int, generator: torch.Generator) -> Tensor:
        """Latents of code maps drawn from the prior, (count, D)."""
        drawn = code_prior.draw(self.prior, self.map_sizes, self.maps.number, count, generator)
        return self.look_up(drawn)

    def counts(self, z: Tensor) -> Tensor:
        """How often each code occurs in latents (B, D)."""
        return self.maps.counts(z)

    def figures(self, counts: Tensor) -> dict[str, float]:
        """Perplexity and share of the codes in use."""
        return self.maps.figures(counts)

    def layout(self) -> Sequence[int]:
        """Widths from input to output; of maps their number of values."""
        return self.widths

    def _features(self, x: Tensor) -> Tensor:
        """What is quantised, (B, d, h, w); a dense encoder's row is taken apart likewise."""
        features: Tensor = self.encoder(x)
        if features.ndim == 2:
            # not `len(x)`, a number that exporters would take for a constant
            features = features.view(x.shape[0], *self.map_sizes[0], -1).permute(0, 3, 1, 2)
        return features

    def _output(self, codes: Tensor) -> Tensor:
        """What the decoder makes of a map of codes (B, d, h, w), before a sigmoid."""
        if isinstance(self.decoder, DenseDecoder):
            codes = codes.permute(0, 2, 3, 1).flatten(1)
        output: Tensor = self.decoder(codes)
        return output


def body_of(config: VQConfig, data: DataSpec) -> BodyConfig:
    """The shared body as these options and data ask for it.

    Raises:
        ValueError: If a convolutional body is asked for a table.
    """
    is_conv = config.body == "conv" or (config.body == "auto" and data.is_image)
    channels = config.channels or (default_channels(data) if data.is_image else (1,))
    return BodyConfig(
        body="conv" if is_conv else "dense",
        widths=config.widths,
        channels=channels,
        activation=config.activation,
        decoder_widths=config.decoder_widths,
        upsampling=config.upsampling,
        output=config.output,
        dropout=config.dropout,
        batch_norm=config.batch_norm,
        bias=config.bias,
    )


def make_body(
    data: DataSpec, body: BodyConfig, config: VQConfig, stages: Sequence[Size], latent_dim: int
) -> tuple[nn.Module, nn.Module]:
    """Encoder and decoder; `stages` are the sizes of the maps from the image inwards."""
    if body.body == "dense":
        return make_encoder(data, body, latent_dim), make_decoder(data, body, latent_dim)
    channels, dimensions, blocks = data.shape[0], config.code_dim, config.blocks
    return (
        map_encoder(channels, dimensions, body, blocks),
        map_decoder(dimensions, channels, body, stages[::-1], blocks),
    )


def widths_of(data: DataSpec, body: BodyConfig, latent_dim: int) -> tuple[int, ...]:
    """Widths for the drawing, with the size of the latent in the middle."""
    layout = list(layout_of(data, body))
    hidden = body.channels if body.body == "conv" else body.widths
    layout[len(hidden) + 1] = latent_dim
    return tuple(layout)
