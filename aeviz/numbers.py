"""Numbers and times as a person reads them."""

import math

_MINUS = "\N{MINUS SIGN}"


def setting(value: float) -> str:
    """A number that was chosen, as short as it is exact: 0.9, 128, 1e-3, 2.5e-4.

    The text can be typed in again.
    """
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else str(value)
    size = abs(value)
    if 0.01 <= size < 1e6:
        return f"{value:.10g}"
    mantissa, exponent = f"{value:.10e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


def measure(value: float, digits: int = 4) -> str:
    """A number that was measured, to so many significant digits; "–" where there is none."""
    if not math.isfinite(value):
        return "\N{EN DASH}"
    size = abs(value)
    if size != 0 and not 1e-3 <= size < 1e6:
        text = f"{value:.{digits - 1}e}"
        mantissa, exponent = text.split("e")
        return f"{mantissa}e{int(exponent)}".replace("-", _MINUS)
    decimals = digits - 1 - (math.floor(math.log10(size)) if size else 0)
    return f"{value:,.{min(max(decimals, 0), 8)}f}".replace("-", _MINUS)


def count(value: float) -> str:
    """A count with its thousands apart: 60,000."""
    return f"{value:,.0f}"


def duration(seconds: float) -> str:
    """A time that is left or was taken: "8 s", "3 min 20 s", "2 h 5 min"."""
    whole = max(round(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 10:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"
