"""A world with a standing order, whose instance has a new backup."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.domain.backup import Backup
from bot.domain.events import EventKind
from bot.domain.orders import OrderStanding
from bot.domain.policy import Member
from bot.domain.reasons import Reason
from bot.domain.standing_orders import StandingOrder
from bot.operations.carry_out_copy import carry_out_copy
from bot.operations.keep_catalogue_fresh import refresh_catalogue
from bot.operations.keep_copies import run_what_is_due
from bot.operations.report_coverage import Surveyor
from bot.operations.standing_orders import Keeping
from tests.fakes.standing_orders import MemoryStandingOrders, standing_order
from tests.fakes.world import ANA, BOB, CHILD, FULL, World, member_of

HOUR = timedelta(hours=1)
KEPT = frozenset(kind for kind in EventKind if kind.value.startswith("keep_"))


@dataclass
class Known:
    """The port `Members`: who is known, as a test says."""

    can_be_told_apart: bool = True
    members: dict[str, Member] = field(default_factory=lambda: {each.id: member_of(each) for each in (ANA, BOB)})

    async def member(self, person_id: str) -> Member | None:
        return self.members.get(person_id)


@dataclass
class Stage:
    """Ana keeps an instance in IAD, whose newest backup (`child`, made from `full`) was made an hour ago in DFW."""

    world: World
    store: MemoryStandingOrders
    known: Known
    keeping: Keeping
    full: Backup
    child: Backup

    async def look(self) -> None:
        await run_what_is_due(self.keeping)

    async def standing(self) -> StandingOrder:
        found = await self.store.standing_order(standing_order().id)
        assert found is not None
        return found

    async def orders(self) -> list[OrderStanding]:
        """All that were made, oldest first."""
        found = [await self.world.record.order(each.id) for each in await self.world.record.all_orders()]
        return [each for each in found if each]

    async def wanted(self) -> list[str]:
        """Ids of the backups that they were made for."""
        return [order.main.backup.id for order in await self.orders()]

    async def copies_end(self) -> None:
        """All that was started is carried out, and the lists are read again."""
        copies = list(await self.world.record.open_copies())
        await asyncio.gather(*(carry_out_copy(self.world.ports, copy.id) for copy in copies))
        await self.lists_are_read()

    async def lists_are_read(self) -> None:
        ports = self.world.ports
        for region in ports.cloud.regions:
            await refresh_catalogue(ports.cloud, ports.catalogue, ports.clock, region)

    async def appears(self, backup_id: str, **changes: object) -> Backup:
        """Another backup, made from `full` just now, is there and seen."""
        made = replace(self.child, id=backup_id, name=backup_id, created=self.now)
        made = replace(made, **changes)  # type: ignore[arg-type]  # attributes of Backup
        self.world.cloud.put(made)
        await self.lists_are_read()
        return made

    def hours_pass(self, hours: float) -> None:
        self.world.clock.jump(hours * 3600 + 1)

    def starts_again(self) -> None:
        """Another process takes over: what is in memory only is gone."""
        self.keeping = Keeping(self.world.ports, self.store, Surveyor(self.world.ports), self.known)

    def told(self) -> list[tuple[EventKind, Reason | None]]:
        events = (each.event for each in self.world.record.history)
        return [(event.kind, event.reason) for event in events if event.kind in KEPT]

    @property
    def now(self) -> datetime:
        return self.world.clock.now()


async def set_stage(world: World) -> Stage:
    store, known = MemoryStandingOrders(world.record), Known()
    made = world.clock.now() - HOUR
    full, child = replace(FULL, created=made - 24 * HOUR), replace(CHILD, created=made)
    keeping = Keeping(world.ports, store, Surveyor(world.ports), known)
    stage = Stage(world, store, known, keeping, full, child)
    world.watch.before_look = lambda _: world.cloud.finish_copies()
    world.cloud.put(full, child)
    await stage.lists_are_read()
    await store.write(standing_order(made_at=world.clock.now()))
    return stage
