"""Users' modules, by import path or file: each loaded once a process."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from actbench.core.errors import ActbenchError
from actbench.runs.measure import reason

FROM_FILE = "actbench_file_"  # begins the names of modules that were loaded by path


def load(modules: Iterable[str]) -> list[ModuleType]:
    """Import modules by import path (``my.experiments``) or file (``path/to/file.py``), each once a process.

    Raises
    ------
    ActbenchError
        Where one is not there or does not load.
    """
    loaded = []
    for name in modules:
        try:
            loaded.append(_from_file(Path(name)) if name.endswith(".py") else importlib.import_module(name))
        except ActbenchError:
            raise
        except (Exception, SystemExit) as error:
            text = f"cannot load {name} ({reason(error)}); give an import path or a Python file"
            raise ActbenchError(text) from error
    return loaded


def _from_file(path: Path) -> ModuleType:
    """The module of a file: the one that is loaded already, under whatever name, else a new one."""
    path = path.resolve()
    for module in list(sys.modules.values()):
        # By the dictionary: to ask a lazy module for an attribute would import it.
        known = getattr(module, "__dict__", {})
        file = str(known.get("__file__") or "")
        if file.endswith(path.name) and Path(file).resolve() == path and known.get("__name__") != "__main__":
            return module
    name = f"{FROM_FILE}{hashlib.sha256(str(path).encode()).hexdigest()[:16]}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None  # as for every name that ends in .py
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def content(module: str) -> tuple[str, str]:
    """A module's name with a hash of its file."""
    (loaded,) = load([module])
    file = getattr(loaded, "__file__", None)
    return module, hashlib.sha256(Path(file).read_bytes()).hexdigest() if file else ""
