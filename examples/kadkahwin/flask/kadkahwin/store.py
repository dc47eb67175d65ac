"""The answers, in SQLite: on the disk before anybody is thanked, and counted once.

Every change opens its own connection, so that nothing is shared among threads and processes.
"""

import secrets
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from .problems import Problem
from .wish import Wish

SCHEMA = """
CREATE TABLE IF NOT EXISTS answer (
    id TEXT PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    phone TEXT NOT NULL,
    attending INTEGER NOT NULL,
    guests INTEGER NOT NULL,
    message TEXT NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS submission (
    id TEXT PRIMARY KEY,
    digest TEXT NOT NULL,
    answer TEXT NOT NULL REFERENCES answer (id),
    is_new INTEGER NOT NULL
) STRICT;
"""
INSERT = """
INSERT INTO answer (id, code, name, email, phone, attending, guests, message, changed_at)
VALUES (:id, :code, :name, :email, :phone, :attending, :guests, :message, :changed_at)
"""
CHANGE = """
UPDATE answer SET name = :name, email = :email, phone = :phone, attending = :attending,
    guests = :guests, message = :message, changed_at = :changed_at
WHERE id = :id
"""
# Without those that are taken for others: 0 and O, 1, I and L.
LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH = 8
# How long a change waits for the one before it.
PATIENCE_S = 5.0


@dataclass(frozen=True)
class Saved:
    """What stands after a submission."""

    id: str
    is_new: bool
    # With it the guest can change the answer later on.
    code: str


def prepare(database: str) -> None:
    """Makes the file and its tables, unless they are there; several may do so at once."""
    Path(database).parent.mkdir(parents=True, exist_ok=True)
    with closing(_open(database)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(SCHEMA)


def is_writable(database: str) -> bool:
    try:
        with _change(database, patience_s=1.0):
            return True
    except Problem:
        return False


def save(database: str, given: str | None, wish: Wish) -> Saved:
    """Keeps the wish, unless this very submission was kept before; then says what was said.

    Without a given id the same wish is a repeat, as long as no other one has changed its answer.
    """
    submission = given or f"same-{wish.digest()}"
    with _change(database) as change:
        known = change.execute(
            "SELECT digest, answer, is_new, code, NOT EXISTS (SELECT 1 FROM submission AS later"
            " WHERE later.answer = submission.answer AND later.rowid > submission.rowid)"
            " FROM submission JOIN answer ON answer.id = answer WHERE submission.id = ?",
            (submission,),
        ).fetchone()
        if known and not given and not known[-1]:
            change.execute("DELETE FROM submission WHERE id = ?", (submission,))
            known = None
        if known:
            digest, answer, is_new, code, _ = known
            if digest != wish.digest():
                raise Problem(422, "idempotency_key_reused")
            return Saved(answer, bool(is_new), code)
        standing = change.execute("SELECT id FROM answer WHERE code = ?", (wish.code,)).fetchone()
        if wish.code and not standing:
            # A slip of the finger must not become a second answer.
            raise Problem(404, "invitation_not_found", "code")
        saved = Saved(
            id=standing[0] if standing else str(uuid.uuid4()),
            is_new=not standing,
            code=wish.code if standing else _new_code(),
        )
        values = {
            **asdict(wish),
            "id": saved.id,
            "code": saved.code,
            "changed_at": time.time_ns() // 1_000_000,
        }
        change.execute(CHANGE if standing else INSERT, values)
        change.execute(
            "INSERT INTO submission (id, digest, answer, is_new) VALUES (?, ?, ?, ?)",
            (submission, wish.digest(), saved.id, saved.is_new),
        )
        return saved


@contextmanager
def _change(database: str, patience_s: float = PATIENCE_S) -> Iterator[sqlite3.Connection]:
    """One transaction: all of it is on the disk when the block has ended, or nothing."""
    try:
        with closing(_open(database, patience_s)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
    except sqlite3.OperationalError as cause:
        raise Problem(503, "store_busy") from cause


def _new_code() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))


def _open(database: str, patience_s: float = PATIENCE_S) -> sqlite3.Connection:
    connection = sqlite3.connect(database, timeout=patience_s, isolation_level=None)
    # In WAL mode only FULL waits for the disk at every commit.
    connection.execute("PRAGMA synchronous = FULL")
    return connection
