"""The switches for trouble: what goes wrong, for which requests, and how often.

Every switch waits for requests that fit it (`operation`: `token`, `list`, `show`, `delete`, `copy`;
`region`; `backup_id`; None fits all) and works `times` times, or for `for_seconds` (real ones), whichever
ends first, or once when neither is said. `after_work` means: the work has been done, and only its answer is missing.
"""

import asyncio
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypedDict, Unpack

from starlette.requests import Request

from bot.sandbox.cloud.copying import CopyEnd
from bot.sandbox.cloud.faults import Fault
from bot.sandbox.cloud.identity import Identity
from bot.sandbox.cloud.record import RequestRecord
from bot.sandbox.loopback import cut_connection


class ConnectionCut(Exception):  # noqa: N818  # not an error: what a test asked for
    """The connection below a request has been closed; nothing can be answered any more."""


class Which(TypedDict, total=False):
    """Which requests of an operation a switch is for, and how often it works."""

    times: int | None
    for_seconds: float | None
    region: str | None
    backup_id: str | None
    after_work: bool


class Fits(Which, total=False):
    """Which requests a switch is for, and how often it works."""

    operation: str | None


@dataclass(slots=True, kw_only=True, eq=False)
class Switch:
    """Trouble that waits for its requests.

    `count` says how often it has struck, `striking` at how many requests it is doing so now.
    """

    times: int | None = None
    for_seconds: float | None = None
    operation: str | None = None
    region: str | None = None
    backup_id: str | None = None
    after_work: bool = False
    count: int = field(default=0, init=False)
    striking: int = field(default=0, init=False)
    _began: float = field(default_factory=time.monotonic, init=False)

    @property
    def over(self) -> bool:
        """Whether it will never strike again."""
        if self.for_seconds is not None and time.monotonic() >= self._began + self.for_seconds:
            return True
        most = 1 if self.times is None and self.for_seconds is None else self.times
        return most is not None and self.count >= most

    def fits(self, record: RequestRecord) -> bool:
        """Whether a request is one of those it waits for."""
        return (
            self.operation in (None, record.operation)
            and self.region in (None, record.region)
            and self.backup_id in (None, record.backup_id)
        )

    async def strike(self, request: Request, /) -> None:
        """Does its harm to one request."""

    def release(self) -> None:
        """Lets every request go on that it makes wait."""


@dataclass(slots=True, kw_only=True, eq=False)
class Refusal(Switch):
    """Answers with a fault."""

    fault: Fault

    async def strike(self, _request: Request, /) -> None:
        """Raises the fault."""
        raise self.fault


@dataclass(slots=True, kw_only=True, eq=False)
class Slowness(Switch):
    """Lets a request wait."""

    seconds: float
    _released: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def release(self) -> None:
        """Lets every request go on."""
        self._released.set()

    async def strike(self, _request: Request, /) -> None:
        """Waits."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.seconds):
                await self._released.wait()


@dataclass(slots=True, kw_only=True, eq=False)
class Cut(Switch):
    """Closes the connection."""

    async def strike(self, request: Request, /) -> None:
        """Cuts the connection, for good."""
        await cut_connection(request)
        raise ConnectionCut


@dataclass(slots=True, kw_only=True, eq=False)
class Hold(Switch):
    """Stops one request until it is released; `arrived` is set when there is one."""

    arrived: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _released: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def release(self) -> None:
        """Lets the request go on, and all that would be stopped after it."""
        self._released.set()

    async def strike(self, _request: Request, /) -> None:
        """Waits until it is released."""
        self.arrived.set()
        await self._released.wait()


class Trouble:
    """All switches that are on."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._switches: list[Switch] = []
        self._ends: deque[CopyEnd] = deque()

    @property
    def switches(self) -> list[Switch]:
        """The switches that are on, the oldest first."""
        return [switch for switch in self._switches if switch.striking or not switch.over]

    def refuse(
        self,
        status: int,
        *,
        retry_after: int | None = None,
        retry_after_as_date: bool = False,
        html: bool = False,
        empty: bool = False,
        message: str = "",
        **fits: Unpack[Fits],
    ) -> Switch:
        """Answers requests with a fault.

        Args:
            status: The status, such as 503. With `after_work` the work has been done all the same.
            retry_after: Seconds for `Retry-After`; a 413 without it says 1.
            retry_after_as_date: Give `Retry-After` as an HTTP date.
            html: Answer with a page, as a proxy does.
            empty: Answer without a body.
            message: The fault's message.
            fits: Which requests, and how often; see the module.
        """
        if status == 413 and retry_after is None:
            retry_after = 1
        fault = Fault(status, message, retry_after, retry_after_as_date, html, empty)
        return self._add(Refusal(fault=fault, **fits))

    def slow(self, seconds: float, **fits: Unpack[Fits]) -> Switch:
        """Lets requests wait for some (real) seconds."""
        return self._add(Slowness(seconds=seconds, **fits))

    def cut_connection(self, **fits: Unpack[Fits]) -> Switch:
        """Closes the connection before any work is done."""
        return self._add(Cut(**fits))

    def lose_answer(self, **fits: Unpack[Fits]) -> Switch:
        """Does the work, then closes the connection without an answer."""
        fits["after_work"] = True
        return self._add(Cut(**fits))

    def hold(self, operation: str, **which: Unpack[Which]) -> Hold:
        """Stops the next request when it has arrived, or with `after_work` right before its answer."""
        hold = Hold(operation=operation, **which)
        self._switches.append(hold)
        return hold

    def fail_copies(self, times: int = 1, *, ends: CopyEnd = "FAILED") -> None:
        """Lets the next accepted copies end badly."""
        self._ends.extend([ends] * times)

    def never_finish(self, times: int = 1) -> None:
        """Lets the next accepted copies run for ever."""
        self.fail_copies(times, ends="NEVER")

    def revoke_tokens(self) -> None:
        """Makes every token invalid: the next request with one is answered with 401."""
        self._identity.revoke_tokens()

    def next_end(self) -> CopyEnd:
        """How the copy that is accepted now will end."""
        return self._ends.popleft() if self._ends else "COMPLETED"

    @property
    def ends(self) -> tuple[CopyEnd, ...]:
        """How the next accepted copies will end badly, the next one first."""
        return tuple(self._ends)

    def lift(self) -> None:
        """Switches everything off; requests that wait go on."""
        for switch in self._switches:
            switch.release()
        self._switches.clear()
        self._ends.clear()

    async def strike(self, request: Request, record: RequestRecord, *, after_work: bool) -> None:
        """Lets every switch strike that waits for this request.

        Raises:
            Fault: The request is refused.
            ConnectionCut: The connection is gone.
        """
        if not self._switches:
            return
        self._switches = self.switches
        for switch in list(self._switches):
            is_on = switch in self._switches and not switch.over  # while one made it wait, others may have been lifted
            if is_on and switch.after_work == after_work and switch.fits(record):
                await self._strike_with(switch, request)

    async def _strike_with(self, switch: Switch, request: Request) -> None:
        switch.count += 1
        switch.striking += 1
        try:
            await switch.strike(request)
        finally:
            switch.striking -= 1

    def _add(self, switch: Switch) -> Switch:
        self._switches.append(switch)
        return switch
