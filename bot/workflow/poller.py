"""Looks at all running copies together, so that the calls they cost have a ceiling however many there are.

For each region there is one reader. Whoever wants to see something waits for its next round; a round asks for what
all of them want, each thing once, in whatever way is cheaper: backup by backup, or the pages of the region's list.
While a round waits for the budget (``cloud-databases-api.md``, Rate limits), those who come meanwhile gather for the
next one.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

from bot.domain.backup import Backup, BackupStatus
from bot.domain.copies import Copy
from bot.domain.progress import Look, new_backup
from bot.domain.reasons import Fault, Reason
from bot.operations.keep_catalogue_fresh import refresh_catalogue
from bot.operations.ports import Catalogue, Clock, Cloud

PAGE = 20
"""Backups a page of a list has at most (``cloud-databases-api.md``, Backups)."""

SHOWS_AT_ONCE = 8
"""Requests for single backups that a round has under way at the same time."""

Seen = Backup | Fault
T = TypeVar("T")


class Round:
    """What somebody wants to see, gathered until it is asked for."""

    def __init__(self) -> None:
        self.backups: dict[str, list[asyncio.Future[Seen]]] = {}
        self.whole_list: list[asyncio.Future[Fault | None]] = []

    def drop_those_who_left(self) -> None:
        """Forget the wishes of those who wait no more."""
        waiting = {each: [one for one in answers if not one.done()] for each, answers in self.backups.items()}
        self.backups = {each: answers for each, answers in waiting.items() if answers}
        self.whole_list = [one for one in self.whole_list if not one.done()]

    def end(self, error: BaseException | None) -> None:
        """Let nobody wait who has no answer yet.

        Args:
            error: why there is none; ``None`` when looking was stopped.
        """
        self.drop_those_who_left()
        unanswered: list[asyncio.Future[Seen] | asyncio.Future[Fault | None]] = [*self.whole_list]
        for answers in self.backups.values():
            unanswered.extend(answers)
        for answer in unanswered:
            if error is None:
                answer.cancel()
            else:
                answer.set_exception(error)


class RegionReader:
    """Reads one region on behalf of everybody who waits."""

    def __init__(self, region: str, cloud: Cloud, catalogue: Catalogue, clock: Clock) -> None:
        self._region = region
        self._cloud = cloud
        self._catalogue = catalogue
        self._clock = clock
        self._next = Round()
        self._present = Round()
        self._working: asyncio.Task[None] | None = None

    async def backup(self, backup_id: str) -> Seen:
        """A backup as the region shows it in a request that begins after this call."""
        answer: asyncio.Future[Seen] = asyncio.get_running_loop().create_future()
        self._next.backups.setdefault(backup_id, []).append(answer)
        self._work()
        return await answer

    async def everything(self) -> Fault | None:
        """Read the region's whole list into the catalogue, beginning after this call.

        Returns:
            Why that could not be done.
        """
        answer: asyncio.Future[Fault | None] = asyncio.get_running_loop().create_future()
        self._next.whole_list.append(answer)
        self._work()
        return await answer

    async def aclose(self) -> None:
        """Stop reading. Whoever waits is cancelled."""
        if self._working:
            self._working.cancel()
            await asyncio.wait([self._working])
        self._next.end(None)

    def _work(self) -> None:
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._rounds(), name=f"reads {self._region}")
            self._working.add_done_callback(self._end)

    def _end(self, working: asyncio.Task[None]) -> None:
        """Whatever went wrong is everybody's who waited: it must not end in silence."""
        error = None if working.cancelled() else working.exception()
        self._present.end(error)
        if error:
            self._next.end(error)

    async def _rounds(self) -> None:
        while True:
            await asyncio.sleep(0)  # whoever wants something at the same moment is in the same round
            self._present, self._next = self._next, Round()
            self._present.drop_those_who_left()
            if self._present.whole_list or len(self._present.backups) > await self._pages():
                await self._list()
            elif self._present.backups:
                await self._show()
            else:
                return

    async def _pages(self) -> int:
        """Requests the whole list takes, by what the catalogue knows; a guess while it knows nothing."""
        refresh = await self._catalogue.refreshed(self._region)
        return max(1, -(-refresh.backups // PAGE)) if refresh.complete_at else PAGE

    async def _list(self) -> None:
        fault = await refresh_catalogue(self._cloud, self._catalogue, self._clock, self._region)
        for backup_id, answers in self._present.backups.items():
            found = fault or await self._catalogue.backup(self._region, backup_id)
            _answer(answers, found or Fault(Reason.NOT_FOUND))
        _answer(self._present.whole_list, fault)

    async def _show(self) -> None:
        limit = asyncio.Semaphore(SHOWS_AT_ONCE)

        async def show(backup_id: str, answers: list[asyncio.Future[Seen]]) -> None:
            async with limit:
                seen = await self._cloud.show(self._region, backup_id)
            if isinstance(seen, Backup):
                await self._catalogue.put([seen])
            elif seen.reason is Reason.NOT_FOUND:
                await self._catalogue.remove(self._region, backup_id)
            _answer(answers, seen)

        async with asyncio.TaskGroup() as group:
            for backup_id, answers in self._present.backups.items():
                group.create_task(show(backup_id, answers))


def _answer(answers: Iterable[asyncio.Future[T]], value: T) -> None:
    for answer in answers:
        if not answer.done():
            answer.set_result(value)


class Poller:
    """The port `bot.operations.ports.Watch`."""

    def __init__(self, cloud: Cloud, catalogue: Catalogue, clock: Clock) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._readers = {region: RegionReader(region, cloud, catalogue, clock) for region in cloud.regions}

    async def aclose(self) -> None:
        """Stop looking. Whoever waits is cancelled."""
        for reader in self._readers.values():
            await reader.aclose()

    async def look(self, copy: Copy, *, not_before: datetime) -> Look:
        """A look at both sides of a copy, made at ``not_before`` or later.

        While the source is COPYING, the destination is not asked: it has nothing to say that matters.
        """
        early = (not_before - self._clock.now()).total_seconds()
        if early > 0:
            await self._clock.sleep(early)
        source = await self._readers[copy.backup.region].backup(copy.backup.id)
        if isinstance(source, Backup) and source.status == BackupStatus.COPYING:
            return Look(at=self._clock.now(), source=source, destination=())
        destination = await self._in_destination(copy)
        return Look(at=self._clock.now(), source=source, destination=destination)

    async def _in_destination(self, copy: Copy) -> tuple[Backup, ...] | Fault:
        """What may be the new backup: first what a few requests can tell, then the whole list."""
        reader = self._readers[copy.destination]
        likely = await self._catalogue.likely_copies(copy.backup, copy.destination, names=[copy.name])
        ids = dict.fromkeys([copy.backup.id, copy.copied_id, *(backup.id for backup in likely)])
        new_ids = [each for each in ids if each is not None and each not in copy.present_before]
        seen = await asyncio.gather(*(reader.backup(each) for each in new_ids))
        there = tuple(each for each in seen if isinstance(each, Backup))
        if new_backup(copy, there):
            return there
        if fault := await reader.everything():
            return fault
        return tuple(await self._catalogue.likely_copies(copy.backup, copy.destination, names=[copy.name]))
