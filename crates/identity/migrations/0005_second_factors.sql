-- What people prove beside a password or a link.
CREATE TABLE totp (
    account_id TEXT PRIMARY KEY REFERENCES account (id),
    sealed_secret BYTEA NOT NULL,
    -- Null: not active, because nobody has shown yet that their app knows the secret.
    confirmed_at BIGINT,
    -- Of the last code that was accepted; no code works twice.
    last_step BIGINT NOT NULL
);
CREATE TABLE recovery_code (
    -- Keyed: 80 bits alone could be tried.
    hash BYTEA PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    used_at BIGINT
);
CREATE INDEX recovery_code_of_account ON recovery_code (account_id);
-- Wrong guesses at what a one-time token asks for beside itself.
ALTER TABLE one_time_token ADD COLUMN attempts BIGINT NOT NULL DEFAULT 0;
