"""What the processes of the benchmark say to each other: one JSON object a line, on standard input and output."""

import asyncio
import sys

from pydantic import BaseModel, ConfigDict


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True)


class Ready(_Message):
    """The first line of every process.

    Attributes:
        port: it listens on, on 127.0.0.1; ``None`` for one that listens nowhere (Socket Mode).
        unavailable: why it cannot take part; ``None`` if it can.
    """

    port: int | None = None
    unavailable: str | None = None


class Order(_Message):
    """What the load process is to do: so many people who each type a command, see the form, and type again.

    Attributes:
        port: of the HTTP server that takes the commands; ``None``: they go over Socket Mode.
        app: whose Socket Mode that is.
        at_a_time: people.
        seconds: after which nobody types another command.
        most: commands altogether.
    """

    port: int | None
    app: str = ""
    at_a_time: int
    seconds: float
    most: int


class Spread(_Message):
    """How long something took, in milliseconds."""

    median: float
    p99: float


class Outcome(_Message):
    """What came of an order.

    Attributes:
        acknowledged: commands answered with 200.
        opened: whole forms that were opened for a command.
        per_second: forms opened a second.
        incomplete: views opened that were no whole form.
        lost: commands without an acknowledgement or form within 3 seconds, as Slack counts.
        refused: commands answered with another status, or not at all.
        to_acknowledge: from command to acknowledgement; ``None`` where there was none.
        to_form: from command to the form; ``None`` where there was none.
        busy: the part of one core that the load process itself used.
    """

    acknowledged: int
    opened: int
    per_second: float
    incomplete: int
    lost: int
    refused: int
    to_acknowledge: Spread | None
    to_form: Spread | None
    busy: float


def say(message: BaseModel) -> None:
    """Send one message to the process that started this one."""
    print(message.model_dump_json(), file=sys.__stdout__, flush=True)


async def heard() -> asyncio.StreamReader:
    """What the process that started this one sends. It ends when that process does: so must this one."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader
