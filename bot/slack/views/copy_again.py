"""The message shortcut: its names, and what it says at a message that is about no order."""

from bot.slack.views import blocks
from bot.slack.views.blocks import View
from bot.slack.views.text import DEFAULT_COMMAND, code

SHORTCUT_ID = "copy_this_again"
SHORTCUT_NAME = "Copy this again"
"""24 characters at most."""

CALLBACK_ID = "copy_again"


def draw_no_order(*, command: str = DEFAULT_COMMAND) -> View:
    """The message is not one of the bot's own about a copy, or about one that may not be seen."""
    told = (
        "This works at the messages that the bot itself posts about a copy, and in their threads. Here nothing was "
        f"done. {code(command)} opens the form; {code(f'{command} status')} lists your copies."
    )
    drawn = [blocks.alert("info", "This message is not about a copy."), blocks.section(told)]
    return blocks.modal(SHORTCUT_NAME, drawn, callback_id=CALLBACK_ID)
