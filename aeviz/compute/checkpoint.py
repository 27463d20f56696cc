"""The full state of a training as two files, without pickle: going on is exact to the bit.

`state.safetensors` holds weights, their average, the best ones, optimiser and generators;
`state.json` the counters, the sums of the losses so far, the live options, and how long the loss
has not fallen. The shuffle generator is kept as it was at the start of the
epoch, with the step within it: that is all it takes to draw the same order again.
"""

import json
from collections.abc import Mapping
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from aeviz.compute.finite import refuse_weights
from aeviz.compute.optimisers import learning_rate, set_learning_rate
from aeviz.compute.training import Training
from aeviz.runs.reading import RunError

FORMAT = 2
TENSORS, COUNTERS = "state.safetensors", "state.json"


def capture(training: Training) -> dict[str, bytes]:
    """The files of a checkpoint, by name, of a training that stands between two steps.

    Raises:
        TrainingDiverged: If a loss since the last report, or a weight, is not finite: that is no
            good state.
    """
    training.tally.read(training.epoch)
    refuse_weights(training.world.states_of(training)[0], training.epoch, training.step)
    tensors = _tensors(training)
    counters = {
        "format": FORMAT,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "processes": training.world.size,
        **_counters(training),
        **_patience(training),
        "tensors": len(tensors),
    }
    return {
        TENSORS: save(tensors),
        COUNTERS: json.dumps(counters, indent=1).encode(),
    }


def restore(training: Training, files: Mapping[str, bytes]) -> dict[str, Any]:
    """Bring a freshly made training to the state of a checkpoint.

    Returns:
        The counters, with the "torch" and "threads" that it was trained with.

    Raises:
        RunError: If the checkpoint is not whole, of a newer format, or of another model.
    """
    try:
        tensors = load(files[TENSORS])
        counters: dict[str, Any] = json.loads(files[COUNTERS])
        if counters["format"] > FORMAT:
            raise RunError("the checkpoint was written by a newer aeviz: use that one to go on")
        if len(tensors) != counters.get("tensors", len(tensors)):
            raise ValueError(f"it has {len(tensors)} of its {counters['tensors']} tensors")
        _restore_counters(training, counters)
        _restore_tensors(training, tensors, counters)
        training.prepare()
        # an epoch that is measured again tells the rate of its steps, though a plateau has ended
        used = float(counters.get("used_lr", training.current_lr))
        set_learning_rate(training.optimiser, used)
    except (KeyError, ValueError, TypeError, RuntimeError, SafetensorError) as error:
        if isinstance(error, RunError):
            raise
        raise RunError(
            f"the checkpoint cannot be used ({_first_line(error)}): the run can be looked at, but "
            "its training cannot go on"
        ) from error
    return counters


def _counters(training: Training) -> dict[str, Any]:
    """Where it stands, what it has summed up, and what was turned."""
    sums, count = training.world.totals(training.tally)
    return {
        "epoch": training.epoch,
        "within": training.within,
        "step": training.step,
        "taken": training.taken,
        "batch_size": training.batch_size,
        "stage": training.stage,
        "stage_start": training.stage_start,
        "restored": training.restored,
        "lr": training.lr,
        "used_lr": learning_rate(training.optimiser),
        "weights": training.weights,
        "events": training.events,
        "told": training.told,
        "seconds": training.pace.seconds,
        "sums": sums,
        "count": count,
        "average_steps": 0 if training.average is None else training.average.steps,
        "scaler": training.precision.state(),
    }


def _patience(training: Training) -> dict[str, Any]:
    """How long the loss has not fallen, as the plateau and early stopping count it."""
    stopping, plateau = training.stopping, training.plateau
    return {
        "plateau": {"scale": plateau.scale, "watch": plateau.watch.state()},
        "stopping": {
            "watch": stopping.watch.state(),
            "monitor": stopping.monitor,
            "stopped": stopping.stopped,
        },
    }


def _tensors(training: Training) -> dict[str, Tensor]:
    """Everything that is made of tensors, contiguous and on the CPU."""
    model, optimiser = training.world.states_of(training)
    found = {f"model.{name}": value for name, value in model.items()}
    if training.average is not None:
        averaged = training.average.model.state_dict()
        found |= {f"average.{name}": value for name, value in averaged.items()}
    found |= {f"best.{name}": value for name, value in training.stopping.weights.items()}
    for number, state in optimiser.items():
        for name, value in state.items():
            if value is not None:
                found[f"optimiser.{number}.{name}"] = value
    found["generator.shuffle"] = training.shuffle_start
    found["generator.noise"] = training.noise.get_state()
    if training.global_state is not None:
        found["generator.global"] = training.global_state
    for rank, states in enumerate(training.world.states[1:], 1):
        found |= {f"generator.{name}.{rank}": state for name, state in states.items()}
    # clones: safetensors refuses tensors that share memory
    return {name: value.detach().to("cpu", copy=True).contiguous() for name, value in found.items()}


def _restore_counters(training: Training, counters: Mapping[str, Any]) -> None:
    training.enter(int(counters.get("stage", 0)), int(counters.get("stage_start", 0)))
    training.epoch = int(counters["epoch"])
    training.within = int(counters["within"])
    training.step = int(counters["step"])
    training.batch_size = int(counters.get("batch_size", training.batch_size))
    samples = len(training.split.train)
    first = min(samples, training.within * training.batch_size)  # as format 1 has it
    training.taken = int(counters.get("taken", first))
    training.restored = int(counters.get("restored", -1))
    training.lr = float(counters["lr"])
    training.weights.update({name: float(counters["weights"][name]) for name in training.weights})
    training.events = [str(event) for event in counters["events"]]
    training.told = int(counters.get("told", 0))
    training.pace.seconds = float(counters["seconds"])
    training.precision.restore(counters.get("scaler", {}))
    if not (0 <= training.taken <= samples and 0 <= training.within <= training.taken):
        raise ValueError("its counters are another training's")
    _restore_sums(training, counters)
    if "plateau" in counters:
        _restore_patience(training, counters)


def _restore_sums(training: Training, counters: Mapping[str, Any]) -> None:
    sums = [float(value) for value in counters["sums"]]
    if len(sums) != len(training.tally.sums):
        raise ValueError("its counters are another training's")
    if training.world.is_first:  # it goes on with the sums of all ranks
        training.tally.sums, training.tally.count = sums, int(counters["count"])


def _restore_patience(training: Training, counters: Mapping[str, Any]) -> None:
    plateau, stopping = training.plateau, training.stopping
    plateau.scale = float(counters["plateau"]["scale"])
    plateau.watch.restore(counters["plateau"]["watch"])
    stopping.watch.restore(counters["stopping"]["watch"])
    stopping.monitor = str(counters["stopping"]["monitor"])
    stopping.stopped = int(counters["stopping"]["stopped"])


def _restore_tensors(
    training: Training, tensors: Mapping[str, Tensor], counters: Mapping[str, Any]
) -> None:
    names = ("model", "average", "best", "optimiser", "generator")
    groups: dict[str, dict[str, Tensor]] = {name: {} for name in names}
    for name, value in tensors.items():
        group, _, rest = name.partition(".")
        groups[group][rest] = value
    training.world.restore(training.model, groups["model"])
    if training.average is not None:
        training.average.restore(groups["average"], int(counters["average_steps"]))
    device = training.store.device
    training.stopping.weights = {name: own.to(device) for name, own in groups["best"].items()}
    _restore_optimiser(training, groups["optimiser"])
    training.shuffle_start = groups["generator"]["shuffle"]
    _restore_generators(training, groups["generator"])


def _restore_generators(training: Training, states: Mapping[str, Tensor]) -> None:
    """Those of this rank; one that did not take part before begins with numbers of its own."""
    rank = training.world.rank
    own = f".{rank}" if rank else ""
    if f"noise{own}" in states:
        training.noise.set_state(states[f"noise{own}"])
        training.saved_global = states.get(f"global{own}")


def _restore_optimiser(training: Training, tensors: Mapping[str, Tensor]) -> None:
    parameters = training.parameters
    states: dict[int, dict[str, Tensor]] = {}
    # in one order: the file's own differs from process to process, and ranks gather in this one
    for name, value in sorted(tensors.items(), key=_number_first):
        number, _, rest = name.partition(".")
        parameter = parameters[int(number)]
        if value.ndim and value.shape != parameter.shape:
            raise ValueError(f"optimiser.{name} has another shape than its parameter")
        states.setdefault(int(number), {})[rest] = training.world.placed(value, parameter)
    whole = training.optimiser.state_dict()
    training.optimiser.load_state_dict({**whole, "state": states})


def _number_first(item: tuple[str, Tensor]) -> tuple[int, str]:
    number, _, name = item[0].partition(".")
    return int(number), name


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
