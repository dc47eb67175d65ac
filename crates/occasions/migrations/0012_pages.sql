-- Texts of the hosts for their guests, such as the story or the way there. Title and body are i18n;
-- the body is Markdown.
CREATE TABLE occasion_page (
    id TEXT PRIMARY KEY,
    occasion TEXT NOT NULL REFERENCES occasion (id),
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    audience TEXT NOT NULL,
    position BIGINT NOT NULL,
    version BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (occasion, key)
);
