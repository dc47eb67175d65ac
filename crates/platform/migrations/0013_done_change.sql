-- The changes that PostgreSQL committed lately, so that a program that lost its connection during the
-- commit learns what became of its change. A void one was not committed, and cannot be any more.
CREATE TABLE done_change (
    id TEXT PRIMARY KEY,
    is_void BIGINT NOT NULL DEFAULT 0
) CLUSTERED;
