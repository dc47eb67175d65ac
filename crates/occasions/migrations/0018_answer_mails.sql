-- When a host last got a mail about the household's answers, so that the next one waits, and whether
-- answers came since.
ALTER TABLE unreported_answer ADD COLUMN mailed_at BIGINT;
ALTER TABLE unreported_answer ADD COLUMN is_new BIGINT NOT NULL DEFAULT 1;
