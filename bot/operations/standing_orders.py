"""Make, list, pause, resume and end standing orders."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from types import MappingProxyType

from bot.domain.backup import Backup, Origin
from bot.domain.coverage import Cell, Report, Row, Standing
from bot.domain.events import Event, EventKind
from bot.domain.judgement import Judgement, Wish, judge
from bot.domain.people import Person
from bot.domain.policy import Member
from bot.domain.reasons import Problem, Reason
from bot.domain.sight import EVERYTHING, Sight
from bot.domain.standing_orders import KeepRequest, Preview, StandingOrder, StandingState, write_every
from bot.domain.survey import Held
from bot.operations.find_backups import remembered_by_reference
from bot.operations.judge_order import by_the_account
from bot.operations.moves import request_facts
from bot.operations.ports import Members, Ports
from bot.operations.ports import StandingOrders as Store
from bot.operations.report_coverage import Surveyor, report_coverage, seen

SHORTEST_BEGINNING = 8
"""Characters of the id of an instance that are enough, where they name one only."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """What standing orders need: the world, themselves, what is known of all backups, and who people are."""

    ports: Ports
    store: Store
    surveyor: Surveyor
    members: Members


# What somebody means


@dataclass(frozen=True, slots=True)
class Meant:
    """What somebody means by what they typed.

    Attributes:
        origins: the instances and HA groups; one, where it is clear.
        near: ids that are like it, where there is none.
    """

    origins: tuple[Origin, ...]
    near: tuple[str, ...] = ()


async def find_origins(keeping: Keeping, reference: str, *, sight: Sight = EVERYTHING) -> Meant:
    """The instance or HA group that a person means by its id, the beginning of its id, or one of its backups.

    Args:
        keeping: the world.
        reference: as it was typed.
        sight: what is not seen is not found.
    """
    wanted = reference.casefold()
    origins = await _origins_seen(keeping, sight)
    exact = [each for each in origins if each.id.casefold() == wanted]
    begun = [each for each in origins if len(wanted) >= SHORTEST_BEGINNING and each.id.casefold().startswith(wanted)]
    if found := exact or begun:
        return Meant(tuple(found))
    backups = await remembered_by_reference(keeping.ports, reference, sight=sight)
    if found := list(dict.fromkeys(backup.origin for backup in backups if backup.origin)):
        return Meant(tuple(found))
    return Meant((), tuple(get_close_matches(wanted, [each.id for each in origins], n=3, cutoff=0.7)))


async def kept_as_seen(keeping: Keeping, sight: Sight, words: str = "") -> Sequence[StandingOrder]:
    """The standing orders that somebody may see, oldest first: their own, and those of instances they may see.

    Args:
        keeping: the world.
        sight: what they may see.
        words: each has to be in the id of the standing order or of its instance, its region, or the name of who ordered
            it.
    """
    wanted = words.casefold().split()
    kept = [each for each in await keeping.store.kept() if all(word in _words_of(each) for word in wanted)]
    if not (kept and sight.is_narrowed):
        return kept
    origins = frozenset(await _origins_seen(keeping, sight))
    return [each for each in kept if each.ordered_by.id == sight.person_id or each.origin in origins]


def _words_of(standing: StandingOrder) -> str:
    return f"{standing.id} {standing.origin.id} {standing.region} {standing.ordered_by.name}".casefold()


async def find_kept(keeping: Keeping, standing_id: str, sight: Sight) -> StandingOrder | None:
    """One that has not ended, by its id or the beginning of it. One that may not be seen is as good as none."""
    found = await keeping.store.standing_order(standing_id)
    return next((each for each in await kept_as_seen(keeping, sight) if found and each.id == found.id), None)


async def _origins_seen(keeping: Keeping, sight: Sight) -> list[Origin]:
    return [row.origin for row in seen(await _coverage(keeping), sight).coverage.rows]


async def _coverage(keeping: Keeping) -> Report:
    return await report_coverage(keeping.ports, keeping.surveyor, keeping.ports.rules.now().wanted_age)


# How an instance stands


def place_in(report: Report, origin: Origin, region: str) -> tuple[Row, Cell]:
    """An instance in a region, with what is known of it elsewhere, as a report has it.

    Args:
        report: of all instances.
        origin: the instance or HA group.
        region: the region.
    """
    row = next((row for row in report.coverage.rows if row.origin == origin), Row(origin, (), None))
    return row, next((cell for cell in row.cells if cell.region == region), Cell(region, Standing.MISSING))


async def preview(keeping: Keeping, request: KeepRequest, member: Member) -> Preview:
    """What a standing order would do, and what the rules say of it now.

    Args:
        keeping: the world.
        request: what is wanted.
        member: who wants it.
    """
    ports, key = keeping.ports, (request.origin, request.region)
    report = await report_coverage(
        ports, keeping.surveyor, lambda origin, region: request.every if (origin, region) == key else None
    )
    row, cell = place_in(report, *key)
    about = await _likely_source(keeping, row, cell)
    problems = _problems(ports, request, about)
    judgement = await _judge(ports, member, request.channel, about, request.region)
    existing = next((each for each in await keeping.store.kept() if each.key == key), None)
    return Preview(request, cell, judgement, problems, existing)


async def _likely_source(keeping: Keeping, row: Row, cell: Cell) -> Backup | None:
    """A backup as a run would copy it; ``None`` where there is none outside of the region."""
    elsewhere = [each.newest for each in row.cells if each.region != cell.region and each.newest]
    return await _backup_of(keeping.ports, row.origin, cell.cure or next(iter(elsewhere), None))


async def _backup_of(ports: Ports, origin: Origin, held: Held | None) -> Backup | None:
    backup = await ports.catalogue.backup(held.region, held.id) if held else None
    return replace(backup, origin=origin) if backup else None


def _problems(ports: Ports, request: KeepRequest, about: Backup | None) -> tuple[Problem, ...]:
    if request.region not in ports.cloud.regions:
        return (Problem(Reason.REGION_NOT_ALLOWED, about=request.region),)
    return () if about else (Problem(Reason.NOTHING_NEWER, about=request.origin.id),)


async def _judge(ports: Ports, member: Member, channel: str, about: Backup | None, region: str) -> Judgement:
    copies = ((about, region),) if about else ()
    return await by_the_account(ports, judge(ports.rules.now(), Wish(member, channel, copies, ports.clock.now())))


# Making one


async def order_keeping(
    keeping: Keeping, request: KeepRequest, member: Member, confirmation_id: str
) -> StandingOrder | Preview:
    """Make a standing order, if the person still may.

    Args:
        keeping: the world.
        request: what was confirmed.
        member: who confirmed it.
        confirmation_id: names this one confirmation: however often it is delivered, it makes one standing order.

    Returns:
        What stands in its way, if something does.
    """
    standing_id = hashlib.sha256(f"keep/{confirmation_id}".encode()).hexdigest()[:12]
    if earlier := await keeping.store.standing_order(standing_id):
        return earlier
    found = await preview(keeping, request, member)
    if not found.can_be_ordered:
        return found
    standing = StandingOrder(
        id=standing_id,
        origin=request.origin,
        region=request.region,
        every=request.every,
        ordered_by=Person(member.id, member.name),
        channel=request.channel,
        made_at=keeping.ports.clock.now(),
    )
    event = event_of(keeping.ports, standing, EventKind.KEEP_ORDERED, standing.ordered_by)
    if await keeping.store.write(standing, event):
        return standing
    return await keeping.store.standing_order(standing_id) or await preview(keeping, request, member)


def event_of(
    ports: Ports,
    standing: StandingOrder,
    kind: EventKind,
    who: Person,
    *,
    reason: Reason | None = None,
    where: str | None = None,
) -> Event:
    """An event about a standing order.

    Args:
        ports: the world.
        standing: the standing order.
        kind: what happened.
        who: whose doing it is.
        reason: why.
        where: id of the channel it was done in; its own if not given.
    """
    return Event(
        kind=kind,
        at=ports.clock.now(),
        who=who,
        destination=standing.region,
        where=where or standing.channel,
        reason=reason,
        facts={
            "keep": standing.id,
            "instance": standing.origin.id,
            "every": write_every(standing.every),
            **request_facts(),
        },
    )


# Changing one


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody does to a standing order.

    Attributes:
        state: in which it is from then on.
        kind: of the event.
        forgets: new values of other attributes.
    """

    state: StandingState
    kind: EventKind
    forgets: Mapping[str, object] = field(default_factory=dict)


PAUSE = Change(StandingState.PAUSED, EventKind.KEEP_PAUSED)
"""Nothing is copied for it until it is resumed."""

RESUME = Change(
    StandingState.ACTIVE,
    EventKind.KEEP_RESUMED,
    MappingProxyType({"failures": 0, "next_at": None, "told": (), "paused_for": None}),
)
"""It goes on, under the name of who ordered it."""

END = Change(StandingState.ENDED, EventKind.KEEP_ENDED)
"""For good. What it has copied, and what is under way, stays."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A standing order stands as it was wanted.

    Attributes:
        is_new: ``False`` where it stood so already.
    """

    standing: StandingOrder
    is_new: bool = True


async def may_change(keeping: Keeping, standing: StandingOrder, member: Member) -> bool:
    """Whether somebody may pause, resume or end a standing order: who ordered it may, and whom a rule lets ask for such
    copies; where the instance has no backups any more, from some region.
    """
    if standing.ordered_by.id == member.id:
        return True
    known = await _likely_source(keeping, *place_in(await _coverage(keeping), standing.origin, standing.region))
    gone = (Backup("", each, "", "", origin=standing.origin) for each in keeping.ports.cloud.regions)
    rules, now = keeping.ports.rules.now(), keeping.ports.clock.now()
    wishes = (Wish(member, standing.channel, ((each, standing.region),), now) for each in ([known] if known else gone))
    return any(judge(rules, wish).allowed_by is not None for wish in wishes)


async def change_keeping(
    keeping: Keeping, standing_id: str, change: Change, person: Person, where: str
) -> Changed | None:
    """Pause, resume or end a standing order, on behalf of somebody who may.

    Args:
        keeping: the world.
        standing_id: the whole id, or the beginning of it.
        change: what is done.
        person: who does it.
        where: id of the channel it is done in.

    Returns:
        ``None``: there is no such standing order.
    """
    while True:
        standing = await keeping.store.standing_order(standing_id)
        if standing is None:
            return None
        if standing.state in {change.state, StandingState.ENDED}:
            return Changed(standing, is_new=False)
        changed = standing.changed(state=change.state, **change.forgets)
        event = event_of(keeping.ports, changed, change.kind, person, where=where)
        if await keeping.store.write(changed, event):
            return Changed(changed)
