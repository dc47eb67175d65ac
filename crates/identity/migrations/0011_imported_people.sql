-- Whether an account stays though nobody confirms its address: it was somebody's in another program.
ALTER TABLE registration ADD COLUMN is_kept INTEGER NOT NULL DEFAULT 0;
