"""The table ``posts``: what was told of each order in its channel."""

from collections.abc import Sequence
from dataclasses import astuple, fields

from pydantic import TypeAdapter

from bot.domain.posts import Post
from bot.storage.connection import Connection
from bot.storage.database import Database

POST = TypeAdapter(Post)

COLUMNS = tuple(each.name for each in fields(Post))


def create_posts(connection: Connection) -> None:
    """Make the table."""
    connection.execute(
        "CREATE TABLE posts (order_id TEXT PRIMARY KEY REFERENCES orders (id), channel TEXT NOT NULL, message_ts TEXT, "
        "told_sequence INTEGER NOT NULL, shown_revision INTEGER NOT NULL, is_finished INTEGER NOT NULL, "
        "problem TEXT) STRICT"
    )
    connection.execute("CREATE INDEX posts_finished ON posts (order_id) WHERE is_finished = 1")


def create_approver_posts(connection: Connection) -> None:
    """Make the table of what those were told who have to agree to orders, or to look at them."""
    connection.execute(
        "CREATE TABLE approver_posts (order_id TEXT PRIMARY KEY REFERENCES orders (id), channel TEXT NOT NULL, "
        "message_ts TEXT, told_sequence INTEGER NOT NULL, shown_revision INTEGER NOT NULL, "
        "is_finished INTEGER NOT NULL, problem TEXT) STRICT"
    )
    connection.execute("CREATE INDEX approver_posts_finished ON approver_posts (order_id) WHERE is_finished = 1")
    connection.execute(f"CREATE INDEX orders_with_approvers ON orders (id) WHERE {HAVE_APPROVERS}")


HAVE_APPROVERS = "(json_extract(body, '$.approval') IS NOT NULL OR json_extract(body, '$.glass') IS NOT NULL)"
"""Orders of which approvers are told."""


class StoredPosts:
    """What a notifier remembers, in the file of the record.

    Args:
        database: with the tables.
        table: with the posts of one audience.
        orders: the condition for the orders that this audience is told of.
    """

    def __init__(self, database: Database, table: str = "posts", orders: str = "TRUE") -> None:
        self._database = database
        self._table = table
        self._orders = orders
        self._upsert = _upsert_into(table)

    async def post_of(self, order_id: str) -> Post | None:
        """The message of an order, if anything was remembered about it."""

        def work(connection: Connection) -> Post | None:
            rows = connection.execute(
                f"SELECT {', '.join(COLUMNS)} FROM {self._table} WHERE order_id = ?",  # noqa: S608 - constants
                (order_id,),
            )
            found = rows.fetchone()
            return POST.validate_python(dict(zip(COLUMNS, found, strict=True))) if found else None

        return await self._database.read(work)

    async def order_at(self, channel: str, message_ts: str) -> str | None:
        """The id of the order that a message is about."""

        def work(connection: Connection) -> str | None:
            rows = connection.execute(
                "SELECT order_id FROM posts WHERE channel = ? AND message_ts = ?", (channel, message_ts)
            )
            found = rows.fetchone()
            return str(found[0]) if found else None

        return await self._database.read(work)

    async def save(self, post: Post) -> None:
        """Remember a message as it is now."""

        def work(connection: Connection) -> None:
            connection.execute(self._upsert, astuple(post))

        await self._database.write(work)

    async def unfinished(self) -> Sequence[str]:
        """Ids of the orders of which something is still to be told, oldest first: those with a post that is not
        finished, and those for which no post was ever saved.
        """

        def work(connection: Connection) -> list[str]:
            rows = connection.execute(
                f"SELECT id FROM orders WHERE {self._orders} AND id NOT IN "  # noqa: S608 - constants
                f"(SELECT order_id FROM {self._table} WHERE is_finished = 1) ORDER BY requested_at, rowid"
            )
            return [order_id for (order_id,) in rows]

        return await self._database.read(work)


def _upsert_into(table: str) -> str:
    marks = ", ".join("?" * len(COLUMNS))
    changes = ", ".join(f"{column} = excluded.{column}" for column in COLUMNS)
    return (
        f"INSERT INTO {table} ({', '.join(COLUMNS)}) VALUES ({marks}) "  # noqa: S608 - constants
        f"ON CONFLICT (order_id) DO UPDATE SET {changes}"
    )
