"""What grows with copies and with time is measured on the bot's own process; with tiny numbers here."""

import pytest

from tests.bench.work.many_copies import start_and_run_many_copies
from tests.bench.work.week import a_week_of_use

pytestmark = pytest.mark.slow


async def test_a_week_of_use_is_told_by_its_last_day_over_its_second() -> None:
    memory, processor = await a_week_of_use(commands_a_day=10, most_seconds=30)

    assert memory.measured == pytest.approx(1.0, abs=0.5)
    assert processor.measured
    assert (memory.unit, processor.unit) == ("times", "times")


async def test_what_fewer_copies_cost_stands_beside_what_the_most_cost() -> None:
    rows = await start_and_run_many_copies((2, 5), seconds=0.5)

    memory = rows[-1]
    assert memory.what == "5 copies running: memory"
    assert [reference.name for reference in memory.references] == ["2 copies"]
    assert memory.measured
