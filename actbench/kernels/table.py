"""What a ufunc's inner loop knows of its kernel: words of eight bytes, in this order. Compiled loops read them.

``SCALAR`` and ``ARRAYS`` are addresses of machine code: with every trailing parameter one number for all elements, and
with one number an element. One that is 0 is compiled when it is first wanted, by the function at ``COMPILE``. Where
that fails, the function at ``RAISE`` is told the thread and the exception (``THREAD``, ``ERROR``); nothing is computed.
"""

from __future__ import annotations

SCALAR, ARRAYS, COMPILE, VALUES, FIXED, READ, TRAILING, BYTES, NARROW, STREAMED, THREADED, THREADS, WORK = range(
    0, 104, 8
)
RAISE, THREAD, ERROR, POOL = range(104, 136, 8)
ROWS_CODE = RAISE  # along an axis: `axis_rows`, for nothing is compiled late; TRAILING tells a second length
SLOTS = 136  # for each trailing parameter: the byte among VALUES where its number goes, and its place among the arrays
MOST = 8  # operands of a kernel, its output with them
LARGEST_TEAM = 64  # threads of a call
PART = 1 << 14  # elements that a thread takes at once
LINE = 64  # bytes: counters of different threads lie in different cache lines
BLOCK = 1 << 8  # elements of a block that is gathered
ROOM = 8 * MOST * BLOCK  # bytes for such blocks of doubles: 16 KiB
HALVES, SINGLES = 2, 3  # arrays whose elements become doubles on the way in: what stands in NARROW, else 0


# a task that threads share, with the floating-point environment of whoever gives it
FUNCTION, SIZE, STREAMS, OPERANDS, COUNT, WIDTH, NUMBERS, TEAM, CHUNK = range(0, 72, 8)
ENVIRONMENT, COUNTERS = 128, 192
# what one call along an axis is: the machine code, the arrays, the lengths of their vectors, the bytes of an element
ROWS_OF, X_AT, Y_AT, Z_AT, LONG, SHORT, WIDE = range(0, 56, 8)
TASK_ROOM = COUNTERS + LINE * (LARGEST_TEAM + 1)

# the pool of threads, and what each of them has from its seat on: lines of its own
BUSY, ALIVE, PROCESS, MASKING, WAITING = range(0, 40, 8)
MAIL, ASLEEP, LOCK, THREAD_OF, MEMBER, WORK_OF = range(0, 48, 8)
SEAT = 2 * LINE
POOL_ROOM = SEAT * LARGEST_TEAM  # the caller's seat, the first, is the pool's own
STOP = 2  # in place of a task's address, which is even too; an odd one is being worked at
SPINS = 1000  # looks for a new task before a thread sleeps: 10 to 50 us, as long as a pause lasts
