"""Where a training computes: what "auto" resolves to, and why."""

from dataclasses import dataclass

import torch

LOST = ("CUDA error", "device-side assert", "CUDA unknown error")
"""What torch says when nothing on the accelerator can be trusted any more."""


class DeviceError(ValueError):
    """The device that was asked for is not there; the message names the word."""


@dataclass(frozen=True)
class Device:
    """A device that can be used.

    Attributes:
        name: What torch calls it: "cpu", "cuda", "cuda:1", "mps".
        title: With the name of the hardware where it has one.
        reason: One sentence why it was chosen.
    """

    name: str
    title: str
    reason: str

    @property
    def torch(self) -> torch.device:
        """As torch wants it."""
        return torch.device(self.name)


def available() -> tuple[str, ...]:
    """Every word that `choose` takes here, "auto" first."""
    words = ["auto", "cpu"]
    if torch.cuda.is_available():
        words.append("cuda")
        if torch.cuda.device_count() > 1:
            words += [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        words.append("mps")
    return tuple(words)


def count() -> int:
    """How many accelerators one training can use together; 1 without any."""
    if not torch.cuda.is_available() or not torch.distributed.is_available():
        return 1
    return max(1, torch.cuda.device_count())


def choose(word: str = "auto") -> Device:
    """The device behind a word.

    Raises:
        DeviceError: If it is not there.
    """
    words = available()
    if word not in words:
        raise DeviceError(f"the device {word!r} is not there; there are: {', '.join(words)}")
    if word != "auto":
        return Device(word, _title(word), f"{word} was asked for")
    for accelerator in ("cuda", "mps"):
        if accelerator in words and _works(accelerator):
            title = _title(accelerator)
            return Device(accelerator, title, f"{title} was found")
        if accelerator in words:
            return Device("cpu", "CPU", f"{_title(accelerator)} was found but does not answer")
    return Device("cpu", "CPU", "no accelerator was found")


def _title(word: str) -> str:
    if word.startswith("cuda"):
        return str(torch.cuda.get_device_name(word))
    return {"mps": "Apple GPU", "cpu": "CPU"}[word]


def _works(word: str) -> bool:
    """Whether a small sum comes out: an old driver or an unsupported chip shows only in use."""
    try:
        return float(torch.ones(2, device=word).sum()) == 2.0
    except RuntimeError:
        return False


def repeat_exactly(device: torch.device) -> None:
    """Let the same seed give the same run: some gradients of convolutions differ otherwise."""
    if device.type == "cuda":
        torch.backends.cudnn.deterministic = True


def free_memory(device: torch.device) -> int | None:
    """Bytes that are free on an accelerator; None where torch does not say, and on the CPU."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    if device.type == "mps":
        used = torch.mps.current_allocated_memory()
        return int(torch.mps.recommended_max_memory()) - int(used)
    return None


def release_memory(device: torch.device) -> None:
    """Give an accelerator back what nothing holds any more, so that it can be divided anew."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def explain(error: BaseException) -> str | None:
    """One sentence for what torch says badly: no memory left, or a lost accelerator; else None."""
    text = str(error)
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or "not enough memory" in text:
        return (
            "there is not enough memory for this training: use a smaller batch size "
            "(--batch-size), smaller layers, or another device"
        )
    if isinstance(error, torch.AcceleratorError) or any(word in text for word in LOST):
        return (
            "the state of the GPU is lost and this process cannot use it any more: start aeviz "
            "again, the run can go on from its last checkpoint"
        )
    return None
