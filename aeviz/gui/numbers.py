"""Numbers and times as a person reads them; see `aeviz.numbers`."""

from aeviz.numbers import count as count
from aeviz.numbers import duration as duration
from aeviz.numbers import measure as measure
from aeviz.numbers import setting as setting
