"""Decodes of invertible models: right, repaired, or not shown."""

import pytest
import torch
from torch import Tensor, nn

from aeviz.analysis.round_trip import RoundTrip, holds
from aeviz.models.base import DataSpec
from aeviz.models.realnvp import RealNVP, RealNVPConfig


class Stretch(nn.Module):
    """x = z · factor at most places; beyond 10 wrong in single, beyond 100 also in double."""

    def __init__(self) -> None:
        super().__init__()
        self.decoded: list[torch.dtype] = []
        self.factor = nn.Parameter(torch.tensor(2.0))

    def encode(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        return x / self.factor

    def decode(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        self.decoded.append(z.dtype)
        limit = 10 if z.dtype == torch.float32 else 100
        return torch.where(z.abs() > limit, -z, z) * self.factor


@pytest.fixture
def stretch() -> Stretch:
    return Stretch().requires_grad_(False)


def test_right_decodes_are_taken_as_they_are(stretch: Stretch) -> None:
    x = RoundTrip(stretch).decode(torch.tensor([[1.0, 2.0]]))  # type: ignore[arg-type]
    assert x.tolist() == [[2.0, 4.0]]
    assert stretch.decoded == [torch.float32]


def test_wrong_rows_alone_are_decoded_in_double_precision(stretch: Stretch) -> None:
    x = RoundTrip(stretch).decode(torch.tensor([[1.0, 2.0], [20.0, 1.0]]))  # type: ignore[arg-type]
    assert x.tolist() == [[2.0, 4.0], [40.0, 2.0]]
    assert x.dtype == torch.float32


def test_what_is_wrong_even_then_is_not_a_number(stretch: Stretch) -> None:
    x = RoundTrip(stretch).decode(torch.tensor([[1.0, 2.0], [200.0, 1.0]]))  # type: ignore[arg-type]
    assert x[0].tolist() == [2.0, 4.0]
    assert x[1].isnan().all()


def test_new_weights_are_used_in_double_precision_too(stretch: Stretch) -> None:
    exact = RoundTrip(stretch)  # type: ignore[arg-type]
    exact.decode(torch.tensor([[20.0, 1.0]]))
    stretch.factor.fill_(3.0)
    exact.forget()
    assert exact.decode(torch.tensor([[20.0, 1.0]])).tolist() == [[60.0, 3.0]]


@pytest.mark.parametrize("gap", [(0.0, True), (0.009, True), (0.011, False), (float("nan"), False)])
def test_the_tolerance_is_a_hundredth(gap: tuple[float, bool]) -> None:
    z = torch.zeros(1, 2)
    assert bool(holds(z, z + gap[0])) is gap[1]
    assert holds(z + 1000, z + 1009).all()


def test_a_flow_far_from_its_data_shows_nothing_wrong() -> None:
    """Large weights make the inverse explode, as training far from the data does."""
    torch.manual_seed(0)
    flow = RealNVP(DataSpec((2,), bounded=False), RealNVPConfig()).requires_grad_(False)
    for parameter in flow.parameters():
        parameter.mul_(2)
    z = 6 * torch.randn(200, 2)
    single = flow.decode(z)
    assert not holds(z, flow.encode(single)).all()
    x = RoundTrip(flow).decode(z)
    exact = flow.double().decode(z.double())
    shown = ~x.isnan().any(dim=1)
    assert shown.any()
    repaired = shown & (x != single).any(dim=1)
    assert torch.allclose(x[repaired].double(), exact[repaired], rtol=1e-6)
