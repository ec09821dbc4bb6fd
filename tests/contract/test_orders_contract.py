"""What every record promises about orders, whatever it is made of."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from bot.domain.backup import Backup
from bot.domain.copies import Copy, CopyState
from bot.domain.events import EventFilter, EventKind
from bot.domain.learned import CopyTime
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


async def test_what_arrived_since_somebody_looked_is_not_copied_again(record: ListenedRecord) -> None:
    there = await completed(record, new_copy(1, backup=CHAIN[0]), at=START + timedelta(seconds=30))
    full, middle = chain(2, CHAIN[0], CHAIN[1])
    answer = await ask_for(record, full, middle, looked_at=START + timedelta(seconds=30))
    assert answer.joined == (there,)
    (new,) = answer.new
    assert (new.id, new.after) == (middle.id, there.id)
    assert answer.standing is not None
    assert answer.standing.copies == (there, new)
    assert [each.event.kind for each in await record.story(answer.standing.order.id)] == [
        EventKind.COPY_JOINED,
        EventKind.COPY_REQUESTED,
    ]


async def test_what_had_arrived_before_somebody_looked_is_copied_again_if_that_is_confirmed(
    record: ListenedRecord,
) -> None:
    await completed(record, new_copy(1), at=START + timedelta(seconds=30))
    answer = await ask_for(record, new_copy(2), looked_at=START + timedelta(seconds=31))
    assert answer.is_new
    assert answer.joined == ()


async def test_what_failed_since_somebody_looked_is_opened_anew(record: ListenedRecord) -> None:
    copy = await opened(record, new_copy(1))
    failed = copy.moved(CopyState.FAILED, ended_at=START + timedelta(seconds=40))
    assert await record.move(failed, event(EventKind.FAILED, copy))
    answer = await ask_for(record, new_copy(2), looked_at=START + timedelta(seconds=31))
    assert [each.id for each in answer.new] == [new_copy(2).id]


async def test_no_order_is_made_where_all_of_it_has_arrived_meanwhile(record: ListenedRecord) -> None:
    there = await completed(record, new_copy(1), at=START + timedelta(seconds=30))
    answer = await ask_for(record, new_copy(2), looked_at=START)
    assert (answer.standing, answer.is_new, answer.new, answer.joined) == (None, False, (), (there,))
    assert await record.order(new_copy(2).order_id) is None


async def test_a_copy_is_found_by_the_id_under_which_it_arrived(record: ListenedRecord) -> None:
    there = await completed(record, new_copy(1), at=START, copied_id="new")
    other = await completed(record, new_copy(2, destination="ORD"), at=START, copied_id="newer")
    await opened(record, new_copy(3))
    assert await record.copies(copied_id="new") == [there]
    assert await record.copies(copied_id="newer", destination="ORD") == [other]
    assert await record.copies(copied_id="newer", destination="IAD") == []


async def test_times_count_copies_that_were_sent_and_seen_to_end(record: ListenedRecord) -> None:
    said = await opened(record, new_copy(1))
    steps = [
        (sending := said.moved(CopyState.SENDING, sent_at=START)),
        (undecided := sending.moved(CopyState.UNDECIDED)),
        undecided.moved(CopyState.COMPLETED, ended_at=START + timedelta(seconds=5), ended_by=ANA),
    ]
    for moved in steps:
        assert await record.move(moved, event(EventKind.SEEN, said))
    found = await opened(record, new_copy(2, backup=backup("found")))
    there = found.moved(CopyState.COMPLETED, ended_at=START + timedelta(seconds=5))
    assert await record.move(there, event(EventKind.FOUND_THERE, found))
    unknown = new_copy(3, backup=replace(backup("unknown"), size_gb=None))
    await completed(record, unknown, at=START + timedelta(seconds=0.5))
    assert list(await record.times("DFW", "IAD")) == [CopyTime(None, 0.5)]


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


async def test_orders_are_found_by_any_beginning_of_their_id_newest_first(record: ListenedRecord) -> None:
    for number in (1, 2):
        await ask_for(record, *chain(number, backup(f"b{number}")))

    found = await record.orders_beginning("0000", limit=5)

    assert [each.order.id for each in found] == ["000020c0ffee", "000010c0ffee"]
    assert len(await record.orders_beginning("0000", limit=1)) == 1
    assert await record.orders_beginning("", limit=5) == []
    assert await record.orders_beginning("00_", limit=5) == []
