-- Confirmations of occasions that members made, before the site lets them send mail.

-- The hash of the address to which the answers of the last save may be confirmed; empty where none
-- may. It says nothing where the occasion may send mail.
ALTER TABLE invitation ADD COLUMN confirm_to TEXT NOT NULL DEFAULT '';

-- The address, as a hash, that was last answered for from a network. Rows are kept for a day.
CREATE TABLE confirmation_network (
    network TEXT PRIMARY KEY,
    address_hash TEXT NOT NULL,
    answered_at BIGINT NOT NULL
);
CREATE INDEX confirmation_network_answered ON confirmation_network (answered_at);
