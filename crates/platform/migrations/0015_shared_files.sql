-- Small files that each machine has in its data folder, such as certificates with their keys. What
-- several machines need is here too, sealed. `revision` counts the changes of a file.
CREATE TABLE shared_file (
    folder TEXT NOT NULL,
    name TEXT NOT NULL,
    revision BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (folder, name)
) CLUSTERED;
