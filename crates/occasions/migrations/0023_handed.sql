-- What hosts handed to households by other ways than the site's own mail, whose progress stands in
-- `campaign_recipient` and `mail`.
CREATE TABLE handed (
    id TEXT PRIMARY KEY,
    invitation TEXT NOT NULL REFERENCES invitation (id),
    -- The kind of message, as in `mail_text`.
    kind TEXT NOT NULL,
    -- What the message is about, such as the id of an event that was moved; empty if nothing else.
    about TEXT NOT NULL,
    channel TEXT NOT NULL,
    state TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- Who handed it over; NULL after the account was deleted.
    account TEXT
);
CREATE INDEX handed_by_invitation ON handed (invitation, kind);

-- The order in which channels are tried, as words separated by commas; empty: by home country.
ALTER TABLE occasion ADD COLUMN channels TEXT NOT NULL DEFAULT '';
-- The channel that hosts chose for this household; empty: by the occasion's order.
ALTER TABLE invitation ADD COLUMN channel TEXT NOT NULL DEFAULT '';
