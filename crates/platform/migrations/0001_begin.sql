-- What others should hear live. A row is written by the change it tells of;
-- its number is given in the order of commits, and readers see numbered rows
-- only.
CREATE TABLE news (
    sequence COUNTER,
    number BIGINT UNIQUE,
    scope TEXT NOT NULL,
    name TEXT NOT NULL,
    payload TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX news_by_scope ON news (scope, number);
CREATE INDEX news_unnumbered ON news (sequence) WHERE number IS NULL;

-- The last number given, and the highest that was swept away. One row; who
-- gives numbers holds its lock.
CREATE TABLE news_counter (
    id BIGINT PRIMARY KEY CONSTRAINT one_news_counter CHECK (id = 1),
    last BIGINT NOT NULL,
    swept BIGINT NOT NULL
);
INSERT INTO news_counter (id, last, swept) VALUES (1, 0, 0);

-- Who did what. Never changed, but for the seal of a chained row, and where a
-- person is erased: then `salt` and `network` go, and a random id stands in the
-- place of the person's.
CREATE TABLE audit (
    sequence COUNTER,
    at BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT,
    action TEXT NOT NULL,
    entity_kind TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    scope TEXT,
    changes TEXT NOT NULL,
    request_id TEXT,
    network TEXT,
    chained BIGINT NOT NULL CONSTRAINT audit_chained_is_a_flag CHECK (chained IN (0, 1)),
    place BIGINT,
    salt TEXT,
    personal TEXT,
    seal TEXT
);
CREATE INDEX audit_by_scope ON audit (scope, sequence);
-- Most rows are not chained: an index over all of them would be written for nothing.
CREATE UNIQUE INDEX audit_place ON audit (place) WHERE place IS NOT NULL;
CREATE INDEX audit_unsealed ON audit (sequence) WHERE chained = 1 AND place IS NULL;

-- The end of the chain of sealed audit rows. One row; who seals holds its lock.
CREATE TABLE audit_chain (
    id BIGINT PRIMARY KEY CONSTRAINT one_audit_chain CHECK (id = 1),
    place BIGINT NOT NULL,
    seal TEXT NOT NULL
);
INSERT INTO audit_chain (id, place, seal) VALUES (1, 0, '');

-- Answers kept for repeats of the same request.
CREATE TABLE idempotency (
    owner TEXT NOT NULL,
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BYTEA NOT NULL,
    status BIGINT NOT NULL,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (owner, route, key)
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);

-- Wrong codes and names of the last day, so that the guessing budget survives
-- restarts and is one for all processes. `guess` is a hash of all that was tried,
-- `code` a short hash of the code that was tried with a name.
CREATE TABLE guess (
    address TEXT NOT NULL,
    guess BIGINT NOT NULL,
    code BIGINT,
    at BIGINT NOT NULL,
    PRIMARY KEY (address, guess)
);
CREATE INDEX guess_by_time ON guess (at);
