-- One side says that the other did not come. Money moves when the other side agrees or is silent, or
-- when an administrator decides.
CREATE TABLE claim (
    id TEXT PRIMARY KEY,
    booking_id TEXT NOT NULL REFERENCES booking (id),
    -- `member` or `provider`.
    claimant TEXT NOT NULL,
    note TEXT NOT NULL,
    -- The other side may answer until then.
    answer_until BIGINT NOT NULL,
    answer TEXT NOT NULL,
    answered_at BIGINT,
    -- The administrator's account.
    decided_by TEXT,
    reason TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX claim_unsettled ON claim (booking_id) WHERE state IN ('open', 'disputed');
CREATE INDEX claim_booking ON claim (booking_id, created_at);
CREATE INDEX claim_state ON claim (state, created_at);

ALTER TABLE booking_setting ADD COLUMN claim_hours BIGINT NOT NULL DEFAULT 48;

-- What a member gets back after the deadline for cancelling, in hundredths of a percent of the price.
ALTER TABLE booking_setting ADD COLUMN late_refund_bps BIGINT NOT NULL DEFAULT 0;
-- Copied from the settings when the booking is made.
ALTER TABLE booking ADD COLUMN late_refund_bps BIGINT NOT NULL DEFAULT 0;
-- Whether the member cancelled after the deadline.
ALTER TABLE booking ADD COLUMN is_late BIGINT NOT NULL DEFAULT 0;
