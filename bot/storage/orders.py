"""The tables ``orders`` and ``order_copies``: what was confirmed at once, and which copies that comes to."""

from collections.abc import Sequence

from bot.domain.orders import Order, OrderStanding, standing
from bot.storage.connection import EVERYTHING, Connection
from bot.storage.copies import copies_with
from bot.storage.json_text import JsonText, time_text

ORDER = JsonText(Order)

SHORTEST_BEGINNING = 6
"""Characters of an id that are enough, where they name one order only."""


def create_orders(connection: Connection) -> None:
    """Make the tables. An index promises that a confirmation makes one order."""
    connection.execute(
        "CREATE TABLE orders (id TEXT PRIMARY KEY, confirmation_id TEXT NOT NULL UNIQUE, requested_by TEXT NOT NULL, "
        "requested_at TEXT NOT NULL, first_event INTEGER NOT NULL, body TEXT NOT NULL) STRICT"
    )
    connection.execute(
        "CREATE TABLE order_copies (order_id TEXT NOT NULL REFERENCES orders (id), copy_id TEXT NOT NULL REFERENCES "
        "copies (id), PRIMARY KEY (order_id, copy_id)) STRICT, WITHOUT ROWID"
    )
    connection.execute("CREATE INDEX orders_of_copy ON order_copies (copy_id)")
    connection.execute("CREATE INDEX orders_of_person ON orders (requested_by, requested_at)")


def insert_order(connection: Connection, order: Order, first_event: int) -> None:
    """Add a new order. Its copies are there already.

    Args:
        connection: in a transaction.
        order: as it is confirmed.
        first_event: sequence of the event with which its story begins.
    """
    requested_at = time_text(order.requested_at)
    connection.execute(
        "INSERT INTO orders (id, confirmation_id, requested_by, requested_at, first_event, body) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (
            order.id,
            order.confirmation_id,
            order.requested_by.id,
            requested_at,
            first_event,
            ORDER.write(order, requested_at=requested_at),
        ),
    )
    for copy_id in order.copy_ids:
        connection.execute("INSERT INTO order_copies (order_id, copy_id) VALUES (?, ?)", (order.id, copy_id))


def order_confirmed_by(connection: Connection, confirmation_id: str) -> OrderStanding | None:
    """The order that came from a confirmation."""
    return _one(connection, "confirmation_id = ?", confirmation_id)


def order_named(connection: Connection, order_id: str) -> OrderStanding | None:
    """The order with this id, or the only one whose id begins with it; else the one that opened the copy of this id."""
    if exact := _one(connection, "id = ?", order_id):
        return exact
    if len(order_id) >= SHORTEST_BEGINNING:
        begun = _orders(connection, "id >= ? AND id < ?", (order_id, order_id + "\U0010ffff"), order="id", limit=2)
        if begun:
            return begun[0] if len(begun) == 1 else None
    return _one(connection, "id = (SELECT order_id FROM copies WHERE id = ?)", order_id)


def orders_beginning_with(connection: Connection, beginning: str, limit: int) -> Sequence[OrderStanding]:
    """The orders of which the id begins so, newest first."""
    if not beginning:
        return []
    bounds = (beginning, beginning + "\U0010ffff")
    return _orders(connection, "id >= ? AND id < ?", bounds, order="requested_at DESC, rowid DESC", limit=limit)


def first_event_of(connection: Connection, order_id: str) -> int:
    """The sequence of the event with which the story of an order begins."""
    row = connection.execute("SELECT first_event FROM orders WHERE id = ?", (order_id,)).fetchone()
    return int(row[0])


def orders_with_copy(connection: Connection, copy_id: str) -> Sequence[OrderStanding]:
    """Every order that has a copy, oldest first."""
    condition = "id IN (SELECT order_id FROM order_copies WHERE copy_id = ?)"
    return _orders(connection, condition, (copy_id,), order="requested_at, rowid", limit=EVERYTHING)


def all_open_orders(connection: Connection) -> Sequence[OrderStanding]:
    """Every order with an open copy, oldest first."""
    condition = (
        "id IN (SELECT order_copies.order_id FROM copies JOIN order_copies ON order_copies.copy_id = copies.id "
        "WHERE copies.is_open = 1)"
    )
    return _orders(connection, condition, (), order="requested_at, rowid", limit=EVERYTHING)


def orders_of_person(connection: Connection, person_id: str, limit: int) -> Sequence[OrderStanding]:
    """The orders of a person, newest first."""
    return _orders(connection, "requested_by = ?", (person_id,), order="requested_at DESC, rowid DESC", limit=limit)


def _one(connection: Connection, condition: str, value: str) -> OrderStanding | None:
    found = _orders(connection, condition, (value,), order="rowid", limit=1)
    return found[0] if found else None


def _orders(
    connection: Connection, condition: str, values: tuple[str, ...], *, order: str, limit: int
) -> Sequence[OrderStanding]:
    statement = f"SELECT body FROM orders WHERE {condition} ORDER BY {order} LIMIT ?"  # noqa: S608 - built of constants; values are bound
    orders = [ORDER.read(body) for (body,) in connection.execute(statement, (*values, limit)).fetchall()]
    return [standing(each, copies_with(connection, each.copy_ids)) for each in orders]
