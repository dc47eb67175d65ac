-- Memberships, which paid plans open, and what needs one. Plans of tier 0 only add credits.

ALTER TABLE plan ADD COLUMN tier BIGINT NOT NULL DEFAULT 0;
ALTER TABLE plan ADD COLUMN sale_limit BIGINT NOT NULL DEFAULT 0;
ALTER TABLE plan ADD COLUMN sold BIGINT NOT NULL DEFAULT 0;
ALTER TABLE booking_order ADD COLUMN tier BIGINT NOT NULL DEFAULT 0;
ALTER TABLE booking_setting ADD COLUMN session_tier BIGINT NOT NULL DEFAULT 0;
ALTER TABLE booking_setting ADD COLUMN review_tier BIGINT NOT NULL DEFAULT 0;

CREATE TABLE membership (
    order_id TEXT PRIMARY KEY REFERENCES booking_order (id),
    party_id TEXT NOT NULL REFERENCES money_party (id),
    tier BIGINT NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    -- The end is counted from here, so that its day of the month does not drift.
    first_start BIGINT NOT NULL,
    months BIGINT NOT NULL
);
CREATE INDEX membership_party ON membership (party_id, ends_at);
