"""Make, list, pause, resume and end standing orders."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.backup import Backup, Origin
from bot.domain.events import Event, EventKind
from bot.domain.judgement import Wish, judge
from bot.domain.people import Person
from bot.domain.plan import MOST_COPIES
from bot.domain.policy import Member
from bot.domain.reasons import Problem, Reason
from bot.domain.standing_orders import KeepRequest, Kept, Preview, StandingOrder, StandingState, write_every
from bot.operations.judge_order import by_the_account
from bot.operations.ports import Members, Ports
from bot.operations.ports import StandingOrders as Store
from bot.operations.recognition import remembered_in_region

MOST_LOOKED_AT = 50
"""Backups of an instance that are looked at, the newest first: what is older is too old to be worth keeping."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """What standing orders need beside the rest of the world."""

    ports: Ports
    store: Store
    members: Members


async def find_origin(ports: Ports, reference: str, region: str) -> tuple[Origin, str] | None:
    """The instance or HA group that a person means by its id, or by one of its backups, and the region it is in: the
    one that has the most of its backups.

    Args:
        ports: the world.
        reference: as it was typed.
        region: the destination: where its copies are is not where it is.
    """
    origin_id = reference
    if not await _regions_with(ports, reference, region):
        known = await ports.catalogue.regions_of(reference)
        origins = {backup.origin.id for backup in known if backup.origin}
        if len(origins) != 1:
            return None
        (origin_id,) = origins
    there = await _regions_with(ports, origin_id, region)
    if not there:
        return None
    source, backups = max(there, key=lambda each: len(each[1]))
    origin = backups[0].origin
    return (origin, source) if origin else None


async def _regions_with(ports: Ports, origin_id: str, region: str) -> list[tuple[str, Sequence[Backup]]]:
    others = [each for each in ports.cloud.regions if each != region]
    found = [(each, await ports.catalogue.backups_of(origin_id, each)) for each in others]
    return [(each, backups) for each, backups in found if backups]


async def look_at_kept(ports: Ports, origin: Origin, source: str, region: str) -> Kept:
    """How an instance stands in a region, by what is remembered: the cloud is not asked."""
    newest: Backup | None = None
    for backup in (await ports.catalogue.backups_of(origin.id, source))[:MOST_LOOKED_AT]:
        chain = await _whole_chain(ports, backup)
        if chain is None:
            continue
        if await _are_there(ports, chain, region):
            return Kept(backup, newest)
        if newest is None and all(each.is_copyable for each in chain):
            newest = backup
    return Kept(None, newest)


async def _whole_chain(ports: Ports, backup: Backup) -> tuple[Backup, ...] | None:
    """A backup with all that is beneath it; ``None`` where it could not be restored in its own region."""
    chain = (backup, *await ports.catalogue.ancestors(backup, limit=MOST_COPIES))
    is_whole = chain[-1].parent_id is None and all(each.is_usable or each.is_copyable for each in chain)
    return chain if is_whole else None


async def _are_there(ports: Ports, chain: Sequence[Backup], region: str) -> bool:
    for backup in chain:
        found = await remembered_in_region(ports, backup, region)
        if found is None or not found.backup.is_usable:
            return False
    return True


async def preview(keeping: Keeping, request: KeepRequest, member: Member) -> Preview:
    """What a standing order would do, and what the rules say of it now.

    Args:
        keeping: the world.
        request: what is wanted.
        member: who wants it.
    """
    ports = keeping.ports
    kept = await look_at_kept(ports, request.origin, request.source, request.region)
    about = kept.newest or kept.there
    copies = ((about, request.region),) if about else ()
    wish = Wish(member, request.channel, copies, ports.clock.now())
    judgement = await by_the_account(ports, judge(ports.rules.now(), wish))
    key = (request.origin.id, request.region)
    existing = next((each for each in await keeping.store.kept() if each.key == key), None)
    return Preview(request, kept, judgement, _problems(ports, request, about), existing)


def _problems(ports: Ports, request: KeepRequest, about: Backup | None) -> tuple[Problem, ...]:
    if request.region not in ports.cloud.regions:
        return (Problem(Reason.REGION_NOT_ALLOWED, about=request.region),)
    return () if about else (Problem(Reason.NOTHING_NEWER, about=request.origin.id),)


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
    seen = await preview(keeping, request, member)
    if not seen.can_be_ordered:
        return seen
    standing = StandingOrder(
        id=standing_id,
        origin=request.origin,
        source=request.source,
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
        source=standing.source,
        destination=standing.region,
        where=where or standing.channel,
        reason=reason,
        facts={"keep": standing.id, "instance": standing.origin.id, "every": write_every(standing.every)},
    )


@dataclass(frozen=True, slots=True)
class Done:
    """A standing order was changed as it was wanted.

    Attributes:
        is_new: ``False`` where it stood so already.
    """

    standing: StandingOrder
    is_new: bool = True


async def pause_keeping(keeping: Keeping, standing_id: str, person: Person, where: str) -> Done | None:
    """Pause one: nothing is copied for it until it is resumed; ``None``: there is no such one."""
    return await _change(keeping, standing_id, person, where, StandingState.PAUSED, EventKind.KEEP_PAUSED, {})


async def resume_keeping(keeping: Keeping, standing_id: str, person: Person, where: str) -> Done | None:
    """Go on with one that was paused, under the name of who ordered it; ``None``: there is no such one."""
    return await _change(
        keeping,
        standing_id,
        person,
        where,
        StandingState.ACTIVE,
        EventKind.KEEP_RESUMED,
        {"failures": 0, "next_at": None, "told": None, "paused_for": None},
    )


async def end_keeping(keeping: Keeping, standing_id: str, person: Person, where: str) -> Done | None:
    """End one for good. What it has copied, and what is under way, stays; ``None``: there is no such one."""
    return await _change(keeping, standing_id, person, where, StandingState.ENDED, EventKind.KEEP_ENDED, {})


async def _change(
    keeping: Keeping,
    standing_id: str,
    person: Person,
    where: str,
    state: StandingState,
    kind: EventKind,
    changes: Mapping[str, object],
) -> Done | None:
    while True:
        standing = await keeping.store.standing_order(standing_id)
        if standing is None:
            return None
        if standing.state in {state, StandingState.ENDED}:
            return Done(standing, is_new=False)
        changed = standing.changed(state=state, **changes)
        if await keeping.store.write(changed, event_of(keeping.ports, changed, kind, person, where=where)):
            return Done(changed)
