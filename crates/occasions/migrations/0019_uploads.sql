-- Pictures and documents of households. `file` and `thumbnail` are names in the file store; a
-- document has no thumbnail. `digest` is the SHA-256 of what was sent, so that the same file is not
-- stored twice. Sizes are in bytes.
CREATE TABLE upload (
    id TEXT PRIMARY KEY,
    occasion TEXT NOT NULL REFERENCES occasion (id),
    invitation TEXT NOT NULL REFERENCES invitation (id),
    name TEXT NOT NULL,
    caption TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    file TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    thumbnail TEXT NOT NULL,
    thumbnail_bytes BIGINT NOT NULL,
    digest TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX upload_by_occasion ON upload (occasion, state, id);
CREATE INDEX upload_by_invitation ON upload (invitation, id);
CREATE UNIQUE INDEX upload_by_file ON upload (file);
CREATE INDEX upload_by_thumbnail ON upload (thumbnail);
