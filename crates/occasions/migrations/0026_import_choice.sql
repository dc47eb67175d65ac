-- What hosts answer about a list before it is imported: the events of its households, addresses that
-- they mend, lines that they leave out. It goes with the list's rows.
CREATE TABLE import_choice (
    import TEXT NOT NULL REFERENCES import (id),
    -- What the answer is about; most name a household by the hash of its row.
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (import, key)
) CLUSTERED;

-- The file's name; empty for what was pasted or sent by a program.
ALTER TABLE import ADD COLUMN name TEXT NOT NULL DEFAULT '';
