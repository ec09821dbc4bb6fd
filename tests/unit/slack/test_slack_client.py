"""What the bot's own client of Slack promises whatever Slack, and what is between, does."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from bot.sandbox.loopback import cut_connection
from bot.sandbox.workspace import SimulatedWorkspace
from bot.slack.client import SlackClient
from bot.slack.trouble import SlackTroubleError
from bot.slack.views.blocks import Message, modal, section
from tests.fakes.odd_service import OddService
from tests.unit.slack.conftest import TOKEN, Served

HELLO = Message("Hello", [section("Hello")])
VIEW = modal("Copy a backup", [section("Hello")], callback_id="copy_form")
PAGE = "<html><body>Bad gateway, token xoxb-s3cr3t</body></html>"


async def all_messages(client: SlackClient) -> list[str]:
    return [message.ts async for message in client.messages("C1", oldest=0.0)]


async def all_replies(client: SlackClient) -> list[str]:
    return [message.ts async for message in client.messages("C1", oldest=0.0, thread_ts="1.1")]


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the client.

    Attributes:
        answer: one that Slack could give.
        repeated: whether doing it twice is the same as doing it once.
    """

    make: Callable[[SlackClient], Awaitable[object]]
    answer: dict[str, object]
    repeated: bool = True


CALLS = {
    "auth.test": Call(SlackClient.who_am_i, {"team_id": "T1", "user_id": "U1"}),
    "views.open": Call(lambda slack: slack.open_view("1.t", VIEW), {"view": {"id": "V1"}}, repeated=False),
    "views.update": Call(lambda slack: slack.update_view("V1", VIEW), {"view": {"id": "V1"}}),
    "chat.postMessage": Call(lambda slack: slack.post_message("C1", HELLO), {"ts": "1.1"}, repeated=False),
    "chat.update": Call(lambda slack: slack.update_message("C1", "1.1", HELLO), {}),
    "conversations.open": Call(lambda slack: slack.open_direct_messages("U1"), {"channel": {"id": "D1"}}),
    "chat.getPermalink": Call(lambda slack: slack.permalink("C1", "1.1"), {"permalink": "https://a.slack.com"}),
    "users.info": Call(lambda slack: slack.user("U1"), {"user": {"id": "U1"}}),
    "usergroups.users.list": Call(lambda slack: slack.members_of_group("S1"), {"users": ["U1"]}),
    "conversations.info": Call(lambda slack: slack.channel("C1"), {"channel": {"id": "C1"}}),
    "conversations.history": Call(all_messages, {"messages": [{"ts": "1.1"}]}),
    "conversations.replies": Call(all_replies, {"messages": [{"ts": "1.1"}]}),
}
NEVER_TWICE = [method for method, call in CALLS.items() if not call.repeated]
TWICE = [method for method, call in CALLS.items() if call.repeated]


async def cut(request: Request) -> Response:
    await cut_connection(request)
    return Response()


def methods(odd: OddService) -> list[str]:
    return [heard.path.removeprefix("/api/") for heard in odd.heard]


async def trouble_of(making: Awaitable[object]) -> SlackTroubleError:
    with pytest.raises(SlackTroubleError) as caught:
        await making
    assert TOKEN not in "".join((str(caught.value), repr(caught.value), *caught.value.messages))
    return caught.value


# What is answered


@pytest.mark.parametrize("method", CALLS)
async def test_each_call_is_made_once_with_the_bots_token_in_a_header_alone(
    odd: OddService, odd_client: SlackClient, method: str
) -> None:
    odd.answers(JSONResponse({"ok": True, **CALLS[method].answer}))

    await CALLS[method].make(odd_client)

    assert methods(odd) == [method]
    (heard,) = odd.heard
    assert heard.headers["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in str(heard.query) + heard.body.decode()


@pytest.mark.parametrize("method", CALLS)
async def test_slacks_name_of_an_error_is_passed_on(odd: OddService, odd_client: SlackClient, method: str) -> None:
    odd.answers(JSONResponse({"ok": False, "error": "restricted_action"}))

    trouble = await trouble_of(CALLS[method].make(odd_client))

    assert (trouble.method, trouble.error) == (method, "restricted_action")
    assert not trouble.is_passing
    assert not trouble.leaves_open
    assert len(odd.heard) == 1


async def test_what_slack_says_about_the_arguments_is_passed_on(odd: OddService, odd_client: SlackClient) -> None:
    said = "[ERROR] no more than 100 items allowed"
    odd.answers(
        JSONResponse({"ok": False, "error": "invalid_arguments", "response_metadata": {"messages": [said]}}),
    )

    trouble = await trouble_of(odd_client.open_view("1.t", VIEW))

    assert trouble.messages == (said,)
    assert said in str(trouble)


ODD_ANSWERS: dict[str, object] = {
    "nothing that was asked for": {"ok": True},
    "something of another kind": {"ok": True, "ts": 5, "view": "V1", "user": [], "channel": None, "users": 7}
    | {"messages": "none", "permalink": {}, "team_id": {}, "user_id": {}},
}


@pytest.mark.parametrize("answer", ODD_ANSWERS)
@pytest.mark.parametrize("method", [each for each in CALLS if each != "chat.update"])
async def test_an_answer_of_another_shape_leaves_open_what_was_done(
    odd: OddService, odd_client: SlackClient, method: str, answer: str
) -> None:
    odd.answers(JSONResponse(ODD_ANSWERS[answer]))
    empty_is_right = method in {"usergroups.users.list", "conversations.history", "conversations.replies"}
    if answer == "nothing that was asked for" and empty_is_right:
        assert not await CALLS[method].make(odd_client)
        return

    trouble = await trouble_of(CALLS[method].make(odd_client))

    assert trouble.error == "unexpected_answer"
    assert trouble.leaves_open
    assert trouble.is_passing


PROXIES: dict[str, Response] = {
    "HTML, as if all were well": Response(PAGE, media_type="text/html"),
    "HTML, forbidden": Response(PAGE, 403, media_type="text/html"),
    "HTML, bad gateway": Response(PAGE, 502, media_type="text/html"),
    "text, as if all were well": PlainTextResponse("ok"),
    "text, bad gateway": PlainTextResponse("Bad gateway", 502),
    "JSON that is none": Response("{", media_type="application/json"),
    "JSON that is none, unavailable": Response("{", 503, media_type="application/json"),
    "a list": JSONResponse([]),
    "nothing": Response(b"", media_type="application/json"),
    "bytes that are no text": Response(b"\xff\xfe", media_type="application/json"),
    "a refusal without a name": JSONResponse({"ok": False}),
    "a refusal whose name is none": JSONResponse({"ok": False, "error": {"name": "odd"}}),
}


@pytest.mark.parametrize("proxy", PROXIES)
async def test_whatever_a_proxy_answers_leaves_open_what_was_done(
    odd: OddService, odd_client: SlackClient, proxy: str
) -> None:
    odd.answers(PROXIES[proxy])

    trouble = await trouble_of(odd_client.post_message("C1", HELLO))

    assert trouble.leaves_open
    assert trouble.is_passing
    assert "<html>" not in str(trouble)
    assert len(odd.heard) == 1


# What is repeated


async def test_a_call_over_the_rate_is_made_again_after_the_time_slack_names(
    workspace: SimulatedWorkspace, client: SlackClient, served: Served
) -> None:
    workspace.trouble.rate_limit("chat.postMessage", retry_after=1)

    await client.post_message(workspace.channel("#databases").id, HELLO)

    first, second = (request.at for request in workspace.requests)
    assert second - first >= 1.0
    assert len(workspace.channel("#databases").messages) == 1


@pytest.mark.parametrize("method", CALLS)
async def test_a_call_that_is_over_the_rate_twice_is_told(
    odd: OddService, odd_client: SlackClient, method: str
) -> None:
    too_many = [JSONResponse({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": each}) for each in ("0", "7")]
    odd.answers(*too_many)

    trouble = await trouble_of(CALLS[method].make(odd_client))

    assert (trouble.error, trouble.retry_after) == ("ratelimited", 7.0)
    assert trouble.is_passing
    assert not trouble.leaves_open
    assert methods(odd) == [method, method]


async def test_a_rate_is_told_at_once_to_whoever_does_not_want_to_wait(odd: OddService) -> None:
    odd.answers(JSONResponse({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": "60"}))
    async with (
        odd.serving(),
        SlackClient(SecretStr(TOKEN), f"{odd.origin}/api/", waits_for_rates=False) as client,
    ):
        trouble = await trouble_of(client.user("U1"))

    assert trouble.retry_after == 60.0
    assert len(odd.heard) == 1


async def test_a_time_to_wait_that_is_none_is_trouble_that_passes(odd: OddService, odd_client: SlackClient) -> None:
    odd.answers(JSONResponse({"ok": False}, 429, {"Retry-After": "Wed, 25 Nov 2026 10:00:00 GMT"}))

    assert (await trouble_of(odd_client.user("U1"))).is_passing


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_what_a_broken_server_did_not_do_is_done_again_where_twice_is_once(
    odd: OddService, odd_client: SlackClient, status: int
) -> None:
    broken = Response(PAGE, status, media_type="text/html")
    odd.answers(broken, JSONResponse({"ok": True, "user": {"id": "U1"}}))

    assert (await odd_client.user("U1")).id == "U1"

    assert len(odd.heard) == 2


async def test_calls_whose_answer_is_lost_are_repeated_only_where_twice_is_once(
    odd: OddService, odd_client: SlackClient
) -> None:
    odd.answer = cut

    troubles = await asyncio.gather(*(trouble_of(call.make(odd_client)) for call in CALLS.values()))

    assert {trouble.error for trouble in troubles} == {"no_answer"}
    made = methods(odd)
    assert {method: made.count(method) for method in NEVER_TWICE} == dict.fromkeys(NEVER_TWICE, 1)
    assert {method: made.count(method) for method in TWICE} == dict.fromkeys(TWICE, 3)


async def test_a_message_whose_answer_is_lost_is_not_posted_twice(
    workspace: SimulatedWorkspace, client: SlackClient
) -> None:
    workspace.trouble.lose_answer("chat.postMessage")

    trouble = await trouble_of(client.post_message(workspace.channel("#databases").id, HELLO))

    assert trouble.leaves_open
    assert len(workspace.channel("#databases").messages) == 1


async def test_a_call_that_takes_too_long_is_given_up(served: Served) -> None:
    served.workspace.trouble.slow("chat.postMessage", 60.0)
    async with served.client(timeout=0.05) as impatient:
        trouble = await trouble_of(impatient.post_message(served.workspace.channel("#databases").id, HELLO))

    assert trouble.leaves_open


async def test_nobody_there_is_trouble_that_passes() -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    async with SlackClient(SecretStr(TOKEN), f"http://127.0.0.1:{port}/api/") as client:
        trouble = await trouble_of(client.post_message("C1", HELLO))

    assert trouble.error == "no_answer"
    assert trouble.is_passing


# Single methods


async def test_the_scopes_of_the_token_are_read(workspace: SimulatedWorkspace, client: SlackClient) -> None:
    identity, scopes = await client.who_am_i()

    assert identity.team_id == workspace.team_id
    assert identity.user_id == workspace.app.bot_user_id
    assert scopes == set(workspace.app.scopes)


@pytest.mark.parametrize("error", ["hash_conflict", "not_found", "view_not_found"])
async def test_a_view_that_has_moved_on_or_was_closed_is_no_trouble(
    odd: OddService, odd_client: SlackClient, error: str
) -> None:
    odd.answers(JSONResponse({"ok": False, "error": error}))

    assert await odd_client.update_view("V1", VIEW, seen_hash="1.a") is None


@pytest.mark.parametrize(("name", "named_by"), [("V1", "view_id"), ("plan-1.t", "external_id")])
async def test_a_view_is_named_by_slacks_id_or_by_the_bots(
    odd: OddService, odd_client: SlackClient, name: str, named_by: str
) -> None:
    odd.answers(JSONResponse({"ok": True, "view": {"id": "V1", "hash": "2.b"}}))

    shown = await odd_client.update_view(name, VIEW)

    assert shown
    assert shown.hash == "2.b"
    assert odd.heard[0].document == {named_by: name, "view": VIEW}


async def test_a_message_makes_no_previews_of_links(odd: OddService, odd_client: SlackClient) -> None:
    odd.answers(JSONResponse({"ok": True, "ts": "1.1"}))

    await odd_client.post_message("C1", HELLO)

    assert odd.heard[0].document == {
        "channel": "C1", "text": "Hello", "blocks": HELLO.blocks, "unfurl_links": False, "unfurl_media": False
    }  # fmt: skip


async def test_all_pages_of_a_channel_are_read_with_their_metadata(
    workspace: SimulatedWorkspace, client: SlackClient
) -> None:
    channel = workspace.channel("#databases")
    channel.invites_the_app()
    metadata = {"event_type": "copy_backup", "event_payload": {"copy_id": "7f3a"}}
    for number in range(201):
        workspace.person("alice").says(f"word {number}")
    ts = await client.post_message(channel.id, HELLO, metadata=metadata)

    found = [message async for message in client.messages(channel.id, oldest=0.0)]

    assert len(found) == 202
    assert found[0].ts == ts
    assert found[0].bot_id is not None
    assert found[0].metadata
    assert found[0].metadata.event_payload == {"copy_id": "7f3a"}
    assert found[1].user == workspace.person("alice").id


@pytest.mark.parametrize("odd_metadata", [[], "text", {"event_payload": []}, {"event_payload": None}, 5])
async def test_somebody_elses_metadata_hides_nothing(
    odd: OddService, odd_client: SlackClient, odd_metadata: object
) -> None:
    ours = {"ts": "1.1", "metadata": {"event_type": "copy_backup", "event_payload": {"copy_id": "7f3a"}}}
    odd.answers(JSONResponse({"ok": True, "messages": [{"ts": "2.2", "metadata": odd_metadata}, ours]}))

    theirs, own = [message async for message in odd_client.messages("C1", oldest=0.0)]

    assert theirs.metadata is None
    assert own.metadata


# Short answers


async def test_a_short_answer_is_for_one_person_and_replaces_nothing(odd: OddService, odd_client: SlackClient) -> None:
    odd.answers(PlainTextResponse("ok"))

    await odd_client.respond(f"{odd.origin}/response/1", HELLO)

    assert odd.heard[0].document == {
        "text": "Hello", "blocks": HELLO.blocks, "response_type": "ephemeral", "replace_original": False
    }  # fmt: skip
    assert "authorization" not in odd.heard[0].headers


RESPONSES: dict[str, tuple[Response, str]] = {
    "used": (PlainTextResponse("used_url", 404), "used_url"),
    "expired, in JSON": (JSONResponse({"ok": False, "error": "expired_url"}, 404), "expired_url"),
    "blocks that are refused": (JSONResponse({"ok": False, "error": "invalid_blocks"}), "invalid_blocks"),
    "too many": (PlainTextResponse("slow down", 429), "ratelimited"),
    "broken": (Response(PAGE, 502, media_type="text/html"), "server_error"),
    "a page": (Response(PAGE, 403, media_type="text/html"), "server_error"),
    "no text": (Response(b"\xff\xfe", 500, media_type="text/plain; charset=utf-8"), "no_answer"),
}


@pytest.mark.parametrize("response", RESPONSES)
async def test_a_short_answer_that_is_not_taken_is_told_by_slacks_name(
    odd: OddService, odd_client: SlackClient, response: str
) -> None:
    answer, name = RESPONSES[response]
    odd.answers(answer)

    trouble = await trouble_of(odd_client.respond(f"{odd.origin}/response/1", HELLO))

    assert trouble.error == name
    assert len(odd.heard) == 1


@pytest.mark.parametrize("response_url", ["", "nowhere", "http://127.0.0.1:1/response/1"])
async def test_a_short_answer_to_nowhere_is_told(odd_client: SlackClient, response_url: str) -> None:
    trouble = await trouble_of(odd_client.respond(response_url, HELLO))

    assert trouble.error == "no_answer"
    assert not response_url or response_url not in str(trouble)


async def test_a_short_answer_whose_connection_is_cut_is_told(odd: OddService, odd_client: SlackClient) -> None:
    odd.answer = cut

    assert (await trouble_of(odd_client.respond(f"{odd.origin}/response/1", HELLO))).error == "no_answer"
    assert len(odd.heard) == 1


async def test_short_answers_go_the_way_that_calls_go(odd: OddService, monkeypatch: pytest.MonkeyPatch) -> None:
    odd.answers(JSONResponse({"ok": True, "user": {"id": "U1"}}))
    async with odd.serving():
        monkeypatch.setenv("HTTP_PROXY", odd.origin)
        async with SlackClient(SecretStr(TOKEN), "http://slack.invalid/api/") as client:
            await client.user("U1")
            await client.respond("http://hooks.slack.invalid/response/1", HELLO)

    assert [heard.headers["host"] for heard in odd.heard] == ["slack.invalid", "hooks.slack.invalid"]


# The connections


@asynccontextmanager
async def counted_connections(odd: OddService) -> AsyncIterator[list[object]]:
    """Collects the address of the other side of each request."""
    peers: list[object] = []

    async def answer(request: Request) -> Response:
        peers.append(request.client)
        return JSONResponse({"ok": True, "user": {"id": "U1"}})

    odd.answer = answer
    yield peers


async def test_calls_one_after_the_other_share_a_connection(odd: OddService, odd_client: SlackClient) -> None:
    async with counted_connections(odd) as peers:
        for _ in range(3):
            await odd_client.user("U1")
        await odd_client.respond(f"{odd.origin}/response/1", HELLO)

    assert len(set(peers)) == 1


async def test_a_client_that_was_closed_can_be_used_again(odd: OddService, odd_client: SlackClient) -> None:
    async with counted_connections(odd) as peers:
        await odd_client.user("U1")
        await odd_client.aclose()
        await odd_client.user("U1")
        await odd_client.aclose()
        await odd_client.aclose()

    assert len(set(peers)) == 2


async def test_nothing_is_opened_before_it_is_needed() -> None:
    client = SlackClient(SecretStr(TOKEN), "http://127.0.0.1:1/api/")

    await client.aclose()

    assert TOKEN not in repr(client)
    assert TOKEN not in str(vars(client))


async def test_no_token_and_nothing_of_a_message_is_in_the_log(
    odd: OddService, odd_client: SlackClient, caplog: pytest.LogCaptureFixture
) -> None:
    odd.answers(
        JSONResponse({"ok": True, "user": {"id": "U1"}}),
        JSONResponse({"ok": False, "error": "invalid_auth"}),
        Response(PAGE, 502, media_type="text/html"),
    )
    with caplog.at_level(logging.DEBUG):
        await odd_client.user("U1")
        await trouble_of(odd_client.post_message("C1", HELLO))
        await trouble_of(odd_client.post_message("C1", HELLO))

    assert TOKEN not in caplog.text
    assert "Hello" not in caplog.text
