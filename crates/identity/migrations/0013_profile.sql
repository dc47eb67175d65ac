-- What people say of themselves; '' is nothing.
ALTER TABLE account ADD COLUMN real_name TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN bio TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN location TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN website TEXT NOT NULL DEFAULT '';
