-- The changes that PostgreSQL committed lately, so that a program that lost its connection during the
-- commit learns what became of its change.
CREATE TABLE done_change (
    id TEXT PRIMARY KEY
) CLUSTERED;
