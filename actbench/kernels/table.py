"""What a ufunc's inner loop knows of its kernel: words of eight bytes, in this order. Compiled loops read them.

``SCALAR`` and ``ARRAYS`` are addresses of machine code: with every trailing parameter one number for all elements, and
with one number an element. One that is 0 is compiled when it is first wanted, by the function at ``COMPILE``. Where
that fails, the function at ``RAISE`` is told the thread and the exception (``THREAD``, ``ERROR``); nothing is computed.
"""

from __future__ import annotations

SCALAR, ARRAYS, COMPILE, VALUES, FIXED, READ, TRAILING, BYTES, NARROW, STREAMED, THREADED, THREADS, WORK = range(
    0, 104, 8
)
RAISE, THREAD, ERROR = range(104, 128, 8)
SLOTS = 128  # for each trailing parameter: the byte among VALUES where its number goes, and its place among the arrays
MOST = 8  # operands of a kernel, its output with them
LARGEST_TEAM = 64  # threads of a call
PART = 1 << 14  # elements that a thread takes at once
LINE = 64  # bytes: counters of different threads lie in different cache lines
BLOCK = 1 << 8  # elements of a block that is gathered
ROOM = 8 * MOST * BLOCK  # bytes for such blocks of doubles: 16 KiB
HALVES, SINGLES = 2, 3  # arrays whose elements become doubles on the way in: what stands in NARROW, else 0

# a task that threads share, and what each of them is given
FUNCTION, SIZE, STREAMS, OPERANDS, COUNT, WIDTH, NUMBERS, TEAM, COUNTERS = range(0, 72, 8)
TASK_ROOM = COUNTERS + LINE * (LARGEST_TEAM + 2)
TASK, MEMBER, GIVEN = 0, 8, 16
TEAM_ROOM = GIVEN * LARGEST_TEAM
