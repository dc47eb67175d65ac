-- Accounts that somebody registered, and whose address nobody has confirmed yet.
CREATE TABLE registration (
    account_id TEXT PRIMARY KEY REFERENCES account (id),
    -- Of the cookie of the browser that registered.
    browser_hash BYTEA NOT NULL,
    registered_at BIGINT NOT NULL,
    -- 0: somebody made it a member meanwhile, so it may do what confirmed ones may.
    is_pending INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX registration_by_age ON registration (registered_at);
-- A link that was used is known for some minutes, so that a repeat is answered as the first use.
ALTER TABLE one_time_token ADD COLUMN used_at BIGINT;
