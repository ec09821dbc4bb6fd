"""Looks at all running copies together, so that the calls they cost have a ceiling however many there are.

For each region there is one reader. It asks for one thing after the other at a steady rate (`bot.workflow.gate`), and
for each thing once for all who want it. Who comes while it waits for its turn gathers with the others; then it asks
in whatever way is cheaper: for single backups, or for the pages of the region's list. So the more copies run, the
more of them share a call.
"""

import asyncio
import contextvars
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Self, TypeVar

from bot.domain.backup import Backup, BackupStatus
from bot.domain.copies import Copy
from bot.domain.progress import Look, new_backup
from bot.domain.reasons import Fault, Reason
from bot.operations.catalogue import Catalogue
from bot.operations.ports import Clock, Cloud
from bot.workflow.gate import Gate

PAGE = 20
"""Backups a page of a list has at most (``cloud-databases-api.md``, Backups)."""

SHOWS_AT_ONCE = 8
"""Requests for single backups that one region has under way at the same time."""

OLD_ENOUGH = timedelta(seconds=60)
"""Age at which a copy may have ended although its source cannot tell: then the destination's list is worth reading."""

SAYS_ENOUGH = frozenset({BackupStatus.COPYING, BackupStatus.COPY_ERROR})
"""With such a source it does not matter what is in the destination."""

Seen = Backup | Fault
SeenAll = tuple[Backup, ...] | Fault
T = TypeVar("T")


class Wishes:
    """What somebody wants to see, gathered until it is asked for."""

    def __init__(self) -> None:
        self.backups: dict[str, list[asyncio.Future[Seen]]] = {}
        self.whole_list: list[asyncio.Future[SeenAll]] = []

    def any_left(self) -> bool:
        """Whether somebody still waits. The wishes of those who left are forgotten."""
        waiting = {each: [one for one in answers if not one.done()] for each, answers in self.backups.items()}
        self.backups = {each: answers for each, answers in waiting.items() if answers}
        self.whole_list = [one for one in self.whole_list if not one.done()]
        return bool(self.backups or self.whole_list)

    def fulfil(self, page: Iterable[Backup]) -> None:
        """Answer those who want one of these backups."""
        for backup in page:
            _answer(self.backups.pop(backup.id, ()), backup)

    def end(self, missing: Fault, everything: SeenAll) -> None:
        """Answer all who wait still."""
        for answers in self.backups.values():
            _answer(answers, missing)
        _answer(self.whole_list, everything)

    def fail(self, error: BaseException | None) -> None:
        """Let nobody wait any more, for an error, or because looking was stopped (``None``)."""
        for answers in self.backups.values():
            _fail(answers, error)
        _fail(self.whole_list, error)


class RegionReader:
    """Reads one region on behalf of everybody who waits."""

    def __init__(self, region: str, cloud: Cloud, catalogue: Catalogue, clock: Clock) -> None:
        self._region = region
        self._cloud = cloud
        self._catalogue = catalogue
        self._gate = Gate(clock)
        self._wishes = Wishes()
        self._wishes_of_list = Wishes()
        self._reading: asyncio.Task[None] | None = None
        self._shows: set[asyncio.Task[Seen]] = set()

    async def backup(self, backup_id: str) -> Seen:
        """A backup as the region shows it in a request that begins after this call."""
        answer: asyncio.Future[Seen] = asyncio.get_running_loop().create_future()
        self._wishes.backups.setdefault(backup_id, []).append(answer)
        self._read()
        return await answer

    async def everything(self) -> SeenAll:
        """All backups of the region, from a list whose reading begins after this call."""
        answer: asyncio.Future[SeenAll] = asyncio.get_running_loop().create_future()
        self._wishes.whole_list.append(answer)
        self._read()
        return await answer

    async def aclose(self) -> None:
        """Stop reading. Whoever waits is cancelled."""
        tasks: list[asyncio.Task[Seen] | asyncio.Task[None]] = [*self._shows]
        if self._reading:
            tasks.append(self._reading)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _read(self) -> None:
        if self._reading is None or self._reading.done():
            nobodys = contextvars.Context()  # what it reads is for everybody who waits, not for who came first
            self._reading = asyncio.create_task(self._read_on(), name=f"reads {self._region}", context=nobodys)
            self._reading.add_done_callback(self._tell_all)

    def _tell_all(self, reading: asyncio.Task[None]) -> None:
        """Whatever ended the reading is for everybody who waits: it must not end in silence."""
        error = None if reading.cancelled() else reading.exception()
        self._wishes_of_list.fail(error)
        if error or reading.cancelled():
            waiting, self._wishes = self._wishes, Wishes()
            waiting.fail(error)

    async def _read_on(self) -> None:
        """Ask for one thing after the other, until nobody waits."""
        while self._wishes.any_left():
            if len(self._shows) >= SHOWS_AT_ONCE:
                await asyncio.wait(self._shows, return_when=asyncio.FIRST_COMPLETED)
            await self._gate.turn()
            pages = await self._pages()
            if not self._wishes.any_left():
                return
            if self._wishes.whole_list or len(self._wishes.backups) > pages:
                self._wishes_of_list, self._wishes = self._wishes, Wishes()
                await self._read_list(self._wishes_of_list)
            else:
                self._show_next()

    async def _pages(self) -> int:
        """Requests the whole list takes, by what the catalogue knows; a guess while it knows little."""
        refresh = await self._catalogue.refreshed(self._region)
        pages = -(-refresh.backups // PAGE)
        return max(1, pages) if refresh.complete_at else max(PAGE, pages)

    def _show_next(self) -> None:
        backup_id = next(iter(self._wishes.backups))
        show = asyncio.create_task(self._show(backup_id), name=f"shows {backup_id} in {self._region}")
        self._shows.add(show)
        show.add_done_callback(self._shows.discard)
        show.add_done_callback(partial(_hand_on, self._wishes.backups.pop(backup_id)))

    async def _show(self, backup_id: str) -> Seen:
        seen = await self._cloud.show(self._region, backup_id)
        if isinstance(seen, Backup):
            await self._catalogue.put([seen])
        elif seen.reason is Reason.NOT_FOUND:
            await self._catalogue.remove(self._region, backup_id)
        return seen

    async def _read_list(self, wishes: Wishes) -> None:
        """Read the pages, for all who waited when that began. The first one's turn has come."""
        everything: list[Backup] = []
        async for page in self._cloud.pages(self._region):
            if isinstance(page, Fault):
                wishes.end(page, page)
                return
            everything += page
            wishes.fulfil(page)
            await self._catalogue.put(page)
            if len(page) == PAGE:
                await self._gate.turn()
        wishes.end(Fault(Reason.NOT_FOUND), tuple(everything))


class Poller:
    """The port `bot.operations.ports.Watch`."""

    def __init__(self, cloud: Cloud, catalogue: Catalogue, clock: Clock) -> None:
        self._cloud = cloud
        self._catalogue = catalogue
        self._clock = clock
        self._readers: dict[str, RegionReader] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Stop looking. Whoever waits is cancelled."""
        for reader in self._readers.values():
            await reader.aclose()

    async def look(self, copy: Copy, *, not_before: datetime) -> Look:
        """A look at both sides of a copy, made at ``not_before`` or later: first the source, then the destination.

        While the source is COPYING, the destination is not asked: it has nothing to say that matters.
        """
        while (early := (not_before - self._clock.now()).total_seconds()) > 0:
            await self._clock.sleep(early)
        source = await self._reader(copy.backup.region).backup(copy.backup.id)
        if isinstance(source, Backup) and source.status in SAYS_ENOUGH:
            return Look(at=self._clock.now(), source=source, destination=())
        destination = await self._in_destination(copy, source)
        return Look(at=self._clock.now(), source=source, destination=destination)

    async def _in_destination(self, copy: Copy, source: Seen) -> SeenAll:
        """What may be the new backup: what a few requests can tell, and the whole list where that may tell more."""
        reader = self._reader(copy.destination)
        answers = await asyncio.gather(*(reader.backup(each) for each in await self._likely_ids(copy)))
        there = tuple(each for each in answers if isinstance(each, Backup))
        if new_backup(copy, there):
            return there
        if not self._may_have_ended(copy, source):
            faults = (each for each in answers if isinstance(each, Fault) and each.reason is not Reason.NOT_FOUND)
            return next(faults, there)
        everything = await reader.everything()
        if isinstance(everything, Fault):
            return everything
        return tuple(each for each in everything if _may_be_new(copy, each))

    async def _likely_ids(self, copy: Copy) -> Sequence[str]:
        """Ids under which the new backup may be in the destination, without asking it."""
        likely = await self._catalogue.likely_copies(copy.backup, copy.destination, names=[copy.name])
        ids = dict.fromkeys([copy.backup.id, copy.copied_id, *(backup.id for backup in likely)])
        return [each for each in ids if each is not None and each not in copy.present_before]

    def _may_have_ended(self, copy: Copy, source: Seen) -> bool:
        if isinstance(source, Backup) and source.status == BackupStatus.COMPLETED:
            return True
        if isinstance(source, Fault) and source.reason is Reason.NOT_FOUND:
            return True
        return self._clock.now() - (copy.sent_at or copy.requested_at) >= OLD_ENOUGH

    def _reader(self, region: str) -> RegionReader:
        if region not in self._readers:
            self._readers[region] = RegionReader(region, self._cloud, self._catalogue, self._clock)
        return self._readers[region]


def _may_be_new(copy: Copy, backup: Backup) -> bool:
    original = copy.backup
    return (
        backup.id in {original.id, copy.copied_id}
        or backup.name in {copy.name, original.name, f"{original.name}-copy"}
        or (backup.location is not None and original.id in backup.location)
    )


def _answer(answers: Iterable[asyncio.Future[T]], value: T) -> None:
    for answer in answers:
        if not answer.done():
            answer.set_result(value)


def _fail(answers: Iterable[asyncio.Future[T]], error: BaseException | None) -> None:
    for answer in answers:
        if error is None:
            answer.cancel()
        elif not answer.done():
            answer.set_exception(error)


def _hand_on(answers: Iterable[asyncio.Future[T]], task: asyncio.Task[T]) -> None:
    """What came of a task is what all who waited for it get."""
    error = None if task.cancelled() else task.exception()
    if error is not None or task.cancelled():
        _fail(answers, error)
    else:
        _answer(answers, task.result())
