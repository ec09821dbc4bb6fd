"""Stop a copy that has not begun."""

from dataclasses import dataclass

from bot.domain.copies import Copy, CopyState
from bot.domain.events import EventKind
from bot.domain.people import Person
from bot.domain.reasons import Reason
from bot.operations.moves import move
from bot.operations.ports import Ports


@dataclass(frozen=True, slots=True)
class Stopped:
    """Nothing will be sent for it."""

    copy: Copy


@dataclass(frozen=True, slots=True)
class NotStopped:
    """It has begun (Cloud Databases has no way to stop it then) or has ended; ``None``: there is no such copy."""

    copy: Copy | None


async def stop_copy(ports: Ports, copy_id: str, person: Person, where: str | None) -> Stopped | NotStopped:
    """Stop a copy on behalf of a person.

    Args:
        ports: the world.
        copy_id: the copy.
        person: who stops it.
        where: id of the channel it is done in.
    """
    while (copy := await ports.record.copy(copy_id)) is not None and copy.can_be_stopped:
        stopped = await move(
            ports,
            copy,
            CopyState.STOPPED,
            EventKind.STOPPED,
            who=person,
            where=where,
            reason=Reason.STOPPED,
            ended_at=ports.clock.now(),
            ended_by=person,
        )
        if stopped:
            return Stopped(stopped)
    return NotStopped(copy)
