"""Whatever trouble the cloud has around a copy: one copy, the right end, and the right words."""

from collections.abc import Callable
from typing import Literal

import pytest

from bot.domain.events import EventKind
from bot.sandbox.cloud import SimulatedCloud
from bot.sandbox.cloud.copying import CopyEnd
from tests.faults.checks import nothing_is_lost_and_nothing_is_done_twice, the_audit_log_is_whole
from tests.faults.patience import eventually
from tests.faults.stage import Stage, Wish

Ids = Literal["kept", "new"]
Trouble = Callable[[SimulatedCloud], object]

AFTER_THE_WORK: dict[str, Trouble] = {
    "the answer is lost": lambda cloud: cloud.trouble.lose_answer(operation="copy"),
    "500": lambda cloud: cloud.trouble.refuse(500, operation="copy", after_work=True),
    "a proxy's page": lambda cloud: cloud.trouble.refuse(502, operation="copy", after_work=True, html=True),
}

BEFORE_THE_WORK: dict[str, Trouble] = {
    "the connection is cut": lambda cloud: cloud.trouble.cut_connection(operation="copy"),
    "500": lambda cloud: cloud.trouble.refuse(500, operation="copy"),
    "a proxy's page": lambda cloud: cloud.trouble.refuse(504, operation="copy", html=True),
}


async def ends_well(stage: Stage, wish: Wish) -> None:
    await stage.until_running(wish)
    stage.copies_finish()
    await stage.until_told(wish)
    nothing_is_lost_and_nothing_is_done_twice(stage, wish)


@pytest.mark.parametrize("ids", ["kept", "new"])
@pytest.mark.parametrize("trouble", AFTER_THE_WORK)
async def test_the_copy_began_although_the_answer_does_not_say_so(stage: Stage, trouble: str, ids: Ids) -> None:
    wish = Wish(stage.full)
    stage.cloud.copied_ids = ids
    AFTER_THE_WORK[trouble](stage.cloud)
    await stage.bot.start()
    await stage.asks(wish)
    await stage.until(EventKind.FOUND_BEGUN, wish)
    await ends_well(stage, wish)
    assert len(stage.requests_for(wish)) == 1


@pytest.mark.parametrize("trouble", BEFORE_THE_WORK)
async def test_the_copy_did_not_begin_and_is_asked_for_again(stage: Stage, trouble: str) -> None:
    wish = Wish(stage.full)
    BEFORE_THE_WORK[trouble](stage.cloud)
    await stage.bot.start()
    await stage.asks(wish)
    await stage.until(EventKind.FOUND_NOT_BEGUN, wish)
    await ends_well(stage, wish)
    assert len(stage.requests_for(wish)) == 2


async def test_tokens_are_revoked_before_and_during_a_copy(stage: Stage) -> None:
    wish = Wish(stage.full)
    await stage.bot.start()
    stage.cloud.trouble.revoke_tokens()
    await stage.asks(wish)
    await stage.until_running(wish)
    stage.cloud.trouble.revoke_tokens()
    await ends_well(stage, wish)


async def test_identity_is_down_for_a_time(stage: Stage) -> None:
    """No token can be had while a copy runs: it is followed once there are tokens again."""
    wish = Wish(stage.full)
    await stage.bot.start()
    await stage.asks(wish)
    await stage.until_running(wish)
    identity = stage.cloud.trouble.refuse(503, times=1_000, operation="token")
    stage.cloud.trouble.revoke_tokens()
    stage.copies_finish()
    await eventually(lambda: identity.count >= 3)
    assert stage.state_of(wish) == "running"
    stage.cloud.trouble.lift()
    await stage.until_told(wish)
    nothing_is_lost_and_nothing_is_done_twice(stage, wish)


@pytest.mark.parametrize("region", ["DFW", "IAD"])
async def test_a_region_is_down_for_a_time(stage: Stage, region: str) -> None:
    wish = Wish(stage.full)
    await stage.bot.start()
    await stage.asks(wish)
    await stage.until_running(wish)
    down = stage.cloud.trouble.refuse(503, times=1_000, region=region)
    stage.copies_finish()
    await eventually(lambda: down.count >= 3)
    if region == wish.region:  # of the source alone, the last look before may have been in time
        assert stage.state_of(wish) == "running"
    stage.cloud.trouble.lift()
    await stage.until_told(wish)
    nothing_is_lost_and_nothing_is_done_twice(stage, wish)


async def test_a_region_is_slow(stage: Stage) -> None:
    wish = Wish(stage.full)
    stage.cloud.trouble.slow(0.3, times=1_000)
    await stage.bot.start()
    await stage.asks(wish)
    await ends_well(stage, wish)


async def test_the_destination_shows_less_than_the_source(stage: Stage) -> None:
    """The source is COMPLETED again, and the copy is still on its way: it has not failed."""
    wish = Wish(stage.full)
    stage.bot.environment["GRACE_SECONDS"] = "60"
    stage.cloud.destination_lag_seconds = 1_000
    await stage.bot.start()
    await stage.asks(wish)
    await stage.until_running(wish)
    stage.cloud.clock.advance(500)
    looked = len(stage.cloud.requests.of("list", region="IAD"))
    await eventually(lambda: len(stage.cloud.requests.of("list", region="IAD")) >= looked + 2)
    assert stage.state_of(wish) == "running"
    await ends_well(stage, wish)


ENDS: dict[CopyEnd, tuple[EventKind, str]] = {
    "FAILED": (EventKind.FAILED, "failed"),
    "COPY_ERROR": (EventKind.FAILED, "failed"),
    "NOTHING": (EventKind.FAILED, "failed"),
    "NEVER": (EventKind.LOST, "stopped watching"),
}


@pytest.mark.parametrize("how", ENDS)
async def test_a_copy_does_not_arrive(stage: Stage, how: CopyEnd) -> None:
    wish, (kind, words) = Wish(stage.full), ENDS[how]
    stage.bot.environment["GIVE_UP_SECONDS"] = "3"
    stage.cloud.trouble.fail_copies(ends=how)
    await stage.bot.start()
    await stage.asks(wish)
    await stage.until_running(wish)
    stage.copies_finish()
    await stage.until(kind, wish)
    await stage.until_told(wish)
    assert words in stage.lines_of(wish)[-1]
    assert len(stage.requests_for(wish)) == 1
    assert len(stage.messages) == 1
    the_audit_log_is_whole(stage)
