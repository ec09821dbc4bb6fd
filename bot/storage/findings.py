"""The table ``findings``: what was found once, by its key, so that it is told once, also over restarts."""

from collections.abc import Iterable

from bot.storage.connection import Connection


def create_findings(connection: Connection) -> None:
    """Make the table."""
    connection.execute("CREATE TABLE findings (key TEXT PRIMARY KEY) STRICT, WITHOUT ROWID")


def is_new(connection: Connection, key: str) -> bool:
    """Remember a finding; whether it was not remembered before."""
    return connection.execute("INSERT INTO findings (key) VALUES (?) ON CONFLICT DO NOTHING", (key,)).rowcount == 1


def noted(connection: Connection, keys: Iterable[str]) -> frozenset[str]:
    """Which of these are remembered."""
    known = (connection.execute("SELECT key FROM findings WHERE key = ?", (key,)).fetchone() for key in keys)
    return frozenset(row[0] for row in known if row)
