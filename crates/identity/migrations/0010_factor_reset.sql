-- People whose second factors and passkeys an administrator wants to be removed, because they
-- lost them, and when that is done.
CREATE TABLE factor_reset (
    account_id TEXT PRIMARY KEY REFERENCES account (id),
    asked_by TEXT NOT NULL REFERENCES account (id),
    asked_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL
);
CREATE INDEX factor_reset_due ON factor_reset (due_at);
CREATE INDEX factor_reset_by ON factor_reset (asked_by);
