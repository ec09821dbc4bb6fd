"""What everybody may rely on who is given the port `Cloud`: the client over real sockets, and the fake."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Protocol

import pytest
from pydantic import SecretStr

from bot.cloud import CloudDatabases, Limits
from bot.cloud.faults import STATUSES
from bot.domain.backup import REGIONS_FOR_COPIES, Backup
from bot.domain.reasons import Fault, Reason, Repeat
from bot.operations.ports import Accepted, Cloud
from bot.sandbox.cloud import SimulatedCloud
from bot.sandbox.estate import Estate
from tests.fakes.clocks import JumpingClock
from tests.fakes.cloud import MemoryCloud

FULL, INCREMENT = "0a000000-0000-4000-8000-000000000001", "0b000000-0000-4000-8000-000000000002"


@dataclass(frozen=True)
class Requested:
    """A copy request, as it arrived."""

    region: str
    backup_id: str
    destination: str
    name: str
    description: str


class World(Protocol):
    """A cloud behind the port, and what happens in it."""

    cloud: Cloud

    def has(self, backup_id: str, *, region: str = "DFW", parent_id: str | None = None, status: str = "COMPLETED",
            name: str = "nightly") -> None: ...  # fmt: skip

    def refuses(self, status: int, operation: str, *, retry_after: int | None = None) -> None: ...

    def loses_the_answer_to_a_copy(self) -> None: ...

    def copy_requests(self) -> list[Requested]: ...

    async def copies_end(self) -> None: ...


class MemoryWorld:
    def __init__(self, *, keeps_ids: bool) -> None:
        self.memory = MemoryCloud(keeps_ids=keeps_ids)
        self.cloud: Cloud = self.memory

    def has(
        self,
        backup_id: str,
        *,
        region: str = "DFW",
        parent_id: str | None = None,
        status: str = "COMPLETED",
        name: str = "nightly",
    ) -> None:
        self.memory.put(Backup(backup_id, region, name, status, parent_id=parent_id, size_gb=1.0))

    def refuses(self, status: int, operation: str, *, retry_after: int | None = None) -> None:
        fault = Fault(STATUSES[status], status, "aFault", "No.", retry_after)
        match operation:
            case "show" | "list" | "copy":
                self.memory.refuse(fault, call=operation, times=None)

    def loses_the_answer_to_a_copy(self) -> None:
        self.memory.refuse(Fault(Reason.NO_ANSWER), call="copy", after_work=True)

    def copy_requests(self) -> list[Requested]:
        return [
            Requested(one.region, one.backup_id or "", one.destination or "", one.name or "", one.description or "")
            for one in self.memory.copy_requests
        ]

    async def copies_end(self) -> None:
        self.memory.finish_copies()


class SimulatedWorld:
    def __init__(self, simulated: SimulatedCloud, cloud: Cloud) -> None:
        self.simulated = simulated
        self.cloud = cloud

    def has(
        self,
        backup_id: str,
        *,
        region: str = "DFW",
        parent_id: str | None = None,
        status: str = "COMPLETED",
        name: str = "nightly",
    ) -> None:
        self.simulated.add_backup(region=region, id=backup_id, parent_id=parent_id, status=status, name=name)

    def refuses(self, status: int, operation: str, *, retry_after: int | None = None) -> None:
        self.simulated.trouble.refuse(status, operation=operation, times=1000, retry_after=retry_after, message="No.")

    def loses_the_answer_to_a_copy(self) -> None:
        self.simulated.trouble.lose_answer(operation="copy")

    def copy_requests(self) -> list[Requested]:
        arrived = []
        for record in self.simulated.copy_requests():
            wanted = json.loads(record.body or "")["copy-backup"]
            region, backup_id = record.region or "", record.backup_id or ""
            arrived.append(
                Requested(region, backup_id, wanted["target_backup_region"], wanted["name"], wanted["description"])
            )
        return arrived

    async def copies_end(self) -> None:
        self.simulated.clock.advance(3600)


async def simulated_world(*, keeps_ids: bool) -> AsyncIterator[World]:
    simulated = SimulatedCloud(estate=Estate({}))
    simulated.copied_ids = "kept" if keeps_ids else "new"
    simulated.limits.lift()
    async with simulated.serving() as running:
        client = CloudDatabases(
            running.identity_url,
            running.username,
            SecretStr(running.api_key),
            REGIONS_FOR_COPIES,
            JumpingClock(),
            Limits(list=10_000, show=10_000, copy=10_000),
        )
        yield SimulatedWorld(simulated, client)
        await client.aclose()


async def memory_world(*, keeps_ids: bool) -> AsyncIterator[World]:
    yield MemoryWorld(keeps_ids=keeps_ids)


@pytest.fixture(params=[simulated_world, memory_world])
def make(request: pytest.FixtureRequest) -> Callable[..., AsyncIterator[World]]:
    made: Callable[..., AsyncIterator[World]] = request.param
    return made


@pytest.fixture
async def world(make: Callable[..., AsyncIterator[World]]) -> AsyncIterator[World]:
    """A cloud whose copies keep the ids of their sources."""
    async for made in make(keeps_ids=True):
        yield made


@pytest.fixture
async def renaming_world(make: Callable[..., AsyncIterator[World]]) -> AsyncIterator[World]:
    """A cloud whose copies get ids of their own."""
    async for made in make(keeps_ids=False):
        yield made


async def all_of(cloud: Cloud, region: str) -> list[Backup]:
    found: list[Backup] = []
    async for page in cloud.pages(region):
        assert not isinstance(page, Fault), page
        found.extend(page)
    return found


async def copy(cloud: Cloud, backup_id: str = FULL, destination: str = "IAD", name: str = "dfw-to-iad") -> object:
    return await cloud.copy(
        "DFW", backup_id, destination=destination, name=name, description="why", request_id="7f3a91c2-1"
    )


async def test_a_backup_is_shown_as_it_stands(world: World) -> None:
    world.has(INCREMENT, parent_id=FULL, status="BUILDING", name="<!channel> & <b>")
    shown = await world.cloud.show("DFW", INCREMENT, urgent=True)
    assert isinstance(shown, Backup)
    assert (shown.id, shown.region, shown.name) == (INCREMENT, "DFW", "<!channel> & <b>")
    assert (shown.parent_id, shown.status, shown.size_gb) == (FULL, "BUILDING", 1.0)


async def test_a_backup_of_another_region_is_not_found(world: World) -> None:
    world.has(FULL, region="DFW")
    answer = await world.cloud.show("IAD", FULL)
    assert isinstance(answer, Fault)
    assert (answer.reason, answer.status) == (Reason.NOT_FOUND, 404)


async def test_a_region_that_does_not_exist_has_no_endpoint(world: World) -> None:
    assert await world.cloud.show("ATLANTIS", FULL) == Fault(Reason.NO_ENDPOINT)
    assert [page async for page in world.cloud.pages("ATLANTIS")] == [Fault(Reason.NO_ENDPOINT)]


async def test_the_regions_are_those_that_were_set(world: World) -> None:
    assert world.cloud.regions == REGIONS_FOR_COPIES


async def test_pages_give_every_backup_of_the_region_once_twenty_at_a_time(world: World) -> None:
    expected = {f"{number:08d}-0000-4000-8000-000000000000" for number in range(45)}
    for backup_id in expected:
        world.has(backup_id)
    world.has(FULL, region="IAD")
    pages = [page async for page in world.cloud.pages("DFW")]
    assert [len(page) for page in pages if not isinstance(page, Fault)] == [20, 20, 5]
    found = [backup.id for backup in await all_of(world.cloud, "DFW")]
    assert sorted(found) == sorted(expected)


async def test_a_region_without_backups_has_none_and_no_fault(world: World) -> None:
    assert await all_of(world.cloud, "SYD") == []


async def test_a_fault_is_the_last_thing_that_pages_give(world: World) -> None:
    for number in range(45):
        world.has(f"{number:08d}-0000-4000-8000-000000000000")
    pages = aiter(world.cloud.pages("DFW"))
    first = await anext(pages)
    assert isinstance(first, tuple)
    world.refuses(500, "list")
    rest = [page async for page in pages]
    assert [type(page) for page in rest] == [Fault]


@pytest.mark.parametrize("status", sorted(STATUSES))
async def test_a_read_that_is_refused_is_a_fault_with_its_reason(world: World, status: int) -> None:
    world.has(FULL)
    world.refuses(status, "show", retry_after=2 if status == 413 else None)
    answer = await world.cloud.show("DFW", FULL)
    assert isinstance(answer, Fault)
    assert (answer.reason, answer.status, answer.message) == (STATUSES[status], status, "No.")


@pytest.mark.parametrize("status", sorted(STATUSES))
async def test_a_copy_that_is_refused_is_a_fault_with_its_reason_and_is_not_repeated(world: World, status: int) -> None:
    world.has(FULL)
    world.refuses(status, "copy", retry_after=70 if status == 413 else None)
    answer = await copy(world.cloud)
    assert isinstance(answer, Fault)
    assert (answer.reason, answer.status, answer.message) == (STATUSES[status], status, "No.")
    assert answer.retry_after == (70 if status == 413 else None)
    if status != 401 or isinstance(world, MemoryWorld):
        assert len(world.copy_requests()) == 1


async def test_a_copy_is_accepted_and_arrives_as_it_was_asked_for(world: World) -> None:
    world.has(FULL)
    assert await copy(world.cloud, name='naïve "name" 日本') == Accepted()
    assert world.copy_requests() == [Requested("DFW", FULL, "IAD", 'naïve "name" 日本', "why")]
    source = await world.cloud.show("DFW", FULL)
    assert isinstance(source, Backup)
    assert source.status == "COPYING"


async def test_a_copy_that_ends_is_in_the_destination_and_its_source_is_completed_again(world: World) -> None:
    world.has(FULL)
    await copy(world.cloud)
    await world.copies_end()
    (made,) = await all_of(world.cloud, "IAD")
    assert (made.id, made.name, made.status, made.description) == (FULL, "dfw-to-iad", "COMPLETED", "why")
    source = await world.cloud.show("DFW", FULL)
    assert isinstance(source, Backup)
    assert source.status == "COMPLETED"


async def test_a_copy_of_a_backup_that_is_not_there_is_not_found(world: World) -> None:
    answer = await copy(world.cloud)
    assert isinstance(answer, Fault)
    assert answer.reason is Reason.NOT_FOUND


async def test_a_second_copy_of_a_backup_that_is_being_copied_is_not_possible_at_the_moment(world: World) -> None:
    world.has(FULL)
    assert await copy(world.cloud, destination="IAD") == Accepted()
    answer = await copy(world.cloud, destination="ORD")
    assert isinstance(answer, Fault)
    assert answer.reason is Reason.UNPROCESSABLE


@pytest.mark.parametrize("destination", ["LON", "DFW", "nowhere"])
async def test_a_copy_to_a_region_that_cannot_take_it_is_a_bad_request(world: World, destination: str) -> None:
    world.has(FULL)
    answer = await copy(world.cloud, destination=destination)
    assert isinstance(answer, Fault)
    assert (answer.reason, answer.name) == (Reason.BAD_REQUEST, "badRequest")


async def test_an_incremental_is_refused_when_its_parent_is_not_there_and_taken_when_it_is(world: World) -> None:
    world.has(FULL)
    world.has(INCREMENT, parent_id=FULL)
    answer = await copy(world.cloud, INCREMENT)
    assert isinstance(answer, Fault)
    assert answer.reason is Reason.BAD_REQUEST
    assert await copy(world.cloud, FULL) == Accepted()
    await world.copies_end()
    assert await copy(world.cloud, INCREMENT) == Accepted()


async def test_where_a_copy_gets_an_id_of_its_own_it_is_still_the_parent_of_its_increments(
    renaming_world: World,
) -> None:
    cloud = renaming_world.cloud
    renaming_world.has(FULL)
    renaming_world.has(INCREMENT, parent_id=FULL)
    assert await copy(cloud, FULL) == Accepted()
    await renaming_world.copies_end()
    (made,) = await all_of(cloud, "IAD")
    assert made.id != FULL
    assert await copy(cloud, INCREMENT) == Accepted()


async def test_a_lost_answer_leaves_open_whether_the_copy_began_and_it_is_sent_once(world: World) -> None:
    world.has(FULL)
    world.loses_the_answer_to_a_copy()
    answer = await copy(world.cloud)
    assert answer == Fault(Reason.NO_ANSWER)
    assert isinstance(answer, Fault)
    assert answer.repeat is Repeat.AFTER_LOOKING
    assert len(world.copy_requests()) == 1
    source = await world.cloud.show("DFW", FULL)
    assert isinstance(source, Backup)
    assert source.status == "COPYING"


async def test_many_may_ask_at_the_same_time(world: World) -> None:
    for number in range(30):
        world.has(f"{number:08d}-0000-4000-8000-000000000000")
    wanted = [f"{number:08d}-0000-4000-8000-000000000000" for number in range(30)]
    answers = await asyncio.gather(*(world.cloud.show("DFW", one, urgent=True) for one in wanted))
    assert [answer.id for answer in answers if isinstance(answer, Backup)] == wanted
