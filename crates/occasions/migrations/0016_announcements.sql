-- News of the hosts, which guests read on their invitation. Texts are i18n.
CREATE TABLE announcement (
    id TEXT PRIMARY KEY,
    occasion TEXT NOT NULL REFERENCES occasion (id),
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    pinned BIGINT NOT NULL,
    published BIGINT NOT NULL,
    -- Since when guests see it, and when its text changed after that.
    published_at BIGINT,
    changed_at BIGINT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX announcement_by_occasion ON announcement (occasion, id);
