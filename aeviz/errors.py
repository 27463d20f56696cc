"""What the Python interface refuses: each with a sentence for a person."""


class EpochError(ValueError):
    """There is no such epoch, or its weights were thinned out; the message names the nearest."""


class ConditionError(ValueError):
    """A model cannot be told that; the message says what it can be told."""


class PathError(ValueError):
    """No such path can be made between these points; the message says why."""


class DrawError(ValueError):
    """Nothing can be drawn from that; the message says why, and from what one can."""
