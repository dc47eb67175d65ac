-- A person has one zone, their account's. What the profile said is kept until the account was looked at
-- (`former_zone.rs`); '' is nothing left to do.
ALTER TABLE provider ADD COLUMN former_zone TEXT NOT NULL DEFAULT '';
UPDATE provider SET former_zone = time_zone;
ALTER TABLE provider DROP COLUMN time_zone;
