"""Write down that somebody was refused."""

from bot.domain.events import Event, EventKind
from bot.domain.people import Person
from bot.domain.reasons import Reason
from bot.operations.moves import Facts, request_facts
from bot.operations.ports import Ports

NOT_FROM_A_PERSON = frozenset({Reason.NOT_FROM_SLACK, Reason.WRONG_WORKSPACE})


async def record_refusal(
    ports: Ports, *, who: Person, reason: Reason, where: str | None, attempted: str, count: int = 1
) -> None:
    """Write down that something was refused to somebody who may not.

    Args:
        ports: the world.
        who: as far as it is known.
        reason: why.
        where: id of the channel.
        attempted: what was tried, in a few words; never what the person typed, which may be anything.
        count: how many requests this line stands for.
    """
    kind = EventKind.REFUSED_REQUEST if reason in NOT_FROM_A_PERSON else EventKind.REFUSED_PERSON
    facts: Facts = {"attempted": attempted, "count": count, **request_facts()}
    await ports.record.append(Event(kind=kind, at=ports.clock.now(), who=who, where=where, reason=reason, facts=facts))
