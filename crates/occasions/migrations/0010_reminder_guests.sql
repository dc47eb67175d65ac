-- 1: the rule's reminders go to the guests' own addresses as well.
ALTER TABLE reminder_rule ADD COLUMN to_guests BIGINT NOT NULL DEFAULT 0;
