"""aeviz: a live explorer of the latent spaces of autoencoders, VAEs and flows."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aeviz.api import Run, load
    from aeviz.entrances import explore, train, wrap
    from aeviz.reporting import report

__version__ = "0.1.0"
__all__ = ["Run", "__version__", "explore", "load", "report", "train", "wrap"]

_PLACES = {
    "Run": "aeviz.api",
    "load": "aeviz.api",
    "explore": "aeviz.entrances",
    "train": "aeviz.entrances",
    "wrap": "aeviz.entrances",
    "report": "aeviz.reporting",
}


def __getattr__(name: str) -> Any:
    """Import the Python interface when it is first asked for: `import aeviz` costs no torch."""
    if name in _PLACES:
        return getattr(importlib.import_module(_PLACES[name]), name)
    raise AttributeError(f"module 'aeviz' has no attribute {name!r}")
