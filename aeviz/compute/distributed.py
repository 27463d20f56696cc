"""Several processes that train one model: `torchrun … -m aeviz train …`, or `srun aeviz train …`.

Lightning Fabric wraps the model, so that the ranks' gradients are averaged; who is where comes
from the launcher. Each rank takes its part of the same shuffled batch. Rank 0 measures and writes;
what is asked of any rank is brought to all of them at the same step, over a group of its own that
no accelerator waits for.

Imported only where the launcher says that there are several processes.
"""

import base64
import json
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import torch.distributed as dist
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from lightning_fabric.strategies.ddp import DDPStrategy
from torch import Tensor, nn
from torch.distributed.distributed_c10d import PrefixStore

from aeviz.compute.controls import Controls
from aeviz.compute.launcher import Launch
from aeviz.compute.lifeline import FAILED, Lifeline, RankLost, with_advice
from aeviz.compute.meeting import device_of, meet, set_environment
from aeviz.compute.settings import SettingsError
from aeviz.compute.sharding import Shards, own_part, place_model, placed, refuse_unsuited
from aeviz.compute.tally import Tally, TrainingDiverged
from aeviz.compute.world import LossOf, OptimiserState, Tensors, World
from aeviz.messages import Progress
from aeviz.models.base import Batch, LatentModel, Losses, Step
from aeviz.runs.schema import TrainConfig

if TYPE_CHECKING:
    from aeviz.compute.training import Training

STEP_MINUTES = 30
"""So long may a rank wait for the gradients of another."""

AGREE_SECONDS = 0.05
"""Time between two looks at what is asked, by the clock of rank 0."""

NAMING_SECONDS = 40.0
"""A connection that broke is noticed at once; which rank was behind it, on another computer, only
when its beats stay away."""

FOREVER = timedelta(days=365)
"""For a wait that only a lost rank should end: a pause, a measurement."""


class Ranks(World):
    """This process among several.

    Args:
        launch: Its place, as the launcher says.
        fabric: The same place, as Fabric sees it.
    """

    def __init__(self, launch: Launch, fabric: Fabric) -> None:
        super().__init__()
        self.rank, self.size = launch.rank, launch.size
        self._launch = launch
        self._fabric = fabric
        self._group: Any = dist.new_group(backend="gloo", timeout=FOREVER)
        self._lifeline = Lifeline(launch)
        self._lifeline.start()
        self._next = 1
        self._every = 1
        self._step = 0
        self._looked = (time.monotonic(), 0)
        self._is_closed = False
        self._asked = Controls()
        self._shards: Shards | None = None
        self._heard: TrainingDiverged | None = None
        self._sums: list[float] = []
        self._count = 0

    # ── a step ────────────────────────────────────────────────────────────────────────────────

    def loss_of(self, model: LatentModel) -> LossOf:
        """The loss through a wrapper whose hooks average the gradients."""
        wrapped: nn.Module
        if self._shards is None:
            wrapped = self._fabric.setup_module(_Loss(model), move_to_device=False)
        else:
            wrapped = self._shards.loss

        def loss(batch: Batch, step: Step) -> Losses:
            losses: Losses = wrapped(_Asked(batch, step))
            return losses

        return loss

    def take(self, model: LatentModel, config: TrainConfig) -> None:
        """Divide the model where `train.strategy=fsdp` asks for that."""
        if config.strategy == "fsdp":
            device = next(model.parameters()).device.type
            refuse_unsuited(model, config, device, config.precision)
            self._shards = Shards(model, _Loss(model), device, self.size, self.is_first)

    def measured(self, model: LatentModel) -> LatentModel:
        """The whole copy of a divided model."""
        return model if self._shards is None else self._shards.measured

    def share(self, rows: Tensor) -> tuple[Tensor, float, int]:
        """Every rank's part of a batch; one that gets none takes a row that does not count."""
        own = torch.tensor_split(rows, self.size)[self.rank]
        if not len(own):
            return rows[:1], 0.0, 0
        return own, self.size * len(own) / len(rows), len(own)

    def backward(self, loss: Tensor) -> None:
        """Through Fabric, as its wrapper wants it."""
        self._fabric.backward(loss)

    def is_due(self, step: int, seconds: float) -> bool:
        """At steps that rank 0 has announced, so that all ranks look at the same one."""
        self._step = step
        return step >= self._next

    # ── between steps ─────────────────────────────────────────────────────────────────────────

    def agreed(self, asked: Controls) -> Controls:
        """Requests of their own: what is asked of one rank alone moves none."""
        self._asked = asked
        asked.is_shared = True
        return Controls()

    def agree(self, asked: Controls, agreed: Controls, item: object) -> None:
        """Every rank says what was asked of it; pauses and turns are those of rank 0."""
        if isinstance(item, Progress) and item.phase != "training":
            self.is_abandoned = self.is_abandoned or asked.is_stopping
            return
        reports = self._exchange(self._wishes(asked))
        first = reports[0]
        if any(report["stop"] for report in reports):
            for controls in (asked, agreed):
                controls.stop(max(report["signal"] for report in reports))
        agreed.is_saving = any(report["save"] for report in reports)
        agreed.pause(first["pause"])
        for name, value in first["turns"]:
            agreed.turn(name, value)
        self._every = first["every"]
        self._next = first["step"] + self._every

    def _wishes(self, asked: Controls) -> dict[str, Any]:
        turns = asked.take_turns() if self.is_first else []
        # What comes from here on, a signal while the others are waited for, is for the next time.
        is_saving, asked.is_saving = asked.is_saving, False
        return {
            "stop": asked.is_stopping,
            "signal": asked.signal,
            "save": is_saving,
            "pause": asked.is_paused,
            "turns": turns,
            "every": self._pace(),
            "step": self._step,
        }

    def _pace(self) -> int:
        """Steps until the next look, so that about `AGREE_SECONDS` pass at rank 0."""
        now, step = time.monotonic(), self._step
        before, at = self._looked
        self._looked = (now, step)
        if step <= at:
            return self._every
        wanted = AGREE_SECONDS * (step - at) / max(now - before, 1e-6)
        return int(min(max(1.0, wanted), 2 * self._every))

    # ── an epoch ──────────────────────────────────────────────────────────────────────────────

    def sum(self, tally: Tally) -> None:
        """Rank 0 has the sums of all from here on, so that no sample counts twice."""
        reports = self._exchange({"sums": tally.sums, "count": tally.count})
        tally.clear()
        if self.is_first:
            for report in reports:
                tally.sums = [a + b for a, b in zip(tally.sums, report["sums"], strict=True)]
                tally.count += report["count"]

    def spread(self, metrics: Mapping[str, float]) -> dict[str, float] | None:
        """The numbers of rank 0; the others wait here while it measures."""
        is_over = self.is_first and self.is_abandoned
        first = self._exchange({"metrics": None if is_over else dict(metrics)})[0]
        found: dict[str, float] | None = first["metrics"]
        return found

    def gather(self, training: "Training") -> None:
        """Bring a divided model together."""
        if self._shards is not None:
            self._shards.gather(training)

    def states_of(self, training: "Training") -> tuple[Tensors, OptimiserState]:
        """Of a divided model as of the last `gather`."""
        if self._shards is None:
            return super().states_of(training)
        return self._shards.model_state, self._shards.optimiser_state

    def restore(self, model: LatentModel, tensors: Tensors) -> None:
        """Give every rank its part."""
        if self._shards is None:
            super().restore(model, tensors)
        else:
            place_model(model, tensors)

    def placed(self, value: Tensor, parameter: Tensor) -> Tensor:
        """This rank's part, where the model is divided."""
        return placed(value, parameter)

    def own_part(self, gradient: Tensor) -> Tensor:
        """This rank's part, where the model is divided."""
        return own_part(gradient)

    def remember(self, states: Mapping[str, Tensor], tally: Tally) -> None:
        """Every rank says where it stands, so that rank 0 can write it down."""
        words = {name: _to_text(state) for name, state in states.items()}
        report = {"states": words, "sums": tally.sums, "count": tally.count}
        reports = self._exchange(report)
        self.states = [
            {name: _to_state(text) for name, text in report["states"].items()} for report in reports
        ]
        columns = zip(*(report["sums"] for report in reports), strict=True)
        self._sums = [sum(column) for column in columns]
        self._count = sum(report["count"] for report in reports)

    def totals(self, tally: Tally) -> tuple[list[float], int]:
        """Of all ranks; between two of its calls the ranks only know their own."""
        return (self._sums, self._count) if self._sums else (tally.sums, tally.count)

    def tell(self, error: TrainingDiverged) -> None:
        """Join the next exchange of the others with what this rank has found."""
        if error is not self._heard:
            self._exchange({"diverged": [error.epoch, error.step, error.term]})

    # ── the run ───────────────────────────────────────────────────────────────────────────────

    def meet(self) -> None:
        """Wait for all."""
        self._exchange({})

    def begin_run(self, path: Path | None) -> Path:
        """The folder that rank 0 says; from here on last words name it."""
        first = self._exchange({"path": "" if path is None else str(path)})[0]
        self._lifeline.run = first["path"]
        return Path(first["path"])

    def explain(self, error: BaseException) -> str | None:
        """Name the rank whose connection broke; may wait for its silence to show."""
        if isinstance(error, RankLost):
            return str(error)
        text = str(error).lower()
        is_ours = isinstance(error, dist.DistError) or "gloo" in text or "nccl" in text
        if not is_ours and "process group" not in text:
            return None
        found = self._lifeline.lost(NAMING_SECONDS) or "a rank is gone"
        self.is_orphan = self._asked.is_orphan = not self.is_first and FAILED not in found
        return with_advice(found, self._lifeline.run)

    def device_of(self, word: str) -> str:
        """The accelerator of this rank's number on its computer, or the CPU."""
        return device_of(word, self._launch)

    def close(self, failure: str = "") -> None:
        """Say how this rank ended, and leave the group."""
        if self._is_closed:
            return
        self._is_closed = True
        self._lifeline.close(failure)
        if not failure:
            with suppress(RuntimeError):  # somebody else may have failed at the very end
                dist.destroy_process_group()

    def _exchange(self, report: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The reports of all ranks, in their order; the call of all ranks waits for the last.

        Raises:
            TrainingDiverged: If a rank reports that, also where it is another than this one.
        """
        data = torch.frombuffer(bytearray(json.dumps(report), "ascii"), dtype=torch.uint8)
        sizes = self._gather(torch.tensor([len(data)]))
        padded = torch.zeros(int(max(sizes)), dtype=torch.uint8)
        padded[: len(data)] = data
        rows = self._gather(padded)
        reports = [
            json.loads(row[: int(size)].numpy().tobytes())
            for row, size in zip(rows, sizes, strict=True)
        ]
        diverged = [found["diverged"] for found in reports if "diverged" in found]
        if diverged and "diverged" not in report:
            self._heard = TrainingDiverged(*diverged[0])
            raise self._heard
        return reports

    def _gather(self, tensor: Tensor) -> list[Tensor]:
        rows = [torch.empty_like(tensor) for _ in range(self.size)]
        dist.all_gather(rows, tensor, group=self._group)
        return rows


class _Asked:
    """A batch and its step, unseen by Fabric, which refuses frozen dataclasses among arguments."""

    def __init__(self, batch: Batch, step: Step) -> None:
        self.batch = batch
        self.step = step


class _Loss(nn.Module):
    """The loss of a model as a forward pass, which is where the wrapper's hooks are."""

    def __init__(self, model: LatentModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, asked: _Asked) -> Losses:
        return self.model.loss(asked.batch, asked.step)


# ── joining ───────────────────────────────────────────────────────────────────────────────────


def join(launch: Launch, word: str, is_staged: bool) -> Ranks:
    """Meet the other ranks.

    Args:
        launch: Who this process is.
        word: The device that was asked for.
        is_staged: Whether a step leaves parameters without a gradient.

    Raises:
        SettingsError: If they cannot meet, or Fabric sees another world than the launcher.
    """
    device = torch.device(device_of(word, launch))
    backend = "nccl" if device.type == "cuda" else "gloo"
    if device.type == "cuda":
        torch.cuda.set_device(launch.local_rank)
    set_environment(launch)
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    dist.init_process_group(
        backend,
        store=PrefixStore(f"aeviz/{launch.attempt}/group", meet(launch)),
        rank=launch.rank,
        world_size=launch.size,
        timeout=timedelta(minutes=STEP_MINUTES),
    )
    fabric = Fabric(
        accelerator=device.type,
        devices=launch.local_size,
        num_nodes=launch.nodes,
        strategy=DDPStrategy(find_unused_parameters=is_staged),
        plugins=[TorchElasticEnvironment()],
    )
    fabric.launch()
    refuse_other_world(launch, fabric.global_rank, fabric.world_size)
    return Ranks(launch, fabric)


def refuse_other_world(launch: Launch, rank: int, size: int) -> None:
    """Stop before every rank trains the whole by itself.

    Raises:
        SettingsError: If Fabric sees another rank or size than the launcher.
    """
    if (rank, size) != (launch.rank, launch.size):
        raise SettingsError(
            f"the launcher says rank {launch.rank} of {launch.size}, Lightning Fabric sees rank "
            f"{rank} of {size}: nothing is trained; start it with torchrun or srun alone"
        )


def _to_text(state: Tensor) -> str:
    return base64.b64encode(state.cpu().numpy().tobytes()).decode("ascii")


def _to_state(text: str) -> Tensor:
    return torch.frombuffer(bytearray(base64.b64decode(text)), dtype=torch.uint8)
