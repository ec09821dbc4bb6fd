"""A wire between a bot and its PostgreSQL server, on which the answer to a COMMIT can be lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pydantic import SecretStr

COMMIT = b"COMMIT\0"
"""The end of a simple query (PostgreSQL's documentation, Message Formats)."""

AT_ONCE = 65536


@dataclass(slots=True)
class LossyWire:
    """Carries everything, but for one answer.

    Attributes:
        place: of the database, by way of this.
        lost: set once an answer was lost.
    """

    place: SecretStr
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    _named: bytes | None = None

    def loses_the_answer_to_the_commit_of(self, text: str) -> None:
        """Let the next transaction in which this text is sent be committed, and its connection be gone before anybody
        hears of that.
        """
        self.lost.clear()
        self._named = text.encode()

    async def carry(
        self, of_bot: tuple[asyncio.StreamReader, asyncio.StreamWriter], host: str | None, port: int | None
    ) -> None:
        """Be the wire of one connection until either side ends it."""
        from_bot, to_bot = of_bot
        from_server, to_server = await asyncio.open_connection(host, port)
        loses = asyncio.Event()
        ways = [self._ask(from_bot, to_server, loses), self._answer(from_server, to_bot, loses)]
        tasks = [asyncio.create_task(way) for way in ways]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for writer in (to_bot, to_server):
                writer.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, from_bot: asyncio.StreamReader, to_server: asyncio.StreamWriter, loses: asyncio.Event) -> None:
        asked = b""
        while sent := await from_bot.read(AT_ONCE):
            asked += sent
            if asked.endswith(COMMIT):
                if self._named and self._named in asked:
                    self._named = None
                    loses.set()
                asked = b""
            to_server.write(sent)

    async def _answer(
        self, from_server: asyncio.StreamReader, to_bot: asyncio.StreamWriter, loses: asyncio.Event
    ) -> None:
        while answer := await from_server.read(AT_ONCE):
            if loses.is_set():
                self.lost.set()
                return
            to_bot.write(answer)


@asynccontextmanager
async def lossy_wire(place: SecretStr) -> AsyncIterator[LossyWire]:
    """A wire to the server of a database, on loopback, until the block is left."""
    url = urlsplit(place.get_secret_value())
    carried: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(wire.carry((reader, writer), url.hostname, url.port))
        carried.add(task)
        task.add_done_callback(carried.discard)

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        wire = LossyWire(SecretStr(url._replace(netloc=f"{url.username}:{url.password}@127.0.0.1:{port}").geturl()))
        try:
            yield wire
        finally:
            for task in carried:
                task.cancel()
            await asyncio.gather(*carried, return_exceptions=True)
