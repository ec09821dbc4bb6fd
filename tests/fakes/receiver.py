"""Somebody who takes traces: OTLP over HTTP, on a socket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.sandbox.loopback import loopback_server


@dataclass
class Receiver:
    """What came.

    Attributes:
        bodies: as they came.
        spans: all of them, in the order in which they ended.
        resources: what was said about who sent them.
    """

    bodies: list[bytes] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    resources: list[dict[str, str]] = field(default_factory=list)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Serve it; gives its address."""
        route = Route("/v1/traces", self._take, methods=["POST"])
        async with loopback_server(Starlette(routes=[route])) as port:
            yield f"http://127.0.0.1:{port}"

    async def _take(self, request: Request) -> Response:
        body = await request.body()
        self.bodies.append(body)
        sent = ExportTraceServiceRequest.FromString(body)
        for resource in sent.resource_spans:
            self.resources.append({each.key: each.value.string_value for each in resource.resource.attributes})
            for scope in resource.scope_spans:
                self.spans.extend(scope.spans)
        return Response(b"", media_type="application/x-protobuf")


def attributes(span: Span) -> dict[str, str]:
    return {each.key: each.value.string_value for each in span.attributes}
