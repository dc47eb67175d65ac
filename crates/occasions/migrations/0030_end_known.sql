-- Events whose end is not known, as guests read it and as they were told.

-- If 0, ends_at is 4 am of the morning after the day on which the event starts, in the occasion's time
-- zone, and no page shows it.
ALTER TABLE event ADD COLUMN end_known BIGINT NOT NULL DEFAULT 1;
ALTER TABLE event_told ADD COLUMN end_known BIGINT NOT NULL DEFAULT 1;
