-- When the day of a countdown comes.

-- When it comes next; null: it has come, or the countdown counts up.
ALTER TABLE countdown ADD COLUMN reach_at BIGINT;
