-- What is true of the whole installation: one row. `printed_key` makes what hosts
-- print on cards. All other keys are derived from the key file, which is not in the
-- store; the fingerprint of its first line tells whether it is the right one.
CREATE TABLE installation (
    id BIGINT PRIMARY KEY CONSTRAINT one_installation CHECK (id = 1),
    printed_key BYTEA NOT NULL,
    key_fingerprint TEXT NOT NULL
);
