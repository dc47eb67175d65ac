-- People who book with a name and an address alone.

ALTER TABLE booking_setting ADD COLUMN newcomers BIGINT NOT NULL DEFAULT 0;

-- Which address a slot is held for, as a keyed hash, so that a repeat is recognized. Rows are kept
-- for a day.
CREATE TABLE newcomer_hold (
    booking_id TEXT PRIMARY KEY REFERENCES booking (id),
    address_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX newcomer_hold_created ON newcomer_hold (created_at);
