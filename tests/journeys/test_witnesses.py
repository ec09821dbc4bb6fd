"""The audit log and its witnesses, from the running bot to `audit verify --from-slack`."""

import asyncio
from pathlib import Path

from click.testing import CliRunner, Result

from bot.cli import main
from bot.cli.sandbox import Sandbox, running_sandbox
from bot.domain.events import EventFilter, EventKind
from tests.fakes.audit_logs import cut_off
from tests.fakes.conditions import until

PATIENCE = 30.0


async def verified(sandbox: Sandbox, channel: str) -> Result:
    given = {
        "DATABASE_URL": sandbox.settings.database_url.get_secret_value(),
        "SLACK_BOT_TOKEN": sandbox.settings.slack_bot_token.get_secret_value(),
        "SLACK_API_URL": sandbox.slack_api_url,
        "WITNESS_CHANNEL": channel,
    }
    return await asyncio.to_thread(CliRunner().invoke, main, ["audit", "verify", "--from-slack"], env=given)


async def test_an_end_that_was_cut_off_is_found_by_what_the_bot_posted(tmp_path: Path) -> None:
    async with running_sandbox(tmp_path / "another") as another:
        channel = another.workspace.channel("#databases").id  # the same in every sandbox
    async with running_sandbox(tmp_path, changes={"witness_channel": channel}) as sandbox:
        sandbox.workspace.channel("#databases").invites_the_app()

        async def posted() -> bool:
            kinds = (EventKind.WITNESS_POSTED,)
            return bool(await sandbox.bot.ports.record.events(EventFilter(kinds=kinds)))

        await until(posted, seconds=PATIENCE)
        whole = await verified(sandbox, channel)
        cut_off(tmp_path / "bot.sqlite", after=0)
        cut = await verified(sandbox, channel)

    assert (whole.exit_code, "Witnesses: 1 fit, the last for event 1" in whole.output) == (0, True), whole.output
    assert (cut.exit_code, "Event 1 is missing" in cut.output) == (1, True), cut.output
