-- How far the mail about an article has come, which is sent once.
CREATE TABLE post_mailing (
    post_id TEXT PRIMARY KEY REFERENCES post (id),
    -- The last account whose mail is written.
    last_account TEXT NOT NULL,
    finished_at BIGINT
);

-- The name of the file of a picture; empty: there is none.
ALTER TABLE post ADD COLUMN image TEXT NOT NULL DEFAULT '';
ALTER TABLE post ADD COLUMN image_alt TEXT NOT NULL DEFAULT '';
ALTER TABLE post ADD COLUMN image_width BIGINT NOT NULL DEFAULT 0;
ALTER TABLE post ADD COLUMN image_height BIGINT NOT NULL DEFAULT 0;
ALTER TABLE post ADD COLUMN image_bytes BIGINT NOT NULL DEFAULT 0;
CREATE INDEX post_image ON post (image);

-- The pictures in the text of a post.
CREATE TABLE post_picture (
    post_id TEXT NOT NULL REFERENCES post (id),
    file TEXT NOT NULL,
    PRIMARY KEY (post_id, file)
);
CREATE INDEX post_by_picture ON post_picture (file);
