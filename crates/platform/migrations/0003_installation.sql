-- What is true of the whole installation: one row. `printed_key` makes what hosts
-- print on cards. All other keys are derived from the key file, which is not in the
-- store; the fingerprint of its first line tells whether it is the right one.
CREATE TABLE installation (
    id BIGINT PRIMARY KEY CONSTRAINT one_installation CHECK (id = 1),
    printed_key BYTEA NOT NULL,
    key_fingerprint TEXT NOT NULL
);

-- What was found last about newer versions and advisories, by which version and where it looked:
-- at most one row. A look that fails leaves what the one before found.
CREATE TABLE update_check (
    id BIGINT PRIMARY KEY CONSTRAINT one_update_check CHECK (id = 1),
    version TEXT NOT NULL,
    sources TEXT NOT NULL,
    found_at BIGINT,
    found TEXT,
    failed_at BIGINT,
    failure TEXT
);
