"""What conditional models are told: found by name, kept with the run, given in any form."""

import numpy as np
import pytest
import torch

from aeviz.compute.conditions import told_by, told_of, with_conditions
from aeviz.compute.samples import SampleStore, data_spec
from aeviz.compute.settings import SettingsError
from aeviz.compute.telling import default_condition, to_model
from aeviz.data.dataset import Column, Dataset, divide, standardise
from aeviz.messages import Conditions

EVERYONE = np.arange(6)


def images() -> Dataset:
    samples = np.random.default_rng(0).integers(0, 17, (6, 4, 4, 1)).astype(np.uint8)
    hand = Column("hand", np.array([0, 1, 0, 1, -1, 0]), ("left", "right"))
    angle = Column("angle", np.array([0, 2, 4, 6, 8, np.nan], np.float32), unit="°")
    size = Column("size", np.full(6, 3, np.float32))
    return Dataset(
        "x", "X", samples, divide(16), np.array([0, 1, 2, -1, 0, 1]), ("a", "b"),
        columns=(hand, angle, size),
    )  # fmt: skip


def table() -> Dataset:
    samples = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    return Dataset("t", "T", samples, standardise(samples))


class Conditioned(torch.nn.Module):
    condition_names = ("cat", "dog")

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.condition_kind = kind


def test_the_label_is_a_choice_and_unnamed_classes_have_their_number() -> None:
    told = told_of(images(), "label")
    assert (told.about.kind, told.about.names) == ("choice", ("a", "b", "2"))
    assert told.of(np.array([1, 3])).tolist() == [1, -1]


def test_a_column_of_choices_is_told_by_its_names() -> None:
    told = told_of(images(), "hand")
    assert (told.about.kind, told.about.names) == ("choice", ("left", "right"))


def test_numbers_come_with_the_range_and_the_mean_of_the_training_samples() -> None:
    told = told_of(images(), "angle, size").seen_by(np.array([1, 2, 5]))
    assert (told.about.name, told.about.names) == ("angle,size", ("angle", "size"))
    assert told.about.units == ("°", "")
    assert told.about.ranges == ((2, 4), (3, 3))
    assert told.about.middles == (3, 3)
    spec = with_conditions(data_spec(images(), 3), told, np.array([1, 2, 5]))
    assert (spec.condition_mean, spec.condition_scale) == ((3, 3), (1, 1))


def test_a_part_of_the_sample_needs_no_column() -> None:
    told = told_of(images(), "upper-half")
    assert (told.about.kind, told.values) == ("sample", None)
    store = SampleStore(images(), torch.device("cpu"), told=told)
    batch = store.batch(torch.tensor([2, 4]))
    assert batch.condition is batch.x


def test_every_sample_of_a_batch_is_told_its_own() -> None:
    store = SampleStore(images(), torch.device("cpu"), told=told_of(images(), "hand"))
    assert store.batch(torch.tensor([4, 1])).condition.tolist() == [-1, 1]
    assert SampleStore(images(), torch.device("cpu")).batch(torch.tensor([1])).condition is None


def test_a_name_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(SettingsError, match=r"there are: label, hand, angle, size, upper-half, s"):
        told_of(images(), "colour")
    with pytest.raises(SettingsError, match="neither labels nor further columns"):
        told_of(table(), "silhouette")
    with pytest.raises(SettingsError, match="'hand' has choices"):
        told_of(images(), "angle,hand")


def test_a_model_of_choices_is_offered_choices_alone() -> None:
    settings = {"model": {"name": "two-decoder", "condition": "domain"}}
    with pytest.raises(SettingsError, match=r"there are: label, hand$"):
        told_by(settings, images())
    with pytest.raises(SettingsError, match="neither labels nor further columns of choices"):
        told_by(settings, table())
    settings["model"]["name"] = "conditional-vae"
    with pytest.raises(SettingsError, match=r"label, hand, angle, size, upper-half, silhouette$"):
        told_by(settings, images())


def test_choices_of_other_data_are_numbered_by_their_names_in_the_run() -> None:
    told = told_of(images(), "hand")
    assert told.among(told.about) is told
    other = told.among(Conditions("hand", "choice", ("both", "right")))
    assert other.about.names == ("both", "right")
    assert other.values.tolist() == [-1, 1, -1, 1, -1, -1]
    numbers = told_of(images(), "size")
    assert numbers.among(numbers.about) is numbers
    with pytest.raises(ValueError, match="its 'hand' holds numbers, and that of the run choices"):
        numbers.among(told.about)


def test_choices_are_told_by_name_or_number_for_all_rows_or_each() -> None:
    model = Conditioned("choice")
    for condition in ("dog", 1, np.int64(1), np.array([1, 1]), ["dog", 1]):
        assert to_model(model, condition, 2).tolist() == [1, 1]
    assert to_model(model, None, 2) is None
    assert default_condition(model) == 0
    for wrong in ("cow", 2, -2, True, np.array([0, 2])):
        with pytest.raises(ValueError, match="there are: cat, dog"):
            to_model(model, wrong, 2)
    with pytest.raises(ValueError, match="3 conditions were given for 2 rows"):
        to_model(model, [0, 1, 0], 2)


def test_numbers_are_told_for_all_rows_or_each() -> None:
    model = Conditioned("numbers")
    assert to_model(model, [0.5, 2.0], 2).tolist() == [[0.5, 2.0], [0.5, 2.0]]
    assert to_model(model, [[0, 1], [2, 3]], 2).tolist() == [[0, 1], [2, 3]]
    assert default_condition(model) is None
    for wrong in ([1.0], "warm", [[1, 2]] * 3):
        with pytest.raises(ValueError, match="the condition is 2 numbers: cat, dog"):
            to_model(model, wrong, 2)


def test_a_sample_is_told_with_channels_last() -> None:
    model = Conditioned("sample")
    sample = np.arange(12, dtype=np.float32).reshape(2, 3, 2)
    told = to_model(model, sample, 2)
    assert told.shape == (2, 2, 2, 3)
    assert told[1, 0].tolist() == sample[:, :, 0].tolist()
    with pytest.raises(ValueError, match="is an image"):
        to_model(model, 3, 2)


def test_a_model_without_conditions_takes_none() -> None:
    assert to_model(torch.nn.Identity(), None, 2) is None
    with pytest.raises(ValueError, match="takes no condition, and 3 was given"):
        to_model(torch.nn.Identity(), 3, 2)
