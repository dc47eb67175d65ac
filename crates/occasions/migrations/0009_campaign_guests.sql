-- 1: mail goes to the guests' own addresses as well.
ALTER TABLE campaign ADD COLUMN to_guests BIGINT NOT NULL DEFAULT 0;
-- Whose address the mail goes to; NULL: the household's. The guest may be gone.
ALTER TABLE campaign_recipient ADD COLUMN guest TEXT;
