"""What a target names: a file or a module, the object in it, and a name for the row that it becomes."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import re
import sys
from dataclasses import dataclass
from functools import cache, partial
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

from actbench.core.errors import ActbenchError, unknown
from actbench.implementations.named import split
from actbench.implementations.targets.foreign import NEEDS_NAME, is_foreign
from actbench.implementations.targets.foreign import load as load_foreign

GROUP = "actbench.activations"  # of entry points
OBJECT = re.compile(r"[^\W\d][\w.]*(\(.*\))?", re.DOTALL)  # ``leaky_relu:negative_slope=0.2`` is a row's spec


class NoObject(ActbenchError):
    """A module has no object of this name: the request is wrong, not the object."""


def is_request(error: BaseException, text: str) -> bool:
    """Whether it is the name that is wrong, no object in the module or no such module, and not what it names."""
    if isinstance(error, ModuleNotFoundError):  # of the module that was asked for, and not of one that it imports
        return bool(error.name) and f"{text.partition(':')[0]}.".startswith(f"{error.name}.")
    return isinstance(error, NoObject)


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where an object is found.

    Parameters
    ----------
    text
        As the user wrote it.
    place
        A file by its absolute path, or a module's import path.
    attribute
        The object's name in it, dots for parts; what stands in brackets behind it is handed to it.
    """

    text: str
    place: str
    attribute: str

    @property
    def file(self) -> Path | None:
        """The file, where it is named as one."""
        return Path(self.place) if _is_file(self.place) else None

    @property
    def name(self) -> str:
        """A row's name: ``my.act`` for ``path/my.py:act``; letters, digits, dots and underscores only."""
        stem = self.file.stem if self.file else self.place
        return re.sub(r"[^A-Za-z0-9_.]+", "_", f"{stem}.{self.attribute}").strip("_.")

    @property
    def sha256(self) -> str:
        """Of the file's bytes; of the module's file where it can be found without importing a package; else empty."""
        file = self.file
        if file is None:
            try:
                found = importlib.util.find_spec(self.place)
            except (ImportError, ValueError):
                return ""
            file = Path(found.origin) if found and found.origin and found.origin.endswith(".py") else None
        return hashlib.sha256(file.read_bytes()).hexdigest() if file and file.is_file() else ""


def entry_points() -> dict[str, str]:
    """Names of installed entry points to ``module:object``."""
    return {point.name: point.value for point in metadata.entry_points(group=GROUP)}


def is_target(text: str) -> bool:
    """Whether a text names a plug-in rather than a row: a file, a module, or an entry point."""
    place, attribute = _parts(text)
    return _is_file(place) or bool(OBJECT.fullmatch(attribute)) or text in entry_points()


def _is_file(place: str) -> bool:
    return place.endswith(".py") or is_foreign(place)


def _parts(text: str) -> tuple[str, str]:
    """Place and object: apart at the last colon before a bracket."""
    end = text.find("(", text.find(":"))
    colon = text.rfind(":", 0, end if end >= 0 else len(text))
    return (text[:colon], text[colon + 1 :]) if colon >= 0 else (text, "")


def parse(text: str) -> Target:
    """The target that a text names.

    Raises
    ------
    ActbenchError
        For a file that is not there, or a text without an object.
    """
    text = entry_points().get(text, text) if ":" not in text else text
    place, attribute = _parts(text)
    if not attribute and not (is_foreign(place) and Path(place).suffix.lower() not in NEEDS_NAME):
        raise ActbenchError(f"{text!r} names no object; write FILE.py:OBJ or package.module:OBJ")
    try:
        split(attribute or "x")
    except ActbenchError:
        raise ActbenchError(f"{attribute!r} in {text!r} is no name of an object; write FILE.py:OBJ, plain "
                            "values in its brackets") from None  # fmt: skip
    if _is_file(place):
        if not Path(place).is_file():
            what = f"{place!r} is a folder" if Path(place).is_dir() else f"no file {place!r}"
            raise ActbenchError(
                f"{what}; give " + ("a file, as FILE.py:OBJ" if place.endswith(".py") else "one that is there")
            )
        place = str(Path(place).resolve())
    elif not all(part.isidentifier() for part in place.split(".")):
        raise ActbenchError(f"{place!r} in {text!r} is no file and no module; write FILE.py:OBJ or package.module:OBJ")
    return Target(text=text, place=place, attribute=attribute)


def load(target: Target) -> Any:
    """The object, by running its module in this process.

    Raises
    ------
    ActbenchError
        Where the module has no such object. Whatever the module itself raises goes through.
    """
    path, arguments, options = split(target.attribute) if target.attribute else ("", (), {})
    if is_foreign(target.place):
        return load_foreign(Path(target.place), path, arguments, options)
    module = module_at(target.place)
    found: Any = module
    for part in path.split("."):
        if not hasattr(found, part):
            names = [
                name for name, value in vars(module).items() if name[:1] != "_" and not isinstance(value, ModuleType)
            ]
            raise NoObject(str(unknown("object", path, names)))
        found = getattr(found, part)
    if isinstance(found, type):
        return found(*arguments, **options) if target.attribute.endswith(")") else found
    if arguments:
        raise ActbenchError(f"{path} is no class: its first argument is x; name the others, as {path}(slope=0.1)")
    return partial(found, **options) if options else found


@cache
def module_at(place: str) -> ModuleType:
    """A file or a module, run once a process: one that defines rows cannot do so twice."""
    if not place.endswith(".py"):
        sys.path.append("")  # a module beside the caller, behind what is installed
        return importlib.import_module(place)
    file = Path(place)
    name = "actbench_plugin_" + re.sub(r"\W", "_", file.stem)
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.append(str(file.parent))  # its neighbours, behind what is installed: one may be called numpy.py
    sys.dont_write_bytecode = True
    spec.loader.exec_module(module)
    return module
