"""Ways into what a bot remembers without being the bot: also while it runs, which keeps its lock."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bot.storage.connection import Connection, Place, name_of
from bot.storage.errors import DAMAGE, NoLogError, unreadable
from bot.storage.postgres import connect
from bot.storage.sqlite_file import open_to_change, open_to_read


@contextmanager
def reading(place: Place) -> Iterator[Connection]:
    """The record, to be read as it is at this moment, whatever is written meanwhile. Blocks.

    Raises:
        UnreadableFileError: there is no such database, or it cannot be read.
    """
    try:
        with _snapshot(place) as connection:
            yield connection
    except DAMAGE as error:
        raise unreadable(place, error) from error


@contextmanager
def changing(place: Place) -> Iterator[Connection]:
    """The record, to be changed. Blocks.

    Raises:
        UnreadableFileError: there is no such database, or it is none of this bot.
    """
    if not isinstance(place, Path):
        with connect(place, "record") as server:
            yield server
        return
    try:
        file = open_to_change(place)
        file.schema_version  # noqa: B018 - the first look at it, which tells what is no database
    except DAMAGE as error:
        raise unreadable(place, error) from error
    with closing(file):
        yield file


@contextmanager
def _snapshot(place: Place) -> Iterator[Connection]:
    if isinstance(place, Path):
        with closing(open_to_read(place)) as file:
            file.execute("BEGIN")
            yield file
        return
    with connect(place, "record", default_transaction_read_only="on") as server:
        if not server.has_table("events"):
            raise NoLogError(name_of(place))
        server.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        yield server
