"""Radar: copies that were made without this bot, and copies of this bot that are gone. Each is written down once."""

import asyncio
from collections.abc import Iterable, Sequence
from itertools import permutations

from bot.domain.events import Event, EventKind
from bot.domain.people import BOT
from bot.domain.radar import CopyFound, found_outside, vanished
from bot.domain.reasons import Fault, Reason
from bot.domain.survey import Made
from bot.operations.ports import Ports
from bot.operations.recognition import show
from bot.operations.report_coverage import Surveyor

MOST_ASKED = 20
"""Copies that are gone are asked for before that is believed; so many at most after one refresh."""


async def watch_copies(ports: Ports, surveyor: Surveyor) -> None:
    """Write down what has happened to copies without this bot.

    Only regions that were read to the end, and without a fault since, say something. What was so already when two
    regions were first seen side by side is remembered, and is no news: of an account that is years old the audit log
    would have thousands of lines about what nobody did just then.
    """
    refreshes = [await ports.catalogue.refreshed(region) for region in ports.cloud.regions]
    seen_at = {each.region: each.complete_at for each in refreshes if each.complete_at and each.fault is None}
    if not seen_at:
        return
    survey = await surveyor.survey(latest=True)
    found = await asyncio.to_thread(found_outside, survey, frozenset(seen_at))
    gone = await asyncio.to_thread(vanished, survey, seen_at)
    await _note_found(ports, found, sorted(seen_at))
    await _note_gone(ports, gone)


async def _note_found(ports: Ports, found: Sequence[CopyFound], regions: Sequence[str]) -> None:
    ways = {_way_key(way): way for way in permutations(regions, 2)}
    known_ways = await ports.record.are_noted(list(ways))
    for key, way in ways.items():
        here = [each for each in found if each.way == way]
        if key in known_ways:
            known = await ports.record.are_noted([each.key for each in here])
            new = [each for each in here if each.key not in known]
            if new:
                await ports.record.note_once({each.key: _found(ports, each) for each in new})
        else:
            await ports.record.note_once(dict.fromkeys([key, *(each.key for each in here)]))


def _way_key(way: tuple[str, str]) -> str:
    return f"seen {way[0]} beside {way[1]}"


def _found(ports: Ports, found: CopyFound) -> Event:
    return Event(
        kind=EventKind.FOUND_OUTSIDE,
        at=ports.clock.now(),
        who=BOT,
        backup_id=found.original.id,
        backup_name=found.original.title,
        source=found.original.region,
        destination=found.copy.region,
        facts={"copied_id": found.copy.id, "name": found.copy.name},
    )


async def _note_gone(ports: Ports, gone: Sequence[Made]) -> None:
    known = await ports.record.are_noted([_gone_key(each) for each in gone])
    for each in await _really_gone(ports, [each for each in gone if _gone_key(each) not in known]):
        copy = await ports.record.copy(each.id)
        if copy is None:
            continue
        event = Event(
            kind=EventKind.COPY_VANISHED,
            at=ports.clock.now(),
            who=BOT,
            copy_id=copy.id,
            backup_id=copy.backup.id,
            backup_name=copy.backup.title,
            source=copy.backup.region,
            destination=copy.destination,
            facts={"copied_id": copy.copied_id, "name": copy.name},
        )
        await ports.record.note_once({_gone_key(each): event})


def _gone_key(made: Made) -> str:
    return f"gone {made.destination}/{made.copied_id}"


async def _really_gone(ports: Ports, made: Iterable[Made]) -> list[Made]:
    """Those of which the cloud says so itself: a list may be read wrongly."""
    asked = list(made)[:MOST_ASKED]
    answers = await asyncio.gather(*(show(ports, m.destination, m.copied_id or "", urgent=False) for m in asked))
    return [
        each
        for each, answer in zip(asked, answers, strict=True)
        if isinstance(answer, Fault) and answer.reason is Reason.NOT_FOUND
    ]
