"""What can be asked for in words, the shortcut, and stopping."""

from bot.cli.sandbox import Sandbox
from bot.sandbox.workspace import Message
from tests.fakes.conditions import until
from tests.journeys.acting import (
    PATIENCE,
    asks_for,
    audit_log,
    chooses,
    copies_in,
    copy_id_of,
    databases,
    ends,
    eventually,
    finish_copies,
    is_answered,
    kinds,
    people_pinged,
    reviews,
    starts,
    story,
    wait_with_copies,
)


async def test_status_says_what_runs_and_what_one_asked_for_lately(sandbox: Sandbox) -> None:
    alice, bob, estate = sandbox.workspace.person("alice"), sandbox.workspace.person("bob"), sandbox.cloud.estate
    await ends(await asks_for(sandbox, alice, estate.full), "Done")
    wait_with_copies(sandbox)
    running = await asks_for(sandbox, bob, estate.ha_full)
    await running.shows("Running", timeout=PATIENCE)

    answer = await is_answered(alice, "status")
    assert answer.startswith("1 copy under way\n")
    assert f"{estate.ha_full.name} DFW → IAD: running" in answer
    assert f"message ({running.permalink})" in answer
    assert f"What you asked for lately\n:white_check_mark: {estate.full.name} DFW → IAD: done in" in answer
    for_bob = await is_answered(bob, "status")
    assert "staging-before-migration" not in for_bob
    finish_copies(sandbox)
    await ends(running, "Done")
    assert "Nothing runs" in await is_answered(bob, "status")


NARROWED: dict[str, tuple[list[str], list[str]]] = {
    "history": (["alice asked for a copy", "bob asked for a copy", "the bot started"], []),
    "history @alice": (["alice asked for a copy"], ["bob", "the bot"]),
    "history HKG": (["DFW → HKG"], ["→ IAD"]),
    "history sessions": (["sessions-ha-weekly"], ["staging"]),
    "history @bob hkg": (["bob asked for a copy – sessions-ha"], ["alice", "the bot"]),
    "history completed today": (["saw the copy COMPLETED"], ["asked for a copy", "started"]),
    "history by:bob 7d": (["bob asked for a copy"], ["alice"]),
}
"""What is typed, what it shows, and what it does not."""


async def test_history_shows_what_happened_and_can_be_narrowed(sandbox: Sandbox) -> None:
    alice, bob, estate = sandbox.workspace.person("alice"), sandbox.workspace.person("bob"), sandbox.cloud.estate
    await ends(await asks_for(sandbox, alice, estate.full, "IAD"), "Done")
    await ends(await asks_for(sandbox, bob, estate.ha_full, "HKG"), "Done")
    for asked, (there, not_there) in NARROWED.items():
        _heading, events = (await is_answered(alice, asked)).split("\n", 1)
        assert [words for words in there if words not in events] == []
        assert [words for words in not_there if words in events] == []
    assert await is_answered(alice, "history of-nobody") == "Nothing in the audit log fits that."
    assert bob.ephemeral_messages == [], "only who asked sees it"


async def test_history_goes_on_page_by_page_in_place(sandbox: Sandbox) -> None:
    alice = sandbox.workspace.person("alice")
    for _ in range(25):
        await sandbox.workspace.forge(other_team=True)  # each is a line of the audit log, after the first: the start
    await is_answered(alice, "help")
    await until(lambda: has_events(sandbox, 26), seconds=PATIENCE)
    await is_answered(alice, "history")
    page = alice.ephemeral_messages[-1]
    assert numbers(page.rendered) == [*range(26, 11, -1)]
    await alice.presses("Older", page)
    await page.shows("the bot started", timeout=PATIENCE)
    assert numbers(page.rendered) == [*range(11, 0, -1)]
    assert "That is all there is." in page.rendered
    assert "[Older]" not in page.rendered
    await alice.presses("Newer", page)
    await eventually(lambda: numbers(page.rendered) == [*range(26, 11, -1)])
    assert len(alice.ephemeral_messages) == 2


async def has_events(sandbox: Sandbox, number: int) -> bool:
    return len(await audit_log(sandbox)) == number


async def test_a_copy_that_has_not_begun_is_cancelled_by_anybody_who_may(sandbox: Sandbox) -> None:
    message = await waits_to_be_sent(sandbox)
    alice, bob = sandbox.workspace.person("alice"), sandbox.workspace.person("bob")
    answer = await is_answered(bob, f"cancel {copy_id_of(message)[:8]}")
    assert answer.startswith("Stopped: the copy of staging-before-migration DFW → IAD, asked for by alice")
    await ends(message, "Stopped by bob")
    assert "before it had begun. Nothing was copied." in message.rendered
    assert story(message)[-1] == "@alice bob stopped this copy. Nothing was copied."
    assert await kinds(sandbox, message) == ["copy_requested", "sending", "will_send_again", "stopped"]
    assert people_pinged(sandbox) == ["alice"]
    again = await is_answered(alice, f"cancel {copy_id_of(message)}")
    assert "has ended (stopped by bob)" in again
    assert len(sandbox.cloud.copy_requests()) == 1
    assert copies_in(sandbox, sandbox.cloud.estate.full) == []


async def test_stop_asks_whether_one_is_sure(sandbox: Sandbox) -> None:
    message = await waits_to_be_sent(sandbox)
    alice = sandbox.workspace.person("alice")
    await alice.presses("Stop", message, confirm=False)
    assert "Waits to be sent again" in message.rendered
    await alice.presses("Stop", message)
    await ends(message, "Stopped by alice")


async def test_a_copy_that_has_begun_cannot_be_cancelled(sandbox: Sandbox) -> None:
    alice = sandbox.workspace.person("alice")
    wait_with_copies(sandbox)
    message = await asks_for(sandbox, alice, sandbox.cloud.estate.full)
    await message.shows("Running", timeout=PATIENCE)
    assert "[Stop]" not in message.rendered
    answer = await is_answered(alice, f"cancel {copy_id_of(message)}")
    assert "cannot be stopped: it has begun, or is about to. Cloud Databases has no way to stop a copy" in answer
    finish_copies(sandbox)
    await ends(message, "Done")


async def test_the_nearest_copy_is_offered_for_a_misspelt_id(sandbox: Sandbox) -> None:
    message = await waits_to_be_sent(sandbox)
    copy_id = copy_id_of(message)
    typed = f"x{copy_id[1:]}"
    answer = await is_answered(sandbox.workspace.person("bob"), f"cancel {typed}")
    assert f"There is no copy with the id {typed}." in answer
    assert f"/copy-backup cancel {copy_id}" in answer
    assert "Waits to be sent again" in message.rendered
    await is_answered(sandbox.workspace.person("bob"), f"cancel {copy_id}")


MISSPELT = {
    "helpp": "help",
    "histroy yesterday": "history yesterday",
    "stauts": "status",
    "cancle 123456": "cancel 123456",
    "cancel": "cancel ID",
    "nightly IDA": "nightly IAD",
    "nightly ORF my name": "nightly ORD my name",
}


async def test_what_was_misspelt_is_told_with_what_was_probably_meant(sandbox: Sandbox) -> None:
    for typed, meant in MISSPELT.items():
        answer = await is_answered(sandbox.workspace.person("alice"), typed)
        assert f"/copy-backup {typed} was not understood, and nothing was done." in answer
        assert f"Did you mean /copy-backup {meant}?" in answer
        assert "What you can type" in answer


async def test_help_lists_everything_for_this_person_only(sandbox: Sandbox) -> None:
    alice = sandbox.workspace.person("alice")
    answer = await is_answered(alice, "help")
    for words in ("BACKUP REGION[,REGION] [NAME]", "status", "history [FILTER]", "cancel ID", "Only you see this."):
        assert words in answer
    assert "was not understood" not in answer
    assert databases(sandbox).messages == []
    assert sandbox.workspace.person("bob").ephemeral_messages == []


async def test_the_shortcut_opens_the_form_which_asks_for_a_channel(sandbox: Sandbox) -> None:
    alice, full = sandbox.workspace.person("alice"), sandbox.cloud.estate.full
    await alice.uses_shortcut("Copy a backup")
    form = await alice.sees_form("Copy a backup", timeout=PATIENCE)
    await form.shows("From:", timeout=PATIENCE)
    await chooses(form, full, "IAD")
    await form.choose("Tell", "#databases")
    await starts(await reviews(form))
    await ends(await databases(sandbox).waits_for(f"as {full.name}-copy", timeout=PATIENCE), "Done")


async def waits_to_be_sent(sandbox: Sandbox) -> Message:
    sandbox.cloud.trouble.refuse(413, retry_after=3600, operation="copy")
    message = await asks_for(sandbox, sandbox.workspace.person("alice"), sandbox.cloud.estate.full)
    return await message.shows("Waits to be sent again", timeout=PATIENCE)


def numbers(page: str) -> list[int]:
    """The numbers of the events on a page of the history."""
    first_words = (line.split(" ", 1)[0] for line in page.split("\n"))
    return [int(word) for word in first_words if word.isdigit()]
