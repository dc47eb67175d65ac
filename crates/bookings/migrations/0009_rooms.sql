-- Links to online meetings that administrators keep, and which of them a booking takes.

ALTER TABLE booking_setting ADD COLUMN room_margin_minutes BIGINT NOT NULL DEFAULT 15;

CREATE TABLE room (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    active BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX room_url ON room (url);

CREATE TABLE room_allocation (
    id TEXT PRIMARY KEY,
    room_id TEXT NOT NULL REFERENCES room (id),
    booking_id TEXT NOT NULL REFERENCES booking (id),
    starts_at BIGINT NOT NULL,
    -- The session's end, and the minutes after it that stay free.
    blocks_until BIGINT NOT NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX one_room_a_booking ON room_allocation (booking_id) WHERE state = 'reserved';
CREATE INDEX room_allocation_room ON room_allocation (room_id, state, starts_at);
CREATE INDEX room_allocation_booking ON room_allocation (booking_id);
-- only postgresql
-- A room is compared by a hash of its id, because without an extension GiST compares no texts.
ALTER TABLE room_allocation ADD CONSTRAINT room_overlap EXCLUDE USING gist (
    int8range(hashtextextended(room_id, 0), hashtextextended(room_id, 0), '[]') WITH &&,
    int8range(starts_at, blocks_until) WITH &&
) WHERE (state = 'reserved');
-- end
-- only sqlite
CREATE TRIGGER room_overlap BEFORE INSERT ON room_allocation WHEN EXISTS (
    SELECT 1 FROM room_allocation
    WHERE room_id = NEW.room_id AND state = 'reserved'
      AND starts_at < NEW.blocks_until AND blocks_until > NEW.starts_at
) BEGIN SELECT RAISE(ABORT, 'room_overlap'); END;
-- end
