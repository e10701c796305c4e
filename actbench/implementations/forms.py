"""ReLU's passes and its rivals' as each library writes them, for the question whether one is cheaper than the other.

Backward passes work from the kept output y alone, as the article's do: sigmoid's slope is y (1 - y), tanh's 1 - y^2.
(Our own rows of these two start from x and spend an exponential, because the kept y has lost the tail.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from actbench.core.errors import reason_of

if TYPE_CHECKING:
    from actbench.implementations.implementation import Implementation, Operands

FORWARD = ("relu", "sigmoid", "tanh", "softplus")
BACKWARD = ("relu", "sigmoid", "tanh")
IN_PLACE = ("relu masked", "relu multiplied")  # zeros written through a mask; times a slope of 0 or 1
LIBRARIES = ("actbench", "numpy", "torch", "jax")  # the order of the frame

Arrays = Mapping[str, "Operands"]  # pass name -> the arrays of that activation
Calls = dict[str, Callable[[], object]]


def prepared_forms(of_row: Callable[[Any], Implementation], direction: str, arrays: Arrays) -> Calls:
    """The passes that are a library's prepared calls of the rows."""
    from actbench.activations.registry import resolve

    return {
        name: of_row(resolve(name)).prepared(direction, operands).call
        for name, operands in arrays.items()
        if name not in IN_PLACE
    }


@contextmanager
def lined_up(direction: str, arrays: Arrays) -> Iterator[tuple[dict[tuple[str, str], Any], dict[str, str]]]:
    """The calls of all libraries for one race, and the reasons of those that are not there.

    Parameters
    ----------
    direction
        ``"forward"`` or ``"backward"``.
    arrays
        Pass to its arrays; in-place passes overwrite their ``dy``.

    Yields
    ------
    calls, absent
        ``(library, pass)`` to a call; library to why it takes no part.
    """
    from actbench.implementations.libraries import libraries

    calls: dict[tuple[str, str], Any] = {}
    absent: dict[str, str] = {}
    with ExitStack() as stack:
        stack.enter_context(np.errstate(all="ignore"))
        for name in LIBRARIES:
            library = libraries()[name]
            assert library.forms is not None
            try:
                stack.enter_context(library.around())
                calls.update({(name, form): call for form, call in library.forms(direction, arrays).items()})
            except Exception as error:  # a library that is absent or broken takes no part
                absent[name] = reason_of(error)
        yield calls, absent
