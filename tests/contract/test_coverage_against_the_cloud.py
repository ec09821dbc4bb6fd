"""Coverage of forests of backups that nobody chose: the simulated cloud, which knows what is the same, is the judge."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import product

import pytest

from bot.domain.coverage import Coverage, nothing_wanted
from bot.operations.keep_catalogue_fresh import refresh_catalogue
from bot.operations.report_coverage import Surveyor, report_coverage
from bot.sandbox.backup import StoredBackup
from bot.sandbox.cloud import SimulatedCloud
from bot.sandbox.cloud.copying import CopyEnd, CopyRequest
from bot.sandbox.estate import Estate
from tests.contract.test_plans_against_the_cloud import ports_to

REGIONS = ("DFW", "IAD", "ORD", "HKG", "SYD")
HOMES = ("DFW", "ORD")
DEPLOYMENTS = list(product(["kept", "new"], ["source", "copied"], ["source", "now"], ["source", "copied"]))
"""Which ids, parents, times and files copies have."""
AN_HOUR = 3600.0
ENDS: tuple[CopyEnd, ...] = ("COMPLETED", "COMPLETED", "COMPLETED", "COMPLETED", "COMPLETED", "FAILED")

Newest = dict[tuple[str, str], datetime]
"""When the newest that could be restored was made, by instance and region."""


@dataclass(slots=True)
class Forest:
    """What was planted.

    Attributes:
        made: when each data was made.
        instances: what each data was made of.
    """

    cloud: SimulatedCloud
    chance: random.Random
    made: dict[str, datetime] = field(default_factory=dict)
    instances: dict[str, str] = field(default_factory=dict)

    def plant(self, trees: int) -> None:
        """Backups of some instances, each in a region of its own, of any shape."""
        grown: dict[str, list[StoredBackup]] = {}
        for number in range(trees):
            instance = f"instance-{self.chance.randrange(3)}"
            others = grown.setdefault(instance, [])
            parent = self.chance.choice([None, *others])
            tree = self.cloud.add_backup(
                region=HOMES[int(instance[-1]) % len(HOMES)],
                name=f"backup-{number}",
                parent_id=parent.id if parent else None,
                size=self.chance.choice([0.3, 1.0, 2.5]),
                instance_id=instance,
            )
            self.made[tree.id], self.instances[tree.id] = tree.created, instance
            others.append(tree)
            self.cloud.clock.advance(self.chance.uniform(60, 9 * AN_HOUR))

    def copy(self, copies: int) -> None:
        """Copies from anywhere to anywhere, wherever the cloud takes one; each may be copied on."""
        for _ in range(copies):
            source, destination = self.chance.sample(REGIONS, 2)
            there = [each for each in self.cloud.backups(source) if self._may_go(each, destination)]
            if not there:
                continue
            chosen = self.chance.choice(there)
            name = chosen.name or ""
            request = CopyRequest(
                target_backup_region=destination, name=self.chance.choice([name, f"{name.removesuffix('-copy')}-copy"])
            )
            self.cloud.copies.accept(source, chosen, request, self.chance.choice(ENDS))
            self.cloud.clock.advance(AN_HOUR)

    def _may_go(self, backup: StoredBackup, destination: str) -> bool:
        store = self.cloud.stores[destination]
        parent = backup.parent_content
        known = any(each.content == backup.content for each in store)
        return backup.status == "COMPLETED" and not known and (parent is None or bool(store.with_content(parent)))

    def lose(self, number: int) -> None:
        """Delete some, with what was made from them, and let some fail."""
        for _ in range(number):
            region = self.chance.choice(REGIONS)
            there = list(self.cloud.stores[region])
            if there and self.chance.random() < 0.5:
                self.cloud.remove_backup(region, self.chance.choice(there).id)
            elif there:
                self.cloud.stores[region].put(replace(self.chance.choice(there), status="FAILED"))

    def restorable(self) -> Newest:
        """What the cloud itself knows, tried backup by backup."""
        newest: Newest = {}
        for region in REGIONS:
            there = list(self.cloud.stores[region])
            for each in there:
                key = self.instances[each.content], region
                if self._is_whole(each, there):
                    newest[key] = max(self.made[each.content], newest.get(key, self.made[each.content]))
        return newest

    def _is_whole(self, backup: StoredBackup, there: list[StoredBackup]) -> bool:
        if backup.status not in {"COMPLETED", "COPYING"}:
            return False
        parents = [each for each in there if each.content == backup.parent_content]
        return backup.parent_content is None or any(self._is_whole(each, there) for each in parents)


def told(coverage: Coverage) -> Newest:
    return {
        (row.origin.id, cell.region): cell.made for row in coverage.rows for cell in row.cells if cell.made is not None
    }


async def covered(forest: Forest) -> Coverage:
    async with ports_to(forest.cloud) as ports:
        for region in REGIONS:
            assert await refresh_catalogue(ports.cloud, ports.catalogue, ports.clock, region) is None
        return (await report_coverage(ports, Surveyor(ports), nothing_wanted)).coverage


def grown(deployment: tuple[str, ...], seed: int) -> Forest:
    cloud = SimulatedCloud(estate=Estate({}))
    names = ("copied_ids", "copied_parent", "copied_created", "copied_location")
    for name, value in zip(names, deployment, strict=True):
        setattr(cloud, name, value)
    cloud.limits.lift()
    forest = Forest(cloud, random.Random(f"{deployment} {seed}"))
    forest.plant(12)
    forest.copy(25)
    return forest


def to_the_second(newest: Mapping[tuple[str, str], datetime]) -> Newest:
    """As the service tells times."""
    return {key: made.replace(microsecond=0) for key, made in newest.items()}


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids="-".join)
async def test_coverage_is_what_the_cloud_could_restore(deployment: tuple[str, ...], seed: int) -> None:
    forest = grown(deployment, seed)

    assert told(await covered(forest)) == to_the_second(forest.restorable())


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids="-".join)
async def test_coverage_never_says_more_than_is_true_when_originals_are_gone(
    deployment: tuple[str, ...], seed: int
) -> None:
    forest = grown(deployment, seed)
    forest.lose(10)
    truth = to_the_second(forest.restorable())
    is_told_its_time = deployment[2] == "source"

    said = told(await covered(forest))

    assert said.keys() <= truth.keys()
    if is_told_its_time:
        assert {key: made for key, made in said.items() if made > truth[key]} == {}
    if deployment[0] == "kept" and is_told_its_time:
        assert said == truth, "an id that is kept says all"
