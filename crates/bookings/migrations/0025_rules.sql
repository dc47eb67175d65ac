-- What credits pay for is a list. A slot takes one credit of a kind, or money.

CREATE TABLE credit_kind (
    id TEXT PRIMARY KEY,
    code TEXT NOT NULL,
    label TEXT NOT NULL,
    -- The tier of membership that its credits need; 0 for none.
    min_tier BIGINT NOT NULL,
    active BIGINT NOT NULL,
    position BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX credit_kind_code ON credit_kind (code);
INSERT INTO credit_kind (id, code, label, min_tier, active, position, version) VALUES
    ('5e551011-0000-4000-8000-000000000001', 'session', 'Sessions', 0, 1, 1, 1),
    ('5e551011-0000-4000-8000-000000000002', 'document_review',
     'Reviews of documents', 0, 1, 2, 1);

ALTER TABLE slot ADD COLUMN credit_kind TEXT REFERENCES credit_kind (code);
UPDATE slot SET credit_kind = 'session' WHERE takes_credit = 1;
ALTER TABLE slot DROP COLUMN takes_credit;

-- As JSON: what a plan grants, and what an order of it grants.
ALTER TABLE plan ADD COLUMN grants TEXT NOT NULL DEFAULT '[]';
ALTER TABLE plan DROP COLUMN credits;
ALTER TABLE plan DROP COLUMN reviews;
ALTER TABLE booking_order ADD COLUMN grants TEXT NOT NULL DEFAULT '[]';
ALTER TABLE booking_order DROP COLUMN credits;
ALTER TABLE booking_order DROP COLUMN reviews;
ALTER TABLE booking_setting DROP COLUMN session_tier;
ALTER TABLE booking_setting DROP COLUMN review_tier;

-- The name of a plan in JSON.
ALTER TABLE plan ADD COLUMN code TEXT NOT NULL DEFAULT '';
UPDATE plan SET code = id;
CREATE UNIQUE INDEX plan_code ON plan (code);

-- What a catalogue entry shows, and the track of it that a member chose.
ALTER TABLE catalogue_entry ADD COLUMN tracks TEXT NOT NULL DEFAULT '[]';
ALTER TABLE catalogue_entry ADD COLUMN levels TEXT NOT NULL DEFAULT '[]';
ALTER TABLE catalogue_entry ADD COLUMN logo_url TEXT NOT NULL DEFAULT '';
ALTER TABLE booking ADD COLUMN track TEXT;
ALTER TABLE booking_request ADD COLUMN track TEXT;

-- Rules that were the same on every site.
ALTER TABLE booking_setting ADD COLUMN lot_grace_days BIGINT NOT NULL DEFAULT 30;
ALTER TABLE booking_setting ADD COLUMN replaced_days BIGINT NOT NULL DEFAULT 30;
ALTER TABLE booking_setting ADD COLUMN add_on_days BIGINT NOT NULL DEFAULT 365;
ALTER TABLE booking_setting ADD COLUMN complete_minutes BIGINT NOT NULL DEFAULT 120;
ALTER TABLE booking_setting ADD COLUMN notice_minutes BIGINT NOT NULL DEFAULT 120;
ALTER TABLE booking_setting ADD COLUMN member_busy BIGINT NOT NULL DEFAULT 1;
ALTER TABLE booking_setting ADD COLUMN booking_hour_limit BIGINT NOT NULL DEFAULT 20;
ALTER TABLE booking_setting ADD COLUMN browse_minute_limit BIGINT NOT NULL DEFAULT 60;
