"""What every record promises, whatever it is made of."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from bot.domain.copies import Copy, CopyState
from bot.domain.events import EventFilter, EventKind, Outcome, RecordedEvent
from bot.domain.judgement import Usage
from bot.domain.lineage import Evidence
from bot.domain.orders import OrderStanding
from bot.domain.people import BOT, Person
from bot.domain.reasons import Fault, Reason
from bot.operations.ports import Record
from tests.fakes.records import (
    ANA,
    BEN,
    START,
    ListenedRecord,
    ask_for,
    backup,
    completed,
    event,
    new_copy,
    opened,
    sequences,
)
from tests.fakes.samples import sample_order

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
    "copy": Wanted(EventFilter(copy_id="000001c0ffee"), [4, 2, 1]),
    "backup": Wanted(EventFilter(backup_id="other"), [3]),
    "region as source": Wanted(EventFilter(region="SYD"), [3]),
    "region as either": Wanted(EventFilter(region="IAD"), [3, 2, 1]),
    "kinds": Wanted(EventFilter(kinds=(EventKind.SENDING, EventKind.BOT_STARTED)), [5, 2]),
    "outcome": Wanted(EventFilter(outcomes=(Outcome.REFUSED,)), [4, 2, 1]),
    "one of several outcomes": Wanted(EventFilter(outcomes=(Outcome.LOST, Outcome.REFUSED)), [4, 2, 1]),
    "an outcome nothing had": Wanted(EventFilter(outcomes=(Outcome.COMPLETED,)), []),
    "who asked for what was refused": Wanted(EventFilter(outcomes=(Outcome.REFUSED,), person="Ana"), [2, 1]),
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
        event(EventKind.REFUSED, who=BEN, copy_id=copy.id, facts={"message": 'not on Friday: "late" 100%_ sure'}),
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


# What was asked for lately


async def test_what_a_person_and_a_channel_have_asked_for_is_counted(record: ListenedRecord) -> None:
    day = timedelta(days=1)
    sized = replace(backup("one"), size_gb=2.5)
    await completed(record, new_copy(1, backup=sized, requested_at=START), START)
    await opened(record, new_copy(2, backup=replace(sized, id="two"), requested_at=START - 2 * day))
    await opened(record, new_copy(3, backup=replace(sized, id="three"), requested_by=BEN, channel="C-other"))
    assert await record.usage(START - day, person_id=ANA.id) == Usage(running=1, copies=1, gb=2.5, gb_running=2.5)
    assert await record.usage(START - day, channel="C-other") == Usage(running=1, copies=1, gb=2.5, gb_running=2.5)
    assert await record.usage(START - day) == Usage(running=2, copies=2, gb=5.0, gb_running=5.0)
    assert await record.usage(START - day, person_id="U-nobody") == Usage()
