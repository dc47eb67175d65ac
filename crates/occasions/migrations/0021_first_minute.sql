-- An event whose hour is not known, and the country of an occasion. There are new kinds of occasions,
-- which older programs cannot read.

-- If 0, the event lasts from midnight to midnight of the occasion's time zone.
ALTER TABLE event ADD COLUMN hour_known BIGINT NOT NULL DEFAULT 1;

-- The country in which hosts and most guests live (ISO 3166-1); empty: that of the time zone.
ALTER TABLE occasion ADD COLUMN country TEXT NOT NULL DEFAULT '';
