-- When the event changed first since guests were told of it: whoever answered after that knew what it was
-- then, and not what the row says. NULL: when it changed last.
ALTER TABLE event_told ADD COLUMN since BIGINT;
