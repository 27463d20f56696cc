"""Codebooks of two ranks that train together: equal to the bit, and those of one process."""

from pathlib import Path

import pytest
import torch
from torch import distributed, multiprocessing

from aeviz.models.quantiser import Quantiser

RANKS, STEPS = 2, 6


def vectors(rank: int, number: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(100 * rank + number)
    return torch.randn(20, 3, generator=generator)


def made(decay: float | None) -> Quantiser:
    torch.manual_seed(0)
    return Quantiser(8, 3, decay=decay, dead_after=2)


def run_rank(rank: int, folder: str, decay: float | None) -> None:
    store = distributed.FileStore(f"{folder}/store", RANKS)
    distributed.init_process_group("gloo", store=store, rank=rank, world_size=RANKS)
    quantiser = made(decay)
    for number in range(STEPS):
        quantiser(vectors(rank, number), torch.Generator().manual_seed(7 + rank))
    torch.save(quantiser.state_dict(), f"{folder}/rank-{rank}.pt")
    distributed.destroy_process_group()


@pytest.mark.slow
@pytest.mark.parametrize("decay", [0.9, None])
def test_ranks_have_one_codebook(tmp_path: Path, decay: float | None) -> None:
    multiprocessing.spawn(run_rank, (str(tmp_path), decay), nprocs=RANKS)
    first, second = (torch.load(tmp_path / f"rank-{rank}.pt") for rank in range(RANKS))
    for name, value in first.items():
        assert torch.equal(value, second[name]), name


@pytest.mark.slow
def test_the_moving_average_of_ranks_is_that_of_one_process(tmp_path: Path) -> None:
    multiprocessing.spawn(run_rank, (str(tmp_path), 0.9), nprocs=RANKS)
    together = torch.load(tmp_path / "rank-0.pt")
    alone = made(0.9)
    for number in range(STEPS):
        both = torch.cat([vectors(rank, number) for rank in range(RANKS)])
        alone._revive(vectors(0, number), torch.Generator().manual_seed(7))
        alone._follow(both, alone.nearest(both))
    for name, value in alone.state_dict().items():
        assert torch.allclose(value, together[name], atol=1e-5), name
