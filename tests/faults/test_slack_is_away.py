"""Slack is not to be reached, at the start or in the middle: the bot works on, and takes up with Slack by itself."""

import pytest

from bot.domain.events import EventKind
from tests.faults.checks import nothing_is_lost_and_nothing_is_done_twice
from tests.faults.patience import eventually
from tests.faults.processes import BotEndedError
from tests.faults.stage import Stage, Wish

in_both_modes = pytest.mark.parametrize("stage", [False, True], ids=["HTTP", "Socket Mode"], indirect=True)
in_socket_mode = pytest.mark.parametrize("stage", [True], ids=["Socket Mode"], indirect=True)


async def begin(stage: Stage, wish: Wish) -> None:
    await stage.bot.start()
    await stage.asks(wish)
    await stage.until(EventKind.ACCEPTED, wish)


@in_both_modes
async def test_at_the_start(stage: Stage) -> None:
    """A copy runs, and nobody can be told: it is followed all the same, and told once Slack is back."""
    wish = Wish(stage.full)
    await begin(stage, wish)
    await stage.bot.kill()
    stage.workspace.trouble.server_error("*", 503, None)
    stage.copies_finish()
    await stage.bot.start()
    await stage.until_ended(wish)
    stage.workspace.trouble.clear()
    await stage.until_told(wish)
    nothing_is_lost_and_nothing_is_done_twice(stage, wish)
    await eventually(stage.bot.can_be_used)
    await stage.asks(Wish(stage.incremental))


async def test_at_the_start_and_its_requests_are_never_answered(stage: Stage) -> None:
    stage.workspace.trouble.slow("*", 60)
    await stage.bot.start()
    assert await stage.bot.stop() == 0


@in_both_modes
@pytest.mark.parametrize("error", ["invalid_auth", "token_revoked", "account_inactive"])
async def test_a_wrong_token_is_told_at_the_start(stage: Stage, error: str) -> None:
    stage.workspace.app.token_error = error
    with pytest.raises(BotEndedError, match=error):
        await stage.bot.start()
    assert stage.bot.exit_code == 1
    assert "Traceback" not in stage.bot.said


@in_socket_mode
async def test_a_wrong_app_token_is_told_at_the_start(stage: Stage) -> None:
    stage.bot.environment["SLACK_APP_TOKEN"] = "xapp-1-wrong"
    with pytest.raises(BotEndedError, match="invalid_auth"):
        await stage.bot.start()
    assert stage.bot.exit_code == 1
    assert "Traceback" not in stage.bot.said


@in_socket_mode
async def test_sockets_are_closed_and_refused_for_a_while(stage: Stage) -> None:
    wish = Wish(stage.full)
    await begin(stage, wish)
    stage.workspace.trouble.refuse_sockets()
    stage.workspace.trouble.disconnect_sockets(closes_after=0.0)
    await eventually(lambda: stage.workspace.open_sockets == 0)
    assert not await stage.bot.can_be_used()
    stage.copies_finish()
    await stage.until_told(wish)
    nothing_is_lost_and_nothing_is_done_twice(stage, wish)
    await eventually(stage.bot.can_be_used)
    await stage.asks(Wish(stage.incremental))


@pytest.mark.slow  # slack_sdk looks every 10 seconds
@in_socket_mode
async def test_no_address_for_a_socket_is_given_for_a_while(stage: Stage) -> None:
    await stage.bot.start()
    stage.workspace.trouble.server_error("apps.connections.open", 503, 2)
    stage.workspace.trouble.disconnect_sockets(closes_after=0.0)
    await eventually(lambda: stage.workspace.open_sockets == 0)
    await eventually(stage.bot.can_be_used)
    await stage.asks(Wish(stage.full))
