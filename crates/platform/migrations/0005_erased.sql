-- What was erased, as hashes: backups keep this list beside the store, so that no older state
-- brings it back.
CREATE TABLE erased (
    number BIGINT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- 1 in a restored store, until it is erased again.
    is_to_repeat BIGINT NOT NULL DEFAULT 0,
    UNIQUE (kind, subject)
);
