"""A conditional run: kept conditions, decodes and reconstructions under them, Python."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import aeviz
from aeviz import messages as m
from aeviz.api import Run
from aeviz.compute import answers
from aeviz.compute.evaluating import other_samples
from aeviz.compute.opened import OpenedRun
from aeviz.errors import ConditionError
from aeviz.runs.reading import RunError
from aeviz.runs.run import RunFolder

SMALL = {"model.widths": [16], "train.shown": 60}
ORIGIN = np.zeros((2, 2), np.float32)


def trained(path: Path, model: str = "conditional-vae", **options: object) -> Run:
    return aeviz.train(
        None, model, epochs=1, options={**SMALL, **options}, out=path, progress=False
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return trained(tmp_path_factory.mktemp("conditional") / "run")


@pytest.fixture(scope="module")
def upper_half(tmp_path_factory: pytest.TempPathFactory) -> Run:
    options = {"model.condition": "upper-half"}
    return trained(tmp_path_factory.mktemp("upper-half") / "run", **options)


def opened(run: Run) -> OpenedRun:
    return OpenedRun("r", RunFolder.open(run.path))


def last(steps: answers.Steps) -> object:
    return [message for message in steps if message is not None][-1]


def decoded(run: OpenedRun, condition: object, z: np.ndarray = ORIGIN) -> m.Decoded:
    request = m.Decode(run="r", view="v", z=z, epoch=1, condition=condition)
    found = last(answers.decode(run, request))
    assert isinstance(found, m.Decoded)
    return found


def reconstructed(run: OpenedRun, rows: list[int], condition: object = None) -> m.Reconstructed:
    request = m.Reconstruct(
        run="r", view="v", rows=np.array(rows), epochs=(1,), condition=condition
    )
    found = last(answers.reconstruct(run, request))
    assert isinstance(found, m.Reconstructed)
    return found


def test_the_run_keeps_what_every_shown_sample_was_told(run: Run) -> None:
    assert np.array_equal(run.own_conditions, run.labels)
    assert run.conditions.names == tuple("0123456789")
    message = opened(run).opened()
    assert message.conditions == run.conditions
    assert np.array_equal(message.told, run.labels)


def test_the_latents_are_those_under_every_samples_own_condition(run: Run) -> None:
    samples = np.asarray(run.folder.samples)
    own = run.encode(samples, condition=run.own_conditions)
    np.testing.assert_allclose(own, run.latents(), atol=1e-5)
    assert not np.allclose(run.encode(samples), run.latents(), atol=1e-3)


def test_a_decode_is_told_a_choice_by_name_or_number_or_one_for_each(run: Run) -> None:
    three, four = (run.decode(ORIGIN, condition=choice) for choice in ("3", 4))
    assert not np.allclose(three, four)
    np.testing.assert_array_equal(run.decode(ORIGIN, condition=["3", "4"])[1], four[1])
    np.testing.assert_array_equal(run.decode(ORIGIN), run.decode(ORIGIN, condition=0))
    with pytest.raises(ConditionError, match="there are: 0, 1, 2"):
        run.decode(ORIGIN, condition="twelve")


def test_the_window_decodes_under_one_condition_or_one_for_each_latent(run: Run) -> None:
    whole = opened(run)
    one, each = decoded(whole, 4), decoded(whole, np.array([3, 4]))
    assert one.condition == 4
    np.testing.assert_allclose(one.values, run.decode(ORIGIN, condition=4), atol=1e-6)
    np.testing.assert_allclose(each.values, run.decode(ORIGIN, condition=[3, 4]), atol=1e-6)
    with pytest.raises(ValueError, match="there is no condition 12"):
        decoded(whole, 12)


def test_a_reconstruction_is_under_its_own_condition_unless_another_is_asked_for(run: Run) -> None:
    whole, rows = opened(run), [0, 1, 5]
    own, other = reconstructed(whole, rows), reconstructed(whole, rows, np.array([9, 9, 9]))
    labels = run.labels[rows]
    np.testing.assert_allclose(own.z, run.latents()[rows], atol=1e-5)
    np.testing.assert_array_equal(own.z, other.z)
    np.testing.assert_allclose(own.values, run.decode(own.z, condition=labels), atol=1e-5)
    np.testing.assert_allclose(other.values, run.decode(own.z, condition=9), atol=1e-5)
    np.testing.assert_array_equal(other.values, reconstructed(whole, rows, 9).values)


def test_a_part_of_a_sample_is_told_by_the_sample(upper_half: Run) -> None:
    whole = opened(upper_half)
    assert whole.opened().told is None
    assert upper_half.own_conditions is None
    samples = np.asarray(upper_half.folder.samples)
    np.testing.assert_allclose(upper_half.encode(samples), upper_half.latents(), atol=1e-5)
    by_row, by_number = decoded(whole, 7).values, int(upper_half.index[7])
    np.testing.assert_allclose(by_row, upper_half.decode(ORIGIN, condition=by_number), atol=1e-6)
    own = upper_half.decode(ORIGIN, condition=samples[7])
    np.testing.assert_allclose(by_row, own, atol=1e-6)
    each = decoded(whole, np.array([7, 3])).values
    np.testing.assert_allclose(each[0], by_row[0], atol=1e-6)
    assert not np.allclose(each[1], by_row[1])


def test_a_sample_that_is_not_kept_cannot_be_told(upper_half: Run) -> None:
    with pytest.raises(ConditionError, match="none of the 60 that this run keeps"):
        upper_half.decode(ORIGIN, condition=10_000)
    with pytest.raises(RunError, match="no row 99"):
        decoded(opened(upper_half), 99)


def test_the_first_sample_is_told_where_none_is_named(upper_half: Run) -> None:
    first = int(upper_half.index[0])
    expected = upper_half.decode(ORIGIN, condition=first)
    np.testing.assert_array_equal(upper_half.decode(ORIGIN), expected)
    np.testing.assert_allclose(decoded(opened(upper_half), None).values, expected, atol=1e-6)


def test_a_run_without_the_file_of_conditions_opens_and_decodes(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "older"
    shutil.copytree(run.path, path)
    (path / "latents" / "conditions.npy").unlink()
    older = aeviz.load(path)
    assert older.own_conditions is None
    assert reconstructed(opened(older), [0, 1]).values.shape == (2, 8, 8, 1)
    np.testing.assert_array_equal(
        older.decode(ORIGIN, condition=3), run.decode(ORIGIN, condition=3)
    )


def test_damaged_conditions_are_told(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "damaged"
    shutil.copytree(run.path, path)
    file = path / "latents" / "conditions.npy"
    file.write_bytes(file.read_bytes()[:-1] + b"\x01")
    with pytest.raises(RunError, match=r"conditions\.npy is damaged"):
        RunFolder.open(path)


def test_conditions_that_do_not_fit_are_refused(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "stranger"
    shutil.copytree(run.path, path)
    info = json.loads((path / "run.json").read_text())
    info["model"]["conditions"]["names"] = ["0", "1"]
    (path / "run.json").write_text(json.dumps(info))
    (path / "manifest.json").unlink()
    with pytest.raises(RunError, match=r"model\.conditions"):
        OpenedRun("r", RunFolder.open(path))


@pytest.mark.parametrize("model", ["conditional-vae", "two-decoder"])
def test_other_data_are_told_by_the_names_that_the_run_has(model: str, tmp_path: Path) -> None:
    options = {"model.condition": "label", "data.only": "3,8"}
    few = aeviz.train(
        "digits",
        model,
        epochs=1,
        options={**SMALL, **options},
        out=tmp_path / "run",
        progress=False,
    )
    taken = other_samples(few.folder, "hand-and-print")
    assert taken.labels is not None
    assert taken.condition is not None
    expected = np.full(10, -1)
    expected[[3, 8]] = 0, 1
    np.testing.assert_array_equal(taken.condition.numpy(), expected[taken.labels])
    (row,) = few.measure(["reconstruction_mse"], data="hand-and-print")
    assert row["value"] > 0


def test_styles_are_the_same_for_the_same_seed(run: Run) -> None:
    few, many = run.styles(3, seed=1), run.styles(5, seed=1)
    assert few.shape == (3, 2)
    np.testing.assert_array_equal(few, many[:3])
    assert not np.array_equal(few, run.styles(3, seed=2))


def test_a_question_decodes_under_the_condition_that_it_names(run: Run) -> None:
    def first(condition: object) -> np.ndarray:
        asked = {"anchors": [[0.0, 0.0], [1.0, 0.0]], "steps": 2, "condition": condition}
        answer = last(answers.ask(opened(run), m.Ask(view="v", question="path", arguments=asked)))
        assert isinstance(answer, m.Answer)
        return np.asarray(answer.arrays["x"][0, 0])

    for told in (0, 3):
        np.testing.assert_allclose(first(told), decoded(opened(run), told).values[0], atol=1e-5)
    np.testing.assert_array_equal(first(None), first(0))
