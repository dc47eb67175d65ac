-- The private calendar address of an account: without a row there is none, and a higher generation
-- ends the address before.
CREATE TABLE calendar_feed (
    account_id TEXT PRIMARY KEY REFERENCES account (id),
    generation BIGINT NOT NULL
);
