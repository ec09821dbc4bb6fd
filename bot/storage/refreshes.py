"""How fresh the catalogue is, region by region."""

from datetime import datetime

from bot.domain.reasons import Fault
from bot.operations.catalogue import Refresh
from bot.storage.catalogue_table import count_in
from bot.storage.connection import Connection
from bot.storage.json_text import JsonText

FAULT = JsonText(Fault)


def create_refreshing(connection: Connection) -> None:
    """How refreshes go, region by region: for other processes, too."""
    connection.execute("CREATE TABLE refreshing (region TEXT PRIMARY KEY, running INTEGER, fault TEXT) STRICT")


def note_refreshing(connection: Connection, region: str, running: int | None, fault: Fault | None) -> None:
    """How a refresh goes: backups seen so far, or why it ended without an end."""
    connection.execute(
        "INSERT INTO refreshing (region, running, fault) VALUES (?, ?, ?) "
        "ON CONFLICT (region) DO UPDATE SET running = excluded.running, fault = excluded.fault",
        (region, running, FAULT.write(fault) if fault else None),
    )


def how_fresh(connection: Connection, region: str) -> Refresh:
    """How fresh the catalogue of a region is."""
    complete = connection.execute("SELECT complete_at FROM refreshes WHERE region = ?", (region,)).fetchone()
    row = connection.execute("SELECT running, fault FROM refreshing WHERE region = ?", (region,)).fetchone()
    running, fault = row or (None, None)
    return Refresh(
        region=region,
        complete_at=datetime.fromisoformat(complete[0]) if complete else None,
        fault=FAULT.read(fault) if fault else None,
        running=running,
        backups=count_in(connection, region),
    )


def note_complete(connection: Connection, region: str, *, began: str, ended: str) -> None:
    """A refresh went through all pages: what was gone before it needs no memory any more."""
    connection.execute(
        "INSERT INTO refreshes (region, complete_at) VALUES (?, ?) "
        "ON CONFLICT (region) DO UPDATE SET complete_at = excluded.complete_at",
        (region, ended),
    )
    connection.execute("DELETE FROM gone WHERE region = ? AND at <= ?", (region, began))
