"""A person says what became of a request whose outcome the bot could not find out."""

from bot.domain.copies import Copy, CopyState
from bot.domain.events import EventKind
from bot.domain.lineage import Evidence
from bot.domain.people import Person
from bot.operations.moves import move
from bot.operations.ports import Ports


async def say_it_was_copied(ports: Ports, copy_id: str, person: Person, where: str | None) -> Copy | None:
    """End an undecided copy as completed, on a person's word.

    Returns:
        The copy after it; ``None`` if there is nothing to decide (any more).
    """
    copy = await _undecided(ports, copy_id)
    if copy is None:
        return None
    return await move(
        ports,
        copy,
        CopyState.COMPLETED,
        EventKind.SAID_IT_WAS_COPIED,
        who=person,
        where=where,
        reason=None,
        fault=None,
        copied_evidence=Evidence.SAID_BY_PERSON,
        ended_at=ports.clock.now(),
        ended_by=person,
    )


async def say_send_again(ports: Ports, copy_id: str, person: Person, where: str | None) -> Copy | None:
    """Have an undecided copy sent again, on a person's word.

    Returns:
        The copy after it; ``None`` if there is nothing to decide (any more).
    """
    copy = await _undecided(ports, copy_id)
    if copy is None:
        return None
    return await move(
        ports,
        copy,
        CopyState.REQUESTED,
        EventKind.SAID_SEND_AGAIN,
        who=person,
        where=where,
        reason=None,
        fault=None,
        next_attempt_at=None,
    )


async def _undecided(ports: Ports, copy_id: str) -> Copy | None:
    copy = await ports.record.copy(copy_id)
    return copy if copy is not None and copy.state is CopyState.UNDECIDED else None
