"""The switches for trouble, and Slack's rates: what goes wrong although the call is right."""

import asyncio
import math
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from bot.sandbox.workspace.refusals import Payload, SlackError

_TIERS = {1: 1, 2: 20, 3: 50, 4: 100}


@dataclass(slots=True)
class Fault:
    """One kind of trouble for one method, for the next `times` calls (None: until it is cleared)."""

    method: str
    kind: Literal["refuse", "rate_limit", "slow", "lose_answer", "cut_connection", "server_error", "hold"]
    times: int | None = 1
    error: str = ""
    details: Payload | None = None
    seconds: float = 0.0
    status: int = 500

    def concerns(self, method: str) -> bool:
        """Whether a call of this method meets the trouble."""
        return self.method in (method, "*")


@dataclass(slots=True, eq=False)
class Hold(Fault):
    """Stops one call until it is released; `arrived` is set when there is one.

    Attributes:
        after_work: Whether it is stopped right before its answer, rather than before anything is done.
    """

    after_work: bool = False
    arrived: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _released: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def release(self) -> None:
        """Lets the call go on."""
        self._released.set()

    async def until_released(self) -> None:
        """Stops the call."""
        self.arrived.set()
        await self._released.wait()


class Trouble:
    """What the workspace does wrong on demand. `method` is a Web API method, or `*` for all."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Starts without trouble.

        Args:
            clock: The time in seconds since 1970.
        """
        self._clock = clock
        self._faults: list[Fault] = []
        self._closed_until: dict[str, float] = {}
        self._sockets_refused = 0
        self._late_readings: list[float] = []
        self.disconnecting: Callable[[str, float], None] = lambda _reason, _closes_after: None

    @property
    def faults(self) -> list[Fault]:
        """The trouble that calls still meet, the oldest first."""
        return list(self._faults)

    def refuse(self, method: str, error: str, times: int | None = 1, **details: object) -> None:
        """Answers `{"ok": false, "error": error, **details}`."""
        self._faults.append(Fault(method, "refuse", times, error=error, details=details))

    def rate_limit(self, method: str, retry_after: int = 1, times: int | None = 1) -> None:
        """Answers 429 with `Retry-After`, and closes the method for that many seconds."""
        self._faults.append(Fault(method, "rate_limit", times, seconds=retry_after))

    def slow(self, method: str, seconds: float, times: int | None = None) -> None:
        """Waits before the call is looked at."""
        self._faults.append(Fault(method, "slow", times, seconds=seconds))

    def lose_answer(self, method: str, times: int | None = 1) -> None:
        """Does what is asked, then cuts the connection instead of answering."""
        self._faults.append(Fault(method, "lose_answer", times))

    def cut_connection(self, method: str, times: int | None = 1) -> None:
        """Cuts the connection before anything is done."""
        self._faults.append(Fault(method, "cut_connection", times))

    def server_error(self, method: str, status: int = 500, times: int | None = 1) -> None:
        """Answers with an HTTP status and no JSON, before anything is done."""
        self._faults.append(Fault(method, "server_error", times, status=status))

    def hold(self, method: str, *, after_work: bool = False) -> Hold:
        """Stops the next call when it has arrived, or right before its answer."""
        hold = Hold(method, "hold", after_work=after_work)
        self._faults.append(hold)
        return hold

    def read_late(self, seconds: float, times: int = 1) -> None:
        """Carries out the app's answer to a submitted form that much later: what the app calls meanwhile is first."""
        self._late_readings.extend([seconds] * times)

    def disconnect_sockets(self, reason: str = "refresh_requested", closes_after: float = 5.0) -> None:
        """Tells every open socket to go.

        Args:
            reason: `warning` (nothing changes yet) or `refresh_requested` (no envelope comes any more).
            closes_after: Seconds until it is closed, 0 for a connection that breaks.
        """
        self.disconnecting(reason, closes_after)

    def refuse_sockets(self, times: int = 1) -> None:
        """Refuses the next connections of Socket Mode."""
        self._sockets_refused += times

    def refuses_socket(self) -> bool:
        """Whether the socket that is being opened is refused."""
        refused = self._sockets_refused > 0
        self._sockets_refused -= refused
        return refused

    def clear(self) -> None:
        """Ends all trouble."""
        self._faults.clear()
        self._closed_until.clear()
        self._sockets_refused = 0
        self._late_readings.clear()

    def next_reading(self) -> float:
        """For how many seconds the answer to the form that is submitted now is not read."""
        return self._late_readings.pop(0) if self._late_readings else 0.0

    def met_by(self, method: str) -> list[Fault]:
        """The trouble that a call of this method meets now, each counted down."""
        if not self._faults:
            return []
        met = [fault for fault in self._faults if fault.concerns(method)]
        for fault in met:
            if fault.times is not None:
                fault.times -= 1
        self._faults = [fault for fault in self._faults if fault.times != 0]
        for fault in met:
            if fault.kind == "rate_limit":
                self._closed_until[method] = self._clock() + fault.seconds
        return met

    def closed_for(self, method: str) -> int:
        """For how many whole seconds a method stays closed after a 429; 0: it is open."""
        if not self._closed_until:
            return 0
        return max(0, math.ceil(self._closed_until.get(method, 0.0) - self._clock()))

    def close(self, method: str, seconds: float) -> None:
        """Closes a method, as after too many calls."""
        self._closed_until[method] = self._clock() + seconds


class Rates:
    """Slack's own rates (slack-platform.md, Rates), counted over the last minute."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Starts with nothing counted.

        Args:
            clock: The time in seconds since 1970.
        """
        self._clock = clock
        self._calls: defaultdict[str, deque[float]] = defaultdict(deque)

    def wait_for(self, method: str, tier: int | None, channel: str | None) -> float:
        """Counts a call.

        Args:
            method: The Web API method.
            tier: Its tier, None for those with a rate of their own.
            channel: Where `chat.postMessage` posts.

        Returns:
            For how many seconds the method is to be closed; 0: the call is within the rate.
        """
        if method == "chat.postMessage":
            return self._count(f"{method} {channel}", calls=1, seconds=1)
        return self._count(method, calls=_TIERS[tier], seconds=60) if tier else 0.0

    def _count(self, what: str, *, calls: int, seconds: float) -> float:
        now, made = self._clock(), self._calls[what]
        while made and made[0] <= now - seconds:
            made.popleft()
        if len(made) >= calls:
            return made[0] + seconds - now
        made.append(now)
        return 0.0


def refusal_of(fault: Fault) -> SlackError:
    """The refusal that a switch asks for."""
    return SlackError(fault.error, details=fault.details or {})
