"""How objects show themselves: what draws them stands in later rooms, and the package's front enters it here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

VIEWS: dict[str, Callable[..., Any]] = {}  # "activation", "comparison": to HTML; "plot": to matplotlib axes
