"""Files of a person's own as data sets: one file here per format, found by walking this package."""

import importlib
import pkgutil

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
