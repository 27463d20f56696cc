"""The noise panel: what it asks for, its level, and whose samples it shows."""

from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from aeviz import messages as m
from aeviz.gui.inspectors.noise import NO_RUN, VIEW, NoiseInspector
from aeviz.gui.noise_strip import picture_of
from aeviz.gui.session import Session
from tests.gui.inspector_setup import count_of, image_run, last, show, table_run

SETTINGS = {
    "data": {"name": "digits"},
    "model": {"name": "denoising", "noise": "salt-and-pepper", "level": 0.4},
}


@pytest.fixture
def posted() -> list[m.Message]:
    return []


@pytest.fixture
def session(posted: list[m.Message]) -> Session:
    return Session(posted.append)


@pytest.fixture
def panel(session: Session, qtbot: QtBot) -> NoiseInspector:
    made = NoiseInspector(session)
    qtbot.addWidget(made)
    made.resize(500, 240)
    made.show()
    return made


def denoising(**changes: Any) -> m.RunOpened:
    return image_run(**{"settings": SETTINGS, "abilities": ("corrupting",), **changes})


def tell(session: Session, request: m.Ask, shape: tuple[int, ...] = (4, 4, 1)) -> None:
    count = len(request.arguments["rows"])
    arrays: dict[str, Any] = {
        name: np.full((count, *shape), 0.5, np.float32) for name in ("clean", "noisy", "restored")
    }
    arrays["noise"] = np.full(count, 0.2, np.float32)
    arrays["error"] = np.full(count, 0.05, np.float32)
    values = {"rows": request.arguments["rows"]}
    session.receive(
        m.Answer(run="r", view=VIEW, question="", epoch=0, arrays=arrays, values=values)
    )


def test_without_a_run_there_are_no_controls(panel: NoiseInspector) -> None:
    assert panel.note.text() == NO_RUN
    assert not panel.slider.isVisible()


def test_the_slider_begins_with_the_level_of_the_training(
    panel: NoiseInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, denoising())
    assert panel.level.text() == "0.40"
    assert panel._caption.text() == "Salt and pepper noise"
    assert last(posted, m.Ask, VIEW).arguments["weights"] == {"level": 0.4}
    panel.slider.setValue(80)
    assert last(posted, m.Ask, VIEW).arguments["weights"] == {"level": 0.8}


def test_redraw_is_another_seed_of_the_same_samples(
    panel: NoiseInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, denoising())
    before = last(posted, m.Ask, VIEW).arguments
    panel.redraw.click()
    after = last(posted, m.Ask, VIEW).arguments
    assert (before["seed"], after["seed"]) == (0, 1)
    assert before["rows"] == after["rows"]


def test_selected_samples_go_before_random_ones(
    panel: NoiseInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, denoising())
    session.select([4, 1])
    assert last(posted, m.Ask, VIEW).arguments["rows"] == [1, 4]
    assert not panel.others.isEnabled()
    session.select([])
    assert len(last(posted, m.Ask, VIEW).arguments["rows"]) == 6
    assert panel.others.isEnabled()


def test_the_epoch_of_the_timeline_is_asked(
    panel: NoiseInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, denoising())
    session.set_playhead(2)
    assert last(posted, m.Ask, VIEW).epoch == 2


@pytest.mark.parametrize("is_image", [True, False])
def test_answers_are_drawn_with_their_errors(
    panel: NoiseInspector, session: Session, posted: list[m.Message], is_image: bool
) -> None:
    changes = {"settings": SETTINGS, "abilities": ("corrupting",)}
    show(session, image_run(**changes) if is_image else table_run(**changes))
    tell(session, last(posted, m.Ask, VIEW), (4, 4, 1) if is_image else (3,))
    assert "noisy 0.20, restored 0.050" in panel.told.text
    assert "restored 0.050" in panel.strip.accessibleDescription()
    assert not panel.grab().isNull()


def test_an_answer_for_other_samples_is_not_shown(
    panel: NoiseInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, denoising())
    old = last(posted, m.Ask, VIEW)
    session.select([2])
    tell(session, old)
    assert panel.told.text == ""


def test_other_models_are_not_asked(
    panel: NoiseInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, image_run())
    assert count_of(posted, m.Ask) == 0


def test_hidden_it_asks_nothing(session: Session, posted: list[m.Message], qtbot: QtBot) -> None:
    panel = NoiseInspector(session)
    qtbot.addWidget(panel)
    show(session, denoising())
    assert count_of(posted, m.Ask) == 0
    panel.show()
    assert count_of(posted, m.Ask) == 1


def test_pictures_are_clipped() -> None:
    assert picture_of(np.array([-1.0, 0.5, 2.0])).tolist() == [0, 128, 255]
