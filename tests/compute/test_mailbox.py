import threading
import time
from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from aeviz.mailbox import Mailbox
from aeviz.messages import Decode, EpochDone, Message, Progress, Stop


@dataclass(frozen=True, eq=False, kw_only=True)
class Note(Message):
    name: str | None
    number: int

    @property
    def key(self) -> Hashable | None:
        return self.name


def numbers(messages: list[Message]) -> list[int]:
    return [message.number for message in messages if isinstance(message, Note)]


class MailboxMachine(RuleBasedStateMachine):
    """The mailbox against a list: what is unread, in the order in which it was posted."""

    def __init__(self) -> None:
        super().__init__()
        self.wakes = 0
        self.mailbox = Mailbox(self.count_wake)
        self.unread: list[Note] = []
        self.expected_wakes = 0
        self.posted = 0
        self.closed = False

    def count_wake(self) -> None:
        self.wakes += 1

    @rule(name=st.sampled_from([None, "a", "b", "c"]))
    def post(self, name: str | None) -> None:
        note = Note(name=name, number=self.posted)
        self.posted += 1
        self.mailbox.post(note)
        if self.closed:
            return
        self.expected_wakes += not self.unread
        self.unread = [old for old in self.unread if name is None or old.name != name]
        self.unread.append(note)

    @rule(block=st.booleans())
    def drain(self, block: bool) -> None:
        drained = self.mailbox.drain(block=block, timeout=0.0)
        assert numbers(drained) == [note.number for note in self.unread]
        self.unread = []

    @rule(name=st.sampled_from(["a", "b", "c"]))
    def ask_who_waits(self, name: str) -> None:
        assert self.mailbox.waiting(name) == any(note.name == name for note in self.unread)

    # Closing ends what can be learnt, so it comes rarely.
    @rule(sure=st.integers(0, 19))
    def close(self, sure: int) -> None:
        if sure == 0:
            self.mailbox.close()
            self.closed, self.unread = True, []

    @invariant()
    def agrees(self) -> None:
        assert len(self.mailbox) == len(self.unread)
        assert self.wakes == self.expected_wakes
        assert self.mailbox.closed == self.closed
        assert not self.mailbox.is_idle


TestMailboxMachine = MailboxMachine.TestCase
TestMailboxMachine.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


def start(work: threading.Thread) -> threading.Thread:
    work.daemon = True
    work.start()
    return work


def wait_until_idle(mailbox: Mailbox) -> None:
    deadline = time.monotonic() + 5
    while not mailbox.is_idle:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_a_replacing_message_stands_last(mailbox: Mailbox) -> None:
    for name, number in (("decode", 5), ("weights", 6), ("decode", 6)):
        mailbox.post(Note(name=name, number=number))
    drained = mailbox.drain()
    assert [note.name for note in drained if isinstance(note, Note)] == ["weights", "decode"]


def test_commands_and_epochs_are_never_dropped(mailbox: Mailbox) -> None:
    nothing = np.zeros((0, 2), np.float32)
    for epoch in range(3):
        mailbox.post(Stop())
        mailbox.post(
            EpochDone(epoch=epoch, positions=nothing, mean=nothing, axes=nothing, metrics={})
        )
    assert len(mailbox.drain()) == 6


def test_only_the_newest_progress_of_a_run_is_kept(mailbox: Mailbox) -> None:
    for step in range(1000):
        for run in ("a", "b"):
            mailbox.post(Progress(run=run, phase="training", epoch=1, epochs=2, step=step, steps=9))
    drained = mailbox.drain()
    assert [message.run for message in drained] == ["a", "b"]
    assert all(isinstance(message, Progress) and message.step == 999 for message in drained)


def test_views_do_not_replace_each_other(mailbox: Mailbox) -> None:
    z = np.zeros((1, 2), np.float32)
    for view in ("cursor", "pin", "cursor"):
        mailbox.post(Decode(run="r", view=view, z=z, epoch=0))
    views = [message.view for message in mailbox.drain() if isinstance(message, Decode)]
    assert views == ["pin", "cursor"]


def test_draining_waits_for_a_message(mailbox: Mailbox) -> None:
    got: list[list[int]] = []
    thread = start(threading.Thread(target=lambda: got.append(numbers(mailbox.drain(block=True)))))
    wait_until_idle(mailbox)
    mailbox.post(Note(name=None, number=7))
    thread.join(5)
    assert got == [[7]]
    assert not mailbox.is_idle


def test_closing_wakes_who_waits_and_deafens(mailbox: Mailbox) -> None:
    got: list[list[Message]] = []
    threads = [
        start(threading.Thread(target=lambda: got.append(mailbox.drain(block=True))))
        for _ in range(3)
    ]
    wait_until_idle(mailbox)
    mailbox.close()
    mailbox.close()
    for thread in threads:
        thread.join(5)
    assert got == [[], [], []]
    mailbox.post(Note(name=None, number=1))
    assert not len(mailbox)
    assert mailbox.drain(block=True) == []


def test_a_wait_ends_after_its_time(mailbox: Mailbox) -> None:
    began = time.monotonic()
    assert mailbox.drain(block=True, timeout=0.02) == []
    assert 0.015 < time.monotonic() - began < 2


def test_the_wake_up_comes_outside_the_lock() -> None:
    drained: list[int] = []
    mailbox = Mailbox()

    def wake() -> None:
        # Another thread must be able to take the message while the wake-up runs.
        taker = threading.Thread(target=lambda: drained.extend(numbers(mailbox.drain())))
        taker.start()
        taker.join(5)
        assert not taker.is_alive()

    mailbox.on_wake = wake
    mailbox.post(Note(name=None, number=3))
    assert drained == [3]


def test_many_messages_are_one_wake_up() -> None:
    wakes: list[int] = []
    mailbox = Mailbox(lambda: wakes.append(1))
    for number in range(178):
        mailbox.post(Note(name="progress", number=number))
    assert wakes == [1]
    assert numbers(mailbox.drain()) == [177]


def test_nothing_is_lost_or_reordered_between_threads() -> None:
    mailbox = Mailbox()
    count, senders = 2000, 4
    got: list[Note] = []

    def send(sender: int) -> None:
        for number in range(count):
            mailbox.post(Note(run=str(sender), name=None, number=number))
            mailbox.post(Note(run=str(sender), name=f"newest {sender}", number=number))

    threads = [start(threading.Thread(target=send, args=(sender,))) for sender in range(senders)]
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and (any(t.is_alive() for t in threads) or len(mailbox)):
        got += [n for n in mailbox.drain(block=True, timeout=0.01) if isinstance(n, Note)]
    for sender in range(senders):
        mine = [note for note in got if note.run == str(sender)]
        assert [note.number for note in mine if note.name is None] == list(range(count))
        newest = [note.number for note in mine if note.name is not None]
        assert newest == sorted(set(newest))
        assert newest[-1] == count - 1
