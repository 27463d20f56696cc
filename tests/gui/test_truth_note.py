"""What is known in advance, in numbers, beside the loss chart."""

from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from aeviz import messages as m
from aeviz.gui.session import Session
from aeviz.gui.truth_note import VIEW, TruthNote, sentence
from tests.gui.inspector_setup import READY, count_of, image_run, last

OPTIMUM = m.TruthLine("reconstruction_mse", 0.05, "PCA optimum, 2 components", "Of PCA.")
COLLAPSED = m.TruthLine("reconstruction", 205.82, "Collapsed model", "The mean image.")


@pytest.fixture
def posted() -> list[m.Message]:
    return []


@pytest.fixture
def session(posted: list[m.Message]) -> Session:
    return Session(posted.append)


@pytest.fixture
def note(session: Session, qtbot: QtBot) -> TruthNote:
    made = TruthNote(session)
    qtbot.addWidget(made)
    made.show()
    return made


def open_run(session: Session, model: str = "linear", *truths: m.TruthLine) -> None:
    settings = {"model": {"name": model}}
    session.receive(image_run(truths=truths or (OPTIMUM,), settings=settings))
    for epoch, error in enumerate((0.1, 0.051, 0.05)):
        session.receive(
            m.EpochDone(
                run="r",
                epoch=epoch,
                positions=np.zeros((6, 2), np.float32),
                mean=np.zeros(2, np.float32),
                axes=np.eye(2, dtype=np.float32),
                metrics={"reconstruction_mse": error, "reconstruction": 1000 * error},
            )
        )
    session.receive(READY)


def test_an_error_is_a_share_above_the_optimum() -> None:
    assert sentence(OPTIMUM, 0.051, 3) == (
        "PCA optimum, 2 components: 0.05000. Epoch 3 is 2.0 % above it."
    )
    assert sentence(OPTIMUM, 0.0500001, 3).endswith("Epoch 3 is there.")
    assert sentence(OPTIMUM, float("nan"), 3) == "PCA optimum, 2 components: 0.05000."


def test_a_loss_is_so_many_nats_below_what_a_collapsed_model_has() -> None:
    assert (
        sentence(COLLAPSED, 160.82, 5, "nats")
        == "Collapsed model: 205.8. Epoch 5 is 45.0 nats below it."
    )


def test_it_speaks_of_the_epoch_of_the_timeline(note: TruthNote, session: Session) -> None:
    open_run(session, "vae", OPTIMUM, COLLAPSED)
    session.set_playhead(1.0)
    assert [label.text().split(". ")[1] for label in note.labels] == [
        "Epoch 1 is 2.0 % above it.",
        "Epoch 1 is 155 below it.",
    ]
    session.receive(image_run())
    assert not note.isVisible()


def test_the_angle_of_a_linear_model_is_asked_when_the_timeline_rests(
    note: TruthNote, session: Session, posted: list[m.Message]
) -> None:
    open_run(session)
    session.set_playhead(2.0)
    assert note._rest.isActive()
    note._rest.stop()
    note._on_rested()
    asked = last(posted, m.Ask, VIEW)
    assert asked.arguments["rows"].tolist() == [0, 1, 2, 3, 4]
    tell(session, asked=1, angle=9.0)
    assert note.angle.text() == ""
    tell(session, asked=2, angle=3.21)
    assert note.angle.text() == "Epoch 2: 3.2° between its plane and that of PCA."
    assert "60,000 training samples" in note.angle.toolTip()


def test_of_another_model_no_angle_is_asked(
    note: TruthNote, session: Session, posted: list[m.Message]
) -> None:
    open_run(session, "vae", COLLAPSED)
    assert not note._rest.isActive()
    assert count_of(posted, m.Ask) == 0


def tell(session: Session, **values: Any) -> None:
    told = {"samples": 60_000, "centred": True, **values}
    session.receive(
        m.Answer(run="r", view=VIEW, question="optimum", epoch=2, arrays={}, values=told)
    )
