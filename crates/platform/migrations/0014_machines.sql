-- The processes of all machines that use this PostgreSQL. Instants are the database's; after
-- `until_at` a process counts as dead. `shared` is what must be the same on all machines, as JSON.
-- `files_mark` is what the process last read in its place of files. `clock_ahead` is by how many
-- milliseconds its clock is ahead of the database's.
CREATE TABLE machine_process (
    id TEXT PRIMARY KEY,
    machine TEXT NOT NULL,
    boot TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    addresses TEXT NOT NULL,
    files TEXT NOT NULL,
    files_mark TEXT NOT NULL,
    shared TEXT NOT NULL,
    is_ready BIGINT NOT NULL DEFAULT 0,
    clock_ahead BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    until_at BIGINT NOT NULL
);

-- The process that does what must happen once. Each new leader has a higher term.
CREATE TABLE leader (
    id BIGINT PRIMARY KEY CONSTRAINT one_leader CHECK (id = 1),
    term BIGINT NOT NULL,
    process TEXT,
    machine TEXT,
    until_at BIGINT NOT NULL
);

INSERT INTO leader (id, term, until_at) VALUES (1, 0, 0);
