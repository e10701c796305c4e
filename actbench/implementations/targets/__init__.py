"""Other people's activations: named by a target, examined in a process of their own, and traced or called.

A target is ``FILE.py:OBJ``, ``package.module:OBJ`` or the name of an entry point of the group ``actbench.activations``.
Where the object can be recorded, what crosses to this process is what it computes, never its code: the row that is then
measured is generated text. Where it cannot, its code runs in processes of its own only. This is isolation from
accidents, not from malice: a plug-in runs with the rights of whoever starts it.
"""

from __future__ import annotations

from actbench.implementations.targets.examine import Examined as Examined
from actbench.implementations.targets.examine import examine as examine
from actbench.implementations.targets.target import is_target as is_target
