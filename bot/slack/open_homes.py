"""App Homes that people have opened: brought up to date when something they show has changed, and never too often.

Slack does not say when somebody looks at something else: a Home counts as open for a while.
"""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from bot.slack.errands import Errands
from bot.slack.pacing import Pacer

Publish = Callable[[], Awaitable[None]]

OPEN_FOR = 3600.0
"""Seconds for which a Home counts as open."""

MOST = 200
"""Homes that are kept up to date at the same time: those that were opened last."""


class OpenHomes:
    """Who has Home open, and how it is published."""

    def __init__(self, errands: Errands, pacer: Pacer) -> None:
        """Nobody has.

        Args:
            errands: publish.
            pacer: says when one may be published again.
        """
        self._errands = errands
        self._pacer = pacer
        self._open: OrderedDict[str, tuple[float, Publish]] = OrderedDict()
        self._waiting: set[str] = set()

    def opened(self, person_id: str, publish: Publish) -> None:
        """Somebody has opened Home: it is published, and kept up to date. Returns at once."""
        self._open[person_id] = (time.monotonic(), publish)
        self._open.move_to_end(person_id)
        while len(self._open) > MOST:
            self._open.popitem(last=False)
        self.renew(person_id)

    def __bool__(self) -> bool:
        """Whether anybody has."""
        return bool(self._open)

    def renew(self, person_id: str) -> None:
        """Something has changed for somebody. Returns at once; nothing is done where Home is not open."""
        at, publish = self._open.get(person_id, (0.0, None))
        if publish is None or person_id in self._waiting:
            return
        if time.monotonic() - at > OPEN_FOR:
            del self._open[person_id]
            return
        self._waiting.add(person_id)
        self._errands.start(self._publish(person_id, publish), "publish App Home")

    def renew_all(self) -> None:
        """Something has changed that may concern anybody. Returns at once."""
        for person_id in list(self._open):
            self.renew(person_id)

    async def _publish(self, person_id: str, publish: Publish) -> None:
        """Publish when it is time to: what changes until then is in it."""
        try:
            async with self._pacer.writing(person_id):
                await self._pacer.turn("views.publish")
                self._waiting.discard(person_id)
                await publish()
        finally:
            self._waiting.discard(person_id)
