-- The cover picture: what the names of its files share; empty: none. What it shows is i18n.
ALTER TABLE occasion ADD COLUMN cover TEXT NOT NULL DEFAULT '';
ALTER TABLE occasion ADD COLUMN cover_alt TEXT NOT NULL DEFAULT '{}';
