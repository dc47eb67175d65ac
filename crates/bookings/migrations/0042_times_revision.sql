-- The revision of what takes a provider's time or differs from their hours: another number after each change
-- of it. Free times are kept under it, so triggers write it: no statement can forget to. It has a table of its
-- own, which nothing else locks: who changes a slot may have locked it before its provider, or after.

CREATE TABLE provider_times (
    provider_id TEXT PRIMARY KEY REFERENCES provider (id),
    revision BIGINT NOT NULL
);

-- only sqlite
CREATE TRIGGER times_of_new_slot AFTER INSERT ON slot WHEN NEW.deleted_at IS NULL
BEGIN
    INSERT INTO provider_times (provider_id, revision) VALUES (NEW.provider_id, 1)
    ON CONFLICT (provider_id) DO UPDATE SET revision = revision + 1;
END;
CREATE TRIGGER times_of_former_slot AFTER DELETE ON slot WHEN OLD.deleted_at IS NULL
BEGIN
    INSERT INTO provider_times (provider_id, revision) VALUES (OLD.provider_id, 1)
    ON CONFLICT (provider_id) DO UPDATE SET revision = revision + 1;
END;
CREATE TRIGGER times_of_slot AFTER UPDATE ON slot
WHEN (OLD.deleted_at IS NULL OR NEW.deleted_at IS NULL) AND (
    (OLD.deleted_at IS NULL) <> (NEW.deleted_at IS NULL)
    OR OLD.provider_id <> NEW.provider_id
    OR OLD.blocks_from <> NEW.blocks_from OR OLD.blocks_until <> NEW.blocks_until
    OR OLD.starts_at <> NEW.starts_at
    OR COALESCE(OLD.offer_id, '') <> COALESCE(NEW.offer_id, '')
    OR (NEW.offer_id IS NOT NULL AND (OLD.state IN ('held', 'booked', 'completed'))
        <> (NEW.state IN ('held', 'booked', 'completed')))
)
BEGIN
    INSERT INTO provider_times (provider_id, revision) VALUES (NEW.provider_id, 1)
    ON CONFLICT (provider_id) DO UPDATE SET revision = revision + 1;
    UPDATE provider_times SET revision = revision + 1
    WHERE provider_id = OLD.provider_id AND OLD.provider_id <> NEW.provider_id;
END;
CREATE TRIGGER times_of_new_busy AFTER INSERT ON provider_busy
BEGIN
    INSERT INTO provider_times (provider_id, revision) VALUES (NEW.provider_id, 1)
    ON CONFLICT (provider_id) DO UPDATE SET revision = revision + 1;
END;
CREATE TRIGGER times_of_former_busy AFTER DELETE ON provider_busy
BEGIN
    INSERT INTO provider_times (provider_id, revision) VALUES (OLD.provider_id, 1)
    ON CONFLICT (provider_id) DO UPDATE SET revision = revision + 1;
END;
CREATE TRIGGER times_of_busy AFTER UPDATE ON provider_busy
BEGIN
    INSERT INTO provider_times (provider_id, revision) VALUES (NEW.provider_id, 1)
    ON CONFLICT (provider_id) DO UPDATE SET revision = revision + 1;
    UPDATE provider_times SET revision = revision + 1
    WHERE provider_id = OLD.provider_id AND OLD.provider_id <> NEW.provider_id;
END;
CREATE TRIGGER times_of_new_day AFTER INSERT ON provider_schedule_exception
BEGIN
    INSERT INTO provider_times (provider_id, revision) VALUES (NEW.provider_id, 1)
    ON CONFLICT (provider_id) DO UPDATE SET revision = revision + 1;
END;
CREATE TRIGGER times_of_former_day AFTER DELETE ON provider_schedule_exception
BEGIN
    INSERT INTO provider_times (provider_id, revision) VALUES (OLD.provider_id, 1)
    ON CONFLICT (provider_id) DO UPDATE SET revision = revision + 1;
END;
CREATE TRIGGER times_of_day AFTER UPDATE ON provider_schedule_exception
BEGIN
    INSERT INTO provider_times (provider_id, revision) VALUES (NEW.provider_id, 1)
    ON CONFLICT (provider_id) DO UPDATE SET revision = revision + 1;
    UPDATE provider_times SET revision = revision + 1
    WHERE provider_id = OLD.provider_id AND OLD.provider_id <> NEW.provider_id;
END;
-- end
-- only postgresql
-- At the commit, so that nobody waits for a revision who holds what another one waits for; once a change
-- and provider.
CREATE FUNCTION times_have_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO provider_times (provider_id, revision)
    SELECT DISTINCT changed.id, pg_current_xact_id()::text::bigint
    FROM (VALUES (NEW.provider_id), (OLD.provider_id)) AS changed (id)
    WHERE changed.id IS NOT NULL
    ON CONFLICT (provider_id) DO UPDATE SET revision = excluded.revision
        WHERE provider_times.revision <> excluded.revision;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER times_of_new_slot AFTER INSERT ON slot
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.deleted_at IS NULL)
EXECUTE FUNCTION times_have_changed();
CREATE CONSTRAINT TRIGGER times_of_former_slot AFTER DELETE ON slot
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.deleted_at IS NULL)
EXECUTE FUNCTION times_have_changed();
CREATE CONSTRAINT TRIGGER times_of_slot AFTER UPDATE ON slot
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
WHEN ((OLD.deleted_at IS NULL OR NEW.deleted_at IS NULL) AND (
    (OLD.deleted_at IS NULL) <> (NEW.deleted_at IS NULL)
    OR OLD.provider_id <> NEW.provider_id
    OR OLD.blocks_from <> NEW.blocks_from OR OLD.blocks_until <> NEW.blocks_until
    OR OLD.starts_at <> NEW.starts_at
    OR COALESCE(OLD.offer_id, '') <> COALESCE(NEW.offer_id, '')
    OR (NEW.offer_id IS NOT NULL AND (OLD.state IN ('held', 'booked', 'completed'))
        <> (NEW.state IN ('held', 'booked', 'completed')))
))
EXECUTE FUNCTION times_have_changed();
CREATE CONSTRAINT TRIGGER times_of_busy AFTER INSERT OR UPDATE OR DELETE ON provider_busy
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION times_have_changed();
CREATE CONSTRAINT TRIGGER times_of_days AFTER INSERT OR UPDATE OR DELETE ON provider_schedule_exception
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION times_have_changed();
-- end
