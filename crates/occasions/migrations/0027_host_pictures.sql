-- Pictures that hosts add themselves. They are in the gallery unless a host hides them: `state` is
-- `approved` or `rejected`. `credit` names who took the picture; it may be empty. The other columns
-- are those of `upload`.
CREATE TABLE host_picture (
    id TEXT PRIMARY KEY,
    occasion TEXT NOT NULL REFERENCES occasion (id),
    name TEXT NOT NULL,
    caption TEXT NOT NULL,
    credit TEXT NOT NULL,
    state TEXT NOT NULL,
    file TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    thumbnail TEXT NOT NULL,
    thumbnail_bytes BIGINT NOT NULL,
    digest TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX host_picture_by_digest ON host_picture (occasion, digest);
CREATE UNIQUE INDEX host_picture_by_file ON host_picture (file);
CREATE INDEX host_picture_by_thumbnail ON host_picture (thumbnail);
