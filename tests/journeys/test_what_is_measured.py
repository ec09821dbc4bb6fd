"""The metrics move with what people do and what goes wrong; every one that the bot exports does."""

from pathlib import Path

from bot.cli.sandbox import Sandbox, running_sandbox
from tests.fakes.conditions import until
from tests.fakes.metrics import scraped
from tests.journeys.acting import (
    PATIENCE,
    Begin,
    asks_for,
    copy_id_of,
    ends,
    eventually,
    finish_copies,
    learns,
    wait_with_copies,
)

STILL = {"copy_backup_info", "copy_backup_at_work"}
"""What is always the same, of one bot on a file."""


async def test_a_copy_and_how_it_ends_are_seen_from_outside(begin: Begin) -> None:
    sandbox = await begin(monitoring_port=0)
    port = sandbox.bot.monitoring_port
    before = await scraped(port)
    assert before.value("copy_backup_ready") == 1
    assert before.value("copy_backup_copies") == 0
    wait_with_copies(sandbox)
    message = await asks_for(sandbox, sandbox.workspace.person("alice"), sandbox.cloud.estate.full)

    async def runs() -> bool:
        return (await scraped(port)).value("copy_backup_copies", state="running", source="DFW", destination="IAD") == 1

    await until(runs, seconds=PATIENCE)
    finish_copies(sandbox)
    await ends(message, "Done")

    after = await scraped(port)
    assert after.value("copy_backup_copies") == 0
    assert after.value("copy_backup_copies_ended_total", outcome="completed", source="DFW", destination="IAD") == 1
    assert after.value("copy_backup_cloud_calls_total", call="copy", region="DFW", outcome="ok") == 1
    assert after.value("copy_backup_cloud_budget_left", call="copy", region="DFW") == 4
    assert after.value("copy_backup_slack_requests_total", request="command", outcome="ok") == 1
    assert after.value("copy_backup_slack_requests_total", request="view_submission", outcome="ok") == 2
    assert after.value("copy_backup_slack_calls_total", method="chat.postMessage", outcome="ok") >= 2
    assert copy_id_of(message) not in repr(after)


async def test_every_metric_moves(tmp_path: Path) -> None:
    async with running_sandbox(tmp_path, speed=200.0, changes={"monitoring_port": 0}) as sandbox:
        port = sandbox.bot.monitoring_port
        before = await scraped(port)
        moved: set[str] = set()
        still: set[str] = set()

        async def everything_has_moved() -> bool:
            scrape = await scraped(port)
            moved.update(scrape.moved_since(before))
            still.clear()
            still.update(name for name in scrape.names if name.startswith("copy_backup_") and name not in moved | STILL)
            return not still

        await _calls_wait_for_the_cloud(sandbox)
        await until(lambda: _calls_wait(port), seconds=PATIENCE)
        await everything_has_moved()
        await _slack_has_trouble(sandbox)
        try:
            await until(everything_has_moved, seconds=PATIENCE, every=0.1)
        except TimeoutError:
            raise AssertionError(f"these have not moved: {sorted(still)}") from None


async def _calls_wait_for_the_cloud(sandbox: Sandbox) -> None:
    """One copy runs; the next is told to come later, and so the one after it has to wait for its turn."""
    alice, bob, ana = (sandbox.workspace.person(name) for name in ("alice", "bob", "ana"))
    one, two, three = (sandbox.cloud.add_backup(name=f"orders-{number}") for number in range(3))
    await learns(sandbox, "DFW")
    wait_with_copies(sandbox)
    await asks_for(sandbox, alice, one, "ORD")
    await eventually(lambda: any(request.status == 202 for request in sandbox.cloud.copy_requests()))
    sandbox.cloud.trouble.refuse(413, operation="copy", retry_after=60)
    await asks_for(sandbox, bob, two, "ORD")
    await eventually(lambda: any(request.status == 413 for request in sandbox.cloud.copy_requests()))
    await asks_for(sandbox, ana, three, "ORD")


async def _calls_wait(port: int | None) -> bool:
    return (await scraped(port)).value("copy_backup_cloud_calls_waiting", call="copy", region="DFW") == 1


async def _slack_has_trouble(sandbox: Sandbox) -> None:
    """Slack asks to wait, and then does not answer, so that the end of a copy cannot be told."""
    sandbox.workspace.trouble.rate_limit("views.open", retry_after=1)
    alice = sandbox.workspace.person("alice")
    await alice.types("/copy-backup")
    await alice.sees_form("Copy a backup", timeout=PATIENCE)
    sandbox.workspace.trouble.server_error("*", 503, times=None)
    finish_copies(sandbox)
