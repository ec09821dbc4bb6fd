"""A copy that waits for the agreement of somebody else, while the bot is stopped and started again.

That nothing is lost nor done twice around the moment in which they agree, the fault matrix shows.
"""

from pathlib import Path

from bot.domain.copies import CopyState
from tests.faults.boundaries import ForkedBot
from tests.faults.checks import nothing_is_lost_and_nothing_is_done_twice
from tests.faults.patience import eventually
from tests.faults.stage import AGREEMENT_NEEDED, APPROVER, Wish, set_stage


async def test_what_waits_for_agreement_survives_a_restart(tmp_path: Path) -> None:
    async with set_stage(tmp_path, ForkedBot, rules=AGREEMENT_NEEDED) as stage:
        wish = Wish(stage.full, approver=APPROVER)
        await stage.bot.start()
        await stage.asks(wish)
        await eventually(lambda: bool(stage.approvers_messages))
        assert stage.state_of(wish) == CopyState.AWAITING_APPROVAL
        await stage.bot.restart()
        assert stage.requests_for(wish) == []
        await stage.until_agreed(wish)
        await stage.until_told(wish)
        nothing_is_lost_and_nothing_is_done_twice(stage, wish)
