-- What providers offer in their hours. The free times are computed; one that is booked or asked for is a
-- slot, whose id is that of the computed time.

CREATE TABLE provider_schedule (
    id TEXT PRIMARY KEY,
    provider_id TEXT NOT NULL REFERENCES provider (id),
    name TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    -- Windows of weekdays: `day`, `opens` and `closes`, by the wall clock of the zone.
    week TEXT NOT NULL,
    position BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX provider_schedule_of ON provider_schedule (provider_id, position);

CREATE TABLE provider_schedule_exception (
    id TEXT PRIMARY KEY,
    provider_id TEXT NOT NULL REFERENCES provider (id),
    -- NULL for all schedules of the provider.
    schedule_id TEXT REFERENCES provider_schedule (id) ON DELETE CASCADE,
    first_day TEXT NOT NULL,
    last_day TEXT NOT NULL,
    -- The windows of each of the days; `[]` if the provider is off.
    hours TEXT NOT NULL,
    note TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    CONSTRAINT days_in_order CHECK (first_day <= last_day)
);
CREATE INDEX provider_schedule_exception_of ON provider_schedule_exception (provider_id, last_day);
CREATE INDEX provider_schedule_exception_schedule ON provider_schedule_exception (schedule_id);

CREATE TABLE offer (
    id TEXT PRIMARY KEY,
    provider_id TEXT NOT NULL REFERENCES provider (id),
    schedule_id TEXT NOT NULL REFERENCES provider_schedule (id),
    title TEXT NOT NULL,
    public_note TEXT NOT NULL,
    prep_note TEXT NOT NULL,
    location_kind TEXT NOT NULL,
    location_secret TEXT NOT NULL,
    area TEXT NOT NULL,
    session_types TEXT NOT NULL,
    levels TEXT NOT NULL,
    entries TEXT NOT NULL,
    credit_kind TEXT,
    currency TEXT NOT NULL,
    -- Lengths in minutes, each with its price.
    lengths TEXT NOT NULL,
    -- 0: each session begins when the one before it and its buffers end.
    step_minutes BIGINT NOT NULL,
    buffer_before BIGINT NOT NULL,
    buffer_after BIGINT NOT NULL,
    min_notice BIGINT NOT NULL,
    horizon_days BIGINT NOT NULL,
    -- NULL: no limit.
    day_limit BIGINT,
    active BIGINT NOT NULL,
    position BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX offer_of ON offer (provider_id, position);
CREATE INDEX offer_schedule ON offer (schedule_id);

-- Of a computed time: its offer, and the sets among which members choose.
ALTER TABLE slot ADD COLUMN offer_id TEXT REFERENCES offer (id);
ALTER TABLE slot ADD COLUMN choices TEXT NOT NULL DEFAULT 'null';
-- Whether nobody holds or has booked the computed time any more, so that the hours decide about it. Then
-- `deleted_at` is set.
ALTER TABLE slot ADD COLUMN is_resting BIGINT NOT NULL DEFAULT 0;
CREATE INDEX slot_of_offer ON slot (offer_id, starts_at);
