-- The name as people search for it: folded in Rust, because the engines know no letters but ASCII's.
-- NULL until it was folded.
ALTER TABLE account ADD COLUMN folded_name TEXT;
