-- Countdowns, and the resets of those that count up.

CREATE TABLE countdown (
    id TEXT PRIMARY KEY,
    -- Under whose name it is found. Who may change it say the grants.
    account_id TEXT NOT NULL REFERENCES account (id),
    slug TEXT NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    visibility TEXT NOT NULL,
    listed BIGINT NOT NULL,
    time_zone TEXT NOT NULL,
    day_counting TEXT NOT NULL,
    -- A day or a time of the clock in the zone, as `2027-01-16T18:00`; empty where it counts up.
    target TEXT NOT NULL,
    repeat TEXT NOT NULL,
    leap_day TEXT NOT NULL,
    after TEXT NOT NULL,
    show_notes BIGINT NOT NULL,
    show_stats BIGINT NOT NULL,
    is_primary BIGINT NOT NULL,
    version BIGINT NOT NULL,
    -- Raised by whatever others see of it, resets included.
    revision BIGINT NOT NULL,
    -- Raised to make a private link useless.
    link_generation BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX countdown_slug ON countdown (account_id, slug);
CREATE UNIQUE INDEX one_primary ON countdown (account_id) WHERE is_primary = 1;
CREATE INDEX countdown_listed ON countdown (updated_at) WHERE listed = 1;

CREATE TABLE countdown_entry (
    id TEXT PRIMARY KEY,
    countdown_id TEXT NOT NULL REFERENCES countdown (id),
    reset_at BIGINT NOT NULL,
    note TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT REFERENCES account (id)
);
CREATE UNIQUE INDEX one_reset_an_instant ON countdown_entry (countdown_id, reset_at);
