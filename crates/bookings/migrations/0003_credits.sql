-- Plans, the credits that they grant, and what credits are spent on.

CREATE TABLE plan (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    credits BIGINT NOT NULL,
    months BIGINT NOT NULL,
    price_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    active BIGINT NOT NULL,
    position BIGINT NOT NULL,
    version BIGINT NOT NULL
);

-- What is paid for: a plan as it was when the order was made, or, without one, a booking.
ALTER TABLE booking_order ADD COLUMN plan_id TEXT REFERENCES plan (id);
ALTER TABLE booking_order ADD COLUMN credits BIGINT NOT NULL DEFAULT 0;
ALTER TABLE booking_order ADD COLUMN months BIGINT NOT NULL DEFAULT 0;
CREATE INDEX booking_order_plan ON booking_order (plan_id);

CREATE TABLE credit_lot (
    id TEXT PRIMARY KEY,
    party_id TEXT NOT NULL REFERENCES money_party (id),
    -- Empty for a credit that replaces one of a lot that ended.
    order_id TEXT REFERENCES booking_order (id),
    granted BIGINT NOT NULL,
    used BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT credits_within_lot CHECK (used BETWEEN 0 AND granted)
);
CREATE UNIQUE INDEX credit_lot_order ON credit_lot (order_id);
CREATE INDEX credit_lot_party ON credit_lot (party_id, expires_at);

-- Credits granted and spent, which is only added to.
CREATE TABLE credit_entry (
    id TEXT PRIMARY KEY,
    lot_id TEXT NOT NULL REFERENCES credit_lot (id),
    delta BIGINT NOT NULL,
    reason TEXT NOT NULL,
    -- The order or the booking.
    subject TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX credit_entry_subject ON credit_entry (subject, reason);
CREATE INDEX credit_entry_lot ON credit_entry (lot_id);

ALTER TABLE slot ADD COLUMN takes_credit BIGINT NOT NULL DEFAULT 0;
ALTER TABLE booking ADD COLUMN credit_lot_id TEXT REFERENCES credit_lot (id);
