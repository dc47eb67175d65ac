-- The last word on two live slots of one provider at the same time, with their buffers.

-- needs extension btree_gist
-- only postgresql
ALTER TABLE slot ADD CONSTRAINT slot_overlap EXCLUDE USING gist (
    provider_id WITH =,
    int8range(blocks_from, blocks_until) WITH &&
) WHERE (deleted_at IS NULL);
-- end
-- only sqlite
-- As live slots do not overlap, only the last one that begins before the new one's end can reach into it.
CREATE TRIGGER slot_overlap BEFORE INSERT ON slot WHEN NEW.deleted_at IS NULL AND (
    SELECT blocks_until FROM slot
    WHERE provider_id = NEW.provider_id AND deleted_at IS NULL AND blocks_from < NEW.blocks_until
    ORDER BY blocks_from DESC LIMIT 1
) > NEW.blocks_from
BEGIN SELECT RAISE(ABORT, 'slot_overlap'); END;
CREATE TRIGGER slot_overlap_change BEFORE UPDATE OF provider_id, blocks_from, blocks_until, deleted_at
ON slot WHEN NEW.deleted_at IS NULL AND (
    SELECT blocks_until FROM slot
    WHERE provider_id = NEW.provider_id AND deleted_at IS NULL AND blocks_from < NEW.blocks_until
      AND id <> NEW.id
    ORDER BY blocks_from DESC LIMIT 1
) > NEW.blocks_from
BEGIN SELECT RAISE(ABORT, 'slot_overlap'); END;
-- end
