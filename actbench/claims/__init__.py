"""Ledgers of claims: one folder a text, one record a claim. A file dropped in here is found by itself."""

from __future__ import annotations

from importlib import import_module
from pkgutil import walk_packages

for _module in sorted(module.name for module in walk_packages(__path__, f"{__name__}.")):
    import_module(_module)
