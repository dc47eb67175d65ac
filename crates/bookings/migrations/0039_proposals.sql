-- The length and the horizon that are proposed for new offers.
ALTER TABLE booking_setting ADD COLUMN offer_minutes BIGINT NOT NULL DEFAULT 60;
ALTER TABLE booking_setting ADD COLUMN horizon_days BIGINT NOT NULL DEFAULT 60;
