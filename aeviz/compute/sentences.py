"""What went wrong in one sentence, for messages to a person."""

import sys


def sentence(error: BaseException) -> str:
    """What an exception says; our own are sentences, others get the name of their kind."""
    known = _explained(error)
    if known is not None:
        return known
    first = str(error).strip().partition("\n")[0]
    kind = type(error)
    is_sentence = isinstance(error, ValueError | OSError) or kind.__module__.startswith("aeviz.")
    if first and is_sentence:
        return first
    return f"{kind.__name__}: {first}" if first else kind.__name__


def _explained(error: BaseException) -> str | None:
    """What torch says badly, in better words; None where it is something else."""
    if "torch" not in sys.modules:
        return None
    from aeviz.compute.device import explain

    return explain(error)
