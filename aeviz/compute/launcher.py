"""What a launcher of several processes says of this one: `torchrun`, or Slurm's `srun`."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from aeviz.compute.settings import SettingsError

_RANGE = re.compile(r"\[([^\],-]+)")
"""The first number of a node list such as `node[07-09,12]`."""


@dataclass(frozen=True)
class Launch:
    """The place of this process in a world of several.

    Attributes:
        rank: Its number, from 0.
        size: How many there are.
        local_rank: Its number on its computer.
        local_size: How many there are on every computer.
        address: Where rank 0 meets the others.
        port: At which port.
        serves: Whether the launcher itself listens there (torchrun); else rank 0 does.
        attempt: Tells apart the starts of one launcher, which keeps what an earlier one noted.
    """

    rank: int
    size: int
    local_rank: int
    local_size: int
    address: str
    port: int
    serves: bool
    attempt: str = "0"

    @property
    def nodes(self) -> int:
        """Number of computers."""
        return self.size // self.local_size


def launched(environment: Mapping[str, str] = os.environ) -> Launch | None:
    """Who this process is among several; None where it was started alone.

    Raises:
        SettingsError: If the launcher says only a part, or something that cannot be.
    """
    if environment.get("WORLD_SIZE", "1") not in ("", "1"):
        return _checked(_of_torchrun(environment))
    # Of the batch script itself Slurm says how many tasks it may have, but no step of its own.
    if environment.get("SLURM_STEP_NUM_TASKS", "1") != "1" and "SLURM_PROCID" in environment:
        return _checked(_of_slurm(environment))
    return None


def _of_torchrun(environment: Mapping[str, str]) -> Launch:
    size = _number(environment, "WORLD_SIZE")
    return Launch(
        rank=_number(environment, "RANK"),
        size=size,
        local_rank=_number(environment, "LOCAL_RANK"),
        local_size=_number(environment, "LOCAL_WORLD_SIZE"),
        address=_word(environment, "MASTER_ADDR"),
        port=_number(environment, "MASTER_PORT"),
        serves=environment.get("TORCHELASTIC_USE_AGENT_STORE") == "True",
        attempt=environment.get("TORCHELASTIC_RESTART_COUNT", "0"),
    )


def _of_slurm(environment: Mapping[str, str]) -> Launch:
    size = _number(environment, "SLURM_STEP_NUM_TASKS")
    nodes = _number(environment, "SLURM_STEP_NUM_NODES")
    if size % nodes:
        raise SettingsError(
            f"Slurm started {size} tasks on {nodes} nodes: give every node as many "
            "(--ntasks-per-node)"
        )
    # Every rank finds the same port from the number of the job without a word to the others.
    port = 20_000 + _number(environment, "SLURM_JOB_ID") % 10_000
    return Launch(
        rank=_number(environment, "SLURM_PROCID"),
        size=size,
        local_rank=_number(environment, "SLURM_LOCALID"),
        local_size=size // nodes,
        address=environment.get("MASTER_ADDR")
        or first_node(_word(environment, "SLURM_STEP_NODELIST")),
        port=int(environment.get("MASTER_PORT") or port),
        serves=False,
    )


def first_node(nodes: str) -> str:
    """The first name of a list as Slurm writes it.

    Example:
        >>> first_node("gpu[07-09,12],cpu1"), first_node("alpha,beta")
        ('gpu07', 'alpha')
    """
    name, bracket, _ = nodes.partition("[")
    if not bracket or "," in name:
        return nodes.partition(",")[0]
    number = _RANGE.search(nodes)
    return name + (number.group(1) if number else "")


def _checked(launch: Launch) -> Launch:
    whole = launch.local_size > 0 and launch.size % launch.local_size == 0
    if not whole or not 0 <= launch.local_rank < launch.local_size:
        raise SettingsError(
            f"the launcher started {launch.size} processes, {launch.local_size} on this computer: "
            "every computer needs as many as the others"
        )
    if not 0 <= launch.rank < launch.size:
        raise SettingsError(f"RANK={launch.rank} is no rank of WORLD_SIZE={launch.size}")
    return launch


def _word(environment: Mapping[str, str], name: str) -> str:
    if not environment.get(name):
        raise SettingsError(
            f"{name} is not set, but WORLD_SIZE or Slurm says that there are several processes: "
            "start them with `torchrun --nproc-per-node=N -m aeviz train …` or `srun aeviz train …`"
        )
    return environment[name]


def _number(environment: Mapping[str, str], name: str) -> int:
    text = _word(environment, name)
    try:
        return int(text)
    except ValueError:
        raise SettingsError(f"{name}={text!r} is no whole number") from None
