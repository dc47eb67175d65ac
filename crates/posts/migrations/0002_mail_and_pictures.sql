-- How far the mail about an article has come, which is sent once.
CREATE TABLE post_mailing (
    post_id TEXT PRIMARY KEY REFERENCES post (id),
    -- The last account whose mail is written.
    last_account TEXT NOT NULL,
    finished_at BIGINT
);
