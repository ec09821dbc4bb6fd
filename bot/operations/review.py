"""Look at what runs and what happened."""

from collections.abc import Sequence

from bot.domain.copies import Copy
from bot.domain.events import EventFilter, RecordedEvent
from bot.operations.ports import Ports


async def open_copies(ports: Ports) -> Sequence[Copy]:
    """All copies that have not ended, oldest first."""
    return await ports.record.open_copies()


async def recent_copies_of(ports: Ports, person_id: str, *, limit: int = 10) -> Sequence[Copy]:
    """What a person asked for lately, newest first."""
    return await ports.record.copies(requested_by=person_id, limit=limit)


async def find_copy(ports: Ports, copy_id: str) -> Copy | None:
    """One copy; a unique beginning of its id, of six characters at least, is enough."""
    return await ports.record.copy(copy_id)


async def history(ports: Ports, wanted: EventFilter, *, limit: int = 20) -> Sequence[RecordedEvent]:
    """Events of the audit log, newest first."""
    return await ports.record.events(wanted, limit=limit)
