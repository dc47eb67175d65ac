-- The file that a reviewer attaches for the member.

-- The file's name in the file store; empty if there is none, or once it is deleted.
ALTER TABLE review ADD COLUMN reference_file TEXT NOT NULL DEFAULT '';
ALTER TABLE review ADD COLUMN reference_name TEXT NOT NULL DEFAULT '';
ALTER TABLE review ADD COLUMN reference_type TEXT;
ALTER TABLE review ADD COLUMN reference_bytes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE review ADD COLUMN reference_sha256 TEXT NOT NULL DEFAULT '';
CREATE INDEX review_reference ON review (reference_file);
