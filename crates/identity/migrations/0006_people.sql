-- People who asked for their account to be erased, and when that is done.
CREATE TABLE account_erasure (
    account_id TEXT PRIMARY KEY REFERENCES account (id),
    due_at BIGINT NOT NULL,
    -- Whom an administrator had kept out is not offered to come back.
    was_deactivated BIGINT NOT NULL
);
CREATE INDEX account_erasure_due ON account_erasure (due_at);

-- The copies of their data that people were given within a day.
CREATE TABLE account_export (
    account_id TEXT NOT NULL REFERENCES account (id),
    at BIGINT NOT NULL
);
CREATE INDEX account_export_of ON account_export (account_id, at);
