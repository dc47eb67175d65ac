-- What programs show to go on in a session of theirs. Each is used once and names the next.
CREATE TABLE refresh_token (
    hash BYTEA PRIMARY KEY,
    -- Of a session that may have ended: what is shown after that is known all the same.
    session_id TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES account (id),
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    successor_hash BYTEA,
    -- The successor, to be read with this token alone; not kept once the successor was used.
    masked_successor BYTEA
);
CREATE UNIQUE INDEX refresh_token_successor ON refresh_token (successor_hash);
CREATE INDEX refresh_token_of_account ON refresh_token (account_id);
