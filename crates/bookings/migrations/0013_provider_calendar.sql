-- The calendars that providers keep elsewhere, and the times at which they are busy.

CREATE TABLE provider_calendar (
    provider_id TEXT PRIMARY KEY REFERENCES provider (id),
    -- The address of the calendar, sealed.
    address BYTEA NOT NULL,
    -- When the calendar was last read.
    read_at BIGINT,
    -- What was wrong at the last attempt.
    error TEXT
);

-- Times that touch are one row.
CREATE TABLE provider_busy (
    provider_id TEXT NOT NULL REFERENCES provider (id),
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    PRIMARY KEY (provider_id, starts_at)
);
CREATE INDEX provider_busy_end ON provider_busy (provider_id, ends_at);

-- The bookings of whose clash with a busy time the provider was told.
CREATE TABLE provider_busy_notice (
    booking_id TEXT NOT NULL REFERENCES booking (id),
    starts_at BIGINT NOT NULL,
    PRIMARY KEY (booking_id, starts_at)
);
