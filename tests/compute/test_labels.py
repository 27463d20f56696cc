"""Labels that a training does not see: chosen evenly, by the seed, of the training part only."""

import numpy as np
import pytest
import torch

from aeviz.compute.samples import SampleStore, with_hidden_labels
from aeviz.data.dataset import Dataset, standardise

LABELS = np.repeat(np.arange(4), [50, 30, 15, 5]).astype(np.int64)
TRAIN = np.flatnonzero(np.arange(100) % 10 != 0)


def test_as_many_of_each_class_keep_their_label() -> None:
    told = with_hidden_labels(LABELS, TRAIN, 12, 0)
    assert np.bincount(told[TRAIN][told[TRAIN] >= 0]).tolist() == [3, 3, 3, 3]
    shown = told >= 0
    assert np.array_equal(told[shown], LABELS[shown])


def test_classes_with_few_samples_give_what_they_have() -> None:
    told = with_hidden_labels(LABELS, TRAIN, 40, 0)
    assert (told[TRAIN] >= 0).sum() == 40
    assert (told[TRAIN] == 3).sum() == (LABELS[TRAIN] == 3).sum()


def test_held_out_samples_keep_their_labels() -> None:
    held_out = np.setdiff1d(np.arange(100), TRAIN)
    assert np.array_equal(with_hidden_labels(LABELS, TRAIN, 4, 0)[held_out], LABELS[held_out])


@pytest.mark.parametrize("count", [0, 1000])
def test_none_or_all_hides_nothing(count: int) -> None:
    assert np.array_equal(with_hidden_labels(LABELS, TRAIN, count, 0), LABELS)


def test_samples_without_a_label_are_never_chosen() -> None:
    labels = np.where(np.arange(100) < 60, -1, LABELS)
    told = with_hidden_labels(labels, TRAIN, 6, 0)
    assert (told[:60] == -1).all()
    assert (told[TRAIN] >= 0).sum() == 6


def test_the_seed_chooses() -> None:
    first, again, other = (with_hidden_labels(LABELS, TRAIN, 12, seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_batches_show_what_is_left_and_the_store_knows_all() -> None:
    samples = np.zeros((100, 2), np.float32)
    dataset = Dataset("made", "Made", samples, standardise(samples), LABELS.copy(), tuple("abcd"))
    told = with_hidden_labels(LABELS, TRAIN, 4, 0)
    store = SampleStore(dataset, torch.device("cpu"), labels=told)
    batch = store.batch(torch.arange(100))
    assert batch.labels is not None
    assert np.array_equal(batch.labels.numpy(), told)
    assert np.array_equal(store.labels, LABELS)
