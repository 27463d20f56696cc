"""Instruments put to a run: what they see of it, what is kept, what is refused."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import pytest
from pydantic import Field
from pydantic.dataclasses import dataclass

import aeviz
from aeviz import paths
from aeviz.analysis.instruments import INSTRUMENTS, Study, register_instrument
from aeviz.analysis.measures import NotApplicable
from aeviz.analysis.questions import Findings
from aeviz.api import Run
from aeviz.models.options import FORBID_EXTRA
from aeviz.runs.findings import STUDIES
from aeviz.runs.reading import RunError
from aeviz.studies import look


@dataclass(config=FORBID_EXTRA, frozen=True)
class Options:
    part: str = "all"
    most: Annotated[int, Field(ge=1)] = 100


LOOKS: list[int] = []


@pytest.fixture(autouse=True)
def instrument() -> Iterator[None]:
    @register_instrument("probe of a test", title="Probe", summary="Counts.", config=Options)
    def counted(study: Study, options: Options) -> Findings:
        LOOKS.append(study.epoch)
        rows = study.some(study.rows(options.part), options.most)
        if options.most == 1:
            raise NotApplicable("one sample is no sample")
        x = study.read(rows)
        z = study.make_model().encode(study.case(rows).x).detach().numpy()
        return Findings({"rows": rows, "x": x, "z": z}, {"count": len(rows), "epoch": study.epoch})

    LOOKS.clear()
    yield
    del INSTRUMENTS["probe of a test"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    shutil.copytree(paths.resources() / "demo", tmp_path / "demo")
    return aeviz.load(tmp_path / "demo")


def test_an_instrument_sees_samples_and_model_of_the_epoch(run: Run) -> None:
    found = run.study("probe of a test", epoch=3, part="validation", most=20)
    rows = found.arrays["rows"]
    assert (run.parts[rows] == 1).all()
    assert found.arrays["x"].shape == (20, 1, 8, 8)
    np.testing.assert_allclose(found.arrays["z"], run.latents(3)[rows], atol=1e-4)


def test_what_was_found_is_not_computed_twice(run: Run) -> None:
    first = run.study("probe of a test", most=20)
    again = aeviz.load(run.path).study("probe of a test", most=20)
    assert len(LOOKS) == 1
    assert again.values == first.values
    for name, array in first.arrays.items():
        np.testing.assert_array_equal(again.arrays[name], array)
    run.study("probe of a test", most=21)
    run.study("probe of a test", epoch=2, most=20)
    assert LOOKS[1:] == [run.epochs, 2]


def test_damaged_findings_are_computed_anew(run: Run) -> None:
    run.study("probe of a test", most=20)
    (file,) = (run.path / STUDIES).iterdir()
    data = bytearray(file.read_bytes())
    data[-5] ^= 1
    file.write_bytes(data)
    run.study("probe of a test", most=20)
    assert len(LOOKS) == 2


def test_what_cannot_be_answered_is_a_sentence(run: Run) -> None:
    with pytest.raises(ValueError, match="there is no instrument 'x'"):
        run.study("x")
    with pytest.raises(ValueError, match=r"probe of a test\.most=0"):
        run.study("probe of a test", most=0)
    with pytest.raises(NotApplicable, match="one sample"):
        run.study("probe of a test", most=1)


def test_the_child_of_the_window_gets_sentences_and_the_nearest_epoch(run: Run) -> None:
    heard: list[str] = []
    found = look(
        str(run.path), "probe of a test", 2, {"most": 5}, lambda _, text: heard.append(text)
    )
    assert found["values"] == {"count": 5, "epoch": 2}
    assert found["array:rows"].shape == (5,)
    with pytest.raises(RunError, match=r"One sample is no sample\."):
        look(str(run.path), "probe of a test", 2, {"most": 1}, lambda _, text: None)
    with pytest.raises(RunError, match="no instrument"):
        look(str(run.path), "x", 2, {}, lambda _, text: None)
