"""The load process: people who type commands, wait for the acknowledgement and the form, and type again.

A closed loop: a person types the next command when the form of the last one is open, as the process that plays
Slack's Web API says, and so nothing piles up between the app and the form. Run as ``python -m tests.bench.load``:
it says the port of its Socket Mode, hears the port of the Web API, and answers every `Order` with an `Outcome`.
"""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import uvloop

from tests.bench.deliveries import Delivery, HttpDelivery, SocketMode, SocketModeDelivery
from tests.bench.exchange import Order, Outcome, Ready, Spread, heard, say
from tests.bench.slack_api import INCOMPLETE, OPENED_PATH, WHOLE
from tests.bench.slack_commands import next_trigger

TRIGGER_SECONDS = 3.0
"""How long a ``trigger_id`` lives, and an acknowledgement may take (``slack-platform.md``, Time)."""

PAUSE_AFTER_REFUSAL = 0.01
"""Seconds until somebody whose command did not get through types again: refusing must not be the fastest answer."""


class OpenedForms(asyncio.Protocol):
    """Hears of each view that is opened, and tells whoever waits for it."""

    def __init__(self) -> None:
        self._rest = b""
        self._waiting: dict[bytes, asyncio.Future[bool]] = {}

    @classmethod
    @asynccontextmanager
    async def of(cls, api_port: int) -> AsyncIterator["OpenedForms"]:
        """Listen to the process that plays Slack's Web API for as long as the block runs."""
        loop = asyncio.get_running_loop()
        transport, forms = await loop.create_connection(cls, "127.0.0.1", api_port)
        transport.write(b"GET %b HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % OPENED_PATH)
        try:
            yield forms
        finally:
            transport.close()

    def expect(self, trigger: str) -> asyncio.Future[bool]:
        """Whether the view that is opened for this command is a whole form."""
        return self._waiting.setdefault(trigger.encode(), asyncio.get_running_loop().create_future())

    def forget(self, trigger: str) -> None:
        """Nobody waits for it any longer."""
        self._waiting.pop(trigger.encode(), None)

    def data_received(self, data: bytes) -> None:
        """Some views were opened."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            form = self._waiting.pop(line[1:], None)
            if form is not None and not form.done() and line[:1] in {WHOLE, INCOMPLETE}:
                form.set_result(line[:1] == WHOLE)


class Crowd:
    """The people of one order, and what happened to them."""

    def __init__(self, order: Order, forms: OpenedForms) -> None:
        self._order = order
        self._forms = forms
        self._left = order.most
        self._began = self._last = time.perf_counter()
        self._deadline = self._began + order.seconds
        self._to_acknowledge: list[float] = []
        self._to_form: list[float] = []
        self._in_time = self._incomplete = self._lost = self._refused = 0

    async def act(self, deliveries: Sequence[Delivery]) -> Outcome:
        """Let one person type for each delivery until time or commands are used up."""
        processor = time.process_time()
        await asyncio.gather(*(self._one(number, delivery) for number, delivery in enumerate(deliveries)))
        took = min(self._last, self._deadline) - self._began
        return Outcome(
            acknowledged=len(self._to_acknowledge),
            opened=len(self._to_form),
            per_second=self._in_time / took if took > 0 else 0.0,
            incomplete=self._incomplete,
            lost=self._lost,
            refused=self._refused,
            to_acknowledge=_spread(self._to_acknowledge),
            to_form=_spread(self._to_form),
            busy=(time.process_time() - processor) / (time.perf_counter() - self._began),
        )

    async def _one(self, person: int, delivery: Delivery) -> None:
        while self._left > 0 and time.perf_counter() < self._deadline:
            self._left -= 1
            trigger = next_trigger()
            try:
                async with asyncio.timeout(TRIGGER_SECONDS):
                    await self._command(trigger, person, delivery)
            except TimeoutError:
                self._lost += 1
                delivery.reset()
            except OSError:
                self._refused += 1
                delivery.reset()
                await asyncio.sleep(PAUSE_AFTER_REFUSAL)
            finally:
                self._forms.forget(trigger)
        self._last = max(self._last, time.perf_counter())

    async def _command(self, trigger: str, person: int, delivery: Delivery) -> None:
        form = self._forms.expect(trigger)
        typed = time.perf_counter()
        status = await delivery.send(trigger, person)
        if status != 200:
            raise ConnectionError(f"answered with {status}")
        self._to_acknowledge.append(time.perf_counter() - typed)
        if not await form:
            self._incomplete += 1
            return
        opened = time.perf_counter()
        self._to_form.append(opened - typed)
        self._in_time += opened <= self._deadline


def _spread(seconds: list[float]) -> Spread | None:
    if len(seconds) < 2:
        return None
    return Spread(median=1e3 * statistics.median(seconds), p99=1e3 * statistics.quantiles(seconds, n=100)[98])


async def _obey(order: Order, forms: OpenedForms, socket_mode: SocketMode) -> Outcome:
    if order.port is None:
        return await Crowd(order, forms).act([SocketModeDelivery(socket_mode, order.app)] * order.at_a_time)
    connections = [HttpDelivery(order.port) for _ in range(order.at_a_time)]
    try:
        return await Crowd(order, forms).act(connections)
    finally:
        for connection in connections:
            connection.reset()


async def main() -> None:
    """Serve one benchmark."""
    socket_mode = SocketMode()
    async with socket_mode.listening() as port:
        say(Ready(port=port))
        orders = await heard()
        api = Ready.model_validate_json(await orders.readline())
        if api.port is None:
            raise ValueError("the Web API must have a port")
        async with OpenedForms.of(api.port) as forms:
            while line := await orders.readline():
                say(await _obey(Order.model_validate_json(line), forms, socket_mode))


if __name__ == "__main__":
    uvloop.run(main())
