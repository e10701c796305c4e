"""What one thread of OpenMP's does of a kernel's call. `actbench.torch.direct` compiles this file.

Threads that another library keeps awake between its own calls: beside them a second pool gets no processor.
"""

# mypy: ignore-errors
# (numba's types; the text is compiled, never imported)

from llvmlite import ir
from numba import cfunc, types
from numba.extending import intrinsic

from actbench.kernels.intrinsics import keep_flags, restore_flags
from actbench.kernels.memory import invoke, load, stack
from actbench.kernels.table import ENVIRONMENT

TASK, WORK, NUMBER = 0, 8, 16  # what it is given: a task, what does a part of it, what tells a thread its number


@intrinsic
def asked(typing_context, function):
    """The 32 bits that a function of nothing answers, by its address."""

    def make(context, builder, signature, args):
        kind = ir.FunctionType(ir.IntType(32), [])
        found = builder.call(builder.inttoptr(args[0], kind.as_pointer()), [])
        return builder.zext(found, ir.IntType(64))

    return types.intp(types.intp), make


@cfunc(types.void(types.intp), cache=True, error_model="numpy")
def kernel(given):
    """A member's stretch of a task, in the caller's floating-point environment."""
    own, task = stack(64), load(given, TASK)
    keep_flags(own)
    restore_flags(task + ENVIRONMENT)
    invoke(load(given, WORK), (task, asked(load(given, NUMBER))))
    restore_flags(own)
