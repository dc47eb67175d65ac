-- What members and providers tell each other, who may look at slots, and how often people order.

ALTER TABLE booking_setting ADD COLUMN browse_public BIGINT NOT NULL DEFAULT 1;
ALTER TABLE booking_setting ADD COLUMN order_hour_limit BIGINT NOT NULL DEFAULT 10;

ALTER TABLE provider ADD COLUMN shows_email BIGINT NOT NULL DEFAULT 0;
ALTER TABLE booking ADD COLUMN shows_email BIGINT NOT NULL DEFAULT 0;
ALTER TABLE booking_request ADD COLUMN shows_email BIGINT NOT NULL DEFAULT 0;

-- A JSON list of short texts.
ALTER TABLE booking ADD COLUMN topics TEXT NOT NULL DEFAULT '[]';
ALTER TABLE booking_request ADD COLUMN topics TEXT NOT NULL DEFAULT '[]';

-- The daily mail about new slots: which slots are new on a day, by their creation, and the last
-- subscriber to whom it was written.
CREATE TABLE new_slots_mailing (
    day TEXT PRIMARY KEY,
    since BIGINT NOT NULL,
    until BIGINT NOT NULL,
    last_account TEXT NOT NULL,
    finished_at BIGINT
);
