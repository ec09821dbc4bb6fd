"""Slack may hear of what a view shows next before it has read the answer that brings that view."""

from bot.cli.sandbox import Sandbox
from tests.journeys.acting import PATIENCE, chooses, databases, opens_form, reviews, starts


async def test_the_plan_is_shown_however_late_slack_reads_the_answer(sandbox: Sandbox) -> None:
    form = await opens_form(sandbox.workspace.person("alice"))
    await chooses(form, sandbox.cloud.estate.full, "IAD")
    sandbox.workspace.trouble.read_late(0.5)
    assert (await reviews(form)).title == "Copy this backup?"


async def test_the_start_is_told_however_late_slack_reads_the_answer(sandbox: Sandbox) -> None:
    form = await opens_form(sandbox.workspace.person("alice"))
    await chooses(form, sandbox.cloud.estate.full, "IAD")
    confirmation = await reviews(form)
    sandbox.workspace.trouble.read_late(0.5)
    assert (await starts(confirmation)).title == "Copy started"
    await databases(sandbox).waits_for("Done", timeout=PATIENCE)
