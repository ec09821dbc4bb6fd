"""A small world for the operations: every port in memory, two backups, and a cloud that does what a test says."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bot.domain.backup import Backup, Datastore, Origin
from bot.domain.copies import Copy, CopyState
from bot.domain.events import EventKind
from bot.domain.orders import OrderStanding
from bot.domain.pace import Pace
from bot.domain.people import Person
from bot.domain.plan import CopyPlan, OrderPlan, OrderRequest
from bot.domain.policy import AccessRules, Member
from bot.domain.progress import Look
from bot.domain.reasons import Fault, Reason
from bot.domain.rules import Rules
from bot.operations.plan_order import plan_order
from bot.operations.ports import Cloud, Ports
from bot.operations.request_order import Confirmation, Requested, request_order
from bot.operations.rules_in_force import FixedRules
from tests.fakes.catalogue import MemoryCatalogue
from tests.fakes.clocks import JumpingClock
from tests.fakes.cloud import MemoryCloud
from tests.fakes.record import MemoryRecord

ANA = Person("U-ana", "ana")
BOB = Person("U-bob", "bob")
DOWN = Fault(Reason.SERVICE_UNAVAILABLE, 503, "serviceUnavailable", "Try later.")

FULL = Backup(
    id="0c1b5616-full",
    region="DFW",
    name="weekly-2026-11-20",
    status="COMPLETED",
    size_gb=8.4,
    created=datetime(2026, 11, 20, 3, tzinfo=UTC),
    datastore=Datastore("mysql", "5.6"),
    origin=Origin("instance", "orders-db"),
)
CHILD = replace(FULL, id="ff44da4e-child", name="nightly-2026-11-22", parent_id=FULL.id, size_gb=1.4)

QUICK = Pace(
    first_look=0.001,
    longest_look=0.002,
    grace=0.05,
    settle=0.05,
    patience=0.1,
    give_up=60.0,
    first_retry=0.001,
    longest_retry=0.002,
    attempts=3,
    waits=4,
)
"""The bot's patience, for tests that have none."""


class DirectWatch:
    """The port `Watch`: looks at once, at everything."""

    def __init__(self, cloud: Cloud, clock: JumpingClock) -> None:
        self.looks = 0
        self.before_look: Callable[[int], None] = lambda _: None
        self._cloud = cloud
        self._clock = clock

    async def look(self, copy: Copy, *, not_before: datetime) -> Look:
        del not_before
        self.looks += 1
        self.before_look(self.looks)
        source = await self._cloud.show(copy.backup.region, copy.backup.id)
        there: list[Backup] = []
        async for page in self._cloud.pages(copy.destination):
            if isinstance(page, Fault):
                return Look(at=self._clock.now(), source=source, destination=page)
            there.extend(page)
        return Look(at=self._clock.now(), source=source, destination=tuple(there))


def member_of(person: Person, **changes: object) -> Member:
    """Somebody as the chat knows them."""
    return replace(Member(person.id, person.name), **changes)  # type: ignore[arg-type]  # attributes of Member


ANYBODY = FixedRules(Rules.only(AccessRules(people=frozenset({ANA.id, BOB.id}))))
"""Rules by which everybody here may ask for anything."""


@dataclass(slots=True)
class ChangingRules:
    """Rules that a test changes at any time."""

    rules: Rules

    def now(self) -> Rules:
        return self.rules


@dataclass(slots=True)
class World:
    """All ports, and short ways to what tests ask for again and again."""

    cloud: MemoryCloud
    record: MemoryRecord
    catalogue: MemoryCatalogue
    watch: DirectWatch
    clock: JumpingClock
    rules: ChangingRules
    ports: Ports

    @classmethod
    def new(cls, pace: Pace = QUICK) -> "World":
        clock, cloud, record = JumpingClock(), MemoryCloud(FULL, CHILD), MemoryRecord()
        catalogue, watch = MemoryCatalogue(clock), DirectWatch(cloud, clock)
        rules = ChangingRules(ANYBODY.rules)
        ports = Ports(
            cloud=cloud,
            record=record,
            catalogue=catalogue,
            watch=watch,
            clock=clock,
            pace=pace,
            rules=rules,
        )
        return cls(cloud, record, catalogue, watch, clock, rules, ports)

    async def order_plan(self, *backups: Backup, **changes: object) -> OrderPlan:
        planned = await plan_order(self.ports, request_for(*backups, **changes))
        assert isinstance(planned, OrderPlan), planned
        return planned

    async def plan(self, backup: Backup = FULL, **changes: object) -> CopyPlan:
        (plan,) = (await self.order_plan(backup, **changes)).plans
        return plan

    async def confirm(
        self, *backups: Backup, view: str = "V1", person: Person = ANA, **changes: object
    ) -> Confirmation:
        planned = await self.order_plan(*backups, **changes)
        return Confirmation(
            id=view,
            request=planned.request,
            plan_digest=planned.digest,
            member=member_of(person),
            channel="C-databases",
        )

    async def ordered(self, *backups: Backup, view: str = "V1", **changes: object) -> OrderStanding:
        outcome = await request_order(self.ports, await self.confirm(*backups, view=view, **changes))  # type: ignore[arg-type]  # no person
        assert isinstance(outcome, Requested), outcome
        return outcome.standing

    async def requested(self, backup: Backup = FULL, *, view: str = "V1", **changes: object) -> Copy:
        return (await self.ordered(backup, view=view, **changes)).main

    async def now(self, copy: Copy) -> Copy:
        found = await self.record.copy(copy.id)
        assert found is not None
        return found

    async def stands_at(self, copy: Copy, state: CopyState) -> bool:
        return (await self.now(copy)).state is state

    @property
    def opened(self) -> list[str]:
        """Ids of the copies that were asked for, in order: somebody has to work on them."""
        asked = EventKind.COPY_REQUESTED
        return [each.event.copy_id for each in self.record.history if each.event.kind is asked and each.event.copy_id]

    def kinds(self) -> list[EventKind]:
        return [recorded.event.kind for recorded in self.record.history]


def chain_of(length: int, **changes: object) -> list[Backup]:
    """A full backup and what was made from it, each from the one before; oldest first."""
    chain: list[Backup] = []
    for number in range(length):
        parent_id = chain[-1].id if chain else None
        link = replace(FULL, id=f"link-{number}", name=f"night-{number}", parent_id=parent_id, size_gb=1.0 + number)
        chain.append(replace(link, **changes))  # type: ignore[arg-type]  # attributes of Backup
    return chain


def request_for(*backups: Backup, **changes: object) -> OrderRequest:
    first = next(iter(backups), FULL)
    wanted = OrderRequest(
        source=first.region,
        backup_ids=tuple(backup.id for backup in backups or (FULL,)),
        destinations=("IAD",),
        name=f"{first.name}-copy",
        description="drill",
    )
    return replace(wanted, **changes)  # type: ignore[arg-type]  # attributes of OrderRequest


def in_region(backup: Backup, region: str = "IAD", **changes: object) -> Backup:
    return replace(backup, region=region, **changes)  # type: ignore[arg-type]  # attributes of Backup
