-- Countdowns to a date that is kept elsewhere.

-- The date it follows; empty: it follows none.
ALTER TABLE countdown ADD COLUMN follows TEXT NOT NULL DEFAULT '';
CREATE INDEX countdown_follows ON countdown (follows) WHERE follows <> '';
