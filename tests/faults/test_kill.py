"""kill -9 at any moment: after the restart everything goes on, and nothing is done a second time."""

from pathlib import Path

from tests.faults.checks import nothing_is_lost_and_nothing_is_done_twice
from tests.faults.stage import Wish, set_stage


async def test_during_a_running_copy(tmp_path: Path) -> None:
    async with set_stage(tmp_path) as stage:
        await stage.bot.start()
        wish = Wish(stage.full)
        await stage.asks(wish)
        await stage.until_told(wish)
        nothing_is_lost_and_nothing_is_done_twice(stage, wish)
