"""Every answer of the fault table, met by the copy request: what the channel says, what is sent again, how it ends.

How Slack reaches the bot plays no part in what the cloud answers: each row is tried one way, in turn.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from bot.cli.sandbox import Sandbox
from bot.domain.events import EventKind, RecordedEvent
from bot.sandbox.cloud import SimulatedCloud
from tests.journeys.acting import asks_for, audit_log, copies_in, copy_id_of, ends, in_turn, kinds, people_pinged, story

SAID = "Not now, <!here> & <b>: try <https://example.com|this>."
"""A fault's message: anything may stand in it, and it is shown as it is."""

Trouble = Callable[[SimulatedCloud], object]
"""Switches trouble on."""

YOU = "you"
ADMINISTRATOR = "an administrator of the Rackspace account"
OPERATOR = "whoever runs this bot"
SUPPORT = "Rackspace support"

ASKED = ["copy_requested", "sending"]
AGAIN = ["will_send_again", "sending"]
BEGUN = ["outcome_unknown"]
NOT_BEGUN = ["outcome_unknown", "found_not_begun", "sending"]

NO_CLEAR_ANSWER = "The request was sent, and no clear answer came back."


def refuses(status: int, **how: object) -> Trouble:
    """The next copy request is answered so."""

    def switch_on(cloud: SimulatedCloud) -> object:
        return cloud.trouble.refuse(status, operation="copy", **{"message": SAID, **how})  # type: ignore[arg-type]

    return switch_on


@dataclass(frozen=True)
class Final:
    """An answer that ends the copy.

    Attributes:
        met: switches the trouble on.
        title: what happened, in a few words.
        who: can cure it.
        answer: what the service said, as it is shown.
        requests: that the cloud gets.
    """

    met: Trouble
    title: str
    who: str
    answer: str
    requests: int = 1


FINAL = {
    "400": Final(
        refuses(400), "Cloud Databases finds the request wrong", YOU, f"Cloud Databases answered 400 badRequest: {SAID}"
    ),
    "401 with the new token too": Final(
        refuses(401, times=2),
        "Cloud Databases does not accept the bot's login",
        OPERATOR,
        f"Cloud Databases answered 401 unauthorized: {SAID}",
        requests=2,
    ),
    "403": Final(
        refuses(403),
        "The bot's account may not copy backups",
        ADMINISTRATOR,
        f"Cloud Databases answered 403 forbidden: {SAID}",
    ),
    "403 as a page of a proxy": Final(
        refuses(403, html=True),
        "The bot's account may not copy backups",
        ADMINISTRATOR,
        "Cloud Databases answered 403, without a message.",
    ),
    "404": Final(
        refuses(404), "The backup is not there any more", YOU, f"Cloud Databases answered 404 itemNotFound: {SAID}"
    ),
    "405": Final(
        refuses(405),
        "Cloud Databases does not allow this action here",
        SUPPORT,
        f"Cloud Databases answered 405 badMethod: {SAID}",
    ),
    "415": Final(
        refuses(415),
        "Cloud Databases does not understand the request's format",
        OPERATOR,
        f"Cloud Databases answered 415 badMediaType: {SAID}",
    ),
    "501": Final(
        refuses(501),
        "Cloud Databases cannot copy backups here",
        SUPPORT,
        f"Cloud Databases answered 501 notImplemented: {SAID}",
    ),
    "501 with an empty body": Final(
        refuses(501, empty=True),
        "Cloud Databases cannot copy backups here",
        SUPPORT,
        "Cloud Databases answered 501, without a message.",
    ),
}


@pytest.mark.parametrize(
    ("in_socket_mode", "final"), in_turn(FINAL.values()), ids=list(FINAL), indirect=["in_socket_mode"]
)
async def test_an_answer_that_is_final_ends_the_copy_and_says_who_can_do_what(sandbox: Sandbox, final: Final) -> None:
    cloud, alice = sandbox.cloud, sandbox.workspace.person("alice")
    final.met(cloud)
    message = await asks_for(sandbox, alice, cloud.estate.full)
    await ends(message, f"Failed ({final.title})")

    (told,) = story(message)
    assert told.startswith(f"@alice The copy failed.\n{final.title}\n")
    for place in (message.rendered, told):
        assert f"Who can do that: {final.who}." in place
        assert final.answer in place
        assert "What to do: " in place
    assert final.title in message.notification
    assert final.answer in message.notification
    assert len(cloud.copy_requests()) == final.requests
    assert copies_in(sandbox, cloud.estate.full) == []
    assert await kinds(sandbox, message) == [*ASKED, "refused"]
    assert_kept(await story_in_the_log(sandbox, copy_id_of(message)), EventKind.REFUSED, final.answer)
    assert people_pinged(sandbox) == ["alice"]


@dataclass(frozen=True)
class Passing:
    """An answer after which the copy is made all the same.

    Attributes:
        met: switches the trouble on.
        said: in the thread, when it was met; nothing where nobody has to know.
        then: the events between the first request and the one that was accepted.
        requests: that the cloud gets.
    """

    met: Trouble
    said: tuple[str, ...]
    then: list[str]
    requests: int = 2
    after: tuple[str, ...] = ("accepted", "completed")


LOOKED = "The bot looks in both regions whether the copy began, before it does anything else."
DID_NOT_BEGIN = "The bot has looked: the copy did not begin. It is sent again."
DID_BEGIN = "The bot has looked: the copy did begin. It is not sent a second time."

FOUND_BEGUN = ("found_begun", "completed")


def loses_the_answer(cloud: SimulatedCloud) -> object:
    return cloud.trouble.lose_answer(operation="copy")


def cuts_the_connection(cloud: SimulatedCloud) -> object:
    return cloud.trouble.cut_connection(operation="copy")


PASSING = {
    "401 with an old token": Passing(refuses(401), (), []),
    "413, seconds": Passing(
        refuses(413, retry_after=1),
        (
            f"Too many requests in a short time. Cloud Databases answered 413 overLimit: {SAID}.",
            "It is sent again in 1 second.",
        ),
        AGAIN,
    ),
    "413, a date": Passing(
        refuses(413, retry_after=1, retry_after_as_date=True),
        (f"Too many requests in a short time. Cloud Databases answered 413 overLimit: {SAID}.", "It is sent again in "),
        AGAIN,
    ),
    "422": Passing(
        refuses(422),
        (f"Not possible at the moment. Cloud Databases answered 422 unprocessableEntity: {SAID}.", "It is sent again"),
        AGAIN,
    ),
    "503": Passing(
        refuses(503),
        (f"Cloud Databases is down. Cloud Databases answered 503 serviceUnavailable: {SAID}.", "It is sent again"),
        AGAIN,
    ),
    "503 three times": Passing(
        refuses(503, times=3),
        (f"Cloud Databases is down. Cloud Databases answered 503 serviceUnavailable: {SAID}.",),
        AGAIN * 3,
        requests=4,
    ),
    "503 as a page of a proxy": Passing(
        refuses(503, html=True),
        ("Cloud Databases is down. Cloud Databases answered 503, without a message.", "It is sent again"),
        AGAIN,
    ),
    "503 with an empty body": Passing(
        refuses(503, empty=True),
        ("Cloud Databases is down. Cloud Databases answered 503, without a message.",),
        AGAIN,
    ),
    "500, nothing began": Passing(
        refuses(500),
        (f"Cloud Databases answered 500 instanceFault: {SAID}.", LOOKED, DID_NOT_BEGIN),
        NOT_BEGUN,
    ),
    "500, and it began": Passing(
        refuses(500, after_work=True),
        (f"Cloud Databases answered 500 instanceFault: {SAID}.", LOOKED, DID_BEGIN),
        BEGUN,
        requests=1,
        after=FOUND_BEGUN,
    ),
    "500 with an empty body": Passing(
        refuses(500, empty=True),
        ("Cloud Databases answered 500, without a message.", DID_NOT_BEGIN),
        NOT_BEGUN,
    ),
    "502 as a page of a proxy": Passing(
        refuses(502, html=True),
        ("Cloud Databases answered 502, without a message.", DID_NOT_BEGIN),
        NOT_BEGUN,
    ),
    "504 as a page of a proxy, and it began": Passing(
        refuses(504, html=True, after_work=True),
        ("Cloud Databases answered 504, without a message.", DID_BEGIN),
        BEGUN,
        requests=1,
        after=FOUND_BEGUN,
    ),
    "the answer is lost": Passing(
        loses_the_answer, (NO_CLEAR_ANSWER, LOOKED, DID_BEGIN), BEGUN, requests=1, after=FOUND_BEGUN
    ),
    "the connection is cut": Passing(cuts_the_connection, (NO_CLEAR_ANSWER, LOOKED, DID_NOT_BEGIN), NOT_BEGUN),
}


@pytest.mark.parametrize(
    ("in_socket_mode", "passing"), in_turn(PASSING.values()), ids=list(PASSING), indirect=["in_socket_mode"]
)
async def test_an_answer_that_passes_is_told_and_the_copy_is_made_once(sandbox: Sandbox, passing: Passing) -> None:
    cloud, alice = sandbox.cloud, sandbox.workspace.person("alice")
    passing.met(cloud)
    message = await asks_for(sandbox, alice, cloud.estate.full)
    await ends(message, "Done")

    thread = story(message)
    for words in passing.said:
        assert any(words in line for line in thread), thread
    assert await kinds(sandbox, message) == [*ASKED, *passing.then, *passing.after]
    assert len(cloud.copy_requests()) == passing.requests
    assert copies_in(sandbox, cloud.estate.full) == ["COMPLETED"]
    assert people_pinged(sandbox) == ["alice"]


async def story_in_the_log(sandbox: Sandbox, copy_id: str) -> list[RecordedEvent]:
    return [recorded for recorded in await audit_log(sandbox) if recorded.event.copy_id == copy_id]


def assert_kept(log: list[RecordedEvent], kind: EventKind, answer: str) -> None:
    """The log has status, name and message of the answer as it was shown."""
    facts = next(recorded.event.facts for recorded in log if recorded.event.kind is kind)
    shown = " ".join(str(facts[key]) for key in ("status", "fault") if facts[key])
    assert answer.startswith(f"Cloud Databases answered {shown}")
    assert facts["message"] is None or str(facts["message"]) in answer
