"""How the ranks of a training meet: device, network and the store through which they talk."""

import os
import socket
import sys
import threading
import time
from datetime import timedelta

import torch
from torch.distributed import TCPStore  # type: ignore[attr-defined]

from aeviz.compute.launcher import Launch
from aeviz.compute.settings import SettingsError

MEETING_SECONDS = 35
"""Within so long all ranks must have met, so that a wrong address shows within a minute."""


class MeetingError(SettingsError):
    """The ranks do not find each other; each says what it sees of that.

    Attributes:
        leaves_thread: Whether a thread still waits in torch, which no interpreter survives that
            ends in the usual way.
    """

    leaves_thread = False


def device_of(word: str, launch: Launch) -> str:
    """The device of this rank: the accelerator of its local number, or the CPU."""
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if word == "cpu" or (word == "auto" and count == 0):
        return "cpu"
    if word not in ("auto", "cuda"):
        raise SettingsError(
            f"several processes train on cuda or on the cpu, not on {word!r}: use --device"
        )
    if count < launch.local_size:
        raise SettingsError(
            f"rank {launch.rank} sees {count} CUDA devices for the {launch.local_size} ranks of "
            "its computer: start fewer, let every rank see all devices, or use --device cpu"
        )
    return "cuda" if count == 1 else f"cuda:{launch.local_rank}"


def set_environment(launch: Launch) -> None:
    """Say where this process is in torchrun's words, also where Slurm started it."""
    words = {
        "RANK": launch.rank,
        "WORLD_SIZE": launch.size,
        "LOCAL_RANK": launch.local_rank,
        "LOCAL_WORLD_SIZE": launch.local_size,
        "GROUP_RANK": launch.rank // launch.local_size,
        "MASTER_ADDR": launch.address,
        "MASTER_PORT": launch.port,
    }
    os.environ.update({name: str(word) for name, word in words.items()})
    if launch.nodes == 1 and sys.platform != "win32":
        # Ranks of one computer need no port that others can reach.
        loopback = "lo0" if sys.platform == "darwin" else "lo"
        for library in ("GLOO", "NCCL"):
            os.environ.setdefault(f"{library}_SOCKET_IFNAME", loopback)


def meet(launch: Launch) -> TCPStore:
    """The store of all ranks, once all of them have come.

    Raises:
        MeetingError: If the port is taken, the host cannot be reached, or somebody stays away.
    """
    where = f"{launch.address}:{launch.port}"
    deadline = time.monotonic() + MEETING_SECONDS
    try:
        store = _store(launch)
        store.set(f"aeviz/{launch.attempt}/come/{launch.rank}", "1")
        missing = _wait_for_all(store, launch, deadline)
    except (RuntimeError, OSError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0][:200]
        failure = MeetingError(
            f"rank {launch.rank} cannot meet the others at {where} ({first}): the port must be "
            "free on the computer of rank 0, and its host reachable from all"
        )
        failure.leaves_thread = isinstance(error, TimeoutError)
        raise failure from error
    if missing:
        names = ", ".join(str(rank) for rank in missing[:8])
        raise MeetingError(
            f"rank {names} of {launch.size} did not come to {where} within {MEETING_SECONDS} s: "
            "start all of them, and see whether their computers reach this one"
        )
    return store


def _store(launch: Launch) -> TCPStore:
    """The store, made in a thread: where another program listens at the port, it never returns.

    Raises:
        TimeoutError: If nobody has answered in time as the store of rank 0 would.
    """
    made: list[TCPStore | Exception] = []
    thread = threading.Thread(target=_connect, args=(launch, made), daemon=True)
    thread.start()
    thread.join(MEETING_SECONDS)
    if not made:
        raise TimeoutError(f"no answer within {MEETING_SECONDS} s")
    if isinstance(made[0], Exception):
        raise made[0]
    return made[0]


def _connect(launch: Launch, made: list[TCPStore | Exception]) -> None:
    try:
        made.append(_new_store(launch))
    except (RuntimeError, OSError) as error:
        made.append(error)


def _new_store(launch: Launch) -> TCPStore:
    serves = launch.rank == 0 and not launch.serves
    descriptor = None
    if serves and launch.nodes == 1:
        listener = socket.create_server(("127.0.0.1", launch.port))
        descriptor = listener.detach()
    return TCPStore(
        launch.address,
        launch.port,
        is_master=serves,
        wait_for_workers=False,
        master_listen_fd=descriptor,
        timeout=timedelta(seconds=MEETING_SECONDS),
    )


def _wait_for_all(store: TCPStore, launch: Launch, deadline: float) -> list[int]:
    """The ranks that have not come in time."""
    missing = list(range(launch.size))
    while missing:
        missing = [r for r in missing if not store.check([f"aeviz/{launch.attempt}/come/{r}"])]
        if time.monotonic() > deadline:
            break
        time.sleep(0.02 if missing else 0.0)
    return missing
