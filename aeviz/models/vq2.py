"""Vector-quantised autoencoder with two levels: a coarse map of codes, and a fine one given it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import final

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from aeviz.messages import Term
from aeviz.models import code_prior
from aeviz.models.base import Batch, DataSpec, LatentModel, Losses, Step, register_model
from aeviz.models.body import BodyConfig, area, enlarge, is_sigmoid, sizes
from aeviz.models.code_loss import (
    autoencoder_losses,
    code_terms,
    frozen,
    prior_losses,
    reconstruction_of,
)
from aeviz.models.code_maps import CodeMaps, Size, map_decoder, map_encoder
from aeviz.models.code_options import (
    CodesConfig,
    MapBlocks,
    MapChannels,
    MapUpsampling,
    default_channels,
    is_bernoulli,
)
from aeviz.models.options import FORBID_EXTRA, Activation, BatchNorm, Bias, Dropout, Output

TOP, BOTTOM = 0, 1


@dataclass(frozen=True, config=FORBID_EXTRA)
class VQ2Config(CodesConfig):
    """Options of the vector-quantised autoencoder with two levels."""

    channels: MapChannels = None
    blocks: MapBlocks = 1
    activation: Activation = "relu"
    upsampling: MapUpsampling = "transposed"
    output: Output = "auto"
    dropout: Dropout = 0.0
    batch_norm: BatchNorm = False
    bias: Bias = True


@register_model(
    "vq-vae-2",
    title="Vector-quantised autoencoder, two levels",
    summary="A coarse map of codes holds the whole of an image, a fine one adds the detail, and a "
    "prior draws first the one and then the other.",
    source="Razavi, van den Oord & Vinyals, 2019",
    config=VQ2Config,
    data=("image",),
    defaults={"lr": 2e-3},
)
@final
class VQVAE2(LatentModel):
    """A top map of codes half as wide as the bottom one; z holds the codes of both, top first.

    The bottom map is quantised from the encoder's features and the decoded top map together, so
    that it holds only what the top lacks. The decoder sees both.

    References:
        | Generating Diverse High-Fidelity Images with VQ-VAE-2 (Razavi et al., 2019)
        | https://arxiv.org/abs/1906.00446
    """

    def __init__(self, data: DataSpec, config: VQ2Config) -> None:
        super().__init__()
        body = body_of(config, data)
        inner = replace(body, channels=body.channels[-1:])
        stages = sizes(data, replace(body, channels=(*body.channels, body.channels[-1])))
        self.beta = config.beta
        self.is_bernoulli = is_bernoulli(config, data, config.output)
        self.bounded = self.is_bernoulli or is_sigmoid(body, data)
        self.learns_codes = config.codebook == "gradient"
        self.level_names = ("top", "bottom")
        self.map_sizes: tuple[Size, ...] = (stages[-1], stages[-2])
        self.maps = CodeMaps(config, self.map_sizes, self.level_names)
        self.latent_dim = self.maps.latent_dim
        channels, features, d, blocks = (
            data.shape[0],
            body.channels[-1],
            config.code_dim,
            config.blocks,
        )
        self.encoder = map_encoder(channels, features, body, blocks)
        self.top_encoder = map_encoder(features, d, inner, blocks)
        self.top_decoder = map_decoder(d, features, inner, self.map_sizes, blocks)
        self.join = nn.Conv2d(2 * features, d, 1, bias=config.bias)
        # the decoder has its own way to enlarge the top codes, as in the paper
        self.spread = nn.Sequential(
            *enlarge(d, d, *self.map_sizes, config.upsampling, bias=config.bias)
        )
        self.decoder = map_decoder(2 * d, channels, body, stages[-2::-1], blocks)
        self.prior = code_prior.make_prior(config, self.map_sizes)
        self.stages = code_prior.STAGES[: 1 if self.prior is None else 2]
        inside = [maps * area(size) for maps, size in zip(body.channels, stages[1:], strict=False)]
        self.widths = (*(data.features, *inside, self.latent_dim, *inside[::-1], data.features),)

    def codes(self, x: Tensor) -> tuple[Tensor, ...]:
        """Number of the code at every place, int64 (B, h, w) of top and bottom."""
        features = self.encoder(x)
        top = self.maps.nearest(self.top_encoder(features), TOP)
        bottom = self.maps.nearest(self._below(features, self.maps.map(top, TOP)), BOTTOM)
        return top, bottom

    def encode(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """The codes of the top map, then those of the bottom map, (B, D)."""
        return self.look_up(self.codes(x))

    def decode(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map latents (B, D), each place taken for its nearest code, to samples."""
        top, bottom = (self.maps.map(each, n) for n, each in enumerate(self.quantise(z)))
        output = self._output(top, bottom)
        return torch.sigmoid(output) if self.bounded else output

    def loss(self, batch: Batch, step: Step) -> Losses:
        """Reconstruction and the commitment of both maps; in the second stage the prior's nats."""
        if self.prior is not None and step.stage > 0:
            with frozen(*self._autoencoder):
                codes = self.codes(batch.x)
            return prior_losses(self.prior, codes)
        features = self.encoder(batch.x)
        top = self.maps(self.top_encoder(features), TOP, step.generator)
        bottom = self.maps(self._below(features, top.map), BOTTOM, step.generator)
        reconstruction = reconstruction_of(
            batch.x,
            self._output(top.map, bottom.map),
            is_bernoulli=self.is_bernoulli,
            bounded=self.bounded,
        )
        beta = step.weights.get("beta", self.beta)
        return autoencoder_losses(
            reconstruction, (top, bottom), beta, learns_codes=self.learns_codes
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
        return [each for part in self._autoencoder for each in part.parameters()]

    def codebook(self, level: int = 0) -> Tensor:
        """The codes of top (0) or bottom (1), (K, d)."""
        return self.maps.codebook(level)

    def quantise(self, z: Tensor) -> tuple[Tensor, ...]:
        """Numbers of the nearest codes of latents (B, D), int64 (B, h, w) of top and bottom."""
        return self.maps.quantise(z)

    def look_up(self, codes: Sequence[Tensor]) -> Tensor:
        """The latents (B, D) of codes int64 (B, h, w) of top and bottom."""
        return self.maps.look_up(codes)

    def log_prior(self, z: Tensor) -> Tensor:
        """Log p of the nearest codes of both maps in nats, (B,)."""
        return code_prior.log_prob(self.prior, self.quantise(z), self.maps.number)

    def draw_prior(self, count: int, generator: torch.Generator) -> Tensor:
        """Latents of top maps drawn from the prior and bottom maps given them, (count, D)."""
        drawn = code_prior.draw(self.prior, self.map_sizes, self.maps.number, count, generator)
        return self.look_up(drawn)

    def counts(self, z: Tensor) -> Tensor:
        """How often each code of each level occurs in latents (B, D)."""
        return self.maps.counts(z)

    def figures(self, counts: Tensor) -> dict[str, float]:
        """Perplexity and share of the codes in use of both levels."""
        return self.maps.figures(counts)

    def layout(self) -> Sequence[int]:
        """Widths from input to output; of maps their number of values."""
        return self.widths

    @property
    def _autoencoder(self) -> tuple[nn.Module, ...]:
        """All parts but the prior."""
        below = (self.top_encoder, self.top_decoder, self.join, self.spread)
        return (self.encoder, *below, self.maps, self.decoder)

    def _below(self, features: Tensor, top: Tensor) -> Tensor:
        """What the bottom map is quantised from, (B, d, h, w)."""
        joined: Tensor = self.join(torch.cat([self.top_decoder(top), features], dim=1))
        return joined

    def _output(self, top: Tensor, bottom: Tensor) -> Tensor:
        """What the decoder makes of both maps of codes (B, d, …), before a sigmoid."""
        output: Tensor = self.decoder(torch.cat([self.spread(top), bottom], dim=1))
        return output


def body_of(config: VQ2Config, data: DataSpec) -> BodyConfig:
    """The convolutional body as these options and data ask for it."""
    return BodyConfig(
        body="conv",
        channels=config.channels or default_channels(data),
        activation=config.activation,
        upsampling=config.upsampling,
        output=config.output,
        dropout=config.dropout,
        batch_norm=config.batch_norm,
        bias=config.bias,
    )
