"""What alice does in the demo, and what she sees: over real sockets, as a person would."""

import time
from collections.abc import Sequence

from rich.console import RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bot.cli.sandbox import ConversationScreen, Form, Message, OfferedOption, Sandbox, StoredBackup
from bot.cli.stage import Stage

CHANNEL = "#databases"
SOURCE = "DFW"
DESTINATION = "IAD"
PATIENCE = 30.0
"""Seconds that everything may take; usually it is far less."""

OPTIONS_SHOWN = 3

UNDER_WAY = (":hourglass:", ":outbox_tray:", ":mag:", ":arrows_counterclockwise:")
"""How a message about a copy begins that has not ended."""


class Story:
    """Alice copies backups of the sandbox's account from DFW to IAD."""

    def __init__(self, stage: Stage, sandbox: Sandbox) -> None:
        """Begins where she has done nothing yet."""
        self._stage = stage
        self._sandbox = sandbox
        self._alice = sandbox.workspace.person("alice")

    async def copies(self, backup: StoredBackup, searching: str) -> None:
        """She copies a backup, and watches until she is told how it ended.

        Args:
            backup: one in DFW whose copy nothing forbids.
            searching: what she types to find it.

        Raises:
            NotShownError: something did not come; says what was awaited, and what is there instead.
            NotPossibleError: something she wants to choose or press is not there.
            AppError: the bot did not answer.
        """
        form = await self._fills_in(backup, searching)
        await self._stage.does("alice", "presses [bold]Review[/], and sees the whole plan once more")
        await form.submits()
        confirmation = await self._alice.sees_form("Copy this backup?", timeout=PATIENCE)
        self._stage.shows(confirmation.drawn)
        await self._stage.does("alice", f"presses [bold]Start copy[/], and watches [bold blue]{CHANNEL}[/]")
        known = {message.ts for message in self._channel.messages}
        await confirmation.submits()
        message = await self._sandbox.workspace.changes.until(
            lambda: next((one for one in self._channel.messages if one.ts not in known), None),
            patience=PATIENCE,
            waited_for=f"a message about the copy in {CHANNEL}",
            instead=lambda: "no new message there",
        )
        await self._watches(message)
        await confirmation.closes(all_of_them=True)

    async def is_refused(self, backup: StoredBackup, searching: str) -> None:
        """She tries to copy an incremental whose parent is missing, and is told before anything is sent.

        Args:
            backup: one in DFW whose parent is not in IAD.
            searching: what she types to find it.

        Raises:
            NotShownError: as for `copies`.
            NotPossibleError: as for `copies`.
            AppError: as for `copies`.
        """
        form = await self._fills_in(backup, searching)
        await self._stage.does("alice", "presses [bold]Review[/] all the same: there is no button to start it")
        await form.submits()
        review = await self._alice.sees_form("Copy this backup?", timeout=PATIENCE)
        await review.shows("It cannot be started", timeout=PATIENCE)
        sent = len(self._sandbox.cloud.copy_requests(backup.id))
        self._stage.shows(Text(f"Requests for it that reached Cloud Databases: {sent}", style="dim"))
        await review.closes(all_of_them=True)

    @property
    def _channel(self) -> ConversationScreen:
        return self._sandbox.workspace.channel(CHANNEL)

    async def _fills_in(self, backup: StoredBackup, searching: str) -> Form:
        """She opens the form, finds the backup, chooses where it goes, and reads what the form says of that."""
        name = backup.name or backup.id
        await self._stage.does("alice", f"types [bold]/copy-backup[/] in [bold blue]{CHANNEL}[/]: a form opens")
        await self._alice.types("/copy-backup", channel=CHANNEL)
        form = await self._alice.sees_form(timeout=PATIENCE)
        await form.shows("Review", timeout=PATIENCE)
        await self._stage.does("alice", f'types [bold]"{escape(searching)}"[/] at [bold]Backup[/], and is offered')
        self._stage.shows(_offered(await form.searches("Backup", searching), name))
        await form.choose("Backup", name, searching=searching)
        await self._stage.does("alice", f"chooses [bold]{escape(name)}[/], and [bold]{DESTINATION}[/] to copy it to")
        await form.choose("To", DESTINATION)
        await form.shows("Incremental." if backup.parent_id else "Full backup.", timeout=PATIENCE)
        self._stage.shows(form.drawn)
        return form

    async def _watches(self, message: Message) -> None:
        """She watches the message until she is mentioned in its thread: that is how the bot says that it has ended."""
        began, heading = time.monotonic(), ""
        while not _has_ended(message):
            waiting = self._next_heading(message, heading)
            shown, heading = heading, await self._stage.follows(waiting, lambda: message.drawn)
            if heading != shown:
                after = f"  {time.monotonic() - began:4.1f} s  "
                self._stage.prints(Text.assemble((after, "dim"), Text.from_markup(escape(heading))))
        self._stage.shows(Panel(message.drawn, title=Text(CHANNEL, style="bold"), border_style="green"))
        thread = Table.grid(padding=(0, 1))
        for reply in message.thread:
            thread.add_row(Text("↳", style="dim"), reply.drawn)
        self._stage.shows(thread, indent=4)

    async def _next_heading(self, message: Message, shown: str) -> str:
        """The first line of the message, once it is another one or the copy has ended."""

        def look() -> str | None:
            heading = _heading(message)
            return heading if heading != shown or _has_ended(message) else None

        return await self._sandbox.workspace.changes.until(
            look,
            patience=PATIENCE,
            waited_for="the end of the copy in its message, and a mention of alice in the thread",
            instead=lambda: "\n".join((message.rendered, *(reply.rendered for reply in message.thread))),
        )


def _heading(message: Message) -> str:
    return message.rendered.partition("\n")[0]


def _has_ended(message: Message) -> bool:
    told = any("@alice" in reply.rendered for reply in message.thread)
    return told and not _heading(message).startswith(UNDER_WAY)


def _offered(options: Sequence[OfferedOption], chosen: str) -> RenderableType:
    """The options a search gives, with the one that is chosen marked."""
    table = Table.grid(padding=(0, 1))
    for option in options[:OPTIONS_SHOWN]:
        is_chosen = option.text == chosen
        name = Text(option.text, style="bold cyan" if is_chosen else "cyan")
        table.add_row("▸" if is_chosen else " ", name, Text(option.description or "", style="dim"))
    if len(options) > OPTIONS_SHOWN:
        table.add_row("", Text(f"and {len(options) - OPTIONS_SHOWN} more", style="dim"))
    return table
