"""Every reason has its words, its cure, and somebody who can do it."""

import pytest

from bot.domain.reasons import Fault, Problem, Reason
from bot.slack.views.reason_text import Who
from bot.slack.views.reason_words import WORDS
from bot.slack.views.reasons import answer, explain, gist, sentence
from tests.fakes.drawings import DOWN, HOSTILE, assert_mrkdwn_is_safe, copy_of

FAULT_TABLE = {
    400: (Reason.BAD_REQUEST, "badRequest", Who.YOU, "refused the copy"),
    401: (Reason.UNAUTHORIZED, "unauthorized", Who.OPERATOR, "token was refused"),
    403: (Reason.FORBIDDEN, "forbidden", Who.ADMINISTRATOR, "dbaas:creator"),
    404: (Reason.NOT_FOUND, "itemNotFound", Who.YOU, "deleted meanwhile"),
    405: (Reason.METHOD_NOT_ALLOWED, "badMethod", Who.SUPPORT, "will not help"),
    413: (Reason.OVER_LIMIT, "overLimit", Who.TIME, "Wait a few minutes"),
    415: (Reason.UNSUPPORTED_MEDIA_TYPE, "badMediaType", Who.OPERATOR, "format"),
    422: (Reason.UNPROCESSABLE, "unprocessableEntity", Who.TIME, "a copy of this backup runs already"),
    500: (Reason.INSTANCE_FAULT, "instanceFault", Who.SUPPORT, "whether the copy began"),
    501: (Reason.NOT_IMPLEMENTED, "notImplemented", Who.SUPPORT, "does not have the copy function"),
    503: (Reason.SERVICE_UNAVAILABLE, "serviceUnavailable", Who.TIME, "not available at the moment"),
}


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_words(reason: Reason) -> None:
    said = WORDS[reason]

    assert said.title
    assert not said.title.endswith(".")
    for text in (said.meaning, said.cure):
        assert text.endswith(".")
    assert isinstance(said.who, Who)
    assert "{" not in explain(reason) + sentence(reason)
    assert_mrkdwn_is_safe(explain(reason))


def test_no_two_reasons_are_told_alike() -> None:
    assert len({said.title for said in WORDS.values()}) == len(Reason)
    assert len({said.meaning for said in WORDS.values()}) == len(Reason)


@pytest.mark.parametrize("status", FAULT_TABLE)
def test_every_answer_of_the_fault_table_has_its_words_its_cure_and_who_can_do_it(status: int) -> None:
    reason, name, who, words = FAULT_TABLE[status]

    said = explain(Fault(reason, status, name, "In the service's own words"))

    assert words in said
    assert f"*Who can do that:* {who}." in said
    assert said.endswith(f"Cloud Databases answered `{status} {name}`: `In the service's own words`.")


def test_it_is_said_what_it_is_about() -> None:
    problem = Problem(Reason.NO_ENDPOINT, about="SYD")

    assert "no address for Cloud Databases in `SYD`" in explain(problem)
    assert "no address for Cloud Databases in SYD" in sentence(problem)
    assert "no address for Cloud Databases in this region" in explain(Reason.NO_ENDPOINT)


def test_what_it_is_about_cannot_ping_anybody() -> None:
    assert_mrkdwn_is_safe(explain(Problem(Reason.PARENT_MISSING, about=HOSTILE)))
    assert HOSTILE in sentence(Problem(Reason.PARENT_MISSING, about=HOSTILE))


def test_what_it_is_about_is_not_read_as_a_pattern() -> None:
    assert "`{about} {0}`" in explain(Problem(Reason.PARENT_GONE, about="{about} {0}"))


def test_the_services_answer_is_there_for_the_expert() -> None:
    assert explain(Problem(Reason.SERVICE_UNAVAILABLE, fault=DOWN)).endswith(
        "Cloud Databases answered `503 serviceUnavailable`: `The service is not available.`."
    )


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(Reason.NO_ANSWER), "Cloud Databases did not answer."),
        (Fault(Reason.NO_ANSWER, message="timed out"), "Cloud Databases did not answer: `timed out`."),
        (Fault(Reason.UNEXPECTED_ANSWER, 502), "Cloud Databases answered `502`, without a message."),
        (Fault(Reason.CREDENTIALS_REFUSED, 401), "Rackspace Identity answered `401`, without a message."),
        (
            Fault(Reason.OVER_LIMIT, 413, "overLimit", "slow", 90),
            "Cloud Databases answered `413 overLimit`: `slow`. It asks to wait 1 minute.",
        ),
        (Fault(Reason.NOT_FOUND, 404, "`<!here>`", "`"), "Cloud Databases answered `404 '&lt;!here&gt;'`: `'`."),
    ],
)
def test_answers_of_all_shapes(fault: Fault, said: str) -> None:
    assert answer(fault) == said


def test_a_long_message_is_cut() -> None:
    assert len(answer(Fault(Reason.INSTANCE_FAULT, 500, "instanceFault", "x" * 5000))) < 700


def test_the_gist_is_a_few_words() -> None:
    assert gist(Reason.NO_ANSWER) == "No answer"
    assert gist(Reason.WATCHED_TOO_LONG, copy=copy_of(attempts=0)) == "It could not begin in time"
