-- Links with which a group registers behind one address. The secret in a link is derived from its
-- id, so that the link and its QR code can be shown again.
CREATE TABLE group_link (
    id TEXT PRIMARY KEY,
    made_by TEXT NOT NULL REFERENCES account (id),
    -- What the link is for, and the page to which it leads; both empty if it only registers.
    title TEXT NOT NULL,
    path TEXT NOT NULL,
    uses BIGINT NOT NULL,
    used BIGINT NOT NULL DEFAULT 0,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT uses_within CHECK (used BETWEEN 0 AND uses)
);
CREATE INDEX group_link_of_account ON group_link (made_by);
