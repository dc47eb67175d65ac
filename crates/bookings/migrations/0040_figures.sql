-- What was open and booked on a day of a provider, by the site's clock. Hours change, so the figures
-- of days that are over are kept.
CREATE TABLE provider_day (
    provider_id TEXT NOT NULL REFERENCES provider (id),
    day TEXT NOT NULL,
    open_minutes BIGINT NOT NULL,
    booked_minutes BIGINT NOT NULL,
    seats BIGINT NOT NULL,
    seats_taken BIGINT NOT NULL,
    PRIMARY KEY (provider_id, day)
);
CREATE INDEX provider_day_by_day ON provider_day (day);

-- The last day whose figures are kept; empty if there is none.
ALTER TABLE booking_setting ADD COLUMN figures_until TEXT NOT NULL DEFAULT '';
