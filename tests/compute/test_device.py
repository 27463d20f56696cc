"""What "auto" resolves to, and words that are not there."""

import pytest
import torch

from aeviz.compute.device import DeviceError, available, choose, explain, free_memory


def test_auto_says_why() -> None:
    chosen = choose("auto")
    assert chosen.name in available()
    assert chosen.reason
    assert chosen.torch.type == chosen.name


def test_the_cpu_is_always_there() -> None:
    assert available()[:2] == ("auto", "cpu")
    assert choose("cpu").title == "CPU"
    assert free_memory(torch.device("cpu")) is None


@pytest.mark.parametrize("word", ["tpu", "cuda:99", "", "CPU"])
def test_a_device_that_is_not_there_is_named(word: str) -> None:
    with pytest.raises(
        DeviceError, match=f"the device {word!r} is not there; there are: auto, cpu"
    ):
        choose(word)


def test_cuda_is_refused_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match="the device 'cuda' is not there"):
        choose("cuda")


def test_an_accelerator_is_taken_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda word: "Test GPU")
    monkeypatch.setattr("aeviz.compute.device._works", lambda word: True)
    assert choose("auto").name == "cuda"
    assert choose("auto").reason == "Test GPU was found"
    assert "cuda:1" in available()


def test_an_accelerator_that_does_not_answer_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda word: "Old GPU")
    monkeypatch.setattr("aeviz.compute.device._works", lambda word: False)
    chosen = choose("auto")
    assert chosen.name == "cpu"
    assert chosen.reason == "Old GPU was found but does not answer"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (MemoryError(), "smaller batch size"),
        (torch.OutOfMemoryError("CUDA out of memory"), "smaller batch size"),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried"), "smaller batch size"),
        (RuntimeError("CUDA error: device-side assert triggered"), "start aeviz again"),
    ],
)
def test_what_torch_says_badly_is_said_again(error: BaseException, sentence: str) -> None:
    assert sentence in (explain(error) or "")


def test_other_errors_speak_for_themselves() -> None:
    assert explain(ValueError("no")) is None
