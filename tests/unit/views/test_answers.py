"""Short answers for one person: help, status, and what was done or not."""

from dataclasses import replace

import pytest

from bot.domain.backup import REGIONS_FOR_COPIES
from bot.domain.copies import CopyState
from bot.domain.reasons import Reason
from bot.slack.views import answers, channel_errors, help, status  # noqa: A004 - the view of that name
from bot.slack.views.blocks import Message
from tests.fakes.drawings import BEN, NIGHTLY, NOW, assert_slack_takes_message, copy_of, order_of, words_of

LINK = "https://team.slack.com/archives/C0OPS/p1"
GUARD = (
    Reason.PERSON_NOT_ALLOWED,
    Reason.PERSON_IS_GUEST,
    Reason.PERSON_IS_BOT,
    Reason.PERSON_UNKNOWN,
    Reason.CHANNEL_NOT_ALLOWED,
    Reason.WRONG_WORKSPACE,
    Reason.NOT_FROM_SLACK,
)


def said(message: Message) -> str:
    assert_slack_takes_message(message)
    return words_of(message)


class TestHelp:
    """What can be typed."""

    def test_it_shows_every_command_there_is_and_none_that_is_not(self) -> None:
        words = said(help.draw())

        short, *words_alone = "BACKUP REGION[,REGION] [NAME]", "status", "status ID", "cancel ID", "help"
        for command in (short, *words_alone, "list [REGION] [WORDS]", "history [FILTER]", "coverage [WORDS]"):
            assert f"`/copy-backup {command}`" in words

    def test_it_offers_the_nearest_right_spelling(self) -> None:
        message = help.draw("status", typed="statu")

        assert said(message).startswith(
            "`/copy-backup statu` was not understood, and nothing was done. Did you mean `/copy-backup status`?"
        )
        assert "Did you mean" in message.text

    def test_it_uses_the_name_that_the_command_was_given(self) -> None:
        assert "`/backup-copier status`" in said(help.draw(command="/backup-copier"))


class TestStatus:
    """What runs, and what I asked for."""

    def test_what_runs_and_what_i_asked_for(self) -> None:
        running = copy_of(state=CopyState.RUNNING, requested_by=BEN)
        done = copy_of(id="d0ne", state=CopyState.COMPLETED, ended_at=NOW)

        words = said(
            status.draw([order_of(running)], [order_of(running), order_of(done)], now=NOW, links={"d0ne": LINK})
        )

        assert "*1 copy under way*" in words
        assert "`nightly-2026-11-22` DFW → IAD: running" in words
        assert words.count("7f3a91c2d4e5") == 1
        assert f"id `d0ne` · <{LINK}|message>" in words

    def test_nothing_runs(self) -> None:
        assert "*Nothing runs*" in said(status.draw([], [], now=NOW))

    def test_many_run(self) -> None:
        many = [order_of(copy_of(id=f"copy{number}", state=CopyState.RUNNING)) for number in range(1000)]

        words = said(status.draw(many, [], now=NOW))

        assert "*1,000 copies under way*" in words
        assert "And 992 more" in words


class TestNotAllowed:
    """Who may not is told so, and nothing else."""

    @pytest.mark.parametrize("reason", GUARD)
    def test_every_reason_of_the_guard_is_told_without_leaking_anything(self, reason: Reason) -> None:
        words = said(answers.not_allowed(reason))

        assert "Nothing was done." in words
        for secret in (*REGIONS_FOR_COPIES, "U0", "C0", "Rackspace", "token"):
            assert secret not in words


class TestStopping:
    """Stopping a copy by its id."""

    def test_stopped(self) -> None:
        words = said(answers.stopped(order_of(copy_of(state=CopyState.STOPPED)), [], permalink=LINK))

        assert words.startswith("Stopped: the copy of `nightly-2026-11-22` DFW → IAD")
        assert f"<{LINK}|its message>" in words

    @pytest.mark.parametrize(
        ("state", "why"),
        [
            (CopyState.RUNNING, "Cloud Databases has no way to stop a copy"),
            (CopyState.SENDING, "it has begun, or is about to"),
            (CopyState.UNDECIDED, "nobody knows whether it has begun"),
            (CopyState.COMPLETED, "has ended (done in 13 minutes)"),
        ],
    )
    def test_not_stopped(self, state: CopyState, why: str) -> None:
        ended = NOW if state is CopyState.COMPLETED else None

        assert why in said(answers.not_stopped(order_of(copy_of(state=state, ended_at=ended)), now=NOW))

    def test_an_unknown_id_and_those_that_are_near(self) -> None:
        words = said(answers.unknown_order("7f3b", [order_of()]))

        assert "There is no copy with the id `7f3b`." in words
        assert "`/copy-backup cancel 7f3a91c2d4e5`" in words

    def test_an_unknown_id_and_nothing_near(self) -> None:
        assert "Did you mean" not in said(answers.unknown_order("<!here>"))


def test_a_word_on_an_undecided_copy_is_taken() -> None:
    assert "it ends as copied, on your word" in said(answers.settled(copy_of(state=CopyState.COMPLETED)))
    assert "it is sent again" in said(answers.settled(copy_of(state=CopyState.REQUESTED)))


def test_somebody_else_was_faster() -> None:
    assert "nothing to decide any more" in said(answers.nothing_to_settle(copy_of(state=CopyState.RUNNING), now=NOW))
    assert "no such copy" in said(answers.nothing_to_settle(None, now=NOW))


def test_several_backups_fit() -> None:
    found = [NIGHTLY, replace(NIGHTLY, id="other", region="ORD")] * 4

    words = said(answers.ambiguous("nightly-2026-11-22", found, region="IAD", now=NOW))

    assert f"`/copy-backup {NIGHTLY.id} IAD` – `nightly-2026-11-22` in DFW" in words
    assert "and 3 more" in words


def test_no_backup_fits() -> None:
    assert "No backup has the id or name `nigthly`." in said(answers.backup_not_found("nigthly"))


def test_something_broke() -> None:
    assert "The id is `a1b2c3d4`." in said(answers.unexpected("a1b2c3d4"))


def test_a_channel_is_closed() -> None:
    explained = channel_errors.explain("C0OPS", "not_in_channel")

    assert "/invite" in explained
    assert "(Slack says `not_in_channel`.)" in explained


@pytest.mark.parametrize(
    ("channel", "error", "words"),
    [
        ("C0OPS", channel_errors.NOT_ALLOWED, "The bot cannot post in <#C0OPS>."),
        ("D0ANA", channel_errors.NOT_A_CHANNEL, "The bot cannot post in a direct message."),
    ],
)
def test_what_the_bot_itself_does_not_do_is_not_said_to_be_slacks(channel: str, error: str, words: str) -> None:
    explained = channel_errors.explain(channel, error)

    assert words in explained
    assert "Slack says" not in explained


def test_a_copy_has_ended_and_its_channel_is_closed() -> None:
    copy = copy_of(state=CopyState.COMPLETED, ended_at=NOW, copied_id="5f1d7a84")
    words = said(answers.not_told(order_of(copy), "is_archived", now=NOW))
    assert "done in 13 minutes" in words
    assert "The bot cannot post in <#C0OPS>.* It is archived." in words


@pytest.mark.parametrize("error", sorted(answers.MESSAGE_GONE))
def test_a_copy_has_ended_and_somebody_has_deleted_its_message(error: str) -> None:
    words = said(answers.not_told(order_of(copy_of(state=CopyState.COMPLETED, ended_at=NOW)), error, now=NOW))
    assert "Its message in <#C0OPS> was deleted." in words
    assert "cannot post" not in words
