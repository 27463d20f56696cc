"""Which plane of the latent space the map shows, as a person chooses it: plain values."""

from dataclasses import dataclass
from typing import Literal

PlaneKind = Literal["pca", "axes", "lda", "tsne", "umap"]

LEARNED: tuple[PlaneKind, ...] = ("tsne", "umap")
"""Kinds that are no plane: positions are fitted, and the way back is learned from them."""

NAMES: dict[PlaneKind, str] = {
    "pca": "PCA",
    "axes": "Plane",
    "lda": "LDA",
    "tsne": "t-SNE",
    "umap": "UMAP",
}

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True)
class Direction:
    """A direction of the latent space.

    Attributes:
        kind: "dimension", "principal" (an axis of the latents of the epoch), "samples" (from one to
            another), "pin" (from a fixed latent to a sample).
        numbers: The dimension or the principal axis, from 0; the rows of the samples.
        title: What the axis of the map is called.
        start: The fixed latent of "pin", D numbers.
    """

    kind: Literal["dimension", "principal", "samples", "pin"]
    numbers: tuple[int, ...]
    title: str
    start: tuple[float, ...] = ()


@dataclass(frozen=True)
class Plane:
    """What the map shows of a latent space of more than two dimensions.

    Attributes:
        kind: "pca" for the first two principal axes; "axes" for two directions through a base
            point; "lda" for what tells the labels apart; "tsne" and "umap" are fitted.
        directions: The two of "axes".
        base: What "axes" passes through: a latent of D numbers, the row of a sample, or None for
            the median latent of each epoch.
        epoch: The epoch at which it was chosen, and fitted where it is fitted.
    """

    kind: PlaneKind = "pca"
    directions: tuple[Direction, ...] = ()
    base: tuple[float, ...] | int | None = None
    epoch: int = -1

    @property
    def is_learned(self) -> bool:
        """Whether the way back from the map is learned, so that it is approximate."""
        return self.kind in LEARNED

    @property
    def title(self) -> str:
        """What a person reads.

        Example:
            >>> Plane(kind="axes", directions=(dimension(2), principal(0))).title
            'z₃, PC 1'
        """
        if self.kind == "axes":
            return ", ".join(direction.title for direction in self.directions)
        return NAMES[self.kind]


PCA = Plane()
"""What the map shows of more than two dimensions until another plane is chosen."""


def dimension(number: int) -> Direction:
    """A dimension of the latent space, counted from 0.

    Example:
        >>> dimension(11).title
        'z₁₂'
    """
    return Direction("dimension", (number,), f"z{number + 1}".translate(_SUBSCRIPTS))


def principal(number: int) -> Direction:
    """A principal axis of the latents, counted from 0."""
    return Direction("principal", (number,), f"PC {number + 1}")


def two_dimensions(
    first: int, second: int, base: tuple[float, ...] | int | None = None, epoch: int = -1
) -> Plane:
    """The plane of two dimensions, counted from 0, through a base point."""
    return Plane("axes", (dimension(first), dimension(second)), base, epoch)
