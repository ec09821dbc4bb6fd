"""The table ``standing_orders``: what is kept copied, in the file of the record."""

from collections.abc import Sequence

from bot.domain.events import Event
from bot.domain.standing_orders import StandingOrder, StandingState
from bot.storage.connection import Connection
from bot.storage.database import Database
from bot.storage.json_text import JsonText
from bot.storage.record import StoredRecord

STANDING_ORDER = JsonText(StandingOrder)

SHORTEST_BEGINNING = 6
"""Characters of an id that are enough, where they name one only."""


def create_standing_orders(connection: Connection) -> None:
    """Make the table."""
    connection.execute(
        "CREATE TABLE standing_orders (id TEXT PRIMARY KEY, revision INTEGER NOT NULL, is_kept INTEGER NOT NULL, "
        "origin TEXT NOT NULL, region TEXT NOT NULL, body TEXT NOT NULL) STRICT"
    )
    connection.execute(
        "CREATE UNIQUE INDEX standing_orders_one_kept ON standing_orders (origin, region) WHERE is_kept = 1"
    )


class StoredStandingOrders:
    """The port `bot.operations.ports.StandingOrders`; its methods are described there.

    Args:
        database: with the table.
        record: the audit log in the same place.
    """

    def __init__(self, database: Database, record: StoredRecord) -> None:
        self._database = database
        self._record = record

    async def write(self, standing: StandingOrder, event: Event | None = None) -> bool:
        """Write a standing order that is new or was changed once, and its event."""
        return await self._record.write_beside(lambda connection: _write(connection, standing), event)

    async def kept(self) -> Sequence[StandingOrder]:
        """Those that have not ended, oldest first."""
        return await self._database.read(lambda connection: _where(connection, "is_kept = 1"))

    async def standing_order(self, standing_id: str) -> StandingOrder | None:
        """One of them, by id or a unique beginning of it."""
        exact = await self._database.read(lambda connection: _where(connection, "id = ?", standing_id))
        if exact or len(standing_id) < SHORTEST_BEGINNING:
            return exact[0] if exact else None
        begun = await self._database.read(
            lambda connection: _where(connection, "id >= ? AND id < ?", standing_id, standing_id + "\U0010ffff")
        )
        return begun[0] if len(begun) == 1 else None


def _write(connection: Connection, standing: StandingOrder) -> bool:
    is_kept = standing.state is not StandingState.ENDED
    body = STANDING_ORDER.write(standing)
    if standing.revision == 0:
        done = connection.execute(
            "INSERT INTO standing_orders (id, revision, is_kept, origin, region, body) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            (standing.id, standing.revision, is_kept, standing.origin.id, standing.region, body),
        )
    else:
        done = connection.execute(
            "UPDATE standing_orders SET revision = ?, is_kept = ?, body = ? WHERE id = ? AND revision = ?",
            (standing.revision, is_kept, body, standing.id, standing.revision - 1),
        )
    return done.rowcount == 1


def _where(connection: Connection, condition: str, *values: str) -> list[StandingOrder]:
    statement = f"SELECT body FROM standing_orders WHERE {condition} ORDER BY rowid"  # noqa: S608 - constants; values are bound
    return [STANDING_ORDER.read(body) for (body,) in connection.execute(statement, values)]
