"""Two-decoder autoencoder: one encoder for all domains, a decoder for each, and so a swap."""

from collections.abc import Sequence
from typing import Annotated, final

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from aeviz.messages import Term
from aeviz.models.base import Batch, DataSpec, LatentModel, Losses, Step, register_model
from aeviz.models.body import BodyConfig, is_sigmoid, layout_of, make_decoder, make_encoder
from aeviz.models.layers import SQUARED_ERROR, squared_error
from aeviz.models.mmd import mmd
from aeviz.models.options import FORBID_EXTRA, LatentDim

MOST_DOMAINS = 64
KNOTS = 5
"""Points along each side of the grid that a warp moves at random."""

ALIGNMENT = Term(
    name="alignment",
    title="Distance of the domains",
    formula="MMD²(q(z|A), q(z|B))",
    unit="kernel units, 0 to 2",
    definition="Squared maximum mean discrepancy between the latents of each domain in a batch and "
    "those of all others, mean over the domains; the unbiased estimate may be a little below 0.",
    weight="alignment",
)


@dataclass(frozen=True, config=FORBID_EXTRA)
class TwoDecoderConfig(BodyConfig):
    """Options of the two-decoder autoencoder; two dimensions are too few to keep what is shared."""

    latent_dim: LatentDim = 8
    condition: Annotated[
        str,
        Field(
            min_length=1,
            max_length=200,
            title="Domains",
            description="What says which decoder a sample has: a column of choices such as domain, "
            "or label",
            json_schema_extra={"suggestions": ["domain", "label"]},
        ),
    ] = "domain"
    warp: Annotated[
        float,
        Field(
            ge=0,
            le=0.5,
            title="Warp",
            description="How far images are bent at random before they are encoded, as a share of "
            "their side; the decoder has to undo it",
            json_schema_extra={"live": True},
        ),
    ] = 0.05
    alignment: Annotated[
        float,
        Field(
            ge=0,
            le=1000,
            title="Alignment",
            description="Weight of the distance between the latents of the domains: larger lets "
            "them lie on each other, so that a swap keeps what is shared",
            json_schema_extra={"live": True, "logarithmic": True},
        ),
    ] = 10.0


@register_model(
    "two-decoder",
    title="Two-decoder autoencoder",
    summary="One encoder and a decoder for each domain: what is encoded from one can be decoded "
    "as the other.",
    source="Shared encoder with separate decoders, as in face swapping, 2017; Liu et al., 2017",
    config=TwoDecoderConfig,
    dataset="hand-and-print",
)
@final
class TwoDecoder(LatentModel):
    """Every sample is encoded by the same encoder and decoded by the decoder of its own domain.

    The encoder sees images bent at random, so that it has to find what a domain's decoder can set
    right. That the domains share their latents is helped by a penalty on the distance between
    them; nothing says which sample of one belongs to which of the other.

    A sample whose domain is not known is decoded by all, and the mean counts.

    References:
        | Unsupervised Image-to-Image Translation Networks (Liu, Breuel & Kautz, 2017), on a shared
        | latent space, https://arxiv.org/abs/1703.00848
        | A Kernel Two-Sample Test (Gretton et al., 2012), on the distance
        | https://jmlr.org/papers/v13/gretton12a.html
    """

    host_step = True  # which rows a decoder has is found on the host
    is_pairwise = True
    condition_kind = "choice"

    def __init__(self, data: DataSpec, config: TwoDecoderConfig) -> None:
        super().__init__()
        if data.condition_kind != "choice":
            raise ValueError(
                f"model.condition={config.condition} must name a column of choices, one for each "
                "domain"
            )
        refuse_wrong_count(config.condition, len(data.conditions))
        self.latent_dim = config.latent_dim
        self.config = config
        self.condition_names = data.conditions
        self.widths = layout_of(data, config)
        self.is_image = data.is_image
        self.bounded = is_sigmoid(config, data)
        self.encoder = make_encoder(data, config, config.latent_dim)
        self.decoders = nn.ModuleList(
            make_decoder(data, config, config.latent_dim) for _ in data.conditions
        )

    def encode(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map samples (B, …) of any domain to latents (B, D)."""
        z: Tensor = self.encoder(x)
        return z

    def decode(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map latents (B, D) to samples of the domains `condition` (B,)."""
        if torch.compiler.is_exporting() and condition is not None:
            return self._decode_all(z, condition)
        condition = self._known(condition, len(z)).to(z.device)
        made, places = [], []
        for domain in range(-1, len(self.decoders)):
            rows = torch.nonzero(condition == domain)[:, 0]
            if len(rows):
                made.append(self._decode_as(domain, z[rows]))
                places.append(rows)
        return torch.cat(made)[torch.cat(places).argsort()]

    def _known(self, condition: Tensor | None, rows: int) -> Tensor:
        """The domains (B,); -1 for every number that is none, and for all where there are none."""
        if condition is None:
            return torch.full((rows,), -1)
        is_known = (condition >= 0) & (condition < len(self.decoders))
        return torch.where(is_known, condition, -1)

    def _decode_as(self, domain: int, z: Tensor) -> Tensor:
        """Decodes of one domain; of -1 the mean of all."""
        if domain < 0:
            every = [self._decode_as(each, z) for each in range(len(self.decoders))]
            return torch.stack(every).mean(dim=0)
        x_hat: Tensor = self.decoders[domain](z)
        return torch.sigmoid(x_hat) if self.bounded else x_hat

    def _decode_all(self, z: Tensor, condition: Tensor) -> Tensor:
        """The same by every decoder: exporters cannot follow rows that depend on the data."""
        found = self._decode_as(-1, z)
        for domain in range(len(self.decoders)):
            is_own = (condition == domain).view(-1, *(1 for _ in found.shape[1:]))
            found = torch.where(is_own, self._decode_as(domain, z), found)
        return found

    def loss(self, batch: Batch, step: Step) -> Losses:
        """Squared error of each sample by its own decoder, and the distance of the domains."""
        warp = step.weights.get("warp", self.config.warp)
        seen = batch.x
        if self.is_image and self.training and warp > 0:
            seen = warped(batch.x, warp, step.generator)
        z = self.encoder(seen)
        reconstruction = squared_error(batch.x, self.decode(z, batch.condition))
        weight = step.weights.get("alignment", self.config.alignment)
        alignment = self._distance(z, batch.condition)
        return Losses(
            reconstruction + weight * alignment,
            {"reconstruction": reconstruction, "alignment": alignment},
        )

    def _distance(self, z: Tensor, condition: Tensor | None) -> Tensor:
        """Mean over the domains of the distance between their latents and all other ones."""
        found = []
        condition = self._known(condition, len(z)).to(z.device)
        # of two domains the distance is the same from either side
        for domain in range(len(self.decoders) if len(self.decoders) > 2 else 1):
            is_own = condition == domain
            own, others = z[is_own], z[~is_own & (condition >= 0)]
            if len(own) > 1 and len(others) > 1:
                found.append(domain_distance(own, others))
        return torch.stack(found).mean() if found else z.sum() * 0.0

    @property
    def terms(self) -> tuple[Term, ...]:
        """Squared error and the distance of the domains."""
        return (SQUARED_ERROR, ALIGNMENT)

    def layout(self) -> Sequence[int]:
        """Widths from input to output of one decoder."""
        return self.widths


def refuse_wrong_count(condition: str, count: int) -> None:
    """Raise ValueError unless a condition has as many choices as there can be domains."""
    if count < 2:
        raise ValueError(
            f"model.condition={condition} has {count} choice{'' if count == 1 else 's'} in these "
            "data, and there must be two domains at least: let data.only keep more labels, or name "
            "another column"
        )
    if count > MOST_DOMAINS:
        raise ValueError(
            f"model.condition={condition} has {count} choices, and there can be {MOST_DOMAINS} "
            "domains at most: keep fewer labels with data.only, or name another column"
        )


def domain_distance(own: Tensor, others: Tensor) -> Tensor:
    """MMD² of two sets of latents (N, D), (M, D) in units of their common spread, a scalar.

    The spread is a constant of the gradient: the distance cannot be lowered by shrinking.
    """
    spread = torch.cat([own, others]).std(dim=0).detach().clamp(min=1e-6)
    return mmd(own / spread, others / spread, scales="several")


def warped(x: Tensor, amount: float, generator: torch.Generator | None) -> Tensor:
    """Images (B, C, H, W) bent by a smooth random displacement.

    Args:
        x: Images.
        amount: Standard deviation of the displacement of `KNOTS` × `KNOTS` knots, as a share of the
            image's side; between the knots it is interpolated.
        generator: Draws it.
    """
    knots = torch.randn(len(x), 2, KNOTS, KNOTS, generator=generator, device=x.device)
    size = (x.shape[2], x.shape[3])
    moved = functional.interpolate(knots, size, mode="bicubic", align_corners=True)
    still = torch.eye(2, 3, device=x.device).expand(len(x), 2, 3)
    grid = functional.affine_grid(still, list(x.shape), align_corners=False)
    # the grid goes from −1 to 1: a share of the side is twice as much there
    places = grid + 2.0 * amount * moved.permute(0, 2, 3, 1)
    return functional.grid_sample(x, places.to(x.dtype), align_corners=False)
