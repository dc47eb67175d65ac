-- Whether the page of a countdown shows the phrase of the day.
ALTER TABLE countdown ADD COLUMN show_phrase BIGINT NOT NULL DEFAULT 0;
