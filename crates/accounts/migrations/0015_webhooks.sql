-- Where programs hear of what an account keeps.

CREATE TABLE webhook (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    url TEXT NOT NULL,
    -- Names of events, with a space between.
    events TEXT NOT NULL,
    include_notes BIGINT NOT NULL,
    state TEXT NOT NULL,
    -- Raised to make another secret; the one before signs too for a day.
    generation BIGINT NOT NULL,
    rotated_at BIGINT NOT NULL,
    -- Since when nothing has arrived.
    failing_since BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX webhook_of_account ON webhook (account_id);

CREATE TABLE webhook_delivery (
    id TEXT PRIMARY KEY,
    webhook_id TEXT NOT NULL REFERENCES webhook (id),
    event TEXT NOT NULL,
    -- What is sent; empty once it has arrived or was given up.
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    -- What the last attempt came to: a status, or a word.
    outcome TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX delivery_of_webhook ON webhook_delivery (webhook_id, created_at);
CREATE INDEX delivery_by_age ON webhook_delivery (created_at);
