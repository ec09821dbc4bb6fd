"""5,000 backups in a region and 1,000 copies at once are no burden.

Sixteen times the work may take 64 times as long, where work that looks at everything for each thing would take 256
times.
"""

from collections.abc import Callable

import httpx
import pytest

from bot.sandbox.cloud import SimulatedCloud
from bot.sandbox.cloud.copying import CopyRequest
from bot.sandbox.estate import large_estate
from tests.fakes.processor import growth


def copy_all(count: int) -> None:
    """Copies of so many backups at once, looked at after every fiftieth of their time, as a poller does."""
    cloud = SimulatedCloud(speed=1, estate=large_estate(count))
    wanted = CopyRequest(target_backup_region="IAD", name="copy")
    for backup in sorted(cloud.backups("DFW"), key=lambda one: one.created):
        if backup.parent_id is None:
            cloud.copies.accept("DFW", cloud.copies.check("DFW", backup.id, wanted), wanted, "COMPLETED")
    for _ in range(50):
        cloud.clock.advance(10)
        cloud.go_on()
        cloud.copies.running()
    assert cloud.copies.running() == []
    assert {backup.status for backup in cloud.backups("IAD")} == {"COMPLETED"}


def read_all(count: int) -> None:
    cloud = SimulatedCloud(estate=large_estate(count))
    store = cloud.stores["DFW"]
    page = store.page()
    seen = len(page.backups)
    while page.more:
        page = store.page(marker=page.backups[-1].id)
        seen += len(page.backups)
    assert seen == count


@pytest.mark.parametrize("work", [copy_all, read_all])
def test_many_are_as_cheap_each_as_few(work: Callable[[int], None]) -> None:
    assert growth(work, few=500, times=16) < 64


async def test_a_thousand_copies_run_at_once_beside_thousands_of_backups() -> None:
    cloud = SimulatedCloud(speed=1, estate=large_estate(7000))
    cloud.limits.lift()
    async with cloud.serving() as running, httpx.AsyncClient(base_url=running.regions["DFW"]) as client:
        credentials = {"username": running.username, "apiKey": running.api_key}
        login = await client.post(
            f"{running.identity_url}/tokens", json={"auth": {"RAX-KSKEY:apiKeyCredentials": credentials}}
        )
        client.headers["X-Auth-Token"] = login.json()["access"]["token"]["id"]
        fulls = [backup.id for backup in cloud.backups("DFW") if backup.parent_id is None][:1000]
        assert len(fulls) == 1000
        for backup_id in fulls:
            answer = await client.post(
                f"/backups/{backup_id}/action",
                json={"copy-backup": {"target_backup_region": "IAD", "name": "copy", "description": ""}},
            )
            assert answer.status_code == 202
        assert len(cloud.copies.running()) == 1000
        cloud.clock.advance(3600)
        assert (await client.get(f"/backups/{fulls[-1]}")).json()["backup"]["status"] == "COMPLETED"
        assert [backup.status for backup in cloud.backups("IAD")] == ["COMPLETED"] * 1000
