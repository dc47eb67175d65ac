-- The payer of an order asks for the money back, where no rule grants it; administrators answer.
CREATE TABLE refund_request (
    id TEXT PRIMARY KEY,
    order_id TEXT NOT NULL REFERENCES booking_order (id),
    text TEXT NOT NULL,
    -- `open`, `granted` or `refused`.
    state TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    reason TEXT NOT NULL,
    -- The administrator's account.
    decided_by TEXT,
    decided_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX refund_request_unsettled ON refund_request (order_id) WHERE state = 'open';
CREATE INDEX refund_request_order ON refund_request (order_id, created_at);
CREATE INDEX refund_request_state ON refund_request (state, created_at);

-- When each side first opened the call from the booking's page.
ALTER TABLE booking ADD COLUMN member_opened_at BIGINT;
ALTER TABLE booking ADD COLUMN provider_opened_at BIGINT;
