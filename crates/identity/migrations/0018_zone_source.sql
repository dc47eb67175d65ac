-- Who said in which zone the person reads times: `site` (nobody: it is the site's), `device` or `person`.
ALTER TABLE account ADD COLUMN zone_source TEXT NOT NULL DEFAULT 'site';
