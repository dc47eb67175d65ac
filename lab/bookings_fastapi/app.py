"""Browsing and booking with FastAPI, asyncpg and PostgreSQL, as a careful team would write it.

`python app.py STORE MEMBERS STORED` makes the tables; `uvicorn app:app` serves, with the store in
`STORE`. A booking is one transaction: the member's row is locked, a repeated click gets the booking
that is there, the slot is taken by a guarded update, and the booking, its jobs, mails and notices
are stored with it. The unique index has the last word.
"""

import asyncio
import hashlib
import os
import sys
import time
import uuid
from contextlib import asynccontextmanager

import asyncpg
from fastapi import FastAPI, Header, HTTPException, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

HOUR = 3_600_000
TABLES = """
CREATE TABLE account (id text PRIMARY KEY, name text NOT NULL, email text NOT NULL UNIQUE);
CREATE TABLE token (hash text PRIMARY KEY, account_id text NOT NULL REFERENCES account (id),
    expires_at bigint NOT NULL);
CREATE TABLE provider (id text PRIMARY KEY, account_id text NOT NULL UNIQUE REFERENCES account (id),
    display_name text NOT NULL, min_notice bigint NOT NULL, is_paused boolean NOT NULL);
CREATE TABLE slot (id text PRIMARY KEY, provider_id text NOT NULL REFERENCES provider (id),
    starts_at bigint NOT NULL, ends_at bigint NOT NULL, time_zone text NOT NULL, state text NOT NULL,
    title text NOT NULL, public_note text NOT NULL, location_kind text NOT NULL, area text NOT NULL,
    location_secret text NOT NULL, price_minor bigint NOT NULL, currency text NOT NULL,
    version bigint NOT NULL);
CREATE INDEX slot_offered ON slot (state, starts_at, id);
CREATE TABLE booking (id text PRIMARY KEY, slot_id text NOT NULL REFERENCES slot (id),
    member_id text NOT NULL REFERENCES account (id),
    provider_id text NOT NULL REFERENCES provider (id), starts_at bigint NOT NULL,
    ends_at bigint NOT NULL, title text NOT NULL, note text NOT NULL, state text NOT NULL,
    created_at bigint NOT NULL);
CREATE UNIQUE INDEX one_booking_a_slot ON booking (slot_id) WHERE state <> 'cancelled';
CREATE INDEX booking_of_member ON booking (member_id, starts_at);
CREATE TABLE job (id text PRIMARY KEY, kind text NOT NULL, booking_id text NOT NULL,
    run_at bigint NOT NULL);
CREATE INDEX job_due ON job (run_at);
CREATE TABLE mail (id text PRIMARY KEY, recipient text NOT NULL, subject text NOT NULL,
    body text NOT NULL, state text NOT NULL, created_at bigint NOT NULL);
CREATE INDEX mail_queued ON mail (state, created_at);
CREATE TABLE notice (id text PRIMARY KEY, account_id text NOT NULL REFERENCES account (id),
    kind text NOT NULL, about text NOT NULL, created_at bigint NOT NULL);
CREATE INDEX notice_of ON notice (account_id, created_at);
"""
OFFERED = """
SELECT s.id, p.display_name AS provider_name, s.starts_at, s.ends_at, s.time_zone, s.title,
    s.public_note, s.location_kind, s.area, s.price_minor, s.currency, s.version
FROM slot s JOIN provider p ON p.id = s.provider_id AND NOT p.is_paused
WHERE s.state = 'available' AND s.starts_at > $1::bigint + p.min_notice * 60000
    AND s.starts_at > $1
ORDER BY s.starts_at, s.id LIMIT $2
"""


def now() -> int:
    return time.time_ns() // 1_000_000


@asynccontextmanager
async def lifespan(app: FastAPI):
    app.state.pool = await asyncpg.create_pool(os.environ["STORE"], min_size=8, max_size=8)
    yield
    await app.state.pool.close()


app = FastAPI(lifespan=lifespan)


class Offered(BaseModel):
    id: str
    provider_name: str
    starts_at: int
    ends_at: int
    time_zone: str
    title: str
    public_note: str
    location_kind: str
    area: str
    price_minor: int
    currency: str
    version: int


class Page(BaseModel):
    items: list[Offered]


class NewBooking(BaseModel):
    slot_id: str
    slot_version: int
    note: str = ""


class Booking(BaseModel):
    id: str
    slot_id: str
    provider: str
    starts_at: int
    ends_at: int
    title: str
    note: str
    location: str
    state: str


@app.get("/slots")
async def browse(request: Request, limit: int = Query(default=20, ge=1, le=100)) -> Page:
    rows = await request.app.state.pool.fetch(OFFERED, now(), limit)
    return Page(items=[Offered(**row) for row in rows])


async def view(connection, booking_id: str) -> Booking:
    row = await connection.fetchrow(
        """SELECT b.id, b.slot_id, p.display_name AS provider, b.starts_at, b.ends_at, b.title,
               b.note, s.location_secret AS location, b.state
           FROM booking b JOIN slot s ON s.id = b.slot_id JOIN provider p ON p.id = b.provider_id
           WHERE b.id = $1""",
        booking_id,
    )
    return Booking(**row)


@app.post("/bookings", status_code=201)
async def book(request: Request, new: NewBooking, authorization: str = Header()) -> Booking:
    digest = hashlib.sha256(authorization.removeprefix("Bearer ").encode()).hexdigest()
    at = now()
    async with request.app.state.pool.acquire() as connection, connection.transaction():
        member = await connection.fetchrow(
            """SELECT a.id, a.email FROM account a JOIN token t ON t.account_id = a.id
               WHERE t.hash = $1 AND t.expires_at > $2 FOR NO KEY UPDATE OF a""",
            digest,
            at,
        )
        if member is None:
            raise HTTPException(401, "unauthenticated")
        slot = await connection.fetchrow(
            """SELECT s.*, p.account_id, a.email FROM slot s
               JOIN provider p ON p.id = s.provider_id JOIN account a ON a.id = p.account_id
               WHERE s.id = $1""",
            new.slot_id,
        )
        if slot is None:
            raise HTTPException(404, "not_found")
        if slot["account_id"] == member["id"]:
            raise HTTPException(403, "own_slot")
        mine = await connection.fetchval(
            "SELECT id FROM booking WHERE slot_id = $1 AND member_id = $2 AND state = 'confirmed'",
            slot["id"],
            member["id"],
        )
        if mine is not None:
            found = await view(connection, mine)
            return JSONResponse(found.model_dump(), status_code=200)
        made, coming = await connection.fetchrow(
            """SELECT COUNT(*) FILTER (WHERE created_at > $2), COUNT(*) FILTER (WHERE starts_at > $3)
               FROM booking WHERE member_id = $1""",
            member["id"],
            at - 24 * HOUR,
            at,
        )
        if made >= 20 or coming >= 20:
            raise HTTPException(429, "too_many_bookings")
        busy = await connection.fetchval(
            """SELECT id FROM booking WHERE member_id = $1 AND state = 'confirmed'
               AND starts_at < $3 AND ends_at > $2 LIMIT 1""",
            member["id"],
            slot["starts_at"],
            slot["ends_at"],
        )
        if busy is not None:
            raise HTTPException(409, "member_busy")
        taken = await connection.execute(
            """UPDATE slot SET state = 'booked', version = version + 1
               WHERE id = $1 AND state = 'available' AND version = $2 AND starts_at > $3""",
            slot["id"],
            new.slot_version,
            at,
        )
        if taken != "UPDATE 1":
            raise HTTPException(409, "slot_taken")
        booking = str(uuid.uuid4())
        await connection.execute(
            """INSERT INTO booking (id, slot_id, member_id, provider_id, starts_at, ends_at, title,
                   note, state, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'confirmed', $9)""",
            booking,
            slot["id"],
            member["id"],
            slot["provider_id"],
            slot["starts_at"],
            slot["ends_at"],
            slot["title"],
            new.note,
            at,
        )
        await connection.executemany(
            "INSERT INTO job (id, kind, booking_id, run_at) VALUES ($1, $2, $3, $4)",
            [
                (str(uuid.uuid4()), "remind", booking, slot["starts_at"] - 24 * HOUR),
                (str(uuid.uuid4()), "ask", booking, slot["ends_at"]),
                (str(uuid.uuid4()), "complete", booking, slot["ends_at"] + 2 * HOUR),
            ],
        )
        both = [(member["id"], member["email"]), (slot["account_id"], slot["email"])]
        await connection.executemany(
            """INSERT INTO mail (id, recipient, subject, body, state, created_at)
               VALUES ($1, $2, $3, $4, 'queued', $5)""",
            [
                (
                    str(uuid.uuid4()),
                    email,
                    f"Booked: {slot['title']}",
                    f"{slot['title']}\n{slot['location_secret']}\n/me/bookings/{booking}\n",
                    at,
                )
                for _, email in both
            ],
        )
        await connection.executemany(
            """INSERT INTO notice (id, account_id, kind, about, created_at)
               VALUES ($1, $2, 'booked', $3, $4)""",
            [(str(uuid.uuid4()), account, slot["title"], at) for account, _ in both],
        )
        return await view(connection, booking)


async def fill(store: str, members: int, stored: int) -> None:
    """Writes the same rows as `lab/examples/bookings.rs`."""
    connection = await asyncpg.connect(store)
    day = 24 * HOUR
    first = now() // day * day + 2 * day
    await connection.execute(TABLES)
    await connection.execute(
        f"""
        INSERT INTO account SELECT 'account-' || n, 'Member ' || n, 'member-' || n || '@example.com'
            FROM generate_series(1::bigint, {members}) n;
        INSERT INTO token SELECT encode(sha256(('token-' || n)::bytea), 'hex'), 'account-' || n,
            {first + 30 * day} FROM generate_series(1::bigint, {members}) n;
        INSERT INTO provider SELECT 'provider-' || n, 'account-' || n, 'Member ' || n, 120, false
            FROM generate_series(1::bigint, {members}) n;
        INSERT INTO slot SELECT '00000000-0000-4000-8002-' || lpad(n::text, 12, '0'),
            'provider-' || ((n - 1) / 20 + 1), {first} + (n - 1) % 20 * {2 * HOUR},
            {first} + (n - 1) % 20 * {2 * HOUR} + {HOUR}, 'Asia/Kuala_Lumpur', 'available',
            'Mentoring', 'A talk about your work.', 'online_link', '', 'https://meet.jit.si/Veranda', 0,
            'MYR', 1 FROM generate_series(1::bigint, {members * 20}) n;
        INSERT INTO slot SELECT '00000000-0000-4000-8003-' || lpad(n::text, 12, '0'),
            'provider-' || (n % {members} + 1), {first} + (10 + n / {members}) * {day},
            {first} + (10 + n / {members}) * {day} + {HOUR}, 'Asia/Kuala_Lumpur', 'available',
            'Mentoring', 'A talk about your work.', 'online_link', '', 'https://meet.jit.si/Veranda', 0,
            'MYR', 1 FROM generate_series(1::bigint, {stored}) n;
        INSERT INTO slot SELECT '00000000-0000-4000-8004-' || lpad(n::text, 12, '0'),
            'provider-' || (n % {members} + 1), {first} - (10 + n / {members}) * {day},
            {first} - (10 + n / {members}) * {day} + {HOUR}, 'Asia/Kuala_Lumpur', 'completed',
            'Mentoring', 'A talk about your work.', 'online_link', '', 'https://meet.jit.si/Veranda', 0,
            'MYR', 1 FROM generate_series(1::bigint, {stored}) n;
        INSERT INTO booking SELECT '00000000-0000-4000-8005-' || right(id, 12), id,
            'account-' || (right(id, 12)::bigint % {members} + 1), provider_id, starts_at, ends_at,
            title, '', 'completed', 0 FROM slot WHERE state = 'completed';
        ANALYZE;
        """
    )
    await connection.close()


if __name__ == "__main__":
    asyncio.run(fill(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
