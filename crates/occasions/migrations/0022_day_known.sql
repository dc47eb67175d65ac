-- An event whose day is not known yet.

-- If 0, starts_at and ends_at are a moment in the year 9000 that nothing shows, and the event has
-- neither replies nor rows in invitation_event.
ALTER TABLE event ADD COLUMN day_known BIGINT NOT NULL DEFAULT 1;
