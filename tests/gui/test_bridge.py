"""Bridge: answers arrive in the GUI thread, in order, without flooding Qt's queue."""

import threading
from typing import Any

import pytest

from aeviz import messages as m
from aeviz.gui.bridge import Bridge
from aeviz.mailbox import Mailbox


def logged(text: str) -> m.Logged:
    return m.Logged(level=20, name="test", text=text, time=0.0)


def test_messages_of_another_thread_arrive_in_this_one_in_order(qtbot: Any) -> None:
    outbox, received = Mailbox(), []

    def receive(message: m.Message) -> None:
        received.append((message, threading.current_thread()))

    bridge = Bridge(outbox, receive)
    thread = threading.Thread(target=lambda: [outbox.post(logged(str(n))) for n in range(200)])
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(received) == 200)
    assert [message.text for message, _ in received] == [str(n) for n in range(200)]
    assert {where for _, where in received} == {threading.main_thread()}
    assert bridge.pending == 0


def test_what_was_posted_before_the_bridge_was_made_arrives(qtbot: Any) -> None:
    outbox, received = Mailbox(), []
    outbox.post(logged("early"))
    bridge = Bridge(outbox, received.append)
    qtbot.waitUntil(lambda: bool(received))
    assert bridge.pending == 0


def test_many_messages_cause_few_wake_ups(qtbot: Any) -> None:
    outbox, received, woken = Mailbox(), [], []
    bridge = Bridge(outbox, received.append)
    bridge.woken.connect(lambda: woken.append(1))
    for number in range(1000):
        outbox.post(logged(str(number)))
    assert sum(woken) == 1
    qtbot.waitUntil(lambda: len(received) == 1000)


def test_a_slow_receiver_gets_the_messages_in_slices(
    qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aeviz.gui.bridge._SLICE", 0.0)
    outbox, received = Mailbox(), []
    bridge = Bridge(outbox, received.append)
    for number in range(3):
        outbox.post(logged(str(number)))
    bridge._on_woken()
    assert len(received) == 1
    assert bridge.pending == 2
    qtbot.waitUntil(lambda: len(received) == 3)


def test_what_the_receiver_raises_becomes_a_failure_and_the_rest_arrives(qtbot: Any) -> None:
    outbox, received = Mailbox(), []

    def receive(message: m.Message) -> None:
        if isinstance(message, m.Logged) and message.text == "bad":
            raise RuntimeError("cannot draw this")
        received.append(message)

    bridge = Bridge(outbox, receive)
    for text in ("bad", "good"):
        outbox.post(logged(text))
    qtbot.waitUntil(lambda: bridge.pending == 0 and len(received) == 2)
    failure, after = received
    assert failure.where == "window"
    assert failure.summary == "The window could not show Logged: cannot draw this"
    assert "RuntimeError" in failure.details
    assert after.text == "good"


def test_nothing_is_delivered_after_close(qtbot: Any) -> None:
    outbox, received = Mailbox(), []
    bridge = Bridge(outbox, received.append)
    outbox.post(logged("late"))
    bridge.close()
    outbox.post(logged("later"))
    qtbot.wait(20)
    assert received == []
    assert outbox.closed
    bridge.close()
