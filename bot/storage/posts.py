"""The table ``posts``: what was told of each order in its channel."""

from collections.abc import Sequence
from dataclasses import asdict, fields

from pydantic import TypeAdapter
from sqlite_utils import Database as Connection

from bot.domain.posts import Post
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


class SqlitePosts:
    """What the notifier remembers, in the file of the record.

    Args:
        database: with the tables ``posts`` and ``orders``.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def post_of(self, order_id: str) -> Post | None:
        """The message of an order, if anything was remembered about it."""

        def work(connection: Connection) -> Post | None:
            rows = connection.execute(
                f"SELECT {', '.join(COLUMNS)} FROM posts WHERE order_id = ?",  # noqa: S608 - a constant
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
            connection.table("posts").upsert(asdict(post), pk="order_id")

        await self._database.write(work)

    async def unfinished(self) -> Sequence[str]:
        """Ids of the orders of which something is still to be told, oldest first: those with a post that is not
        finished, and those for which no post was ever saved.
        """

        def work(connection: Connection) -> list[str]:
            rows = connection.execute(
                "SELECT id FROM orders WHERE id NOT IN (SELECT order_id FROM posts WHERE is_finished = 1) "
                "ORDER BY requested_at, rowid"
            )
            return [order_id for (order_id,) in rows]

        return await self._database.read(work)
