-- What gateways told without being asked: each event once.
CREATE TABLE gateway_event (
    gateway TEXT NOT NULL,
    event_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- What the event is about, by the gateway's ids, and our id where the gateway repeats it.
    order_ref TEXT,
    payment_ref TEXT,
    refund_ref TEXT,
    receipt TEXT,
    body_sha256 TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (gateway, event_id)
);
