"""Session: each verb posts exactly one message, each answer emits exactly one signal."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from aeviz import messages as m
from aeviz.gui.session import Session


def opened(run: str = "r", count: int = 5, latent_dim: int = 2, **changes: Any) -> m.RunOpened:
    fields: dict[str, Any] = {
        "path": run,
        "title": run,
        "settings": {},
        "sample_shape": (2, 2, 1),
        "white": 255.0,
        "latent_dim": latent_dim,
        "index": np.arange(count),
        "labels": np.arange(count) % 2,
        "parts": np.zeros(count, np.uint8),
        "class_names": ("a", "b"),
        "feature_names": (),
        "samples": np.arange(count * 4, dtype=np.uint8).reshape(count, 2, 2, 1),
        "total": count,
        "epochs": 3,
    }
    return m.RunOpened(run=run, **{**fields, **changes})


def done(epoch: int, run: str = "r", count: int = 5, axes: Any = None) -> m.EpochDone:
    return m.EpochDone(
        run=run,
        epoch=epoch,
        positions=np.full((count, 2), epoch, np.float32),
        mean=np.zeros(2 if axes is None else len(axes), np.float32),
        axes=np.eye(2, dtype=np.float32) if axes is None else axes,
        metrics={"loss": 10.0 - epoch},
    )


class Listener:
    """Counts the emissions of every signal of a session."""

    def __init__(self, session: Session) -> None:
        self.heard: list[tuple[str, Any]] = []
        for name in (
            "run_changed", "epoch_added", "playhead_changed", "epoch_changed", "cursor_changed",
            "hovered_changed", "pin_changed", "selection_changed", "hidden_changed",
            "colour_changed", "decoded", "reconstructed", "samples_fetched", "answered",
            "data_described", "engine_ready", "training_changed", "progressed", "failed",
            "following_changed", "noticed", "job_done", "job_progressed", "logged",
        ):  # fmt: skip
            getattr(session, name).connect(self._slot(name))

    def _slot(self, name: str) -> Callable[[Any], None]:
        def hear(payload: Any) -> None:
            self.heard.append((name, payload))

        return hear

    def names(self) -> list[str]:
        names = [name for name, _ in self.heard]
        self.heard.clear()
        return names


@pytest.fixture
def posted() -> list[m.Message]:
    return []


@pytest.fixture
def session(posted: list[m.Message]) -> Session:
    return Session(posted.append)


@pytest.fixture
def shown(session: Session, posted: list[m.Message]) -> Session:
    session.receive(opened())
    for epoch in range(3):
        session.receive(done(epoch))
    posted.clear()
    return session


@pytest.mark.parametrize(
    ("verb", "kind"),
    [
        (lambda s: s.open_run("x"), m.OpenRun),
        (lambda s: s.decode("v", np.zeros(2, np.float32)), m.Decode),
        (lambda s: s.reconstruct("v", [0, 1], [0]), m.Reconstruct),
        (lambda s: s.ask("v", "density"), m.Ask),
        (lambda s: s.describe_model("v", {}), m.Ask),
        (lambda s: s.describe_data("v", {}), m.DescribeData),
        (lambda s: s.download("mnist"), m.Download),
        (lambda s: s.cancel_job("j"), m.CancelJob),
        (lambda s: s.train({}), m.Train),
        (lambda s: s.train_on(9), m.TrainOn),
        (lambda s: s.pause(), m.Pause),
        (lambda s: s.go_on(), m.Continue),
        (lambda s: s.step(), m.StepOnce),
        (lambda s: s.stop(), m.Stop),
        (lambda s: s.turn("beta", 2.0), m.Turn),
    ],
)
def test_every_verb_posts_exactly_one_message(
    shown: Session, posted: list[m.Message], verb: Callable[[Session], None], kind: type
) -> None:
    verb(shown)
    assert [type(message) for message in posted] == [kind]


@pytest.mark.parametrize(
    ("message", "signal"),
    [
        (m.EngineReady(device="cpu", reason="", devices=("cpu",), versions={}), "engine_ready"),
        (m.Failed(where="x", summary="y"), "failed"),
        (m.TrainingChanged(state="training"), "training_changed"),
        (m.Progress(run="r", phase="training", epoch=1, epochs=2, step=1, steps=2), "progressed"),
        (m.Answer(run="r", view="v", question="q", epoch=0), "answered"),
        (m.JobDone(job="j", outcome="done"), "job_done"),
        (m.Logged(level=20, name="a", text="b", time=0.0), "logged"),
        (done(3), "epoch_added"),
    ],
)
def test_every_answer_emits_exactly_one_signal(
    shown: Session, message: m.Message, signal: str
) -> None:
    listener = Listener(shown)
    shown.receive(message)
    assert listener.names() == [signal]


def test_equal_values_emit_nothing(shown: Session) -> None:
    shown.set_playhead(1.5)
    shown.select([2, 1])
    shown.set_pin(np.ones(2, np.float32))
    shown.hide([1])
    listener = Listener(shown)
    shown.set_playhead(1.5)
    shown.select([1, 2])
    shown.set_pin(np.ones(2, np.float32))
    shown.hide([1])
    shown.set_colour("label")
    shown.set_following(True)
    assert listener.names() == []


def test_map_hover_and_pins_speak_of_the_floor_of_the_playhead(shown: Session) -> None:
    listener = Listener(shown)
    shown.set_playhead(1.9)
    assert shown.epoch == 1
    assert listener.names() == ["playhead_changed", "epoch_changed"]
    shown.set_playhead(1.2)
    assert listener.names() == ["playhead_changed"]


def test_the_playhead_stays_within_the_run(shown: Session) -> None:
    shown.set_playhead(99)
    assert shown.playhead == 2.0
    shown.set_playhead(-1)
    assert shown.playhead == 0.0


def test_decode_speaks_of_the_shown_epoch(shown: Session, posted: list[m.Message]) -> None:
    shown.set_playhead(1.7)
    shown.decode("cursor", np.array([1, 2], np.float32))
    (request,) = posted
    assert isinstance(request, m.Decode)
    assert request.epoch == 1
    assert request.z.shape == (1, 2)


def test_a_point_of_the_map_becomes_a_latent_and_back(session: Session) -> None:
    axes = np.array([[1, 0], [0, 2], [0, 0]], np.float32)
    session.receive(opened(latent_dim=3))
    session.receive(done(0, axes=axes))
    z = session.latent_at((3.0, 4.0))
    assert z is not None
    np.testing.assert_allclose(z, [3, 8, 0])
    position = session.position_of(z)
    assert position is not None
    np.testing.assert_allclose(position, [3, 4], atol=1e-6)


def test_opening_another_run_forgets_the_old_one(shown: Session, posted: list[m.Message]) -> None:
    shown.select([1])
    shown.set_pin(np.ones(2, np.float32))
    shown.receive(opened("other"))
    assert [type(message) for message in posted] == [m.CloseRun]
    assert shown.epochs == []
    assert shown.pin is None
    assert shown.selection.size == 0


def test_answers_of_a_run_that_is_not_shown_are_dropped(shown: Session) -> None:
    listener = Listener(shown)
    shown.receive(m.Answer(run="old", view="v", question="q", epoch=0))
    shown.receive(done(3, run="old"))
    assert listener.names() == []


def test_samples_that_the_window_holds_come_at_once(
    shown: Session, posted: list[m.Message]
) -> None:
    listener = Listener(shown)
    shown.fetch("v", [3, 1])
    (name, message) = listener.heard[0]
    assert name == "samples_fetched"
    assert message.samples.tolist()[0] == shown.run.samples[3].tolist()  # type: ignore[union-attr]
    assert posted == []


def test_samples_beyond_what_the_folder_keeps_are_asked_for(
    session: Session, posted: list[m.Message]
) -> None:
    run = opened(count=5)
    session.receive(opened(count=5, samples=run.samples[:2] if run.samples is not None else None))
    session.fetch("v", [3])
    assert [type(message) for message in posted] == [m.FetchSamples]


def test_a_second_training_is_refused_with_a_notice(
    session: Session, posted: list[m.Message]
) -> None:
    session.train({})
    listener = Listener(session)
    session.train({})
    assert listener.names() == ["noticed"]
    assert len(posted) == 1


def test_metric_has_nan_where_an_epoch_has_no_value(shown: Session) -> None:
    assert shown.metric("loss").tolist() == [10.0, 9.0, 8.0]
    assert np.isnan(shown.metric("kl")).all()


def test_every_answer_is_closed_once(shown: Session, posted: list[m.Message]) -> None:
    for run in ("first", "first", "second"):
        shown.receive(opened(run))
    closed = [message.run for message in posted if isinstance(message, m.CloseRun)]
    assert closed == ["r", "first", "first"]
