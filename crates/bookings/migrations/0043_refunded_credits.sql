-- The unused credits that a refund takes away once it is processed: a JSON list of lots and numbers.
ALTER TABLE refund ADD COLUMN credits TEXT NOT NULL DEFAULT '[]';
