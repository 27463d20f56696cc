import errno
import math
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aeviz.runs import metrics
from aeviz.runs.atomic import SaveError
from aeviz.runs.metrics import EpochLine, MetricsReader, append, best_epoch, decode, encode
from aeviz.runs.reading import RunError
from aeviz.runs.schema import METRICS


def line(epoch: int, **values: float) -> EpochLine:
    return EpochLine(epoch, 10 * epoch, 0.5, 1e-3, values or {"loss": 1.0})


def epochs_of(reader: MetricsReader) -> list[int]:
    return [line.epoch for line in reader.lines]


# ── one line ──────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=50)
@given(
    epoch=st.integers(0, metrics.LARGEST_EPOCH),
    seconds=st.floats(),
    losses=st.dictionaries(st.text(), st.floats()),
    events=st.lists(st.text()),
)
def test_a_line_comes_back_as_it_was(
    epoch: int, seconds: float, losses: dict[str, float], events: list[str]
) -> None:
    given_line = EpochLine(epoch, 7, seconds, 1e-3, losses, tuple(events), {"latents/x": "ab"})
    data = encode(given_line)
    assert data.count(b"\n") == 1
    assert data.endswith(b"\n")
    back = decode(data.removesuffix(b"\n"), "line")
    assert back.events == given_line.events
    assert back.hashes == given_line.hashes
    assert back.metrics.keys() == losses.keys()
    for name, value in losses.items():
        expected = value if math.isfinite(value) else math.nan
        assert back.metrics[name] == pytest.approx(expected, abs=0, rel=0, nan_ok=True)


def test_what_is_not_finite_is_null_in_the_file_and_nan_to_the_reader() -> None:
    data = encode(line(1, loss=math.inf, kl=math.nan, mse=1.5))
    assert b'"loss":null,"kl":null,"mse":1.5' in data
    back = decode(data.strip(), "line").metrics
    assert math.isnan(back["loss"])
    assert math.isnan(back["kl"])


@given(place=st.integers(min_value=0), bit=st.integers(0, 7))
def test_a_flipped_bit_is_noticed(place: int, bit: int) -> None:
    data = bytearray(encode(line(3, loss=0.25)).strip())
    data[place % len(data)] ^= 1 << bit
    with pytest.raises(RunError, match="damaged"):
        decode(bytes(data), "line 4")


def foreign(body: str) -> bytes:
    """A line of another writer, with the right hash."""
    start = body.encode().removesuffix(b"}")
    digest = metrics.hashlib.sha256(start).hexdigest()
    return start + f',"check":"{digest}"}}'.encode()


def test_a_metric_of_an_unknown_kind_is_a_gap_and_unknown_keys_do_no_harm() -> None:
    raw = foreign(
        '{"epoch":2,"step":1,"seconds":null,"lr":0.1,"metrics":{"loss":1,"text":"1","nest":{"a":1},'
        '"yes":true,"huge":' + "9" * 400 + '},"events":["turned",3],"files":{"a":1},"later":[1]}'
    )
    read = decode(raw, "line")
    assert read.metrics["loss"] == 1
    assert all(math.isnan(read.metrics[name]) for name in ("text", "nest", "yes", "huge"))
    assert (read.events, read.hashes) == (("turned",), {})


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        "{}",
        '{"epoch":-1,"step":1,"seconds":1,"lr":1,"metrics":{},"events":[],"files":{}}',
        '{"epoch":1e3,"step":1,"seconds":1,"lr":1,"metrics":{},"events":[],"files":{}}',
        '{"epoch":true,"step":1,"seconds":1,"lr":1,"metrics":{},"events":[],"files":{}}',
        '{"epoch":1,"step":1,"seconds":1,"lr":1,"metrics":[],"events":[],"files":{}}',
        '{"epoch":99999999999,"step":1,"seconds":1,"lr":1,"metrics":{},"events":[],"files":{}}',
    ],
)
def test_a_line_of_another_form_is_refused(body: str) -> None:
    with pytest.raises(RunError, match="RUN line 2"):
        decode(foreign(body), "RUN line 2")


# ── appending ─────────────────────────────────────────────────────────────────────────────────


def test_a_line_is_appended_by_one_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []
    write = os.write

    def record(descriptor: int, data: Any) -> int:
        written.append(bytes(data))
        return write(descriptor, data)

    monkeypatch.setattr(os, "write", record)
    for epoch in range(3):
        append(tmp_path, line(epoch))
    assert written == [encode(line(epoch)) for epoch in range(3)]
    assert (tmp_path / METRICS).read_bytes() == b"".join(written)


def test_a_torn_line_of_any_length_is_cut_before_the_next(tmp_path: Path) -> None:
    path, whole, torn = tmp_path / METRICS, encode(line(0)), encode(line(1))
    for size in range(0, len(torn), 5):
        path.write_bytes(whole + torn[:size])
        append(tmp_path, line(1))
        assert path.read_bytes() == whole + torn


def test_a_torn_line_longer_than_a_chunk_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "_CHUNK", 64)
    (tmp_path / METRICS).write_bytes(encode(line(0)) + b"x" * 1000)
    metrics.cut_torn_line(tmp_path)
    assert (tmp_path / METRICS).read_bytes() == encode(line(0))


@pytest.mark.parametrize("failing", ["write", "fsync"])
def test_a_line_that_is_not_certain_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    append(tmp_path, line(0))
    real = getattr(os, failing)

    def fail(descriptor: int, data: bytes = b"") -> int:
        if failing == "write":
            real(descriptor, data[:20])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, failing, fail)
        with pytest.raises(SaveError, match="disk is full"):
            append(tmp_path, line(1))
    assert (tmp_path / METRICS).read_bytes() == encode(line(0))
    append(tmp_path, line(1))
    assert (tmp_path / METRICS).read_bytes() == encode(line(0)) + encode(line(1))


def test_a_short_write_is_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append(tmp_path, line(0))
    write = os.write
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", lambda fd, data: write(fd, data[:30]))
        with pytest.raises(SaveError, match="disk is full"):
            append(tmp_path, line(1))
    assert (tmp_path / METRICS).read_bytes() == encode(line(0))


def test_later_epochs_are_cut_and_the_others_keep_every_byte(tmp_path: Path) -> None:
    unknown = b"damaged\n"
    (tmp_path / METRICS).write_bytes(
        encode(line(0)) + unknown + b"".join(encode(line(epoch)) for epoch in (1, 2, 3)) + b"torn"
    )
    metrics.cut_after(tmp_path, 1)
    assert (tmp_path / METRICS).read_bytes() == encode(line(0)) + unknown + encode(line(1))


# ── following ─────────────────────────────────────────────────────────────────────────────────


def test_lines_appear_once_each_however_the_file_grows(tmp_path: Path) -> None:
    reader, seen = MetricsReader(tmp_path), []
    data = b"".join(encode(line(epoch)) for epoch in range(4))
    assert reader.poll() == []
    for place in range(0, len(data) + 1, 17):
        with (tmp_path / METRICS).open("ab") as file:
            file.write(data[place : place + 17])
        seen += [new.epoch for new in reader.poll()]
    assert seen == [0, 1, 2, 3]
    assert reader.poll() == []


def test_a_line_without_its_newline_is_not_there_yet(tmp_path: Path) -> None:
    reader = MetricsReader(tmp_path)
    (tmp_path / METRICS).write_bytes(encode(line(0)).strip())
    assert reader.poll() == []
    with (tmp_path / METRICS).open("ab") as file:
        file.write(b"\n")
    assert [new.epoch for new in reader.poll()] == [0]


def test_a_file_that_was_cut_is_read_anew(tmp_path: Path) -> None:
    reader = MetricsReader(tmp_path)
    for epoch in range(4):
        append(tmp_path, line(epoch))
    reader.poll()
    os.truncate(tmp_path / METRICS, len(encode(line(0))))
    assert reader.poll() == []
    assert epochs_of(reader) == [0]


def test_a_file_that_was_replaced_is_read_anew_and_only_changes_are_told(tmp_path: Path) -> None:
    reader = MetricsReader(tmp_path)
    for epoch in range(3):
        append(tmp_path, line(epoch))
    reader.poll()
    metrics.cut_after(tmp_path, 0)
    for epoch in (1, 2, 3):
        append(tmp_path, line(epoch, loss=1.0 if epoch == 1 else 9.0))
    assert [new.epoch for new in reader.poll()] == [2, 3]
    assert epochs_of(reader) == [0, 1, 2, 3]


def test_a_file_written_over_in_its_place_is_noticed(tmp_path: Path) -> None:
    reader = MetricsReader(tmp_path)
    (tmp_path / METRICS).write_bytes(encode(line(0, loss=1.0)))
    reader.poll()
    with (tmp_path / METRICS).open("r+b") as file:
        file.write(encode(line(0, loss=2.0)) + encode(line(1)))
    assert [new.epoch for new in reader.poll()] == [0, 1]


def test_a_file_that_goes_and_comes_back_is_followed_on(tmp_path: Path) -> None:
    reader = MetricsReader(tmp_path)
    append(tmp_path, line(0))
    reader.poll()
    (tmp_path / METRICS).unlink()
    assert reader.poll() == []
    assert reader.lines == []
    append(tmp_path, line(0))
    assert [new.epoch for new in reader.poll()] == [0]


def test_damaged_and_repeated_lines_are_left_out_and_counted(tmp_path: Path) -> None:
    reader = MetricsReader(tmp_path)
    (tmp_path / METRICS).write_bytes(
        encode(line(0))
        + b"\n"
        + encode(line(2))
        + b"\xff\xfe\n"
        + encode(line(2))
        + encode(line(3))
    )
    reader.poll()
    assert epochs_of(reader) == [0, 2, 3]
    assert reader.damaged == [2, 4, 5]


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / METRICS).write_bytes(bytes(metrics.LINE_LIMIT + 2))
    with pytest.raises(RunError, match="line 1 is too long"):
        MetricsReader(tmp_path).poll()


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    with (tmp_path / METRICS).open("wb") as file:
        file.truncate(metrics.METRICS_LIMIT + 1)
    with pytest.raises(RunError, match=r"metrics\.jsonl has \d+ bytes"):
        MetricsReader(tmp_path).poll()


# ── the best epoch ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "losses", "best"),
    [
        ("validation_loss", [3.0, 1.0, 2.0], 1),
        ("validation_loss", [3.0, 1.0, 1.0], 1),
        ("validation_loss", [math.nan, 2.0, math.nan], 1),
        ("loss", [2.0, 3.0, 1.0], 2),
        ("loss", [math.nan, math.nan, math.nan], 2),
    ],
)
def test_the_best_epoch_has_the_smallest_loss(name: str, losses: list[float], best: int) -> None:
    assert best_epoch([line(epoch, **{name: loss}) for epoch, loss in enumerate(losses)]) == best


def test_the_validation_loss_counts_before_the_loss() -> None:
    first = line(0, loss=1.0, validation_loss=5.0)
    assert best_epoch([first, line(1, loss=9.0, validation_loss=4.0)]) == 1


def test_without_an_epoch_there_is_no_best() -> None:
    with pytest.raises(ValueError, match="no epoch yet"):
        best_epoch([])
