-- News and thanks that go by message, and what guests of an event that has moved read until now.

-- When hosts began this message. Who got an earlier one of its kind gets this one too. NULL: it is the
-- first of its kind.
ALTER TABLE mail_text ADD COLUMN begun_at BIGINT;

-- The time zone of the clock by which guests were told, where it was another than the occasion's is
-- now; the times above are what they read, in the occasion's zone.
ALTER TABLE event_told ADD COLUMN zone TEXT;
