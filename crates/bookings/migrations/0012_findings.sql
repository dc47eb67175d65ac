-- Whether an order's money is real, which figures tell apart.
ALTER TABLE booking_order ADD COLUMN mode TEXT NOT NULL DEFAULT 'test';

-- All bookings by their sessions' days, and the ledger by its days.
CREATE INDEX booking_starts ON booking (starts_at, id);
CREATE INDEX ledger_created ON ledger_entry (created_at);

-- Why an administrator adjusted credits.
ALTER TABLE credit_entry ADD COLUMN note TEXT NOT NULL DEFAULT '';

-- Where our books and the gateways' do not agree, and what became of it.
ALTER TABLE booking_setting ADD COLUMN findings_told_at BIGINT NOT NULL DEFAULT 0;

CREATE TABLE finding (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    -- The payment, order, refund, event or booking that it is about.
    subject TEXT NOT NULL,
    -- Empty where no order of ours is concerned.
    order_id TEXT REFERENCES booking_order (id),
    gateway TEXT,
    state TEXT NOT NULL,
    -- How often it was found.
    times BIGINT NOT NULL,
    found_at BIGINT NOT NULL,
    settled_at BIGINT,
    -- The account that applied the remedy; empty where it went away by itself.
    settled_by TEXT
);
CREATE UNIQUE INDEX finding_subject ON finding (kind, subject);
CREATE INDEX finding_state ON finding (state, found_at);
CREATE INDEX finding_order ON finding (order_id);

-- Refunds that administrators ask for, and credits that cannot be spent while their money goes back.
ALTER TABLE booking_setting ADD COLUMN refund_days BIGINT NOT NULL DEFAULT 7;
ALTER TABLE refund ADD COLUMN requested_by TEXT;
ALTER TABLE credit_lot ADD COLUMN frozen BIGINT NOT NULL DEFAULT 0;
