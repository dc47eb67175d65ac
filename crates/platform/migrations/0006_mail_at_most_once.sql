-- 1: found half sent, the mail is not sent again.
ALTER TABLE mail ADD COLUMN is_held BIGINT NOT NULL DEFAULT 0;
