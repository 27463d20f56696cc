"""What the gallery shows: runs that it trains, and what is done in the window on each."""

from dataclasses import dataclass

from tests.gallery import deeds
from tests.gallery.deeds import Act


@dataclass(frozen=True)
class Recipe:
    """A run of the gallery.

    Attributes:
        name: Of its folder.
        words: Of `aeviz train`.
    """

    name: str
    words: str


RECIPES = (
    Recipe("vae-digits", "--data digits --model vae --epochs 60"),
    Recipe("deep-digits", "--data digits --model deep --latent 5 --epochs 20"),
    Recipe("conditional-digits", "--data digits --model conditional-vae --epochs 30"),
    Recipe("vae-wine", "--data wine --model vae --latent 3 --epochs 60"),
    Recipe("linear-wine", "--data wine --model linear --epochs 60"),
    Recipe(
        "beta-digits", "--data digits --model beta-vae --latent 6 --set model.beta=0.5 --epochs 60"
    ),
    Recipe("conditional-wine", "--data wine --model conditional-vae --epochs 60"),
    Recipe("two-decoder-shapes", "--model two-decoder --epochs 10"),
    Recipe("codes-digits", "--data digits --model vq-vae --epochs 30"),
    Recipe("spline-moons", "--data two-moons --model spline --epochs 20"),
)


EVERY = (
    "vae-digits", "deep-digits", "conditional-digits", "vae-wine", "linear-wine", "spline-moons",
)  # fmt: skip
"""Runs on which a tool is shown that suits them all."""
MANY = ("deep-digits", "beta-digits", "vae-wine")
"""Runs with more than two latent dimensions."""
TOLD = ("conditional-digits", "conditional-wine", "two-decoder-shapes")
"""Runs whose decoders are told something."""
LIKELY = ("vae-digits", "conditional-digits", "vae-wine", "beta-digits")
"""Runs whose encoders give a distribution."""
PRIOR = (*LIKELY, "spline-moons")
"""Runs with a prior."""
ROUND = ("vae-digits", "conditional-digits", "conditional-wine", "spline-moons")
"""Runs whose prior is a standard normal of two dimensions."""


@dataclass(frozen=True)
class Scene:
    """One tool in use.

    Attributes:
        name: Of its pictures.
        title: What a person reads.
        act: What is done, in a window that shows the run and has come to rest.
        runs: Of these recipes.
    """

    name: str
    title: str
    act: Act
    runs: tuple[str, ...] = EVERY


SCENES: list[Scene] = [
    Scene("decode", "Decode anywhere: a pinned place", deeds.middle),
    Scene("sample", "A sample and its reconstruction", deeds.sample),
    Scene("grid", "Grid of decodes under the points", deeds.grid),
    Scene("path", "A path through three samples, along the density", deeds.path),
    Scene("paths", "Every method between two samples", deeds.paths),
    Scene("histogram", "Histogram of the latents", deeds.layers("density.histogram")),
    Scene("prior", "Density of the prior", deeds.layers("density.prior"), PRIOR),
    Scene("posterior", "Aggregate posterior, exact", deeds.layers("density.posterior"), LIKELY),
    Scene("mixture", "A Gaussian mixture", deeds.layers("density.gmm")),
    Scene("flow", "A flow fitted to the latents", deeds.layers("density.flow")),
    Scene("trust", "Off the data: mixture, hatching, how far to trust", deeds.off_the_data),
    Scene("stretch", "Where the decoder tears", deeds.layers("stretch")),
    Scene("ellipses", "Posterior ellipses of some samples", deeds.ellipses, LIKELY),
    Scene("ellipses-all", "Ellipses of all samples", deeds.layers("ellipses.all"), LIKELY),
    Scene("traversal", "Traversal: one dimension at a time", deeds.traversal),
    Scene("draws", "Draws: new samples and where they lie", deeds.draws),
    Scene("put", "Put something in: a drawing or a row", deeds.put),
    Scene("grid-prior", "Grid over the quantiles of the prior", deeds.grid_of_prior, ROUND),
    Scene("slider", "Traversal from a sample, a strip dragged", deeds.moved_slider),
    Scene("lasso", "Samples in a lasso", deeds.lasso),
    Scene("isolate", "Two classes alone", deeds.isolated),
    Scene("groups", "Named groups", deeds.named_groups),
    Scene("attribute", "An attribute: from one class to another", deeds.attribute),
    Scene("plane-dimensions", "Two chosen dimensions", deeds.plane("axes"), MANY),
    Scene("plane-lda", "The plane that parts the classes", deeds.plane("lda"), MANY),
    Scene("plane-tsne", "A fitted map and its learned way back", deeds.plane("tsne"), MANY),
    Scene("condition", "Told something else", deeds.condition, TOLD),
    Scene("codes", "Code map of a sample", deeds.codes, ("codes-digits",)),
]
