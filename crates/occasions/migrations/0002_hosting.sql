-- What hosts search, sort and let run.

-- Names as they are compared: folded, so that both engines sort the same.
ALTER TABLE invitation ADD COLUMN sort_name TEXT NOT NULL DEFAULT '';
CREATE INDEX invitation_by_name ON invitation (occasion, sort_name, id);
ALTER TABLE guest ADD COLUMN sort_name TEXT NOT NULL DEFAULT '';
-- Folded code, address and phone: searched only for those who may see them.
ALTER TABLE invitation ADD COLUMN contact_search TEXT NOT NULL DEFAULT '';

ALTER TABLE dietary_option ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

-- How many codes an account tried to set by hand in the hour that began at
-- `started_at`: who may try often learns which codes are taken.
CREATE TABLE code_try (
    account TEXT PRIMARY KEY,
    started_at BIGINT NOT NULL,
    tries BIGINT NOT NULL
);

-- When an owner was last told that codes are being guessed.
CREATE TABLE guess_alarm (
    account TEXT PRIMARY KEY,
    told_at BIGINT NOT NULL
);

-- One action on many invitations, and what became of each.
CREATE TABLE bulk (
    id TEXT PRIMARY KEY,
    occasion TEXT NOT NULL REFERENCES occasion (id),
    account TEXT NOT NULL,
    action TEXT NOT NULL,
    state TEXT NOT NULL,
    total BIGINT NOT NULL,
    done BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX bulk_by_occasion ON bulk (occasion, id);
CREATE TABLE bulk_row (
    bulk TEXT NOT NULL REFERENCES bulk (id),
    place BIGINT NOT NULL,
    invitation TEXT NOT NULL REFERENCES invitation (id),
    state TEXT NOT NULL,
    problem TEXT,
    PRIMARY KEY (bulk, place)
) CLUSTERED;
CREATE INDEX bulk_row_waiting ON bulk_row (bulk, place) WHERE state = 'waiting';

-- Lists as files. The file's name follows from the id.
CREATE TABLE export (
    id TEXT PRIMARY KEY,
    occasion TEXT NOT NULL REFERENCES occasion (id),
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    format TEXT NOT NULL,
    filter TEXT NOT NULL,
    language TEXT NOT NULL,
    -- Whether it holds codes and contact data.
    contacts BIGINT NOT NULL,
    state TEXT NOT NULL,
    row_count BIGINT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX export_by_occasion ON export (occasion, id);
CREATE INDEX export_by_expiry ON export (expires_at) WHERE state = 'ready';
