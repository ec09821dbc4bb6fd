"""What belongs to which trace, and that the bot does without a receiver that is slow, gone, or not wanted."""

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.assembly import CannotStartError, running_bot
from bot.cli.sandbox import simulated_world
from bot.domain.events import Event, EventKind, RecordedEvent
from bot.domain.people import BOT
from bot.operations.observing import OK, Activity, Observer, Seen
from bot.telemetry import in_request
from bot.tracing import Traces, traces
from tests.fakes.receiver import Receiver, attributes

AT = datetime(2026, 11, 25, tzinfo=UTC)
COPY = "7f3a91c2"


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def address(receiver: Receiver) -> AsyncIterator[str]:
    async with receiver.serving() as address:
        yield f"{address}/"


@pytest.fixture
def made(address: str) -> Traces:
    return Traces(address, "1.2.3")


def do(observer: Observer, activity: Activity, what: str, outcome: str = OK) -> None:
    with observer.watching(Seen(activity, what)) as seen:
        seen.outcome = outcome


def asked_for(request: str | None) -> RecordedEvent:
    event = Event(EventKind.COPY_REQUESTED, AT, BOT, copy_id=COPY, facts={"request": request} if request else {})
    return RecordedEvent(1, event, "")


async def test_calls_belong_to_the_request_in_which_they_are_made(made: Traces, receiver: Receiver) -> None:
    with in_request("one"):
        do(made, Activity.SLACK_REQUEST, "command")
        do(made, Activity.CLOUD_CALL, "show")
    with in_request("two"):
        do(made, Activity.SLACK_REQUEST, "command")
        do(made, Activity.SLACK_CALL, "views.open", "ratelimited")
    await made.aclose()

    by_request = {attributes(span)["request"]: span.trace_id for span in receiver.spans}
    assert len(receiver.spans) == 4
    assert len(set(by_request.values())) == 2
    assert [attributes(span)["outcome"] for span in receiver.spans] == ["ok", "ok", "ok", "ratelimited"]
    assert receiver.resources[0]["service.version"] == "1.2.3"


async def test_what_is_done_for_a_copy_belongs_to_what_a_person_did_last_about_it(
    made: Traces, receiver: Receiver
) -> None:
    for request, call in (("asked", "copy"), ("approved", "show")):
        with in_request(request):
            do(made, Activity.SLACK_REQUEST, request)
        made.on_event(asked_for(request))
        with in_request(COPY):
            do(made, Activity.CLOUD_CALL, call)
    made.on_event(asked_for(None))
    with in_request(COPY):
        do(made, Activity.SLACK_CALL, "chat.update")
    await made.aclose()

    traces_of = {span.name: span.trace_id for span in receiver.spans}
    assert traces_of["to the cloud: copy"] == traces_of["Slack asks: asked"]
    assert traces_of["to the cloud: show"] == traces_of["Slack asks: approved"] == traces_of["to Slack: chat.update"]


async def test_what_another_replica_does_for_a_copy_belongs_to_what_a_person_did_at_this_one(
    made: Traces, address: str, receiver: Receiver
) -> None:
    other = Traces(address, "1.2.3")
    with in_request("asked"):
        do(made, Activity.SLACK_REQUEST, "submission")
    other.on_event(asked_for("asked"))
    with in_request(COPY):
        do(other, Activity.CLOUD_CALL, "copy")
        do(other, Activity.SLACK_CALL, "chat.update")
    await made.aclose()
    await other.aclose()

    asked, *done = receiver.spans
    assert [(span.trace_id, span.parent_span_id) for span in done] == [(asked.trace_id, asked.span_id)] * 2
    assert len({span.span_id for span in receiver.spans}) == 3


async def test_what_the_bot_does_by_itself_is_in_none(made: Traces, receiver: Receiver) -> None:
    do(made, Activity.CLOUD_CALL, "list")
    with in_request(COPY):
        do(made, Activity.CLOUD_CALL, "show")
    await made.aclose()

    assert receiver.spans == []


async def test_it_remembers_so_many_and_forgets_the_oldest(
    made: Traces, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traces, "MOST_REMEMBERED", 2)
    for request in ("one", "two", "three"):
        with in_request(request):
            do(made, Activity.SLACK_REQUEST, "command")
    for request in ("one", "three"):
        with in_request(request):
            do(made, Activity.CLOUD_CALL, request)
    await made.aclose()

    assert [span.name for span in receiver.spans if "cloud" in span.name] == ["to the cloud: three"]


async def test_a_receiver_that_does_not_answer_is_not_waited_for_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "SECONDS_TO_FINISH", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        made = Traces(f"http://127.0.0.1:{silent.getsockname()[1]}", "1.2.3")
        with in_request("one"):
            do(made, Activity.SLACK_REQUEST, "command")
        async with asyncio.timeout(20):
            await made.aclose()
    for sending in (thread for thread in threading.enumerate() if thread.name == traces.SENDS_THE_LAST):
        await asyncio.to_thread(sending.join)  # or other tests would have it beside them


def test_nothing_of_it_is_loaded_where_no_receiver_is_set() -> None:
    program = "import sys, bot.assembly; sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0  # noqa: S603 - our own


async def test_without_the_library_the_bot_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "bot.tracing.traces")
    monkeypatch.delitem(sys.modules, "bot.tracing")
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    async with simulated_world(tmp_path, changes={"otel_exporter_otlp_endpoint": "http://127.0.0.1:9"}) as world:
        with pytest.raises(CannotStartError, match=r"pip install 'copy-backup-bot\[otel\]'"):
            async with running_bot(world.settings):
                pytest.fail("it cannot start")
