"""Rules are changed while the bot runs: a good file counts, a broken or missing one leaves the rules as they were."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.domain.backup import REGIONS_FOR_COPIES
from bot.domain.events import Event, EventKind, RecordedEvent
from bot.operations.ports import StoreTroubleError
from bot.rules_file import RulesFileError, RulesFileInForce
from bot.rules_file.in_force import LOOK_EVERY
from tests.fakes.clocks import JumpingClock
from tests.fakes.conditions import until
from tests.fakes.record import MemoryRecord

ONE = '[[allow]]\nname = "dba"\npeople = ["U0ANA"]\n'
TWO = f'{ONE}[[allow]]\nname = "ops"\ngroups = ["S0OPS"]\n'
BROKEN = "[[allow]]\nname = 7\n"


class FullDisk(MemoryRecord):
    """A record that cannot be written, as long as a test says so."""

    is_full = False

    async def append(self, event: Event) -> RecordedEvent:
        if self.is_full:
            raise StoreTroubleError("the disk is full")
        return await super().append(event)


@dataclass
class Looking:
    """The rules of a file, and what a test does with it."""

    path: Path
    rules: RulesFileInForce
    record: FullDisk
    clock: JumpingClock

    async def looks(self, times: int = 2) -> None:
        for _ in range(times):
            await self.rules.look(self.record, self.clock)

    @property
    def names(self) -> list[str]:
        return [rule.name for rule in self.rules.now().allow]

    @property
    def events(self) -> list[Event]:
        return [recorded.event for recorded in self.record.history]

    @property
    def kinds(self) -> list[EventKind]:
        return [event.kind for event in self.events]


@pytest.fixture
def looking(tmp_path: Path) -> Looking:
    path = tmp_path / "rules.toml"
    path.write_text(ONE)
    return Looking(path, RulesFileInForce(path, REGIONS_FOR_COPIES), FullDisk(), JumpingClock())


async def test_a_changed_file_counts_and_is_written_down(looking: Looking) -> None:
    looking.path.write_text(TWO)
    await looking.looks()

    assert looking.names == ["dba", "ops"]
    (event,) = looking.events
    assert (event.kind, event.facts["rules"]) == (EventKind.RULES_CHANGED, 2)
    assert len(str(event.facts["digest"])) == 64


async def test_a_file_that_stays_as_it_is_says_nothing(looking: Looking) -> None:
    looking.path.touch()
    await looking.looks(5)

    assert looking.events == []


async def test_half_a_file_is_not_taken_for_rules(looking: Looking) -> None:
    looking.path.write_text(TWO)
    await looking.looks(1)
    assert looking.names == ["dba"], "somebody may still be writing"

    looking.path.write_text(TWO.replace('"ops"', '"operators"'))
    await looking.looks(1)
    assert looking.names == ["dba"]

    await looking.looks(1)
    assert looking.names == ["dba", "operators"]
    assert looking.kinds == [EventKind.RULES_CHANGED]


async def test_a_broken_file_keeps_the_rules_and_is_told_once(
    looking: Looking, caplog: pytest.LogCaptureFixture
) -> None:
    looking.path.write_text(BROKEN)
    with caplog.at_level(logging.INFO):
        await looking.looks(6)

    assert looking.names == ["dba"]
    (event,) = looking.events
    assert event.kind is EventKind.RULES_REJECTED
    assert event.facts["mistakes"] == (
        "line 1: [[allow]]: lets nobody ask: name `people`, `groups` or `channels`; "
        "line 2: [[allow]] name: has to be text, in quotes"
    )
    assert len([line for line in caplog.messages if "cannot be used, and the rules stay as they were" in line]) == 1


async def test_each_broken_file_is_told(looking: Looking) -> None:
    for content in (BROKEN, f"{BROKEN}\n", "[["):
        looking.path.write_text(content)
        await looking.looks(3)

    assert looking.kinds == [EventKind.RULES_REJECTED] * 3
    assert len({event.facts["digest"] for event in looking.events}) == 3


@pytest.mark.parametrize("content", [TWO, BROKEN])
async def test_what_several_bots_see_of_one_file_is_written_down_once(looking: Looking, content: str) -> None:
    others = [RulesFileInForce(looking.path, REGIONS_FOR_COPIES) for _ in range(2)]
    looking.path.write_text(content)
    await looking.looks(3)
    before = len(looking.events)
    for other in others:
        for _ in range(3):
            await other.look(looking.record, looking.clock)
    assert before == len(looking.events) == 1
    assert [other.now() for other in others] == [looking.rules.now()] * 2


@pytest.mark.parametrize("take_away", [Path.unlink, lambda path: (path.unlink(), path.mkdir())])
async def test_a_file_that_is_gone_keeps_the_rules(looking: Looking, take_away: Callable[[Path], object]) -> None:
    take_away(looking.path)
    await looking.looks(4)

    assert looking.names == ["dba"]
    (event,) = looking.events
    assert event.kind is EventKind.RULES_REJECTED
    assert "cannot be read" in str(event.facts["mistakes"])


async def test_the_former_file_again_changes_nothing(looking: Looking, caplog: pytest.LogCaptureFixture) -> None:
    looking.path.write_text(BROKEN)
    await looking.looks()
    looking.path.write_text(ONE)
    with caplog.at_level(logging.INFO):
        await looking.looks()

    assert looking.kinds == [EventKind.RULES_REJECTED]
    assert "is again as the rules in force" in caplog.text

    looking.path.write_text(TWO)
    await looking.looks()
    assert looking.names == ["dba", "ops"]


async def test_no_rules_are_in_force_that_are_not_written_down(looking: Looking) -> None:
    looking.record.is_full = True
    looking.path.write_text(TWO)
    with pytest.raises(StoreTroubleError):
        await looking.looks()
    assert looking.names == ["dba"]

    looking.record.is_full = False
    await looking.looks(1)
    assert looking.names == ["dba", "ops"]
    assert looking.kinds == [EventKind.RULES_CHANGED]


async def test_it_goes_on_looking_every_few_seconds_whatever_happens(looking: Looking) -> None:
    looking.record.is_full = True
    looking.path.write_text(TWO)
    keeping = asyncio.create_task(looking.rules.keep_current(looking.record, looking.clock))
    await until(lambda: len(looking.clock.slept) > 5)
    looking.record.is_full = False
    await until(lambda: looking.names == ["dba", "ops"])
    keeping.cancel()
    with suppress(asyncio.CancelledError):
        await keeping

    assert set(looking.clock.slept) == {LOOK_EVERY}


async def test_the_audit_log_says_which_rules_the_bot_began_with_unless_it_knows(looking: Looking) -> None:
    await looking.rules.note_start(looking.record, looking.clock)
    await RulesFileInForce(looking.path, REGIONS_FOR_COPIES).note_start(looking.record, looking.clock)
    assert looking.kinds == [EventKind.RULES_CHANGED]

    looking.path.write_text(TWO)
    await RulesFileInForce(looking.path, REGIONS_FOR_COPIES).note_start(looking.record, looking.clock)
    assert [event.facts["rules"] for event in looking.events] == [1, 2]


@pytest.mark.parametrize(
    ("write", "expected"),
    [
        (lambda path: path.write_text(BROKEN), "line 2: [[allow]] name: has to be text, in quotes"),
        (lambda _: None, "rules.toml cannot be read: No such file or directory"),
        (lambda path: path.mkdir(), "rules.toml cannot be read: Is a directory"),
        (lambda path: path.write_bytes(b"#" * 1_000_001), "rules.toml is too large to be a file of rules"),
    ],
)
def test_a_bot_without_rules_does_not_begin(tmp_path: Path, write: Callable[[Path], object], expected: str) -> None:
    path = tmp_path / "rules.toml"
    write(path)

    with pytest.raises(RulesFileError) as caught:
        RulesFileInForce(path, REGIONS_FOR_COPIES)

    assert expected in str(caught.value)
