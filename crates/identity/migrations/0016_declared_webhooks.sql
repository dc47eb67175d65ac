-- Programs of the installation that hear of events, as kenduri.toml declares them.

CREATE TABLE declared_webhook (
    -- An https URL, or service:NAME/path.
    url TEXT PRIMARY KEY,
    -- Names of events, with a space between.
    events TEXT NOT NULL,
    include_notes BIGINT NOT NULL
);
