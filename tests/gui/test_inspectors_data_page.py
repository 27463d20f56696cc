"""The data page: counts, attributes, splits, downloads; it asks when it is seen."""

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt

from aeviz import messages as m
from aeviz.gui.inspectors import data_page
from aeviz.gui.inspectors.data_page import DataInspector
from aeviz.gui.session import Session
from tests.gui.inspector_setup import count_of, image_run, last, show, table_run


@pytest.fixture
def posted() -> list[m.Message]:
    return []


@pytest.fixture
def session(posted: list[m.Message]) -> Session:
    return Session(posted.append)


@pytest.fixture
def inspector(session: Session, qtbot: Any) -> DataInspector:
    made = DataInspector(session)
    qtbot.addWidget(made)
    made.resize(300, 600)
    return made


def digits(**changes: Any) -> m.DataDescribed:
    fields: dict[str, Any] = {
        "name": "digits",
        "title": "Handwritten digits",
        "available": True,
        "sentence": "Comes with aeviz.",
        "source": "Alpaydin & Kaynak, 1998",
        "licence": "CC BY 4.0",
        "samples": 1797,
        "sample_shape": (4, 4, 1),
        "white": 16.0,
        "class_names": ("zero", "one"),
        "counts": (900, 897),
        "attributes": (
            m.Attribute("pixels", "image", 0.0, 16.0, "4 × 4, grey"),
            m.Attribute("label", "category", None, None, "2 classes"),
        ),
        "thumbnails": np.zeros((3, 4, 4, 1), np.uint8),
        "thumbnail_labels": np.array([0, 1, 1]),
    }
    return m.DataDescribed(view="data", **{**fields, **changes})


MISSING = m.DataDescribed(
    view="data",
    name="mnist",
    title="MNIST",
    available=False,
    sentence="MNIST is not on this computer.",
    source="LeCun",
)


def choose(inspector: DataInspector, name: str) -> None:
    inspector.chosen.setCurrentIndex(inspector.chosen.findData(name))


def test_the_data_set_of_the_open_run_is_described_when_the_page_is_seen(
    inspector: DataInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, image_run())
    assert count_of(posted, m.DescribeData) == 0
    inspector.show()
    request = last(posted, m.DescribeData, "data")
    assert request.settings == {"data": {"name": "digits", "binarise": "no"}}
    inspector.hide()
    inspector.show()
    assert count_of(posted, m.DescribeData) == 1


def test_another_data_set_can_be_chosen(
    inspector: DataInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, image_run())
    inspector.show()
    choose(inspector, "wine")
    assert last(posted, m.DescribeData).settings == {"data": {"name": "wine"}}
    assert inspector.state.text() == data_page.READING
    session.receive(digits())
    assert inspector.state.text() == data_page.READING, "the answer was for another data set"
    assert inspector.split.text() == ""


def test_a_description_is_shown(inspector: DataInspector, session: Session) -> None:
    show(session, image_run())
    inspector.show()
    session.receive(digits())
    assert inspector.summary.text() == "1,797 samples · 4 × 4, grey · 2 classes"
    assert "CC BY 4.0" in inspector.source.text()
    assert [(row.name, row.count, len(row.thumbnails)) for row in inspector.classes.rows] == [
        ("zero", 900, 1), ("one", 897, 2),
    ]  # fmt: skip
    model = inspector.attributes.attributes
    texts = [model.data(model.index(0, column)) for column in range(4)]
    assert texts == ["pixels", "0 … 16", "image", "4 × 4, grey"]
    assert model.data(model.index(1, 1)) == "–"
    assert not inspector.grab().isNull()


def test_the_split_and_the_part_of_the_selected_sample_are_told(
    inspector: DataInspector, session: Session
) -> None:
    show(session, image_run(total=1000))
    assert (
        inspector.split.text()
        == "5 samples for training, 1 for validation of 1,000; these are shown"
    )
    assert inspector.selected.text() == "Select a sample to see which part it is in."
    session.select([5])
    assert inspector.selected.text() == "Selected: #105, two, for validation"
    session.select([4, 5])
    assert inspector.selected.text() == "Selected: 1 for training, 1 for validation"


def test_a_table_is_described_with_its_features(inspector: DataInspector, session: Session) -> None:
    show(session, table_run(settings={"data": {"name": "wine"}}))
    inspector.show()
    numbers = tuple(m.Attribute(f"f{n}", "number", 0.5, 1680.0, "") for n in range(3))
    session.receive(
        digits(
            name="wine",
            sample_shape=(3,),
            attributes=numbers,
            thumbnails=np.ones((3, 3), np.float32),
        )
    )
    assert inspector.summary.text() == "1,797 samples · 3 features · 2 classes"
    assert inspector.attributes.attributes.data(inspector.attributes.attributes.index(2, 1)) == (
        "0.5 … 1680"
    )
    assert not inspector.grab().isNull()


def test_without_labels_some_samples_are_shown(inspector: DataInspector, session: Session) -> None:
    show(session, image_run())
    session.receive(digits(class_names=(), counts=(), thumbnail_labels=None))
    assert [len(row.thumbnails) for row in inspector.classes.rows] == [3]
    session.receive(digits(class_names=(), counts=(), thumbnail_labels=None, thumbnails=None))
    assert inspector.classes.rows == []


def test_a_data_set_of_a_path_can_be_described(
    inspector: DataInspector, session: Session, posted: list[m.Message]
) -> None:
    inspector.show()
    show(session, image_run(settings={"data": {"name": "/data/<i>own</i>.npz"}}))
    assert inspector.chosen.currentText() == "/data/<i>own</i>.npz"
    assert last(posted, m.DescribeData).settings["data"]["name"] == "/data/<i>own</i>.npz"


# ── downloads ─────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def missing(inspector: DataInspector, session: Session) -> DataInspector:
    inspector.show()
    choose(inspector, "mnist")
    session.receive(MISSING)
    return inspector


def test_what_is_missing_is_offered_and_fetched(
    missing: DataInspector, session: Session, posted: list[m.Message], qtbot: Any
) -> None:
    box = missing.download
    assert box.sentence.text() == "MNIST is not on this computer."
    qtbot.mouseClick(box.start, Qt.MouseButton.LeftButton)
    assert last(posted, m.Download).name == "mnist"
    assert not box.start.isVisible()
    session.receive(
        m.JobProgress(job="download-mnist", title="t", fraction=0.25, detail="3 of 12 MB")
    )
    assert (box.bar.value(), box.bar.maximum()) == (250, 1000)
    assert box.detail.text() == "3 of 12 MB"
    before = count_of(posted, m.DescribeData)
    session.receive(m.JobDone(job="download-mnist", outcome="done"))
    assert count_of(posted, m.DescribeData) == before + 1


def test_a_download_can_be_cancelled(
    missing: DataInspector, session: Session, posted: list[m.Message]
) -> None:
    box = missing.download
    box.start.click()
    box.cancel.click()
    assert last(posted, m.CancelJob).job == "download-mnist"
    assert not box.cancel.isEnabled()
    session.receive(
        m.JobDone(job="download-mnist", outcome="cancelled", sentence="It was cancelled.")
    )
    assert box.start.isVisible()
    assert box.sentence.text() == "It was cancelled."


def test_a_failed_download_says_why_and_can_be_tried_again(
    missing: DataInspector, session: Session
) -> None:
    box = missing.download
    box.start.click()
    session.receive(m.JobDone(job="download-mnist", outcome="failed", sentence="No network."))
    assert box.sentence.text() == "No network."
    assert box.start.isVisible()


def test_jobs_of_others_are_none_of_its_business(missing: DataInspector, session: Session) -> None:
    session.receive(m.JobProgress(job="download-fashion-mnist", title="t", fraction=0.5))
    session.receive(m.JobDone(job="download-fashion-mnist", outcome="failed", sentence="Oh."))
    assert missing.download.start.isVisible()
    assert missing.download.sentence.text() == "MNIST is not on this computer."


def test_what_cannot_be_fetched_has_no_button(inspector: DataInspector, session: Session) -> None:
    inspector.show()
    choose(inspector, "wine")
    session.receive(digits(name="wine", available=False, sentence="Gone."))
    assert not inspector.download.start.isVisible()
    assert inspector.download.sentence.text() == "Gone."
