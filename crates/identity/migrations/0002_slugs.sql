-- What accounts are called in public addresses.
CREATE TABLE account_slug (
    slug TEXT PRIMARY KEY,
    -- Null: nobody's any more, and held until nobody expects the old one there.
    account_id TEXT REFERENCES account (id),
    -- Until when a former one leads to the present one; null: it is the present one.
    until BIGINT
);
CREATE UNIQUE INDEX one_slug ON account_slug (account_id) WHERE until IS NULL;
