-- The backup's target, and the newest generation in it: at most one row. A target of this name that
-- has neither this generation nor a later one is lost, and nothing is written there.
CREATE TABLE backup_place (
    id BIGINT PRIMARY KEY CONSTRAINT one_backup_place CHECK (id = 1),
    target TEXT NOT NULL,
    generation TEXT NOT NULL
);
