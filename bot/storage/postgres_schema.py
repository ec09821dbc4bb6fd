r"""The tables in PostgreSQL. They have the columns that they have in SQLite, where the modules of the tables make them
(`bot.storage.audit_log` and others): the same statements run on both.

Texts sort by their bytes, as in SQLite (``plain``); NUL, which may stand in JSON but in no text of PostgreSQL, is
U+FFFD where a value is taken out of a body. Bodies keep every byte.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from bot.storage.audit_log import READABLE
from bot.storage.copies import COMPUTED
from bot.storage.posts import HAVE_APPROVERS

Part = Literal["record", "catalogue"]

SCHEMA = "copy_backup_bot"


def _computed(columns: Mapping[str, str]) -> str:
    return ",\n    ".join(
        f"{name} plain GENERATED ALWAYS AS (json_extract(body, '{path}')) STORED" for name, path in columns.items()
    )


COMMON = rf"""
DO $$ BEGIN
    IF to_regtype('{SCHEMA}.plain') IS NOT NULL THEN RETURN; END IF;
    CREATE DOMAIN {SCHEMA}.plain AS text COLLATE "C";
    CREATE COLLATION {SCHEMA}.nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE FUNCTION {SCHEMA}.json_extract(body text, path text) RETURNS text
        LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
        RETURN replace(body, '\u0000', '\ufffd')::jsonb #>> string_to_array(substr(path, 3), '.');
END $$;
"""

RECORD = rf"""{COMMON}
CREATE TABLE events (
    sequence BIGINT PRIMARY KEY, body text NOT NULL, hash plain NOT NULL,
    {_computed(READABLE)});
CREATE INDEX events_at ON events (at, sequence);
CREATE INDEX events_kind ON events (kind, sequence);
CREATE INDEX events_who_id ON events (who_id, sequence);
CREATE INDEX events_who_name ON events (who_name COLLATE nocase, sequence);
CREATE INDEX events_copy_id ON events (copy_id, sequence);
CREATE INDEX events_backup_id ON events (backup_id, sequence);
CREATE INDEX events_source ON events (source, sequence);
CREATE INDEX events_destination ON events (destination, sequence);

CREATE TABLE last_written (is_only BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (is_only), sequence BIGINT NOT NULL);
INSERT INTO last_written (sequence) VALUES (0);

CREATE FUNCTION add_event() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    UPDATE {SCHEMA}.last_written SET sequence = NEW.sequence WHERE sequence = NEW.sequence - 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the audit log is append-only: an event goes to its end';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER events_only_at_the_end BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION add_event();

CREATE FUNCTION keep_events() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'DELETE' AND OLD.sequence <= (
        SELECT {SCHEMA}.json_extract(body, '$.facts.until')::bigint FROM {SCHEMA}.events
        WHERE kind = 'archived' ORDER BY sequence DESC LIMIT 1)
    THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the audit log is append-only: no %', TG_OP;
END $$;
CREATE TRIGGER events_keep BEFORE UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION keep_events();
CREATE TRIGGER events_keep_all BEFORE TRUNCATE ON events EXECUTE FUNCTION keep_events();

CREATE FUNCTION mentions(body text, sought text) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN EXISTS (
        SELECT FROM jsonb_path_query(replace(body, '\u0000', '\ufffd')::jsonb - 'at', 'strict $.**') AS value
        WHERE jsonb_typeof(value) NOT IN ('object', 'null')
        AND strpos(lower((value #>> '{{}}') COLLATE "und-x-icu"), lower(sought COLLATE "und-x-icu")) > 0);

CREATE TABLE copies (
    rowid BIGINT GENERATED ALWAYS AS IDENTITY, id plain PRIMARY KEY, revision BIGINT NOT NULL,
    is_open INTEGER NOT NULL, body text NOT NULL,
    {_computed(COMPUTED)});
CREATE UNIQUE INDEX copies_one_open ON copies (backup_id, source, destination) WHERE is_open = 1;
CREATE INDEX copies_of_backup ON copies (backup_id, destination);
CREATE INDEX copies_arrived ON copies (copied_id) WHERE copied_id IS NOT NULL;
CREATE INDEX copies_by_age ON copies (requested_at);
CREATE INDEX copies_of_person ON copies (requested_by, requested_at);
CREATE INDEX copies_to_region ON copies (destination, requested_at);
CREATE INDEX copies_done ON copies (source, destination, ended_at) WHERE state = 'completed';

CREATE TABLE orders (
    rowid BIGINT GENERATED ALWAYS AS IDENTITY, id plain PRIMARY KEY, confirmation_id plain NOT NULL UNIQUE,
    requested_by plain NOT NULL, requested_at plain NOT NULL, first_event BIGINT NOT NULL, body text NOT NULL);
CREATE TABLE order_copies (
    order_id plain NOT NULL REFERENCES orders (id), copy_id plain NOT NULL REFERENCES copies (id),
    PRIMARY KEY (order_id, copy_id));
CREATE INDEX orders_of_copy ON order_copies (copy_id);
CREATE INDEX orders_of_person ON orders (requested_by, requested_at);
CREATE INDEX orders_with_approvers ON orders (id) WHERE {HAVE_APPROVERS};

CREATE TABLE posts (
    order_id plain PRIMARY KEY REFERENCES orders (id), channel plain NOT NULL, message_ts plain,
    told_sequence BIGINT NOT NULL, shown_revision BIGINT NOT NULL, is_finished INTEGER NOT NULL, problem plain);
CREATE INDEX posts_finished ON posts (order_id) WHERE is_finished = 1;
CREATE TABLE approver_posts (LIKE posts INCLUDING ALL, FOREIGN KEY (order_id) REFERENCES orders (id));

CREATE TABLE findings (key plain PRIMARY KEY);

CREATE TABLE standing_orders (
    rowid BIGINT GENERATED ALWAYS AS IDENTITY, id plain PRIMARY KEY, revision BIGINT NOT NULL,
    is_kept INTEGER NOT NULL, origin plain NOT NULL, region plain NOT NULL, body text NOT NULL);
CREATE UNIQUE INDEX standing_orders_one_kept ON standing_orders (origin, region) WHERE is_kept = 1;

CREATE TABLE bot_at_work (
    is_only BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (is_only), epoch BIGINT NOT NULL, holder text NOT NULL,
    ends TIMESTAMPTZ NOT NULL);
INSERT INTO bot_at_work (epoch, holder, ends) VALUES (0, 'nobody', '-infinity');
CREATE FUNCTION stay_at_work(mine BIGINT) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    IF mine <> (SELECT epoch FROM bot_at_work) THEN
        RAISE EXCEPTION 'another bot has taken over the work';
    END IF;
END $$;

CREATE TABLE archives (until BIGINT PRIMARY KEY, head plain NOT NULL, event BIGINT NOT NULL);
CREATE FUNCTION keep_archives() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'what was archived stays written: no %', TG_OP;
END $$;
CREATE TRIGGER archives_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON archives EXECUTE FUNCTION keep_archives();
"""  # noqa: S608 - constants

CLOUD_CALLS = f"""
CREATE TABLE cloud_calls (  -- not UNLOGGED: after a crash of the server, all would call again what they just called
    region plain NOT NULL, call plain NOT NULL, spent TIMESTAMPTZ[] NOT NULL DEFAULT '{{}}',
    closed_until TIMESTAMPTZ NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (region, call));

CREATE FUNCTION spend_cloud_call(of_region text, of_call text, most INTEGER, seconds DOUBLE PRECISION,
    OUT wait DOUBLE PRECISION, OUT is_closed BOOLEAN) LANGUAGE plpgsql AS $$
DECLARE
    lane {SCHEMA}.cloud_calls;
    at_present TIMESTAMPTZ;
    how_long INTERVAL := seconds * interval '1 second';
BEGIN
    INSERT INTO {SCHEMA}.cloud_calls (region, call) VALUES (of_region, of_call) ON CONFLICT DO NOTHING;
    SELECT * INTO lane FROM {SCHEMA}.cloud_calls WHERE region = of_region AND call = of_call FOR UPDATE;
    at_present := clock_timestamp();  -- not before: who had the lock may have spent a call meanwhile
    lane.spent := ARRAY(  -- where the clock was set back, everything moves with it: nobody waits for long
        SELECT least(at, at_present) FROM unnest(lane.spent) AS at WHERE at + how_long > at_present ORDER BY 1);
    lane.closed_until := least(lane.closed_until, at_present + interval '1 hour');
    is_closed := lane.closed_until > at_present;
    IF is_closed THEN
        wait := extract(epoch FROM lane.closed_until - at_present);
    ELSIF cardinality(lane.spent) >= most THEN
        wait := extract(epoch FROM lane.spent[cardinality(lane.spent) - most + 1] + how_long - at_present);
    ELSE
        wait := 0;
        lane.spent := lane.spent || at_present;
    END IF;
    UPDATE {SCHEMA}.cloud_calls SET spent = lane.spent, closed_until = lane.closed_until
    WHERE region = of_region AND call = of_call;
END $$;
"""  # noqa: S608 - constants

CATALOGUE = rf"""{COMMON}
CREATE TABLE groups (
    id BIGINT PRIMARY KEY, region plain NOT NULL, status plain NOT NULL, backups BIGINT NOT NULL DEFAULT 0,
    UNIQUE (region, status));
CREATE TABLE backups (
    number BIGINT PRIMARY KEY, region plain NOT NULL, id plain NOT NULL, seen_at plain NOT NULL, body text NOT NULL,
    original plain, ids plain NOT NULL,
    {_computed({"name": "$.name", "status": "$.status"})},
    UNIQUE (region, id));
CREATE INDEX backups_by_id ON backups (id);
CREATE INDEX backups_by_name ON backups USING hash (name);
CREATE INDEX backups_by_original ON backups USING hash (original) WHERE original IS NOT NULL;
CREATE TABLE labels (number BIGINT PRIMARY KEY, text plain NOT NULL);
CREATE TABLE ruled_by (number BIGINT PRIMARY KEY, name plain NOT NULL, origin plain);
CREATE TABLE known_ids (id plain, number BIGINT, PRIMARY KEY (id, number));
CREATE TABLE gone (region plain NOT NULL, id plain NOT NULL, at plain NOT NULL, PRIMARY KEY (region, id));
CREATE TABLE refreshes (region plain PRIMARY KEY, complete_at plain NOT NULL);

DO $$ BEGIN  -- parts of ids are found without it, only more slowly
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX ids_index ON backups USING gin (ids gin_trgm_ops);
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE 'the extension pg_trgm cannot be had: %', SQLERRM;
END $$;

CREATE FUNCTION ids_of(ids text) RETURNS SETOF text LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT split_part(ids, chr(10), 1) UNION SELECT substr(ids, strpos(ids, chr(10)) + 1)
$$;
CREATE FUNCTION add_backup() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    UPDATE groups SET backups = backups + 1 WHERE id = NEW.number >> 53;
    INSERT INTO known_ids (id, number) SELECT each, NEW.number FROM ids_of(NEW.ids) AS each;
    RETURN NULL;
END $$;
CREATE TRIGGER backups_added AFTER INSERT ON backups FOR EACH ROW EXECUTE FUNCTION add_backup();
CREATE FUNCTION remove_backup() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    UPDATE groups SET backups = backups - 1 WHERE id = OLD.number >> 53;
    DELETE FROM known_ids WHERE number = OLD.number AND id IN (SELECT ids_of(OLD.ids));
    DELETE FROM labels WHERE number = OLD.number;
    DELETE FROM ruled_by WHERE number = OLD.number;
    RETURN NULL;
END $$;
CREATE TRIGGER backups_removed AFTER DELETE ON backups FOR EACH ROW EXECUTE FUNCTION remove_backup();
"""  # noqa: S608 - constants

REFRESHING = "CREATE TABLE refreshing (region plain PRIMARY KEY, running BIGINT, fault text);"

WHAT_IS_SEARCHED = """
CREATE TABLE searched (number BIGINT PRIMARY KEY, text plain NOT NULL);
INSERT INTO searched SELECT number, text || chr(10) || ids FROM labels JOIN backups USING (number);
DO $$ BEGIN  -- all is found without it, only more slowly
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX searched_index ON searched USING gin (text gin_trgm_ops) WITH (fastupdate = off);
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE 'the extension pg_trgm cannot be had: %', SQLERRM;
END $$;
CREATE FUNCTION add_label() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO searched SELECT NEW.number, NEW.text || chr(10) || ids FROM backups WHERE number = NEW.number;
    RETURN NULL;
END $$;
CREATE TRIGGER labels_added AFTER INSERT ON labels FOR EACH ROW EXECUTE FUNCTION add_label();
CREATE FUNCTION remove_label() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    DELETE FROM searched WHERE number = OLD.number;
    RETURN NULL;
END $$;
CREATE TRIGGER labels_removed AFTER DELETE ON labels FOR EACH ROW EXECUTE FUNCTION remove_label();
DROP INDEX IF EXISTS ids_index;
"""

MIGRATIONS: Mapping[Part, Sequence[str]] = {
    "record": (RECORD, CLOUD_CALLS),
    "catalogue": (CATALOGUE, REFRESHING, WHAT_IS_SEARCHED),
}
"""What brings each part to the schema of today: later versions append, and never change what is there."""
