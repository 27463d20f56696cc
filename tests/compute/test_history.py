import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from aeviz.compute.history import LIVE, History, Weights, byte_count, copied
from aeviz.mailbox import Mailbox


def weights(number: int = 0, count: int = 25) -> dict[str, torch.Tensor]:
    """Weights of 100 bytes that say which they are."""
    return {"w": torch.full((count,), float(number))}


def kept(budget: int, count: int) -> History:
    history = History(budget)
    for epoch in range(count):
        history.add(epoch, weights(epoch))
    return history


def test_a_copy_does_not_follow_the_training() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    optimiser = torch.optim.SGD(model.parameters(), lr=1.0)
    before = copied(model)
    expected = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    model(torch.randn(8, 3)).sum().backward()
    optimiser.step()
    assert any((expected[name] != now).any() for name, now in model.state_dict().items())
    for name, tensor in before.items():
        assert torch.equal(tensor, expected[name])
        assert not tensor.requires_grad


def test_a_history_within_its_budget_keeps_everything() -> None:
    history = kept(1000, 10)
    assert history.epochs == frozenset(range(10))
    assert history.size == 1000


def test_over_budget_every_second_epoch_of_the_older_half_goes() -> None:
    assert sorted(kept(1000, 11).epochs) == [0, 2, 4, 6, 7, 8, 9, 10]


@given(st.integers(0, 2000), st.integers(1, 60))
def test_the_budget_holds_and_first_and_last_stay(budget: int, count: int) -> None:
    history = kept(budget, count)
    assert {0, count - 1} <= history.epochs
    assert history.size == 100 * len(history.epochs)
    assert history.size <= max(budget, 200)


def test_what_is_kept_is_what_was_given() -> None:
    history = kept(10_000, 5)
    found = history.get(3)
    assert found is not None
    assert found["w"][0] == 3.0
    assert history.get(7) is None


def test_an_epoch_that_is_done_again_replaces_the_old_one() -> None:
    history = kept(10_000, 5)
    history.add(4, weights(9))
    found = history.get(4)
    assert found is not None
    assert found["w"][0] == 9.0
    assert history.size == 500


def test_live_weights_are_the_newest_until_the_epoch_is_whole() -> None:
    history = kept(10_000, 2)
    live = weights(7)
    history.add(LIVE, live)
    assert history.live is live
    assert history.epochs == {0, 1}
    history.remember(0, weights(0))
    assert history.live is live
    history.add(2, weights(2))
    assert history.live is None


def test_live_weights_replace_unread_ones_and_whole_epochs_queue() -> None:
    mailbox = Mailbox()
    for epoch in (LIVE, 3, LIVE, LIVE, 4):
        mailbox.post(Weights(run="r", epoch=epoch, tensors=weights(epoch)))
    drained = mailbox.drain()
    assert [message.epoch for message in drained if isinstance(message, Weights)] == [3, LIVE, 4]


@pytest.mark.parametrize(("dtype", "size"), [(torch.float32, 40), (torch.float64, 80)])
def test_bytes_are_counted_by_type(dtype: torch.dtype, size: int) -> None:
    assert byte_count({"w": torch.zeros(10, dtype=dtype)}) == size
