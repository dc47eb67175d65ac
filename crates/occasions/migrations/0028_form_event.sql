-- What a household's form for answers went through before it was saved, so that hosts learn why there
-- is no answer. Days of the occasion's zone (YYYY-MM-DD), no hours. The next accepted save deletes it.
CREATE TABLE form_event (
    invitation TEXT PRIMARY KEY REFERENCES invitation (id),
    first_opened TEXT NOT NULL,
    last_opened TEXT NOT NULL,
    openings BIGINT NOT NULL,
    -- The day of the last refused save; NULL if none was refused.
    refused_on TEXT,
    -- What was missing then: `name`, or `answers/` and the key of a question; empty if hosts are not
    -- told. It is never what somebody typed.
    refused_field TEXT NOT NULL
);

-- Whether that is noted.
ALTER TABLE occasion ADD COLUMN form_events BIGINT NOT NULL DEFAULT 1;
