"""What a person did, and all that came of it: a trace for each request of Slack's.

It has the request, the calls that were made for it, and where it began a copy, the copy's calls and what was posted
about it, also hours later. What the bot does by itself, such as reading lists, is in no trace: the metrics count it.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Thread
from types import MappingProxyType

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from bot.domain.events import RecordedEvent
from bot.operations.observing import OK, Activity, Seen
from bot.telemetry import current_request

PATH = "/v1/traces"
"""Where a receiver takes traces, below its address (OpenTelemetry, OTLP exporter configuration)."""

SECONDS_TO_SEND = 3.0
"""How long one batch may take to be sent."""

SECONDS_TO_FINISH = 2.0
"""How long what is left may take to be sent when the bot stops."""

SENDS_THE_LAST = "sends the last traces"
"""The name of the thread that does."""

MOST_REMEMBERED = 10_000
"""Requests and copies of which it is remembered to which trace they belong; the oldest are forgotten."""

NAMES: Mapping[Activity, str] = MappingProxyType(
    {Activity.SLACK_REQUEST: "Slack asks", Activity.SLACK_CALL: "to Slack", Activity.CLOUD_CALL: "to the cloud"}
)
"""What a span's name begins with."""


class _Ids(RandomIdGenerator):
    """Those of the span of a request are made of the request's id: a replica that works on its copies, and has not seen
    it, knows them by that.
    """

    def __init__(self) -> None:
        self.request: str | None = None

    def generate_trace_id(self) -> int:
        return _number(self.request, 16) if self.request else super().generate_trace_id()

    def generate_span_id(self) -> int:
        return _number(self.request, 8) if self.request else super().generate_span_id()


class Traces:
    """Makes spans of what it watches, and sends them: the port `bot.operations.observing.Observer`."""

    def __init__(self, endpoint: str, version: str) -> None:
        """Nothing is sent before there is something to tell.

        Args:
            endpoint: the address of the receiver, without ``/v1/traces``.
            version: of the bot.
        """
        resource = Resource.create({SERVICE_NAME: "copy-backup-bot", SERVICE_VERSION: version})
        exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}{PATH}", timeout=SECONDS_TO_SEND)
        self._ids = _Ids()
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False, id_generator=self._ids)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("bot", version)
        self._began: OrderedDict[str, Context] = OrderedDict()

    @contextmanager
    def watching(self, seen: Seen) -> Iterator[Seen]:
        """A span from here to the end of the block, if it belongs to something that a person did."""
        asks = seen.activity is Activity.SLACK_REQUEST
        within = None if asks else self._context()
        if not asks and within is None:
            yield seen
            return
        kind = SpanKind.SERVER if asks else SpanKind.CLIENT
        name = f"{NAMES[seen.activity]}: {seen.what}"
        request = current_request()
        self._ids.request = request if asks else None
        span = self._tracer.start_span(name, within or Context(), kind, _attributes(seen))
        if asks and request:
            self._remember(request, trace.set_span_in_context(span, Context()))
        try:
            with trace.use_span(span, record_exception=False, set_status_on_exception=False):
                yield seen
        finally:
            span.set_attribute("outcome", seen.outcome)
            if seen.outcome != OK:
                span.set_status(Status(StatusCode.ERROR, seen.outcome))
            span.end()

    def rate_limited(self) -> None:
        """It is part of the call that it happens to."""

    def on_event(self, recorded: RecordedEvent) -> None:
        """Something was committed, here or by another replica: what is done for a copy from now on belongs to what a
        person did last about it.
        """
        event = recorded.event
        request = event.facts.get("request")
        if event.copy_id is not None and isinstance(request, str):
            self._remember(event.copy_id, self._began.get(request) or _elsewhere(request))

    async def aclose(self) -> None:
        """Send what is left; who does not take it in time does not get it."""
        sending = Thread(target=self._provider.shutdown, name=SENDS_THE_LAST, daemon=True)
        sending.start()
        await asyncio.to_thread(sending.join, SECONDS_TO_FINISH)

    def _context(self) -> Context | None:
        """What is going on here and now; ``None`` where that is nothing that a person did."""
        request = current_request()
        return self._began.get(request) if request else None

    def _remember(self, request: str, context: Context) -> None:
        self._began[request] = context
        self._began.move_to_end(request)
        if len(self._began) > MOST_REMEMBERED:
            self._began.popitem(last=False)


def _elsewhere(request: str) -> Context:
    """Inside the span of a request that another replica has answered."""
    flags = TraceFlags(TraceFlags.SAMPLED)
    there = SpanContext(_number(request, 16), _number(request, 8), is_remote=True, trace_flags=flags)
    return trace.set_span_in_context(NonRecordingSpan(there), Context())


def _number(request: str, size: int) -> int:
    """A number of so many bytes, the same for the same request."""
    return int.from_bytes(hashlib.sha256(request.encode()).digest()[:size])


def _attributes(seen: Seen) -> dict[str, str]:
    """What is told of a span: words of the program and ids, nothing that people typed."""
    request = current_request()
    return {
        **({"request": request} if request else {}),
        **({"region": seen.region} if seen.region else {}),
    }
