-- The calendar file that goes with a mail.
ALTER TABLE mail ADD COLUMN calendar TEXT;
