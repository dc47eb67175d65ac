-- What is true of the whole installation: one row. The key signs what browsers
-- carry and hashes what must be recognised but not known; it never leaves.
CREATE TABLE installation (
    id BIGINT PRIMARY KEY CONSTRAINT one_installation CHECK (id = 1),
    key BYTEA NOT NULL
);
