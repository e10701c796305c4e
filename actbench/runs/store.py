"""The store of finished cells: one SQLite file, a checksum on every row, never a pickle.

Only the main process writes. A file that is damaged is set aside under another name, its sound rows are carried over,
and what is missing then is computed again: damage costs time, never a wrong number.
"""

from __future__ import annotations

import json
import math
import os
import sqlite3
import struct
import time
import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from actbench.core.errors import ActbenchError
from actbench.runs.index import Index

# Part of every key: a row that another format wrote is never asked for.
FORMAT = 1
SOME = 2048  # rows that are read at once
MOST_NEW = 2**16  # rows beside the index before it is made anew
TIMEOUT = 30.0  # seconds to wait for another run that writes to the same file

_strict_text = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode

Columns = dict[str, list[Any]]
Answer = TypeVar("Answer")

# Without an index on disk: with one a cell costs 42 us at 10^6, for each goes to a page of its own; without, 9 us.
_TABLE = "CREATE TABLE IF NOT EXISTS cell (key BLOB NOT NULL, body TEXT NOT NULL, crc INTEGER NOT NULL)"
_ROWS = "SELECT rowid, key, body, crc FROM cell NOT INDEXED"
_INSERT = "INSERT OR REPLACE INTO cell (key, body, crc) VALUES (?, ?, ?)"

# SQLite's answers that blame the surroundings, not the file: https://sqlite.org/rescode.html
_SURROUNDINGS = {
    sqlite3.SQLITE_BUSY: "another run has been writing to it for 30 s; wait for that run, or choose another --out",
    sqlite3.SQLITE_LOCKED: "another run has been writing to it for 30 s; wait for that run, or choose another --out",
    sqlite3.SQLITE_FULL: "the disk is full; make room, or choose another --out",
    sqlite3.SQLITE_READONLY: "it may not be written; choose another --out",
    sqlite3.SQLITE_PERM: "it may not be opened; choose another --out",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; choose another --out",
    sqlite3.SQLITE_IOERR: "the disk reports an error; choose another --out",
    sqlite3.SQLITE_NOMEM: "there is no memory left",
}


class _Damaged(sqlite3.DatabaseError):
    """A row, or the file, is not what was written."""


def encode(columns: Mapping[str, Sequence[Any]]) -> str:
    """Observations as JSON text, column by column, so that `decode` gives every value back bit by bit.

    JSON has no infinities and no NaN: a float that is not finite is written as a text (``"-inf"``, and ``"nan"`` or
    ``"nan:"`` with its 64 bits), and a text as itself behind a ``=``.

    Parameters
    ----------
    columns
        Measure to values, one an observation: str, int, float, bool or None.
    """
    return _strict_text({name: [*map(_written, values)] for name, values in columns.items()})


def decode(body: str | bytes) -> Columns:
    """The columns that `encode` was given.

    Raises
    ------
    ValueError
        Where the text is no such thing.
    """
    columns = json.loads(body)
    if not isinstance(columns, dict) or not all(isinstance(values, list) for values in columns.values()):
        raise ValueError("not a table")
    if len({len(values) for values in columns.values()}) > 1:
        raise ValueError("columns of several lengths")
    return {name: [read_value(value) if type(value) is str else value for value in values]
            for name, values in columns.items()}  # fmt: skip


_NAN = struct.pack(">d", math.nan)


def _written(value: Any) -> Any:
    if type(value) is str:
        return f"={value}"
    if type(value) is float and not math.isfinite(value):
        bits = struct.pack(">d", value)
        # x86 answers 0/0 with the sign bit set: those are other bits than math.nan's.
        return repr(value) if math.isinf(value) or bits == _NAN else f"nan:{bits.hex()}"
    return value


def read_value(text: str) -> Any:
    """The text, or the float that JSON has not, behind what `encode` wrote."""
    if text.startswith("="):
        return text[1:]
    if text.startswith("nan:"):
        return struct.unpack(">d", bytes.fromhex(text[4:]))[0]
    return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[text]


class Store:
    """Finished cells on disk, by key; use it as a context manager.

    Parameters
    ----------
    path
        The SQLite file; it and its folder are made where missing.

    Raises
    ------
    ActbenchError
        Where the file cannot be opened for a reason outside it: permissions, a full disk, another run.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ActbenchError(f"cannot make the folder {self.path.parent}: {error.strerror}") from error
        self._connection: sqlite3.Connection | None = None
        # Where each key's row is, once one is asked for: up to the last row that was met.
        self._index, self._last = Index(()), 0
        self._new: dict[bytes, int] = {}
        self._sound(self._open)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; the write-ahead log is folded into it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def get(self, key: bytes) -> Columns | None:
        """The observations of a cell, or None where it is not there (any more)."""
        return self._sound(lambda: self._get(key))

    def empty(self) -> bool:
        """Whether no cell is there."""
        return self._sound(lambda: self._open().execute("SELECT 1 FROM cell LIMIT 1").fetchone() is None)

    def find(self, index: Index) -> Iterator[tuple[list[int], list[bytes]]]:
        """All that is there of some keys: their numbers and bodies, in any order, and again from the start where the
        file turns out damaged on the way."""
        try:
            yield from self._found(index)
        except sqlite3.Error as error:
            self._excuse(error)
            self._set_aside(" ".join(str(error).split()))
        else:
            return
        try:
            yield from self._found(index)
        except sqlite3.Error as error:
            self._excuse(error)
            raise ActbenchError(f"the store {self.path} was replaced and fails again: {error}") from error

    def put(self, cells: Sequence[tuple[bytes, str]]) -> None:
        """Keep finished cells, pairs of key and body: when this returns, they survive the process being killed."""
        rows = [(key, body, _checksum(key, body.encode("ascii"))) for key, body in cells]
        self._sound(lambda: _write(self._open(), _INSERT, rows))

    def _found(self, index: Index) -> Iterator[tuple[list[int], list[bytes]]]:
        for some in self._rows(0):
            numbers = index.find([key for _, key, _ in some]).tolist()
            asked = [(number, body) for number, (_, _, body) in zip(numbers, some, strict=True) if number >= 0]
            yield [number for number, _ in asked], [body for _, body in asked]

    def _rows(self, after: int) -> Iterator[list[tuple[int, bytes, bytes]]]:
        """Number, key and body of all rows from one on, each checked."""
        rows = self._open().execute(f"{_ROWS} WHERE rowid > ? ORDER BY rowid", (after,))
        while some := rows.fetchmany(SOME):
            if not all(_checks(row[1:]) for row in some):
                raise _Damaged("a row fails its check")
            yield [row[:3] for row in some]

    def _get(self, key: bytes) -> Columns | None:
        connection = self._open()
        for catch_up in (False, True):
            if catch_up and not self._catch_up():
                return None
            number = self._new.get(key) or int(self._index.find([key])[0])
            row = connection.execute("SELECT key, body, crc FROM cell WHERE rowid = ?", (number,)).fetchone()
            if row is None:  # not met yet, or replaced by another process
                continue
            if not _checks(row) or row[0] != key:
                raise _Damaged("a row fails its check")
            try:
                return decode(row[1])
            except (ValueError, KeyError, struct.error, RecursionError):
                return None  # a stranger's: computed again
        return None

    def _catch_up(self) -> bool:
        """Take in where rows are that came since; whether there were any."""
        before = self._last
        for some in self._rows(before):
            self._new.update((key, number) for number, key, _ in some)
            self._last = some[-1][0]
            if len(self._new) > MOST_NEW:
                self._index, self._new = self._index.with_more(self._new), {}
        return self._last > before

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = _connect(self.path)
            self._index, self._new, self._last = (
                Index(()),
                dict[bytes, int](),
                0,
            )  # where rows are, once one is asked for
        return self._connection

    def _sound(self, action: Callable[[], Answer]) -> Answer:
        """What the action answers; where the file turns out damaged, what it answers once that is set aside."""
        try:
            return action()
        except sqlite3.Error as error:
            self._excuse(error)
            self._set_aside(" ".join(str(error).split()))
        try:
            return action()
        except sqlite3.Error as error:
            self._excuse(error)
            raise ActbenchError(f"the store {self.path} was replaced and fails again: {error}") from error

    def _excuse(self, error: sqlite3.Error) -> None:
        """Complain where the surroundings, or our own call, are to blame and the file is not."""
        if isinstance(error, sqlite3.ProgrammingError):
            raise error
        # The low byte is the kind of trouble, the rest says more of it.
        reason = _SURROUNDINGS.get(getattr(error, "sqlite_errorcode", -1) & 0xFF)
        if reason is not None:
            raise ActbenchError(f"cannot use the store {self.path}: {reason}") from error

    def _set_aside(self, reason: str) -> None:
        """Give the damaged file another name, begin a new one with the rows that pass their check, and say so."""
        self.close()
        number = 1
        while (aside := self.path.with_name(f"{self.path.name}.damaged-{number}")).exists():
            number += 1
        # The log belongs to its file: beside a new one it would be replayed into it.
        for tail in ("", "-wal", "-shm"):
            if (part := Path(f"{self.path}{tail}")).exists():
                part.replace(f"{aside}{tail}")
        kept = _salvage(aside, self._open())
        warnings.warn(
            f"{self.path} is damaged ({reason}); set aside as {aside.name}, {kept} sound cells kept, "
            "the others are computed again", stacklevel=5,
        )  # fmt: skip


def discard(path: str | os.PathLike[str]) -> None:
    """Remove a store and its log, for a run that starts afresh; copies that were set aside stay."""
    for tail in ("-wal", "-shm", ""):
        Path(f"{os.fspath(path)}{tail}").unlink(missing_ok=True)


def _connect(path: Path) -> sqlite3.Connection:
    """A connection to a file that holds our table, autocommit, in WAL mode."""
    connection = sqlite3.connect(path, timeout=TIMEOUT, isolation_level=None)
    # Bytes as they are: a flipped bit may leave no UTF-8, and that must be found by the checksum.
    connection.text_factory = bytes
    try:
        _with_patience(lambda: connection.execute("PRAGMA journal_mode = WAL").fetchone())
        # In WAL mode NORMAL keeps every commit when the process dies, and the file whole when the power does.
        connection.execute("PRAGMA synchronous = NORMAL")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_TABLE)
            connection.execute(f"PRAGMA user_version = {FORMAT}")
            connection.execute("COMMIT")
        elif version != FORMAT:
            raise _Damaged(f"it has format {version}, known is {FORMAT}")
        # A bit that flipped between pages hides cells: checksums cannot see that. 0.3 us a row.
        (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if verdict != b"ok":
            raise _Damaged(verdict.decode(errors="replace"))
        connection.execute("SELECT key, body, crc FROM cell LIMIT 1").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _with_patience(action: Callable[[], Answer]) -> Answer:
    """Repeat while the file is busy: SQLite does not wait by itself where two processes switch to WAL at once."""
    end = time.monotonic() + TIMEOUT
    while True:
        try:
            return action()
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            if not busy or time.monotonic() > end:
                raise
            time.sleep(0.05)


def _write(connection: sqlite3.Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """One short transaction: all of the rows or none."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.executemany(statement, rows)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _salvage(damaged: Path, connection: sqlite3.Connection) -> int:
    """Carry the rows of a damaged file that pass their check into a new one; the number of them."""
    sound = (row[1:] for row in _legible(damaged) if _checks(row[1:]))
    while some := list(islice(sound, 1000)):
        _write(connection, _INSERT, [(key, body.decode("ascii"), crc) for key, body, crc in some])
    (kept,) = connection.execute("SELECT count(*) FROM cell").fetchone()
    return int(kept)


def _legible(damaged: Path) -> Iterator[tuple[Any, ...]]:
    """The rows that SQLite still finds, from the first on and, where a torn page ends that walk, from the last on."""
    for order in ("ASC", "DESC"):
        try:
            with closing(sqlite3.connect(f"{damaged.resolve().as_uri()}?mode=ro", uri=True)) as old:
                old.text_factory = bytes
                yield from old.execute(f"{_ROWS} ORDER BY rowid {order}")
                return
        except sqlite3.Error:
            continue


def _checksum(key: bytes, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(key))


def _checks(row: tuple[Any, ...]) -> bool:
    """Whether key, body and checksum are of the kinds that were written and belong together."""
    key, body, crc = row
    return type(key) is bytes and type(body) is bytes and body.isascii() and crc == _checksum(key, body)
