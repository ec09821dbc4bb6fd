"""From what a person did to what the cloud was asked: one id in the log, the audit log and the requests."""

import io
import json
import logging
import re
from collections.abc import Iterator

import pytest

from bot.cli.sandbox import Sandbox
from bot.domain.events import EventKind
from bot.telemetry import JsonFormatter
from tests.journeys.acting import asks_for, audit_log, copy_id_of, ends, is_answered, refusals


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the bot logs, for machines."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonFormatter())
    logger = logging.getLogger("bot")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield written
    logger.removeHandler(handler)
    logger.setLevel(before)


def request_ids(sandbox: Sandbox, *, method: str, path: str) -> list[str]:
    """The ids of what the bot asked the cloud."""
    ids = []
    for exchange in sandbox.cloud.wire.shown():
        request = exchange["request"]
        assert isinstance(request, dict)
        if exchange["method"] == method and re.search(path, str(exchange["path"])):
            ids.append(request["headers"]["x-request-id"])
    return ids


async def test_a_copy_can_be_followed_from_the_click_to_the_cloud(sandbox: Sandbox, log: io.StringIO) -> None:
    backup = sandbox.cloud.estate.full
    sandbox.cloud.trouble.refuse(403, operation="copy")
    message = await asks_for(sandbox, sandbox.workspace.person("alice"), backup)
    await ends(message, "may not copy backups")

    copy_id = copy_id_of(message)
    story = [each.event for each in await audit_log(sandbox) if each.event.copy_id == copy_id]
    requested = next(event for event in story if event.kind is EventKind.COPY_REQUESTED)
    request = str(requested.facts["request"])
    assert re.fullmatch(r"[0-9a-f]{12}", request)
    assert [event.facts.get("request") for event in story if event is not requested] == [None] * (len(story) - 1)
    assert any(each.startswith(f"{request}-") for each in request_ids(sandbox, method="GET", path=backup.id))
    assert request_ids(sandbox, method="POST", path="/action") == [f"{copy_id}-1"]
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    (refusal,) = [line for line in lines if line["message"].endswith("/action: 403")]
    assert refusal["request"] == copy_id


async def test_a_refusal_has_the_id_of_its_request(sandbox: Sandbox) -> None:
    await is_answered(sandbox.workspace.person("carol"), "status")

    (refused,) = await refusals(sandbox, 1)
    assert re.fullmatch(r"[0-9a-f]{12}", str(refused.facts["request"]))
