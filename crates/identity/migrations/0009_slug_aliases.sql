-- When somebody chose another slug, for as long as it counts.
CREATE TABLE slug_change (
    account_id TEXT NOT NULL REFERENCES account (id),
    at BIGINT NOT NULL
);
CREATE INDEX slug_change_by_account ON slug_change (account_id, at);

-- Words that are no slugs because domains use them, written at each start.
CREATE TABLE reserved_slug (
    word TEXT PRIMARY KEY
);
