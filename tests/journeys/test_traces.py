"""What a person did and all that came of it is one trace, told to a receiver over a real socket."""

from pathlib import Path

from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from bot.cli.sandbox import Sandbox, running_sandbox
from tests.fakes.receiver import Receiver, attributes
from tests.journeys.acting import asks_for, copy_id_of, ends, learns


def trace_with(receiver: Receiver, name: str) -> list[Span]:
    """All spans of the trace that has one of this name, as they began."""
    (trace,) = {span.trace_id for span in receiver.spans if span.name == name}
    return sorted((s for s in receiver.spans if s.trace_id == trace), key=lambda s: s.start_time_unix_nano)


def secrets_of(sandbox: Sandbox) -> list[str]:
    app = sandbox.workspace.app
    return [app.bot_token, app.app_token, app.signing_secret, sandbox.running_cloud.api_key]


async def test_from_the_click_to_the_last_post(tmp_path: Path) -> None:
    receiver = Receiver()
    async with (
        receiver.serving() as address,
        running_sandbox(tmp_path, speed=200.0, changes={"otel_exporter_otlp_endpoint": address}) as sandbox,
    ):
        await learns(sandbox, "DFW", "IAD")
        backup = sandbox.cloud.estate.full
        message = await asks_for(sandbox, sandbox.workspace.person("alice"), backup)
        await ends(message, "Done")
        copy_id, secrets = copy_id_of(message), secrets_of(sandbox)

    spans = trace_with(receiver, "to the cloud: copy")
    first, *others = spans
    assert first.name == "Slack asks: view_submission"
    assert (first.kind, first.parent_span_id) == (Span.SPAN_KIND_SERVER, b"")
    assert {span.parent_span_id for span in others} == {first.span_id}
    assert {span.kind for span in others} == {Span.SPAN_KIND_CLIENT}
    names = [span.name for span in spans]
    order = [names.index(name) for name in ("to the cloud: show", "to the cloud: copy", "to Slack: chat.postMessage")]
    assert order[0] == min(order)
    copied = next(span for span in spans if span.name == "to the cloud: copy")
    assert attributes(copied) == {"request": copy_id, "region": "DFW", "outcome": "ok"}
    posted = next(span for span in spans if span.name == "to Slack: chat.postMessage")
    assert attributes(posted) == {"request": copy_id, "outcome": "ok"}
    assert names[-1] in {"to Slack: chat.postMessage", "to Slack: chat.update"}
    assert receiver.resources[0]["service.name"] == "copy-backup-bot"
    told = b"".join(receiver.bodies)
    assert not [secret for secret in secrets if secret.encode() in told]
    assert str(backup.name).encode() not in told


async def test_the_command_is_a_trace_of_its_own_and_what_failed_is_marked(tmp_path: Path) -> None:
    receiver = Receiver()
    async with (
        receiver.serving() as address,
        running_sandbox(tmp_path, speed=200.0, changes={"otel_exporter_otlp_endpoint": address}) as sandbox,
    ):
        await learns(sandbox, "DFW", "IAD")
        sandbox.cloud.trouble.refuse(403, operation="copy")
        message = await asks_for(sandbox, sandbox.workspace.person("alice"), sandbox.cloud.estate.full)
        await ends(message, "may not copy backups")

    assert [span.name for span in trace_with(receiver, "to Slack: views.open")][:2] == [
        "Slack asks: command",
        "to Slack: views.open",
    ]
    refused = next(span for span in receiver.spans if span.name == "to the cloud: copy")
    assert refused.status.code == Status.STATUS_CODE_ERROR
    assert attributes(refused)["outcome"] == "forbidden"
    assert "to the cloud: list" not in {span.name for span in receiver.spans}, "what the bot does by itself is in none"
