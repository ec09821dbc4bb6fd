"""What whoever watches the bot can ask it, on an address of its own."""

from pathlib import Path

import httpx

from bot.cli.sandbox import running_sandbox
from bot.cli.sandbox_rules import RULES
from bot.operations.readiness import Standing
from bot.server import SLACK_PATH, build_monitoring, serving
from tests.fakes.conditions import until
from tests.fakes.metrics import scraped

LOOPBACK = "127.0.0.1"
PATIENCE = 30.0


async def get(port: int | None, path: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(f"http://{LOOPBACK}:{port}{path}")


async def test_health_and_metrics_are_there_and_nothing_else() -> None:
    async def ready() -> Standing:
        return Standing()

    async def metrics() -> bytes:
        return b"copy_backup_ready 1.0\n"

    async with serving(build_monitoring(ready, metrics), LOOPBACK, 0) as port:
        assert (await get(port, "/livez")).status_code == 200
        assert (await get(port, "/readyz")).json()["status"] == "ready"
        assert (await scraped(port)).value("copy_backup_ready") == 1
        assert (await get(port, SLACK_PATH)).status_code == 404


async def test_metrics_are_not_where_slacks_requests_come(tmp_path: Path) -> None:
    async with running_sandbox(tmp_path, changes={"monitoring_port": 0}) as sandbox:
        bot = sandbox.bot

        assert (await get(bot.port, "/metrics")).status_code == 404
        assert (await get(bot.port, "/livez")).status_code == 200
        assert (await get(bot.monitoring_port, "/metrics")).status_code == 200
        assert bot.monitoring_port != bot.port


async def test_a_broken_file_of_rules_is_a_warning_and_keeps_nobody_out(tmp_path: Path) -> None:
    async with running_sandbox(tmp_path, rules=RULES, changes={"monitoring_port": 0}) as sandbox:
        port, path = sandbox.bot.monitoring_port, sandbox.settings.rules_file
        assert path is not None
        before = path.read_text(encoding="utf-8")
        assert (await get(port, "/readyz")).json()["warnings"] == {}
        path.write_text("nobody = ", encoding="utf-8")

        async def warns() -> bool:
            return "rules" in (await get(port, "/readyz")).json()["warnings"]

        async def is_well() -> bool:
            return not await warns()

        await until(warns, seconds=PATIENCE, every=0.1)
        answer = await get(port, "/readyz")
        assert answer.status_code == 200
        assert "those before it stay in force" in answer.json()["warnings"]["rules"]
        assert (await scraped(port)).value("copy_backup_dependency_up", dependency="rules") == 0
        path.write_text(before, encoding="utf-8")
        await until(is_well, seconds=PATIENCE, every=0.1)
