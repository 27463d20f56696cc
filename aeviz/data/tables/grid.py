"""How a text is cut into a table: what is skipped, the delimiter, names, the decimal sign."""

import csv
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from aeviz.data.dataset import DataError
from aeviz.data.tables.cells import decimal_sign, is_missing, is_number, number
from aeviz.data.tables.formulas import plain
from aeviz.data.tables.options import DELIMITERS, Wishes

SAMPLED_LINES = 40
"""Lines by which the delimiter is found."""

_GCT = re.compile(r"#1\.[23]\s*")
_SEP = re.compile(r"sep=(.)\s*", re.IGNORECASE)
SHOWN_NAMES = re.compile(r"label|class|target|id|index|name|names|sample|samples|gene|group|type")

Record = tuple[int, list[str]]
"""Number of the line where a row begins, and its cells."""


@dataclass(frozen=True)
class Grid:
    """The beginning of a text as a table.

    Attributes:
        delimiter: One letter; a space stands for runs of spaces, "" for a single column.
        decimal: "." or ",".
        skipped: Lines before the table: comments.
        has_header: Whether the first row holds names.
        names: Of the columns, one each.
        body: The rows below the names.
    """

    delimiter: str
    decimal: str
    skipped: int
    has_header: bool
    names: tuple[str, ...]
    body: tuple[Record, ...]

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.names)


def understand(lines: Sequence[str], wishes: Wishes, *, is_whole: bool) -> Grid:
    """Find out how the first lines of a text are a table.

    Args:
        lines: The first lines.
        wishes: What a person has decided.
        is_whole: Whether there are no more.

    Raises:
        DataError: With line and column, where they are none.
    """
    skipped, delimiter, comment = _preamble(lines)
    lines = lines[skipped:]
    if wishes.delimiter != "auto":
        delimiter = DELIMITERS[wishes.delimiter]
    elif not delimiter:
        delimiter = guess_delimiter(lines if is_whole else lines[:-1] or lines)
    rows = list(_head_records(lines, delimiter, skipped, is_whole=is_whole))
    if not rows:
        raise DataError("it holds no values: its lines are empty")
    lacks_name = wishes.header != "no" and _lacks_name(rows)
    if lacks_name:
        rows[0] = (rows[0][0], ["", *rows[0][1]])
    decimal = _decimal(rows, wishes)
    has_header = wishes.header == "yes" or lacks_name
    if wishes.header == "auto" and not lacks_name:
        has_header = is_header(rows, decimal)
    names = rows[0][1] if has_header else _names(rows, comment, delimiter)
    body = rows[1:] if has_header else rows
    if not body:
        raise DataError("it holds names and no values")
    for line, row in body:
        check_width(line, row, len(names), rows[0][0])
    return Grid(delimiter, decimal, skipped, has_header, tuple(names), tuple(body))


def check_width(line: int, row: Sequence[str], width: int, first: int) -> None:
    """Refuse a row with more or fewer values than there are columns.

    Raises:
        DataError: With its line.
    """
    if len(row) != width:
        values = "value" if len(row) == 1 else "values"
        raise DataError(
            f"line {line} has {len(row)} {values}, and line {first} has {width}: every line needs "
            "as many; a value that holds the delimiter needs quotes"
        )


def records(lines: Iterable[str], delimiter: str, before: int) -> Iterator[Record]:
    """Rows with cells, empty lines left out, marks against formulas taken off.

    Args:
        lines: Without their ends.
        delimiter: As in `Grid`.
        before: Lines of the file before these.

    Raises:
        DataError: With the line, where quotes are wrong.
    """
    rest, done = iter(lines), before
    for line in rest:
        done += 1
        if '"' in line:
            row, more = _quoted(line, rest, delimiter, done)
            done += more
        elif delimiter == " ":
            row = line.split()
        else:
            row = line.split(delimiter) if delimiter else [line]
        if "'" in line:
            row = [plain(cell) for cell in row]
        if len(row) > 1 or (row and row[0].strip()):
            yield done, row


def _quoted(line: str, rest: Iterator[str], delimiter: str, begun: int) -> tuple[list[str], int]:
    """A row with quotes, and how many further lines it takes."""
    lines = itertools.chain([line.strip() if delimiter == " " else line], rest)
    reader = csv.reader(lines, delimiter=delimiter or "\x1f", strict=True, skipinitialspace=True)
    try:
        return next(reader), reader.line_num - 1
    except csv.Error as error:
        if "expected after" in str(error):
            where = f"line {begun + reader.line_num - 1}: a quote stands inside a value"
            raise DataError(f"{where}; write it twice within quotes") from error
        raise DataError(f"line {begun}: a quote is opened there and not closed") from error


def _head_records(
    lines: Sequence[str], delimiter: str, before: int, *, is_whole: bool
) -> Iterator[Record]:
    """As `records`; what goes on behind the lines that were read is left out."""
    try:
        yield from records(lines, delimiter, before)
    except DataError as error:
        if is_whole or "not closed" not in str(error):
            raise


def _preamble(lines: Sequence[str]) -> tuple[int, str, str]:
    """Lines before the table, a delimiter that they name, and the last comment."""
    skipped, delimiter, comment = 0, "", ""
    while skipped < len(lines):
        line = lines[skipped]
        if _GCT.fullmatch(line):
            return skipped + 2, "\t", ""
        if found := _SEP.fullmatch(line):
            delimiter = found[1]
        elif line.startswith("#"):
            comment = line.lstrip("#").strip()
        elif line.strip():
            break
        skipped += 1
    return skipped, delimiter, comment


# ── delimiter ─────────────────────────────────────────────────────────────────────────────────


def guess_delimiter(lines: Sequence[str]) -> str:
    """The delimiter that cuts lines into equally many values, most of them numbers; "" for none."""
    scored = {letter: delimiter_score(lines, letter) for letter in DELIMITERS.values()}
    best = max(scored, key=lambda letter: scored[letter])
    if scored[best] > 0:
        return best
    # No table, or a ragged one: what stands in its lines most often says best what is wrong.
    counts = {
        letter: sum(line.count(letter) for line in lines[:SAMPLED_LINES]) for letter in scored
    }
    best = max(counts, key=lambda letter: counts[letter])
    return best if 2 * counts[best] > len(lines[:SAMPLED_LINES]) else ""


def delimiter_score(lines: Sequence[str], delimiter: str) -> float:
    """How well a delimiter cuts lines into a table, in [0, 2.25]; 0 where it does not."""
    rows = []
    try:
        for _, row in records(lines[:SAMPLED_LINES], delimiter, 0):
            rows.append(row)
    except DataError:
        pass  # an open quote at the end of the sample, or another delimiter's
    if not rows:
        return 0.0
    width, count = Counter(len(row) for row in (rows[1:] or rows)).most_common(1)[0]
    share = count / len(rows[1:] or rows)
    if width < 2 or share < 0.6:
        return 0.0
    cells = [cell for row in (rows[1:] or rows) for cell in row[:200]]
    fits = 0.25 if len(rows[0]) == width else 0.0  # the names too
    return share + fits + sum(_is_like_number(cell) for cell in cells) / len(cells)


def _is_like_number(cell: str) -> bool:
    return is_missing(cell) or is_number(cell, ".") or is_number(cell, ",")


# ── names and numbers ─────────────────────────────────────────────────────────────────────────


def _lacks_name(rows: Sequence[Record]) -> bool:
    """Whether the first row has one cell less: R names the rows, and not the column of names."""
    first = len(rows[0][1])
    return len(rows) > 1 and all(len(row) == first + 1 for _, row in rows[1:])


def _decimal(rows: Sequence[Record], wishes: Wishes) -> str:
    if wishes.decimal != "auto":
        return "," if wishes.decimal == "comma" else "."
    cells = [cell for _, row in rows[1:] or rows for cell in row]
    return decimal_sign(cells) if any("," in cell for cell in cells) else "."


def is_header(rows: Sequence[Record], decimal: str) -> bool:
    """Whether the first row names the columns: words over numbers, an axis over measurements."""
    if len(rows) < 2:
        return not any(is_number(cell, decimal) for cell in rows[0][1])
    first, below = rows[0][1], [row for _, row in rows[1:200]]
    columns = list(zip(*(row for row in below if len(row) == len(first)), strict=True))
    if not columns:
        return True
    over = [
        (cell, column)
        for cell, column in zip(first, columns, strict=True)
        if any(is_number(value, decimal) for value in column)
    ]
    if not over:
        return all(cell not in column for cell, column in zip(first, columns, strict=True))
    if any(not is_number(cell, decimal) and not is_missing(cell) for cell, _ in over):
        return True
    words = [cell for cell in first if not is_number(cell, decimal)]
    if any(SHOWN_NAMES.fullmatch(word.strip().lower()) for word in words):
        return True
    return _is_axis([cell for cell, _ in over], decimal) and not any(
        _is_axis(row, decimal) for row in below[:20]
    )


def _is_axis(cells: Sequence[str], decimal: str) -> bool:
    """Whether ten numbers or more rise or fall all the way, as wavelengths do."""
    values = [number(cell, decimal) for cell in cells if is_number(cell, decimal)]
    if len(values) < 10:
        return False
    steps = [later - earlier for earlier, later in itertools.pairwise(values)]
    return all(step > 0 for step in steps) or all(step < 0 for step in steps)


def _names(rows: Sequence[Record], comment: str, delimiter: str) -> list[str]:
    """Of columns without a header: from a comment above them, else by their number."""
    width = Counter(len(row) for _, row in rows).most_common(1)[0][0]
    if comment:
        found = [row for _, row in records([comment], delimiter, 0)]
        if found and len(found[0]) == width:
            return found[0]
    return [f"x{number}" for number in range(1, width + 1)]
