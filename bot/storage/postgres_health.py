"""Looks at the bot's PostgreSQL database, also while a bot works on it. Changes nothing."""

import psycopg
from pydantic import SecretStr

from bot.operations.health import Check, Finding, Subject
from bot.storage.audit_log import AuditLog
from bot.storage.connection import Connection, name_of
from bot.storage.errors import in_words
from bot.storage.postgres import connect, encoding_of
from bot.storage.postgres_schema import MIGRATIONS


def look_at_server(place: SecretStr, key: SecretStr | None) -> Check:
    """Whether the bot could work on a database, and whether one does. Blocks.

    Args:
        place: of the database.
        key: of the audit log's hashes.
    """
    try:
        with connect(place, "record", default_transaction_read_only="on") as connection:
            finding, facts = _content(connection, key)
    except psycopg.errors.InsufficientPrivilege as error:
        finding, facts = Finding.DATABASE_NOT_ALLOWED, {"why": in_words(error)}
    except psycopg.Error as error:
        finding, facts = Finding.DATABASE_AWAY, {"why": in_words(error)}
    return Check(Subject.DATABASE, finding, facts={"path": name_of(place), **facts})


def _content(connection: Connection, key: SecretStr | None) -> tuple[Finding, dict[str, str]]:
    encoding = encoding_of(connection)
    if encoding != "UTF8":
        return Finding.DATABASE_ENCODING, {"encoding": encoding}
    if not connection.has_table("events"):
        return _room_for_it(connection)
    if connection.schema_version > len(MIGRATIONS["record"]):
        return Finding.DATABASE_NEWER, {}
    if AuditLog(key).first_not_fitting(connection) is not None:
        return Finding.AUDIT_KEY_DOES_NOT_FIT, {}
    at_work = connection.execute("SELECT holder FROM bot_at_work WHERE ends > clock_timestamp()").fetchone()
    return (Finding.DATABASE_IN_USE, {"process": at_work[0]}) if at_work else (Finding.DATABASE_USABLE, {})


def _room_for_it(connection: Connection) -> tuple[Finding, dict[str, str]]:
    (may_create,) = connection.execute("SELECT has_database_privilege(current_database(), 'CREATE')").fetchone()
    if may_create:
        return Finding.DATABASE_NOT_THERE_YET, {}
    return Finding.DATABASE_NOT_ALLOWED, {"why": "its user may not make the bot's tables"}
