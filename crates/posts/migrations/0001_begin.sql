-- What the site publishes: articles, notes and pages.

CREATE TABLE post (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    -- Empty for a note, which is found by its id.
    slug TEXT NOT NULL,
    body TEXT NOT NULL,
    excerpt TEXT NOT NULL,
    -- Who made it; NULL: nobody any more.
    author_id TEXT REFERENCES account (id),
    -- JSON; `post_tag` holds the same, to be looked up.
    tags TEXT NOT NULL,
    state TEXT NOT NULL,
    published_at BIGINT,
    -- When everybody could read it for the first time. Never changes after that instant.
    first_published_at BIGINT,
    version BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    -- Folded words between spaces: of the title; also of the excerpt; also of the body.
    title_words TEXT NOT NULL,
    lead_words TEXT NOT NULL,
    all_words TEXT NOT NULL
);
CREATE UNIQUE INDEX post_slug ON post (kind, slug) WHERE slug <> '';
CREATE INDEX post_author ON post (author_id);
CREATE INDEX post_published ON post (kind, published_at);
CREATE INDEX post_updated ON post (updated_at);

CREATE TABLE post_tag (
    post_id TEXT NOT NULL REFERENCES post (id),
    tag TEXT NOT NULL,
    PRIMARY KEY (post_id, tag)
);
CREATE INDEX post_by_tag ON post_tag (tag);
