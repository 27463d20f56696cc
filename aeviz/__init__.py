"""aeviz: a live explorer of the latent spaces of autoencoders, VAEs and flows."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aeviz.api import Run, explore, load, train
    from aeviz.reporting import report

__version__ = "0.1.0"
__all__ = ["Run", "__version__", "explore", "load", "report", "train"]


def __getattr__(name: str) -> Any:
    """Import the Python interface when it is first asked for: `import aeviz` costs no torch."""
    if name in ("Run", "explore", "load", "train"):
        from aeviz import api

        return getattr(api, name)
    if name == "report":
        from aeviz.reporting import report

        return report
    raise AttributeError(f"module 'aeviz' has no attribute {name!r}")
