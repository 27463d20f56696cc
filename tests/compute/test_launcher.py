"""Who this process is among several, from what torchrun or Slurm leaves in the environment."""

import pytest

from aeviz.compute.launcher import first_node, launched
from aeviz.compute.settings import SettingsError

TORCHRUN = {
    "WORLD_SIZE": "4",
    "RANK": "3",
    "LOCAL_RANK": "1",
    "LOCAL_WORLD_SIZE": "2",
    "MASTER_ADDR": "node1",
    "MASTER_PORT": "29500",
    "TORCHELASTIC_USE_AGENT_STORE": "True",
    "TORCHELASTIC_RESTART_COUNT": "2",
}
SLURM = {
    "SLURM_JOB_ID": "123456",
    "SLURM_PROCID": "5",
    "SLURM_LOCALID": "1",
    "SLURM_STEP_NUM_TASKS": "8",
    "SLURM_STEP_NUM_NODES": "2",
    "SLURM_STEP_NODELIST": "gpu[07-08]",
}


@pytest.mark.parametrize("environment", [{}, {"WORLD_SIZE": "1", "RANK": "0"}, {"WORLD_SIZE": ""}])
def test_a_process_started_alone_is_no_rank(environment: dict[str, str]) -> None:
    assert launched(environment) is None


def test_torchrun_says_who_is_who() -> None:
    launch = launched(TORCHRUN)
    assert launch is not None
    assert (launch.rank, launch.size, launch.local_rank, launch.nodes) == (3, 4, 1, 2)
    assert (launch.address, launch.port, launch.serves, launch.attempt) == (
        "node1",
        29500,
        True,
        "2",
    )


def test_slurm_says_who_is_who_and_all_ranks_find_the_same_port() -> None:
    launch = launched(SLURM)
    assert launch is not None
    assert (launch.rank, launch.size, launch.local_rank, launch.local_size) == (5, 8, 1, 4)
    assert (launch.address, launch.port, launch.serves) == ("gpu07", 23456, False)


def test_a_batch_script_of_slurm_is_no_rank() -> None:
    script = {"SLURM_JOB_ID": "1", "SLURM_PROCID": "0", "SLURM_NTASKS": "8"}
    assert launched(script) is None


@pytest.mark.parametrize("name", ["RANK", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR"])
def test_a_part_of_a_launcher_is_refused(name: str) -> None:
    environment = {key: word for key, word in TORCHRUN.items() if key != name}
    with pytest.raises(SettingsError, match=f"{name} is not set"):
        launched(environment)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"RANK": "4"}, "RANK=4 is no rank"),
        ({"LOCAL_WORLD_SIZE": "3"}, "as many as the others"),
        ({"LOCAL_RANK": "2"}, "as many as the others"),
        ({"MASTER_PORT": "http"}, "MASTER_PORT='http' is no whole number"),
    ],
)
def test_a_world_that_cannot_be_is_refused(change: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        launched({**TORCHRUN, **change})


def test_slurm_nodes_need_as_many_tasks_each() -> None:
    with pytest.raises(SettingsError, match="--ntasks-per-node"):
        launched({**SLURM, "SLURM_STEP_NUM_TASKS": "7"})


@pytest.mark.parametrize(
    ("nodes", "first"),
    [
        ("n1", "n1"),
        ("n1,n2", "n1"),
        ("n[3,5-9]", "n3"),
        ("n[003-009],m1", "n003"),
        ("a,b[1-2]", "a"),
    ],
)
def test_the_first_node_of_a_list(nodes: str, first: str) -> None:
    assert first_node(nodes) == first
