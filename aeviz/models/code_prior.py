"""Priors over code maps: every code equally likely, or learned place after place."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from aeviz.models.body import area
from aeviz.models.code_maps import Size
from aeviz.models.code_options import CodesConfig

STAGES = ("autoencoder", "prior")
"""Of a model whose prior is learned; with a uniform one the first alone."""


class CodePrior(nn.Module):
    """p(codes) as a product over the places of all levels, each given the ones before it.

    Rows are read one after the other, the coarsest level first. A recurrent layer remembers what
    was read; beside the code before it is told the codes around the place that are known already
    (above left, above, above right) and the code of the coarser level there.

    Args:
        sizes: Height and width of each level's map, the coarsest first.
        codes: K.
        width: Units of the recurrent layer.

    References:
        | Pixel Recurrent Neural Networks (van den Oord et al., 2016), for the order and the idea
        | https://arxiv.org/abs/1601.06759
        | Generating Diverse High-Fidelity Images with VQ-VAE-2 (Razavi et al., 2019)
        | https://arxiv.org/abs/1906.00446
    """

    def __init__(self, sizes: Sequence[Size], codes: int, width: int) -> None:
        super().__init__()
        self.sizes = tuple(sizes)
        self.codes = codes
        # lists, not buffers: a model that is built without memory would lose them
        self.around = around = known_around(self.sizes)
        self.tokens = tokens = codes * len(self.sizes) + 1  # one for a neighbour that is not there
        self.first = [n * codes for n, size in enumerate(sizes) for _ in range(area(size))]
        self._there: dict[torch.device, tuple[Tensor, ...]] = {}
        self.embedding = nn.Embedding(len(around[0]) * tokens, width)
        self.place = nn.Embedding(len(around), width)
        self.memory = nn.GRU(width, width, batch_first=True)
        self.heads = nn.ModuleList(nn.Linear(width, codes) for _ in self.sizes)

    def log_prob(self, codes: Sequence[Tensor]) -> Tensor:
        """Log p of code maps int64 (B, h, w) of each level, in nats, (B,)."""
        rows = torch.cat([each.flatten(1) for each in codes], dim=1)  # (B, T)
        states, _ = self.memory(self._told(self._tokens(rows)))
        found = torch.zeros(len(rows), device=rows.device)
        first = 0
        for head, size in zip(self.heads, self.sizes, strict=True):
            part = slice(first, first + area(size))
            logits = head(states[:, part]).transpose(1, 2)  # (B, K, h·w)
            found = found - functional.cross_entropy(logits, rows[:, part], reduction="none").sum(1)
            first = part.stop
        return found

    @torch.no_grad()
    def draw(self, count: int, generator: torch.Generator) -> tuple[Tensor, ...]:
        """Draw code maps place after place: int64 (count, h, w) of each level."""
        device = generator.device
        tokens = torch.full((count, len(self.around) + 1), self.tokens - 1, device=device)
        state, place, drawn = None, 0, []
        for level, (head, size) in enumerate(zip(self.heads, self.sizes, strict=True)):
            first = place
            for place in range(first, first + area(size)):
                told = self._told(tokens, slice(place, place + 1))
                output, state = self.memory(told, state)
                chances = head(output[:, 0]).softmax(dim=1)
                code = torch.multinomial(chances, 1, generator=generator)
                tokens[:, place] = code[:, 0] + level * self.codes
            place += 1
            drawn.append((tokens[:, first:place] - level * self.codes).view(count, *size))
        return tuple(drawn)

    def _on(self, device: torch.device) -> tuple[Tensor, Tensor]:
        """Both lists as tensors, int64 (T,) and (T, slots); sent to a device once, not per step."""
        if device not in self._there:
            lists = (self.first, self.around)
            self._there[device] = tuple(torch.tensor(each, device=device) for each in lists)
        first, around = self._there[device]
        return first, around

    def _tokens(self, rows: Tensor) -> Tensor:
        """Codes (B, T) told apart by level, and the token of what is not there: (B, T + 1)."""
        first, _ = self._on(rows.device)
        return functional.pad(rows + first, (0, 1), value=self.tokens - 1)

    def _told(self, tokens: Tensor, places: slice = slice(None)) -> Tensor:
        """What the recurrent layer reads at some places, (B, T', width)."""
        _, known = self._on(tokens.device)
        around = tokens[:, known[places]]
        slots = torch.arange(around.shape[2], device=tokens.device)
        around = around + slots * self.tokens  # (B, T', slots)
        told: Tensor = self.embedding(around).sum(dim=2) + self.place.weight[places]
        return told


def known_around(sizes: Sequence[Size]) -> list[list[int]]:
    """For every place the places that are told: before, above left, above, above right, coarser.

    Places are numbered level after level, row after row; the number of all places stands for one
    that is not there.

    Example:
        >>> known_around([(2, 2)])[3]
        [2, 0, 1, 4, 4]
    """
    total = sum(area(size) for size in sizes)
    found: list[list[int]] = []
    for level, (height, width) in enumerate(sizes):
        first = len(found)
        for place in range(height * width):
            row, column = divmod(place, width)
            above = [
                first + (row - 1) * width + beside if row > 0 and 0 <= beside < width else total
                for beside in (column - 1, column, column + 1)
            ]
            before = first + place - 1 if first + place > 0 else total
            coarser = _coarser(sizes, level, row, column, first) if level > 0 else total
            found.append([before, *above, coarser])
    return found


def _coarser(sizes: Sequence[Size], level: int, row: int, column: int, first: int) -> int:
    """Number of the place of the level before that covers a place."""
    (height, width), (rows, columns) = sizes[level - 1], sizes[level]
    start = first - height * width
    return start + (row * height // rows) * width + column * width // columns


def make_prior(config: CodesConfig, sizes: Sequence[Size]) -> CodePrior | None:
    """The learned prior that the options ask for; None where all codes are equally likely."""
    if config.prior == "uniform":
        return None
    return CodePrior(sizes, config.codes, config.prior_width)


def log_prob(prior: CodePrior | None, codes: Sequence[Tensor], number: int) -> Tensor:
    """Log p of code maps in nats, (B,); None is the prior of `number` equally likely codes."""
    if prior is not None:
        return prior.log_prob(codes)
    places = sum(each[0].numel() for each in codes)
    return torch.full((len(codes[0]),), -places * math.log(number), device=codes[0].device)


def draw(
    prior: CodePrior | None,
    sizes: Sequence[Size],
    number: int,
    count: int,
    generator: torch.Generator,
) -> tuple[Tensor, ...]:
    """Draw code maps, int64 (count, h, w) of each level; arguments as `log_prob`."""
    if prior is not None:
        return prior.draw(count, generator)
    device = generator.device
    return tuple(
        torch.randint(number, (count, *size), generator=generator, device=device) for size in sizes
    )
