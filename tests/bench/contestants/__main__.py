"""One contestant in a process of its own: ``python -m tests.bench.contestants NAME API_URL``."""

import asyncio
import sys
from contextlib import redirect_stdout

import uvloop

from tests.bench.contestants.entries import Contestant, Loop, entry
from tests.bench.exchange import Ready, heard, say


async def main(contestant: Contestant, api_url: str) -> None:
    """Take part until the process that started this one ends."""
    async with entry(contestant)(api_url) as port:
        say(Ready(port=port))
        await (await heard()).read()


def run(contestant: Contestant, api_url: str) -> None:
    """Take part, or say what is missing."""
    try:
        entry(contestant)
    except ModuleNotFoundError as missing:
        say(Ready(unavailable=f"{missing.name} is not installed"))
        return
    start = uvloop.run if contestant.loop is Loop.UVLOOP else asyncio.run
    start(main(contestant, api_url))


if __name__ == "__main__":
    with redirect_stdout(sys.stderr):  # standard output is for `say`; slack-machine logs there
        run(Contestant(sys.argv[1]), sys.argv[2])
