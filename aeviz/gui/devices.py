"""Devices as a person reads them."""

from aeviz.messages import EngineReady

_NAMES = {"cpu": "CPU", "cuda": "NVIDIA GPU", "mps": "Apple GPU"}


def device_name(device: str) -> str:
    """Such as "CPU" or "NVIDIA GPU 1" for "cuda:1"."""
    kind, _, number = device.partition(":")
    name = _NAMES.get(kind, device)
    return f"{name} {number}" if number else name


def choice_name(device: str, engine: EngineReady | None) -> str:
    """A device in a list; "auto" says what it resolves to."""
    if device != "auto":
        return device_name(device)
    return "Automatic" if engine is None else f"Automatic ({device_name(engine.device)})"


def choices(engine: EngineReady | None) -> tuple[str, ...]:
    """What can be chosen: "auto" and every device that is there."""
    return ("auto",) if engine is None else ("auto", *engine.devices)
