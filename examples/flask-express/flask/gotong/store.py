"""The dishes, in SQLite: on the disk before anybody is answered."""

import sqlite3
from contextlib import closing
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS dish (
    id INTEGER PRIMARY KEY,
    submission_id TEXT NOT NULL UNIQUE,
    dish TEXT NOT NULL,
    cook TEXT NOT NULL,
    serves INTEGER NOT NULL
) STRICT;
"""
SHOWN = "SELECT id, dish, cook, serves FROM dish"
# How long a change waits for the one before it.
PATIENCE_S = 5.0


def prepare(database: str) -> None:
    """Makes the file and its table, unless they are there; several may do so at once."""
    Path(database).parent.mkdir(parents=True, exist_ok=True)
    with closing(_open(database)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(SCHEMA)


def every(database: str) -> list[dict]:
    with closing(_open(database)) as connection:
        return [dict(row) for row in connection.execute(f"{SHOWN} ORDER BY id")]


def one(database: str, number: int) -> dict | None:
    with closing(_open(database)) as connection:
        row = connection.execute(f"{SHOWN} WHERE id = ?", (number,)).fetchone()
        return dict(row) if row else None


def add(database: str, *, submission_id: str, dish: str, cook: str, serves: int) -> dict:
    """The dish as it stands: a repeat finds the first one."""
    with closing(_open(database)) as connection:
        connection.execute(
            "INSERT INTO dish (submission_id, dish, cook, serves) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (submission_id) DO NOTHING",
            (submission_id, dish, cook, serves),
        )
        row = connection.execute(f"{SHOWN} WHERE submission_id = ?", (submission_id,)).fetchone()
        return dict(row)


def _open(database: str) -> sqlite3.Connection:
    connection = sqlite3.connect(database, timeout=PATIENCE_S, isolation_level=None)
    connection.row_factory = sqlite3.Row
    # In WAL mode only FULL waits for the disk at every commit.
    connection.execute("PRAGMA synchronous = FULL")
    return connection
