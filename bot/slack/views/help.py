"""The help: what can be typed."""

from collections.abc import Sequence

from bot.slack.views import blocks
from bot.slack.views.blocks import Message
from bot.slack.views.text import DEFAULT_COMMAND, code


def draw(
    near: str | None = None,
    *,
    typed: str | None = None,
    command: str = DEFAULT_COMMAND,
    permissions: Sequence[str] = (),
) -> Message:
    """The help.

    Args:
        near: what the person probably meant, without the command's name.
        typed: what the person typed, if it was not understood.
        command: the slash command's name.
        permissions: what the rules let this person do (`permissions.lines_for`).
    """
    first = []
    if typed is not None:
        first.append(f"{code(f'{command} {typed}')} was not understood, and nothing was done.")
    if near is not None:
        first.append(f"Did you mean {code(f'{command} {near}')}?")
    shown = [blocks.section(" ".join(first))] if first else []
    shown.append(blocks.section(_usage(command)))
    shown += [blocks.section(part) for part in blocks.in_sections(permissions)]
    shown.append(blocks.context(_more(command)))
    return Message(text="\n".join([*first, _usage(command), *permissions]), blocks=shown)


def _usage(command: str) -> str:
    lines = {
        command: "opens a form: choose a backup and where to copy it",
        f"{command} BACKUP REGION[,REGION] [NAME]": "the same in one line; asks you to confirm",
        f"{command} list [REGION] [WORDS]": "the backups there are, and where else each of them is",
        f"{command} status": "what runs now, and what you asked for lately",
        f"{command} status ID": "one order in full",
        f"{command} history [FILTER]": "what happened, newest first: a person, a region, a time, an outcome, any word",
        f"{command} coverage [WORDS]": "which instance could be restored in which region, gaps first",
        f"{command} cancel ID": "stops what has not begun",
        f"{command} keep INSTANCE in REGION [every 24h]": "keeps the newest backup of an instance copied there",
        f"{command} keep list [WORDS]": "what is kept; `keep pause ID`, `keep resume ID`, `keep end ID` change it",
        f"{command} help": "this",
    }
    return "\n".join(["*What you can type*", *(f"• {code(typed)} – {does}" for typed, does in lines.items())])


def _more(command: str) -> str:
    example = code(f'{command} nightly-2026-11-22 IAD "before the migration"')
    return (
        f"BACKUP is a backup's id, the beginning of its id, or its name; REGION is where the copy goes, such as IAD. "
        f"Example: {example}. Only you see this. "
        "The form is among Slack's shortcuts too: *Copy a backup*; at a message of the bot, *Copy this again*."
    )
