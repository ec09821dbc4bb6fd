"""Writing down what happens to a copy: its move and the event of that move, together."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.domain.copies import Copy, CopyState
from bot.domain.events import Event, EventKind
from bot.domain.people import BOT, Person
from bot.domain.reasons import Fault
from bot.operations.ports import Ports
from bot.telemetry import current_request

Facts = Mapping[str, str | int | float | None]


def fault_facts(fault: Fault | None) -> Facts:
    """What the audit log keeps of an answer of the cloud."""
    if fault is None:
        return {}
    return {"status": fault.status, "fault": fault.name, "message": fault.message}


def request_facts(copy_id: str | None = None) -> Facts:
    """The request of a person's in which something is done, by the id that it has in the log; nothing for what the bot
    does by itself.

    Args:
        copy_id: of the copy that it is about: who works on that copy has its id for a request.
    """
    request = current_request()
    return {"request": request} if request and request != copy_id else {}


async def move(
    ports: Ports,
    copy: Copy,
    to: CopyState,
    kind: EventKind,
    *,
    who: Person = BOT,
    where: str | None = None,
    facts: Facts | None = None,
    **changes: Any,  # noqa: ANN401 - what Copy.moved takes
) -> Copy | None:
    """Move a copy, if it has not moved on since it was read.

    Args:
        ports: the world.
        copy: as it was read.
        to: the state it moves to.
        kind: the event that goes into the audit log with the move.
        who: whose doing it is.
        where: id of the channel it was done in; the copy's own if not given.
        facts: what else is worth knowing.
        **changes: new values of the copy's other attributes.

    Returns:
        The copy after the move; ``None``, with nothing written, if it had moved on.
    """
    moved = copy.moved(to, **changes)
    told = {**fault_facts(changes.get("fault")), **(facts or {})}
    event = event_about(moved, kind, ports.clock.now(), who, where=where, facts=told)
    return moved if await ports.record.move(moved, event) else None


def event_about(
    copy: Copy, kind: EventKind, at: datetime, who: Person, *, where: str | None = None, facts: Facts | None = None
) -> Event:
    """An event about a copy, with the reason for which it stands as it does.

    Args:
        copy: the copy.
        kind: what happened.
        at: when.
        who: whose doing it is.
        where: id of the channel it was done in; the copy's own if not given.
        facts: what else is worth knowing.
    """
    return Event(
        kind=kind,
        at=at,
        who=who,
        copy_id=copy.id,
        backup_id=copy.backup.id,
        backup_name=copy.backup.name,
        source=copy.backup.region,
        destination=copy.destination,
        where=where or copy.channel,
        reason=copy.reason,
        facts={**(facts or {}), **request_facts(copy.id)},
    )
