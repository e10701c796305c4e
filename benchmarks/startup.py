"""How long until a new process is ready? Each sample is a process of its own, its interpreter's start not counted."""

from __future__ import annotations

QUIET = """
    import contextlib, io
    from actbench.cli import main
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
        main({words!r})
"""


def timeraw_import() -> str:
    """``import actbench``, NumPy included."""
    return "import actbench"


def timeraw_import_beside_numpy() -> tuple[str, str]:
    """What ``import actbench`` adds to NumPy's own start."""
    return "import actbench", "import numpy"


def timeraw_help() -> str:
    """``actbench --help``."""
    return QUIET.format(words=["--help"])


def timeraw_list() -> str:
    """``actbench list``."""
    return QUIET.format(words=["list"])


def timeraw_first_kernel() -> tuple[str, str]:
    """The first call of a kernel from the cache, numba's own start not counted (another kernel has paid it)."""
    call = "actbench.kernel({name!r}, dtype='float32')(x)"
    return call.format(name="silu"), "import numpy, actbench; x = numpy.ones(1000, 'float32'); " + call.format(
        name="relu"
    )


for _benchmark in (timeraw_import, timeraw_import_beside_numpy, timeraw_help, timeraw_list, timeraw_first_kernel):
    _benchmark.version = "1"
    _benchmark.number = 1
    _benchmark.rounds = 2
    _benchmark.repeat = 5
    _benchmark.warmup_time = 0.01  # one run first: bytecode and kernels are then on disk
    _benchmark.timeout = 60
