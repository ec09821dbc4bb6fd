"""What every record promises, whatever it is made of."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest

from bot.domain.backup import Backup, Datastore, Origin
from bot.domain.copies import Copy, CopyState
from bot.domain.events import Event, EventFilter, EventKind, RecordedEvent
from bot.domain.learned import CopyTime
from bot.domain.lineage import Evidence
from bot.domain.orders import OrderStanding
from bot.domain.people import BOT, Person
from bot.domain.reasons import Fault, Reason
from bot.operations.ports import Clock, Opened, Record
from bot.storage import open_storage
from tests.fakes.record import MemoryRecord
from tests.fakes.samples import sample_order

ANA = Person("U0ANA", "Ana")
BEN = Person("U0BEN", "Ben Öztürk")
START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class ListenedRecord(Record, Protocol):
    def on_commit(self, callback: Callable[[RecordedEvent], None]) -> None: ...


@pytest.fixture(params=["sqlite", "memory"])
async def record(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> AsyncIterator[ListenedRecord]:
    if request.param == "memory":
        yield MemoryRecord()
        return
    storage = await open_storage(tmp_path / "bot.db", clock)
    yield storage.record
    await storage.close()


def backup(backup_id: str = "ff44da4e-91eb-40ba-aa5b-841e1c308f55", region: str = "DFW") -> Backup:
    return Backup(
        id=backup_id,
        region=region,
        name="nightly <!channel> & <b>",
        status="COMPLETED",
        size_gb=1.25,
        created=START - timedelta(hours=6),
        datastore=Datastore("mysql", "5.6"),
        origin=Origin("instance", "3f0c"),
        is_automated=True,
    )


def new_copy(number: int = 1, **changes: object) -> Copy:
    copy = Copy(
        id=f"{number:06x}c0ffee",
        revision=0,
        order_id=f"{number:06x}c0ffee",
        backup=backup(),
        destination="IAD",
        name="nightly-copy",
        description="“before” the\nmigration",
        requested_by=ANA,
        requested_at=START + timedelta(minutes=number),
        channel="C0OPS",
    )
    return replace(copy, **{"order_id": changes.get("id", copy.id), **changes})  # type: ignore[arg-type]  # the attributes of a copy


def event(kind: EventKind = EventKind.COPY_REQUESTED, copy: Copy | None = None, **changes: object) -> Event:
    made = Event(kind=kind, at=START, who=ANA, where="C0OPS", facts={"seconds": 1.5, "status": 202, "nothing": None})
    if copy:
        about = copy.backup
        made = replace(made, copy_id=copy.id, backup_id=about.id, backup_name=about.name)
        made = replace(made, source=about.region, destination=copy.destination)
    return replace(made, **changes)  # type: ignore[arg-type]  # the attributes of an event


async def ask_for(record: Record, *copies: Copy, confirmation_id: str | None = None) -> Opened:
    """One order of all of these."""
    order = sample_order(*copies)
    order = replace(order, confirmation_id=confirmation_id or order.confirmation_id)
    return await record.open(order, [(copy, event(copy=copy, at=copy.requested_at)) for copy in copies])


async def opened(record: Record, copy: Copy) -> Copy:
    (new,) = (await ask_for(record, copy)).new
    return new


async def sequences(record: Record, wanted: EventFilter, limit: int = 20) -> list[int]:
    return [recorded.sequence for recorded in await record.events(wanted, limit=limit)]


# Opening


async def test_a_new_copy_is_open_and_its_request_is_in_the_log(record: ListenedRecord) -> None:
    copy = new_copy()
    answer = await ask_for(record, copy)
    assert answer.is_new
    assert (answer.new, answer.joined) == ((copy,), ())
    assert answer.standing == OrderStanding(sample_order(copy), (copy,))
    assert await record.open_copies() == [copy]
    assert [recorded.event for recorded in await record.story(copy.id)] == [event(copy=copy, at=copy.requested_at)]


async def test_fifty_at_once_who_ask_for_the_same_backup_and_region_get_one_copy(record: ListenedRecord) -> None:
    asked = [new_copy(number, requested_by=Person(f"U{number}", "somebody")) for number in range(50)]
    answers = await asyncio.gather(*(ask_for(record, copy) for copy in asked))
    assert sum(answer.is_new for answer in answers) == 1
    assert len({copy.id for answer in answers for copy in (*answer.new, *answer.joined)}) == 1
    assert sum(answer.standing is None for answer in answers) == 49
    kinds = [recorded.event.kind for recorded in await record.events(EventFilter(), limit=100)]
    assert kinds == [EventKind.COPY_JOINED] * 49 + [EventKind.COPY_REQUESTED]


async def test_a_confirmation_delivered_again_after_its_copy_ended_makes_no_second_copy(record: ListenedRecord) -> None:
    copy = await opened(record, new_copy())
    stopped = copy.moved(CopyState.STOPPED, ended_at=START)
    assert await record.move(stopped, event(EventKind.STOPPED, copy))
    answer = await ask_for(record, new_copy())
    assert not answer.is_new
    assert answer.standing is not None
    assert answer.standing.copies == (stopped,)
    assert len(await sequences(record, EventFilter())) == 2


async def test_after_a_copy_has_ended_the_same_one_can_be_asked_for_again(record: ListenedRecord) -> None:
    copy = await opened(record, new_copy(1))
    await record.move(copy.moved(CopyState.STOPPED), event(EventKind.STOPPED, copy))
    assert (await ask_for(record, new_copy(2))).is_new


@pytest.mark.parametrize(
    "other", [{"destination": "ORD"}, {"backup": backup("another")}, {"backup": backup(region="SYD")}]
)
async def test_another_backup_or_source_or_destination_is_another_copy(
    record: ListenedRecord, other: dict[str, object]
) -> None:
    await opened(record, new_copy(1))
    assert (await ask_for(record, new_copy(2, **other))).is_new


# Orders of several copies


CHAIN = tuple(backup(each) for each in ("full", "middle", "leaf"))


def chain(number: int, *backups: Backup, **changes: object) -> list[Copy]:
    """Copies of one order, each after the one before."""
    copies: list[Copy] = []
    for place, each in enumerate(backups):
        after = copies[-1].id if copies else None
        copy = new_copy(number * 16 + place, backup=each, after=after, **changes)
        copies.append(
            replace(copy, order_id=f"{number * 16:06x}c0ffee", requested_at=START + timedelta(minutes=number))
        )
    return copies


async def test_an_order_of_several_copies_is_opened_at_once(record: ListenedRecord) -> None:
    copies = chain(1, *CHAIN)
    answer = await ask_for(record, *copies)
    assert answer.is_new
    assert list(answer.new) == copies
    found = await record.order(copies[0].order_id)
    assert found is not None
    assert list(found.copies) == copies
    assert await sequences(record, EventFilter()) == [3, 2, 1]


async def test_of_overlapping_orders_each_copy_is_opened_once_and_the_others_come_after_it(
    record: ListenedRecord,
) -> None:
    first = chain(1, *CHAIN)
    second = chain(2, CHAIN[0], CHAIN[1], backup("other leaf"), requested_by=BEN)
    await ask_for(record, *first)
    answer = await ask_for(record, *second)
    assert answer.is_new
    assert [copy.id for copy in answer.joined] == [first[0].id, first[1].id]
    (leaf,) = answer.new
    assert (leaf.id, leaf.after) == (second[2].id, first[1].id)
    assert answer.standing is not None
    assert [copy.id for copy in answer.standing.copies] == [first[0].id, first[1].id, leaf.id]
    joined = await record.events(EventFilter(kinds=(EventKind.COPY_JOINED,)))
    assert {(each.event.copy_id, each.event.who) for each in joined} == {(first[0].id, ANA), (first[1].id, ANA)}


async def test_overlapping_orders_at_the_same_moment_share_what_they_both_need(record: ListenedRecord) -> None:
    orders = [chain(number, CHAIN[0], CHAIN[1], backup(f"leaf-{number}")) for number in range(1, 21)]
    answers = await asyncio.gather(*(ask_for(record, *copies) for copies in orders))
    assert all(answer.is_new for answer in answers)
    opened_once = [copy.backup.id for copy in await record.open_copies()]
    assert sorted(opened_once) == sorted(["full", "middle", *(f"leaf-{number}" for number in range(1, 21))])
    middle = next(copy for copy in await record.open_copies() if copy.backup.id == "middle")
    assert len(await record.orders_with(middle.id)) == 20
    for answer in answers:
        assert answer.standing is not None
        assert answer.standing.copies[-1].after == middle.id


async def test_a_copy_names_the_order_that_opened_it_and_every_order_that_has_it(record: ListenedRecord) -> None:
    first, second = chain(1, *CHAIN), chain(2, CHAIN[0], backup("other leaf"))
    await ask_for(record, *first)
    await ask_for(record, *second)
    of_copy = await record.order(first[2].id)
    assert of_copy is not None
    assert of_copy.order.id == first[0].order_id
    assert [each.order.id for each in await record.orders_with(first[0].id)] == [
        first[0].order_id,
        second[0].order_id,
    ]
    assert await record.orders_with("nothing") == []


async def test_orders_are_open_as_long_as_one_of_their_copies_is(record: ListenedRecord) -> None:
    first, second = chain(1, CHAIN[0]), chain(2, CHAIN[0], CHAIN[1], requested_by=BEN)
    await ask_for(record, *first)
    await ask_for(record, *second)
    await record.move(first[0].moved(CopyState.STOPPED), event(EventKind.STOPPED, first[0]))
    assert [each.order.id for each in await record.open_orders()] == [second[0].order_id]
    assert [each.order.id for each in await record.orders_of(BEN.id)] == [second[0].order_id]
    assert [each.order.id for each in await record.orders_of(ANA.id, limit=1)] == [first[0].order_id]


async def test_the_story_of_an_order_begins_when_it_was_opened(record: ListenedRecord) -> None:
    first, second = chain(1, *CHAIN), chain(2, CHAIN[0], backup("other leaf"))
    await ask_for(record, *first)
    await record.move(
        first[0].moved(CopyState.SENDING), event(EventKind.SENDING, first[0], at=START + timedelta(seconds=90))
    )
    await ask_for(record, *second)
    late = event(EventKind.SEEN, first[0], at=START + timedelta(minutes=9))
    await record.append(late)
    assert [recorded.event.kind for recorded in await record.story(second[0].order_id)] == [
        EventKind.COPY_JOINED,
        EventKind.COPY_REQUESTED,
        EventKind.SEEN,
    ]
    assert len(await record.story(first[0].order_id)) == 6


async def test_the_times_of_completed_copies_between_two_regions_come_newest_first(record: ListenedRecord) -> None:
    for number, (seconds, destination) in enumerate([(60, "IAD"), (120, "IAD"), (600, "ORD")]):
        copy = await opened(record, new_copy(number, backup=backup(f"b{number}"), destination=destination))
        sending = copy.moved(CopyState.SENDING, sent_at=START)
        running = sending.moved(CopyState.RUNNING)
        ended = running.moved(CopyState.COMPLETED, ended_at=START + timedelta(seconds=seconds))
        for moved in (sending, running, ended):
            assert await record.move(moved, event(EventKind.SEEN, copy))
    assert list(await record.times("DFW", "IAD")) == [CopyTime(1.25, 120.0), CopyTime(1.25, 60.0)]
    assert list(await record.times("DFW", "IAD", limit=1)) == [CopyTime(1.25, 120.0)]
    assert list(await record.times("SYD", "IAD")) == []


# Moving


async def test_a_move_and_its_event_are_written_together(record: ListenedRecord) -> None:
    copy = await opened(record, new_copy())
    sending = copy.moved(CopyState.SENDING, attempts=1, sent_at=START, present_before=("a", "b"))
    assert await record.move(sending, event(EventKind.SENDING, copy))
    assert await record.copy(copy.id) == sending
    assert await sequences(record, EventFilter(kinds=(EventKind.SENDING,))) == [2]


async def test_of_moves_at_the_same_time_one_wins_and_the_others_write_nothing(record: ListenedRecord) -> None:
    copy = await opened(record, new_copy())
    moves = [copy.moved(state) for state in (CopyState.SENDING, CopyState.STOPPED, CopyState.WAITING) * 10]
    won = await asyncio.gather(*(record.move(move, event(EventKind.SEEN, copy)) for move in moves))
    assert sum(won) == 1
    assert await record.copy(copy.id) == moves[won.index(True)]
    assert len(await record.story(copy.id)) == 2


async def test_a_copy_that_is_not_there_cannot_be_moved(record: ListenedRecord) -> None:
    assert not await record.move(new_copy().moved(CopyState.SENDING), event())
    assert await sequences(record, EventFilter()) == []


async def test_everything_known_about_a_copy_comes_back_as_it_was_written(record: ListenedRecord) -> None:
    copy = await opened(record, new_copy())
    full = replace(
        copy.moved(CopyState.FAILED),
        present_before=("x",),
        attempts=3,
        sent_at=START,
        next_attempt_at=START + timedelta(seconds=0.25),
        parent_id="p",
        parent_evidence=Evidence.SAME_FILES,
        copied_id="new",
        copied_evidence=Evidence.SAID_BY_PERSON,
        shown_status="SOMETHING_NEW",
        ended_at=START,
        reason=Reason.OVER_LIMIT,
        fault=Fault(Reason.OVER_LIMIT, 413, "overLimit", "slow <down>", 12.5),
        ended_by=BOT,
    )
    assert await record.move(full, event(EventKind.FAILED, copy))
    assert await record.copy(copy.id) == full


# Waiting


async def test_who_waits_for_a_copy_is_woken_by_its_move(record: ListenedRecord) -> None:
    copy = await opened(record, new_copy())
    waiting = [asyncio.create_task(record.changed(copy, timeout=60)) for _ in range(3)]
    await asyncio.sleep(0)
    moved = copy.moved(CopyState.SENDING)
    await record.move(moved, event(EventKind.SENDING, copy))
    assert await asyncio.gather(*waiting) == [moved] * 3


async def test_who_waits_for_a_copy_that_has_moved_on_already_does_not_wait(record: ListenedRecord) -> None:
    copy = await opened(record, new_copy())
    moved = copy.moved(CopyState.SENDING)
    await record.move(moved, event(EventKind.SENDING, copy))
    assert await asyncio.wait_for(record.changed(copy, timeout=600), timeout=60) == moved


async def test_who_waits_in_vain_gets_the_copy_as_it_is(record: ListenedRecord) -> None:
    copy = await opened(record, new_copy(1))
    other = await opened(record, new_copy(2, destination="ORD"))
    waiting = asyncio.create_task(record.changed(copy, timeout=0.05))
    await record.move(other.moved(CopyState.SENDING), event())
    assert await waiting == copy


async def test_one_who_stops_waiting_does_not_disturb_the_others(record: ListenedRecord) -> None:
    copy = await opened(record, new_copy())
    impatient = asyncio.create_task(record.changed(copy, timeout=60))
    patient = asyncio.create_task(record.changed(copy, timeout=60))
    await asyncio.sleep(0)
    impatient.cancel()
    moved = copy.moved(CopyState.SENDING)
    await record.move(moved, event(EventKind.SENDING, copy))
    assert await patient == moved


# Being told of commits


async def test_listeners_hear_of_every_event_in_the_order_of_the_log(record: ListenedRecord) -> None:
    heard: list[int] = []
    all_heard = asyncio.Event()

    def listener(recorded: RecordedEvent) -> None:
        heard.append(recorded.sequence)
        if len(heard) == 32:
            all_heard.set()

    record.on_commit(listener)
    copy = await opened(record, new_copy())
    await ask_for(record, new_copy(2))  # joins
    await asyncio.gather(*(record.append(event(EventKind.SEEN, copy)) for _ in range(30)))
    await asyncio.wait_for(all_heard.wait(), timeout=60)
    assert heard == list(range(1, 33))


async def test_a_listener_finds_what_it_hears_of_in_the_record(record: ListenedRecord) -> None:
    found: asyncio.Queue[Copy | None] = asyncio.Queue()
    tasks: list[asyncio.Task[None]] = []

    async def look(recorded: RecordedEvent) -> None:
        await found.put(await record.copy(recorded.event.copy_id or ""))

    record.on_commit(lambda recorded: tasks.append(asyncio.create_task(look(recorded))))
    copy = await opened(record, new_copy())
    assert await asyncio.wait_for(found.get(), timeout=60) == copy


# Finding copies


async def test_the_beginning_of_an_id_is_enough_if_it_names_one_order(record: ListenedRecord) -> None:
    copy = await opened(record, new_copy(1, id="7f3a91c2aaaa"))
    await opened(record, new_copy(2, id="7f3a91c2bbbb", destination="ORD"))
    found = await record.order("7f3a91c2a")
    assert found == OrderStanding(sample_order(copy), (copy,))
    for typed in ("7f3a91c2", "7f3a9", "", "7f3a91%"):
        assert await record.order(typed) is None


async def test_open_copies_come_oldest_first_and_ended_ones_do_not_come(record: ListenedRecord) -> None:
    copies = [await opened(record, new_copy(n, backup=backup(f"b{n}"))) for n in (3, 1, 2)]
    await record.move(copies[2].moved(CopyState.STOPPED), event(EventKind.STOPPED, copies[2]))
    assert await record.open_copies() == [copies[1], copies[0]]


async def test_the_open_copy_of_a_backup_is_found_by_backup_source_and_destination(record: ListenedRecord) -> None:
    copy = await opened(record, new_copy())
    assert await record.open_copy(backup_id=copy.backup.id, source="DFW", destination="IAD") == copy
    assert await record.open_copy(backup_id=copy.backup.id, source="DFW", destination="ORD") is None
    assert await record.open_copy(backup_id=copy.backup.id, source="SYD", destination="IAD") is None


async def test_copies_are_found_newest_first_by_backup_destination_and_person(record: ListenedRecord) -> None:
    one = await opened(record, new_copy(1))
    two = await opened(record, new_copy(2, destination="ORD", requested_by=BEN))
    three = await opened(record, new_copy(3, backup=backup("other")))
    three = three.moved(CopyState.STOPPED)
    await record.move(three, event())
    assert await record.copies() == [three, two, one]
    assert await record.copies(limit=2) == [three, two]
    assert await record.copies(backup_id=one.backup.id) == [two, one]
    assert await record.copies(destination="IAD") == [three, one]
    assert await record.copies(requested_by=BEN.id) == [two]
    assert await record.copies(backup_id=one.backup.id, destination="ORD", requested_by=ANA.id) == []


async def test_copies_of_the_same_second_keep_their_order(record: ListenedRecord) -> None:
    early = await opened(record, new_copy(1, backup=backup("a"), requested_at=START))
    late = await opened(record, new_copy(2, backup=backup("b"), requested_at=START + timedelta(milliseconds=1)))
    assert await record.open_copies() == [early, late]


# Finding events


async def test_an_appended_event_comes_back_in_its_place_and_as_it_was(record: ListenedRecord) -> None:
    await record.append(event())
    strange = event(
        EventKind.REFUSED_PERSON,
        who=BEN,
        reason=Reason.PERSON_NOT_ALLOWED,
        at=START.astimezone() + timedelta(microseconds=7),
        facts={"text": "\"quoted\" \\ 'x' \n\t\0 🙂 <!here>", "count": 3, "ratio": 0.1, "none": None},
    )
    recorded = await record.append(strange)
    assert recorded.sequence == 2
    assert (await record.events(EventFilter(), limit=1))[0] == recorded
    assert recorded.event == strange


@dataclass(frozen=True)
class Wanted:
    filter: EventFilter
    found: list[int]


WANTED = {
    "everything": Wanted(EventFilter(), [5, 4, 3, 2, 1]),
    "before": Wanted(EventFilter(before=3), [2, 1]),
    "person by id": Wanted(EventFilter(person="U0BEN"), [4, 3]),
    "person by name": Wanted(EventFilter(person="ana"), [2, 1]),
    "nobody": Wanted(EventFilter(person="nobody"), []),
    "copy": Wanted(EventFilter(copy_id="000001c0ffee"), [2, 1]),
    "backup": Wanted(EventFilter(backup_id="other"), [3]),
    "region as source": Wanted(EventFilter(region="SYD"), [3]),
    "region as either": Wanted(EventFilter(region="IAD"), [3, 2, 1]),
    "kinds": Wanted(EventFilter(kinds=(EventKind.SENDING, EventKind.BOT_STARTED)), [5, 2]),
    "since": Wanted(EventFilter(since=START + timedelta(minutes=2)), [5, 4, 3]),
    "until": Wanted(EventFilter(until=START + timedelta(minutes=2)), [2, 1]),
    "between": Wanted(EventFilter(since=START + timedelta(minutes=1), until=START + timedelta(minutes=3)), [3, 2]),
    "text in any case": Wanted(EventFilter(text="FRIDAY"), [4]),
    "text beyond ASCII": Wanted(EventFilter(text="ÖZTÜRK"), [4, 3]),
    "text with a quote": Wanted(EventFilter(text='"late"'), [4]),
    "text with wildcards": Wanted(EventFilter(text="100%_"), [4]),
    "wildcards are no wildcards": Wanted(EventFilter(text="F%y"), []),
    "an attribute's name is no text": Wanted(EventFilter(text="backup_id"), []),
    "a fact's name is no text": Wanted(EventFilter(text="seconds"), []),
    "a number": Wanted(EventFilter(text="202"), [5, 3, 2, 1]),
    "all together": Wanted(
        EventFilter(person="u0ana", region="DFW", kinds=(EventKind.SENDING,), text="nightly", before=5), []
    ),
    "all together and right": Wanted(
        EventFilter(person="Ana", region="DFW", kinds=(EventKind.SENDING,), text="nightly", before=5), [2]
    ),
}


async def with_five_events(record: Record) -> None:
    copy = new_copy()
    other = new_copy(2, backup=backup("other", "SYD"))
    events = [
        event(copy=copy),
        event(EventKind.SENDING, copy),
        event(EventKind.COPY_REQUESTED, other, who=BEN),
        event(EventKind.REFUSED, who=BEN, facts={"message": 'not on Friday: "late" 100%_ sure'}),
        event(EventKind.BOT_STARTED, who=BOT),
    ]
    for minute, each in enumerate(events):
        await record.append(replace(each, at=START + timedelta(minutes=minute)))


@pytest.mark.parametrize("wanted", WANTED.values(), ids=WANTED.keys())
async def test_events_are_found_newest_first_by(record: ListenedRecord, wanted: Wanted) -> None:
    await with_five_events(record)
    assert await sequences(record, wanted.filter) == wanted.found
    assert await sequences(record, wanted.filter, limit=1) == wanted.found[:1]
    oldest_first = [recorded.sequence async for recorded in record.all_events(wanted.filter)]
    assert oldest_first == wanted.found[::-1]


async def test_all_events_are_given_page_after_page(record: ListenedRecord) -> None:
    await asyncio.gather(*(record.append(event()) for _ in range(1203)))
    assert [recorded.sequence async for recorded in record.all_events(EventFilter())] == list(range(1, 1204))


async def test_the_story_of_a_copy_goes_on_after_what_was_told(record: ListenedRecord) -> None:
    copy = await opened(record, new_copy())
    await record.append(event(EventKind.BOT_STARTED))
    await record.move(copy.moved(CopyState.SENDING), event(EventKind.SENDING, copy))
    assert [recorded.sequence for recorded in await record.story(copy.id)] == [1, 3]
    assert [recorded.event.kind for recorded in await record.story(copy.id, after=1)] == [EventKind.SENDING]
    assert list(await record.story("another")) == []
