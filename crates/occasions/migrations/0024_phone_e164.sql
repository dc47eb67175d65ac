-- Telephone numbers with their country code (E.164), as `phone.rs` reads what was typed; empty: no valid
-- number. NULL until it was read: a job reads them, also those that an older program wrote.
ALTER TABLE invitation ADD COLUMN phone_e164 TEXT;
ALTER TABLE guest ADD COLUMN phone_e164 TEXT;
