-- What is wrong with the installation now. `is_told`: somebody was told that it began. `details` are
-- the values of its message, as JSON.
CREATE TABLE alert (
    kind TEXT NOT NULL,
    about TEXT NOT NULL,
    since BIGINT NOT NULL,
    details TEXT NOT NULL,
    is_told BIGINT NOT NULL,
    PRIMARY KEY (kind, about)
);

ALTER TABLE job ADD COLUMN failed_at BIGINT;
CREATE INDEX job_failed_at ON job (failed_at) WHERE state = 'failed';
CREATE INDEX mail_failed_at ON mail (changed_at) WHERE state = 'failed';
