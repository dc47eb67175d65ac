-- What guests were last told of an event's time and place, since these have changed.
CREATE TABLE event_told (
    event TEXT PRIMARY KEY REFERENCES event (id),
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    hour_known BIGINT NOT NULL,
    venue TEXT NOT NULL,
    address TEXT NOT NULL,
    -- When they changed. Households that are told later know what the event says now.
    changed_at BIGINT NOT NULL,
    -- When hosts decided to tell nobody.
    dismissed_at BIGINT
);

-- What a mail is about, such as the id of an event that has moved; empty if nothing else.
ALTER TABLE campaign ADD COLUMN about TEXT NOT NULL DEFAULT '';
