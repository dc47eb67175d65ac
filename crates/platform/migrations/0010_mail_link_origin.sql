-- The origin with which the mail's unsubscribe link begins, such as `https://our-day.example`; null:
-- the site's own.
ALTER TABLE mail ADD COLUMN link_origin TEXT;
