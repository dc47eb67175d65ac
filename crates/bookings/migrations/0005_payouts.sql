-- What became of sessions, and what providers are owed for them.

ALTER TABLE booking_setting ADD COLUMN outcome_hours BIGINT NOT NULL DEFAULT 48;
ALTER TABLE booking_setting ADD COLUMN payout_days BIGINT NOT NULL DEFAULT 7;
ALTER TABLE booking_setting ADD COLUMN payout_two_people BIGINT NOT NULL DEFAULT 0;

-- For each session, in minor units; 0 where nothing is owed.
ALTER TABLE provider ADD COLUMN payout_minor BIGINT NOT NULL DEFAULT 0;
ALTER TABLE provider ADD COLUMN payout_currency TEXT NOT NULL DEFAULT 'MYR';
-- The share that is owed if the member does not come, in hundredths of a percent.
ALTER TABLE provider ADD COLUMN no_show_bps BIGINT NOT NULL DEFAULT 10000;
-- The bank account or the like, sealed.
ALTER TABLE provider ADD COLUMN payout_ref BYTEA;

-- Copied from the provider when the booking is made.
ALTER TABLE booking ADD COLUMN payout_minor BIGINT NOT NULL DEFAULT 0;
ALTER TABLE booking ADD COLUMN payout_currency TEXT NOT NULL DEFAULT 'MYR';
-- Who said what became of the session; empty where nobody did.
ALTER TABLE booking ADD COLUMN outcome_by TEXT;

CREATE TABLE payout_batch (
    id TEXT PRIMARY KEY,
    currency TEXT NOT NULL,
    state TEXT NOT NULL,
    -- What the bank calls the transfer.
    reference TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX payout_batch_created ON payout_batch (created_at);

CREATE TABLE payout_item (
    id TEXT PRIMARY KEY,
    provider_id TEXT NOT NULL REFERENCES provider (id),
    booking_id TEXT NOT NULL REFERENCES booking (id),
    -- Negative for an adjustment of what was paid.
    amount_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    state TEXT NOT NULL,
    is_adjustment BIGINT NOT NULL,
    reason TEXT NOT NULL,
    available_at BIGINT NOT NULL,
    batch_id TEXT REFERENCES payout_batch (id),
    -- An account.
    approved_by TEXT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX one_payout_a_booking ON payout_item (booking_id) WHERE is_adjustment = 0;
CREATE INDEX payout_item_booking ON payout_item (booking_id);
CREATE INDEX payout_item_state ON payout_item (state, created_at);
CREATE INDEX payout_item_provider ON payout_item (provider_id, created_at);
CREATE INDEX payout_item_batch ON payout_item (batch_id);
