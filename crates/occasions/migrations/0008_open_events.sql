-- Whether everybody is invited to the event, and may read of it on the public page.
ALTER TABLE event ADD COLUMN open_to_all BIGINT NOT NULL DEFAULT 0;
