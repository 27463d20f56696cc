"""The zoo: one file per model, found by walking this package."""

import importlib
import pkgutil

from aeviz.models.base import MODELS, ModelEntry

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")


def entry(name: str) -> ModelEntry:
    """The registered model; raises ValueError that lists the names when there is none."""
    if name not in MODELS:
        raise ValueError(f"there is no model {name!r}; there are: {', '.join(sorted(MODELS))}")
    return MODELS[name]
