-- Lists of households out of files.
CREATE TABLE import (
    id TEXT PRIMARY KEY,
    occasion TEXT NOT NULL REFERENCES occasion (id),
    -- Who sent it, and since it is applied, who applied it.
    account TEXT NOT NULL,
    state TEXT NOT NULL,
    -- JSON: the headings of its table, what each column holds, what the host decided.
    headings TEXT NOT NULL,
    columns TEXT NOT NULL,
    options TEXT NOT NULL,
    row_count BIGINT NOT NULL,
    total BIGINT NOT NULL,
    done BIGINT NOT NULL,
    made BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX import_by_occasion ON import (occasion, id);
CREATE INDEX import_by_expiry ON import (expires_at);

-- Its rows as JSON, some hundred together, until it expires.
CREATE TABLE import_chunk (
    import TEXT NOT NULL REFERENCES import (id),
    place BIGINT NOT NULL,
    rows TEXT NOT NULL,
    PRIMARY KEY (import, place)
) CLUSTERED;

-- What became of each household of it, until it expires. The invitation may be gone.
CREATE TABLE import_row (
    import TEXT NOT NULL REFERENCES import (id),
    place BIGINT NOT NULL,
    list_row BIGINT NOT NULL,
    household TEXT NOT NULL,
    invitation TEXT,
    version BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    problem TEXT,
    PRIMARY KEY (import, place)
) CLUSTERED;
CREATE INDEX import_row_by_invitation ON import_row (import, invitation);

-- What a list calls a household, so that the same list finds it again.
CREATE TABLE invitation_reference (
    occasion TEXT NOT NULL REFERENCES occasion (id),
    reference TEXT NOT NULL,
    invitation TEXT NOT NULL REFERENCES invitation (id),
    PRIMARY KEY (occasion, reference)
) CLUSTERED;
CREATE INDEX reference_by_invitation ON invitation_reference (invitation);
