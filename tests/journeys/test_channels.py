"""Where the bot cannot post is told in the form, with the cure, before anything is sent; and if it turns out later,
the person is told directly.
"""

from bot.cli.sandbox import Sandbox
from tests.journeys.acting import (
    PATIENCE,
    TELL,
    chooses,
    databases,
    ends,
    eventually,
    opens_form,
    people_pinged,
    reviews,
    starts,
    types_short,
)

CANNOT = "Warning: The bot cannot post in this channel, so nobody would be told."
INVITE = "type /invite in that channel and choose this bot"


async def test_a_private_channel_without_the_bot_is_told_and_cured_by_an_invitation(sandbox: Sandbox) -> None:
    alice, private = sandbox.workspace.person("alice"), sandbox.workspace.channel("#ops-private")
    private.removes_the_app()
    form = await opens_form(alice, "#ops-private")
    await form.shows(CANNOT, timeout=PATIENCE)
    assert INVITE in form.rendered
    await chooses(form, sandbox.cloud.estate.full, "IAD")
    submitted = await form.submits()
    assert list(submitted.errors) == [TELL]
    assert "Invite the bot to the channel, or choose another one." in submitted.errors[TELL]
    assert sandbox.cloud.copy_requests() == []

    private.invites_the_app()
    await starts(await reviews(form))
    await ends(await private.waits_for("staging-before-migration", timeout=PATIENCE), "Done")


async def test_another_channel_can_be_chosen_instead(sandbox: Sandbox) -> None:
    sandbox.workspace.channel("#ops-private").removes_the_app()
    form = await opens_form(sandbox.workspace.person("alice"))
    await chooses(form, sandbox.cloud.estate.full, "IAD")
    await form.choose(TELL, "#ops-private")
    await form.shows(CANNOT, timeout=PATIENCE)
    await form.choose(TELL, "#databases")
    await eventually(lambda: CANNOT not in form.rendered)
    await starts(await reviews(form))
    await ends(await databases(sandbox).waits_for("staging-before-migration", timeout=PATIENCE), "Done")


async def test_a_public_channel_needs_no_invitation(sandbox: Sandbox) -> None:
    general = sandbox.workspace.channel("#general")
    form = await opens_form(sandbox.workspace.person("alice"), "#general")
    await chooses(form, sandbox.cloud.estate.full, "IAD")
    await starts(await reviews(form))
    await ends(await general.waits_for("staging-before-migration", timeout=PATIENCE), "Done")


async def test_an_archived_channel_is_told_in_the_form(sandbox: Sandbox) -> None:
    workspace = sandbox.workspace
    workspace.trouble.slow("conversations.info", 0.3, times=1)
    form = await opens_form(workspace.person("alice"), "#general")
    workspace.channel("#general").archives()  # while Slack is being asked about it
    await form.shows(CANNOT, timeout=PATIENCE)
    assert "It is archived. (Slack says is_archived.)" in form.rendered
    assert "What to do: Choose another channel, or have it unarchived." in form.rendered
    assert "#archive" not in form.options(TELL)


async def test_the_short_form_says_so_too_and_sends_nothing(sandbox: Sandbox) -> None:
    sandbox.workspace.channel("#ops-private").removes_the_app()
    full = sandbox.cloud.estate.full
    told = await types_short(sandbox.workspace.person("alice"), f"{full.id} IAD", "#ops-private")
    assert told.title == "Nobody would be told"
    assert INVITE in told.rendered
    assert told.submit_text is None
    assert sandbox.cloud.copy_requests() == []


async def test_a_channel_that_is_closed_while_the_copy_runs_costs_nobody_the_news(sandbox: Sandbox) -> None:
    alice, general = sandbox.workspace.person("alice"), sandbox.workspace.channel("#general")
    form = await opens_form(alice, "#general")
    await chooses(form, sandbox.cloud.estate.full, "IAD")
    confirmation = await reviews(form)
    general.archives()
    await starts(confirmation)
    told = await alice.sees_direct_message("done in", timeout=PATIENCE)
    assert "Copy of staging-before-migration from DFW to IAD: done in" in told.rendered
    assert "is_archived" in told.rendered
    assert general.messages == []
    assert set(people_pinged(sandbox)) <= {"alice"}
